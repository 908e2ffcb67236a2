"""Capture filters beyond the built-in words, compiled by libpcap as scapy finds it.

scapy is imported on the first use only. The compiled program counts from the start of the frame, so it holds for one
link layer; where interfaces of several kinds are captured on, each kind gets its own and the program asks first.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from engine.capture.bpf_code import AD_HARDWARE_TYPE, JEQ, LD_W, Node, Program, Test, any_of, first_of, unpacked
from engine.model.errors import CaptureError, FilterError

DLT_EN10MB: Final = 1
DLT_RAW: Final = 12

HARDWARE: Final[dict[int, tuple[int, ...]]] = {
    DLT_EN10MB: (1, 772),  # ARPHRD_ETHER; ARPHRD_LOOPBACK has an Ethernet header of zeros
    DLT_RAW: (65534, 519, 768, 769, 776),  # ARPHRD_NONE, RAWIP, TUNNEL, TUNNEL6, SIT: frames begin with the IP header
}
"""The kinds of hardware (ARPHRD_ numbers of if_arp.h) whose frames begin as libpcap's link type says."""

TEXT_MAX: Final = 8192
SONAMES: Final = ("libpcap.so.1", "libpcap.so.0.8", "libpcap.so")
"""The names that distributions give libpcap; Debian and Ubuntu keep an old one."""

_NOT_IN_THE_FRAME: Final = re.compile(r"\bvlan\b")
"""The kernel takes a VLAN tag off before the filter runs, and libpcap, compiling for no device, looks for it in the
frame: such a filter would silently match nothing."""


def compile_filter(text: str, hardware_types: tuple[int, ...]) -> Program:
    """What libpcap makes of `text`, for frames of each of `hardware_types` (ARPHRD_ numbers).

    Raises FilterError with libpcap's own words where it refuses, CaptureError where there is no libpcap.
    """
    if len(text) > TEXT_MAX or "\0" in text:
        raise FilterError(f"a capture filter has at most {TEXT_MAX} characters and no NUL", 0)
    if found := _NOT_IN_THE_FRAME.search(text):
        raise FilterError("`vlan` cannot be joined with words that are not built in", found.start())
    cases: list[tuple[Node, Program]] = []
    for link_type, kinds in HARDWARE.items():
        if present := [kind for kind in kinds if kind in hardware_types]:
            is_kind = any_of(*(Test(((LD_W, AD_HARDWARE_TYPE),), JEQ, kind) for kind in present))
            cases.append((is_kind, _compiled(text, link_type)))
    if not cases:
        raise FilterError(f"libpcap filters are known for Ethernet and raw IP, not for hardware type {hardware_types}")
    return first_of(tuple(cases))


def _compiled(text: str, link_type: int) -> Program:
    compiler, free, refusals = _compiler()
    try:
        compiled = compiler(text, linktype=link_type)
    except ImportError as error:
        raise CaptureError("use libpcap: it is not installed") from error
    except refusals as error:
        said = str(error)
        raise FilterError(f"libpcap says: {said[said.rfind('(') + 1 : -1] if said.endswith(')') else said}") from error
    try:
        return unpacked(ctypes.string_at(compiled.bf_insns, compiled.bf_len * 8))
    finally:
        free(compiled)


def _compiler() -> tuple[Callable[..., Any], Callable[..., Any], type[Exception]]:
    with _libpcap_found():
        try:
            from scapy.config import conf

            conf.route_autoload = False
            conf.route6_autoload = False
            from scapy.arch.common import compile_filter, free_filter
            from scapy.error import Scapy_Exception
        except ImportError as error:
            raise CaptureError("use libpcap: scapy, which finds it, cannot be imported") from error
        try:
            importlib.import_module("scapy.libs.winpcapy")
        except (ImportError, OSError) as error:
            raise CaptureError("use libpcap: it is not installed") from error
    return compile_filter, free_filter, Scapy_Exception


@contextmanager
def _libpcap_found() -> Iterator[None]:
    """Let `ctypes.util.find_library`, which scapy asks, find libpcap where it may not start `ldconfig`: a confined
    process may start nothing, but may load what lies in the system's folders."""
    asked = ctypes.util.find_library

    def find(name: str) -> str | None:
        # By name first: asking starts programs and needs a temporary folder, which raises where there is none.
        found = next((soname for soname in SONAMES if _loads(soname)), None) if name == "pcap" else None
        return found or asked(name)

    ctypes.util.find_library = find
    try:
        yield
    finally:
        ctypes.util.find_library = asked


def _loads(soname: str) -> bool:
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True
