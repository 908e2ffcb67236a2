"""The sysctls of ports, as files."""

from __future__ import annotations

from pathlib import Path

from engine.model.ports import PortRules
from engine.sockets.port_rules import port_rules, spans


def test_the_rules_are_read_as_the_kernel_writes_them(tmp_path: Path) -> None:
    for name, text in (
        ("ipv4/ip_unprivileged_port_start", "1024\n"),
        ("ipv4/ip_local_reserved_ports", "8080,9000-9100\n"),
        ("ipv4/ip_local_port_range", "32768\t60999\n"),
        ("ipv6/bindv6only", "0\n"),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert port_rules(tmp_path) == PortRules(1024, ((8080, 8080), (9000, 9100)), (32768, 60999), False)


def test_what_is_not_there_is_unknown(tmp_path: Path) -> None:
    assert port_rules(tmp_path) == PortRules()


def test_an_empty_list_reserves_nothing() -> None:
    assert spans("") == ()
    assert spans("x,5-,7") == ((7, 7),)
