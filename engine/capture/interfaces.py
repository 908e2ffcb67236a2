"""The interfaces of this machine that can be captured on, for a list to choose from."""

from __future__ import annotations

import socket

import msgspec
import psutil

from engine.capture.packet_socket import ANY


class InterfaceEntry(msgspec.Struct, frozen=True, gc=False):
    """One line of the list of interfaces."""

    name: str
    up: bool
    addresses: tuple[str, ...]
    """IPv4 and IPv6, numeric."""
    mtu: int = 0
    """Bytes; 0 if unknown."""


def list_interfaces() -> list[InterfaceEntry]:
    """Every interface of this network namespace, those that are up first, and `any`."""
    addresses = psutil.net_if_addrs()
    entries = [
        InterfaceEntry(
            name,
            stats.isup,
            tuple(
                address.address.partition("%")[0]
                for address in addresses.get(name, [])
                if address.family in (socket.AF_INET, socket.AF_INET6)
            ),
            stats.mtu,
        )
        for name, stats in psutil.net_if_stats().items()
    ]
    entries.append(InterfaceEntry(ANY, True, ()))
    return sorted(entries, key=lambda entry: (not entry.up, entry.name == ANY, entry.name != "lo", entry.name))
