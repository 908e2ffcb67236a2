"""What all tests share: markers that say what a test needs, with the reason where that is not there; no settings of the
tester's own."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from tests.machine import (
    CAP_NET_ADMIN,
    CAP_SYS_ADMIN,
    CAPTURE_REFUSED,
    NO_IPV6,
    has_ipv6,
    holds,
    may_capture,
    sees_owners,
)
from tests.terminal import NOT_INHERITED


def pytest_configure(config: pytest.Config) -> None:
    for marker in (
        "ipv6: needs the IPv6 loopback address",
        "cap_net_admin: needs the right to close sockets of others",
        "cap_sys_admin: needs the right to make and enter namespaces",
        "owners: needs to be told which process holds a socket",
    ):
        config.addinivalue_line("markers", marker)
    for name in NOT_INHERITED:
        os.environ.pop(name, None)  # under sudo, say, files of the tests would be out of reach for what they start


@pytest.fixture(scope="session", autouse=True)
def nobodys_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No program that a test starts reads the tester's own settings, or writes them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("settings")))
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what this machine or this user cannot run."""
    absent = {}
    if sys.platform != "linux":
        absent["linux"] = pytest.mark.skip(reason="needs a Linux kernel's socket tables")
    if not may_capture():
        absent["cap_net_raw"] = pytest.mark.skip(reason=CAPTURE_REFUSED)
    if not holds(CAP_NET_ADMIN):
        absent["cap_net_admin"] = pytest.mark.skip(reason="needs the right to close sockets of others (CAP_NET_ADMIN)")
    if not holds(CAP_SYS_ADMIN):
        absent["cap_sys_admin"] = pytest.mark.skip(reason="needs the right to enter namespaces (CAP_SYS_ADMIN)")
    if not sees_owners():
        absent["owners"] = pytest.mark.skip(
            reason="without CAP_SYS_PTRACE and a filter root is not told who holds a socket"
        )
    if not has_ipv6():
        absent["ipv6"] = pytest.mark.skip(reason=NO_IPV6)
    for item in items:
        for marker, skip in absent.items():
            if item.get_closest_marker(marker) is not None:
                item.add_marker(skip)
