"""Numbers, sizes, times and addresses as a person reads them; unknown is `-`, never 0.

Sizes use binary multiples and say so (KiB, MiB): a socket buffer of 65,536 bytes is 64 KiB. Times keep three
significant digits and the largest unit that leaves something before the point.
"""

from __future__ import annotations

from typing import Final

UNKNOWN: Final = "-"
"""What stands where a value is not known."""

LOOPBACK_SHORT: Final = {"127.0.0.1": "lo", "::1": "lo6", "::ffff:127.0.0.1": "lo"}
"""Narrow tables write the loopback addresses so."""

WILDCARDS: Final = frozenset(("*", "0.0.0.0", "::"))
"""Addresses that mean every address of the machine."""

_SIZE_UNITS: Final = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")

_NS_PER_US: Final = 1_000
_NS_PER_MS: Final = 1_000_000
_NS_PER_S: Final = 1_000_000_000
_S_PER_MIN: Final = 60
_S_PER_H: Final = 3_600
_S_PER_D: Final = 86_400


def count(number: int | None) -> str:
    """A whole number with thousands separators: `408,300`."""
    return UNKNOWN if number is None else f"{number:,}"


def plain(number: int | None) -> str:
    """A whole number without separators, for output that a program reads."""
    return UNKNOWN if number is None else str(number)


def _three_digits(value: float) -> str:
    """A value below 1024 with three significant digits, no more than it has."""
    if value >= 99.95:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"


def byte_size(number: float | None) -> str:
    """A number of bytes with its unit: `0 B`, `1,023 B`, `64.0 KiB`, `25.0 MiB`."""
    if number is None:
        return UNKNOWN
    if number < 1024:
        return f"{number:,.0f} B"
    value = float(number)
    for unit in _SIZE_UNITS[1:]:
        value /= 1024
        if value < 1023.5:
            return f"{_three_digits(value)} {unit}"
    return f"{value:,.0f} {_SIZE_UNITS[-1]}"


def byte_rate(bytes_per_s: float | None) -> str:
    """Bytes a second with their unit: `0 B/s`, `1.20 MiB/s`."""
    return UNKNOWN if bytes_per_s is None else f"{byte_size(bytes_per_s)}/s"


def duration_ns(nanoseconds: int | None) -> str:
    """A span of time in the unit that suits it: `850 ns`, `23.0 µs`, `1.00 ms`, `12.4 s`, `3 min 20 s`, `2 d 4 h`."""
    if nanoseconds is None:
        return UNKNOWN
    if nanoseconds < 0:
        return "-" + duration_ns(-nanoseconds)
    if nanoseconds < _NS_PER_US:
        return f"{nanoseconds} ns"
    for limit, unit, name in ((_NS_PER_MS, _NS_PER_US, "µs"), (_NS_PER_S, _NS_PER_MS, "ms")):
        # 999.5 and above would round to 1000 of the smaller unit.
        if nanoseconds * 2 < limit * 2 - unit:
            return f"{_three_digits(nanoseconds / unit)} {name}"
    if nanoseconds < 60 * _NS_PER_S:
        return f"{_three_digits(nanoseconds / _NS_PER_S)} s"
    seconds = nanoseconds // _NS_PER_S
    for large, large_name, small, small_name in (
        (_S_PER_D, "d", _S_PER_H, "h"),
        (_S_PER_H, "h", _S_PER_MIN, "min"),
        (_S_PER_MIN, "min", 1, "s"),
    ):
        if seconds >= large:
            rest = seconds % large // small
            return f"{seconds // large:,} {large_name}" + (f" {rest} {small_name}" if rest else "")
    return f"{seconds} s"


def duration_us(microseconds: int | None) -> str:
    """As `duration_ns`, for a number of microseconds (tcp_info's unit)."""
    return UNKNOWN if microseconds is None else duration_ns(microseconds * _NS_PER_US)


def duration_ms(milliseconds: int | None) -> str:
    """As `duration_ns`, for a number of milliseconds (the unit of kernel timers)."""
    return UNKNOWN if milliseconds is None else duration_ns(milliseconds * _NS_PER_MS)


def port_text(port: int) -> str:
    """A port, or `*` for none."""
    return str(port) if port else "*"


def address_text(address: str, *, short_loopback: bool = False) -> str:
    """An address without its port; `*` where there is none."""
    if short_loopback and address in LOOPBACK_SHORT:
        return LOOPBACK_SHORT[address]
    return address or "*"


def endpoint(address: str, port: int | str, *, short_loopback: bool = False) -> str:
    """Address and port as one word: `127.0.0.1:65432`, `[::1]:65432`, `*:*`, short `lo:65432`.

    `port` may be a service's name. An IPv6 address, with its scope if it has one, stands in brackets (RFC 3986 section
    3.2.2, RFC 6874).
    """
    host = address_text(address, short_loopback=short_loopback)
    if ":" in host:
        host = f"[{host}]"
    return f"{host}:{port_text(port) if isinstance(port, int) else port}"
