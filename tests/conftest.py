"""What all tests share: markers that say what a test needs, and the reason where that is not there."""

from __future__ import annotations

import sys

import pytest

from tests.machine import CAPTURE_REFUSED, NO_IPV6, has_ipv6, may_capture


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "ipv6: needs the IPv6 loopback address")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what this machine or this user cannot run."""
    absent = {}
    if sys.platform != "linux":
        absent["linux"] = pytest.mark.skip(reason="needs a Linux kernel's socket tables")
    if not may_capture():
        absent["cap_net_raw"] = pytest.mark.skip(reason=CAPTURE_REFUSED)
    if not has_ipv6():
        absent["ipv6"] = pytest.mark.skip(reason=NO_IPV6)
    for item in items:
        for marker, skip in absent.items():
            if item.get_closest_marker(marker) is not None:
                item.add_marker(skip)
