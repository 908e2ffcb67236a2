"""What the lab's form holds, whether it can be started so, and what a person should know before: pure."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final

import msgspec

from engine.lab.catalogue import KINDS, Group
from engine.lab.templates import TEMPLATES, template_knobs
from engine.model.lab import ActorSpec
from tui.widgets.lab_rows import SWITCHES

PORT_MAX: Final = 65_535

PRIVILEGED_BELOW: Final = 1_024
"""Default of net.ipv4.ip_unprivileged_port_start."""

NO_TEMPLATE: Final = "none"
TEMPLATE_NAMES: Final = (*TEMPLATES, NO_TEMPLATE)
KIND_NAMES: Final = tuple(KINDS)

DEFAULT_TEMPLATE: Final = "tutorial"


@dataclass(frozen=True)
class LabFields:
    """The form as it stands."""

    kind: str = KIND_NAMES[0]
    host: str = "127.0.0.1"
    port: str = "65432"
    text: str = "Hello, world"
    template: str = DEFAULT_TEMPLATE

    def problem(self) -> tuple[str, str]:
        """The field that cannot be used and why; empty if all can."""
        if not self.host.strip():
            return "host", "a host is needed; 127.0.0.1 is this machine"
        if not self.port.strip().isdecimal():
            return "port", f"a port is a number from 0 to {PORT_MAX:,}"
        if int(self.port) > PORT_MAX:
            return "port", f"{int(self.port):,} is no port: they go from 0 to {PORT_MAX:,}"
        return "", ""

    def hint(self) -> tuple[str, bool]:
        """What starting it so means, and whether that deserves a warning."""
        port = int(self.port)
        if port == 0 and KINDS[self.kind].group is Group.CLIENT:
            return "a client needs the port that its server listens on", True
        address, warns = _host_hint(self.host.strip())
        if port == 0:
            return f"{address}; the kernel chooses a free port", warns
        if port < PRIVILEGED_BELOW:
            return f"ports below {PRIVILEGED_BELOW:,} need a right (CAP_NET_BIND_SERVICE); {address}", True
        return address, warns

    def spec(self, kind: str) -> ActorSpec:
        """What to start for an actor of this kind. The form must be without a problem."""
        knobs = msgspec.structs.replace(
            KINDS[kind].default_knobs(), host=self.host.strip(), port=int(self.port), text=self.text
        )
        if self.template != NO_TEMPLATE:
            knobs = template_knobs(self.template, kind, knobs)
        return ActorSpec(kind, knobs)

    def specs(self, switch: str) -> tuple[ActorSpec, ...]:
        """What a switch starts, in order."""
        return tuple(self.spec(kind) for kind in SWITCHES[switch])


def _host_hint(host: str) -> tuple[str, bool]:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return f"{host} is a name: the first address it has is used; a number is certain", False
    if address.is_loopback:
        return "only this machine can reach it", False
    if address.is_unspecified:
        return "everyone on the network can reach this", True
    if address.is_private or address.is_link_local:
        return "this network can reach it, if it is an address of this machine", True
    return "not an address of this machine? then it is refused", True
