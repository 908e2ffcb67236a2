"""Ports have names and names have ports."""

from __future__ import annotations

from engine.text.services import SERVICE_NAMES, SERVICE_PORTS, service_name, service_port


def test_a_service_is_found_by_name_in_any_case() -> None:
    assert (service_port("ssh"), service_port("HTTPS"), service_port("dns")) == (22, 443, 53)
    assert service_port("no-such-service") is None


def test_a_port_is_named_for_its_transport() -> None:
    assert service_name("tcp", 514) == "shell"
    assert service_name("udp", 514) == "syslog"
    assert service_name("tcp", 65432) == ""


def test_every_name_leads_back_to_its_port() -> None:
    assert all(SERVICE_PORTS[name] == port for (_, port), name in SERVICE_NAMES.items())
    assert all(0 < port < 65536 for port in SERVICE_PORTS.values())
