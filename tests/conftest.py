"""What all tests share: what the markers of pyproject.toml ask for, and the reason where that is not there."""

from __future__ import annotations

import sys

import pytest

from tests.rights import CAPTURE_REFUSED, may_capture


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what this machine or this user cannot run."""
    absent = {}
    if sys.platform != "linux":
        absent["linux"] = pytest.mark.skip(reason="needs a Linux kernel's socket tables")
    if not may_capture():
        absent["cap_net_raw"] = pytest.mark.skip(reason=CAPTURE_REFUSED)
    for item in items:
        for marker, skip in absent.items():
            if item.get_closest_marker(marker) is not None:
                item.add_marker(skip)
