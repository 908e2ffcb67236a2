"""Named sets of knobs that make actors show something known.

`tutorial` makes netstat's well-known picture on the loopback: a server that does not read with about 408,300 bytes in
Recv-Q, a client whose send() is refused with about 269,868 in Send-Q. Measured on Linux 6.18: 407,096 and 267,243 over
IPv4, the same at every run, because

- SO_RCVBUF is set on the listener, before listen(): accepted sockets inherit it, and setting it turns the receive
  buffer's autotuning by net.ipv4.tcp_rmem off (tcp(7)), without which Recv-Q stands near 128,000 and Send-Q at
  4,100,000;
- SO_SNDBUF is set on the client, before connect(), which turns its autotuning by tcp_wmem off;
- both values stay below 212,992, the limit net.core.rmem_max and wmem_max of a stock kernel, so nothing is cut there;
  the kernel doubles them to 414,720 and 253,952;
- small sends are packed tighter into the buffers than 64 KiB ones, where Send-Q overshoots to 311,820.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from engine.lab.knobs import check_knob, set_knobs
from engine.model.errors import BadInput
from engine.model.lab import Knobs


class Template(msgspec.Struct, frozen=True):
    """Knobs for the actors that together show one thing: kind to knob to value."""

    name: str
    title: str
    line: str
    settings: dict[str, dict[str, str | int | float | bool | None]]


TEMPLATES: Final[dict[str, Template]] = {
    template.name: template
    for template in (
        Template(
            "tutorial",
            "The tutorial's netstat",
            "a server that never reads and a client that floods it: hundreds of kilobytes in both queues",
            {
                "sink": {"rcvbuf": 207_360},
                "flood-client": {"sndbuf": 126_976, "chunk": 1_024},
            },
        ),
    )
}


def template_knobs(name: str, kind: str, knobs: Knobs, saved: Mapping[str, Template] = {}) -> Knobs:
    """`knobs` with what the template, ours or a saved one, says for actors of this kind. Raises BadInput for a name
    there is not."""
    template = TEMPLATES.get(name) or saved.get(name)
    if template is None:
        raise BadInput(f"there is no template {name!r}", hint=f"there is {', '.join((*TEMPLATES, *saved))}")
    return set_knobs(knobs, template.settings.get(kind, {}))


def check_template(template: Template) -> None:
    """Raise BadInput for a knob that there is not or that may not have its value: for templates that a person saved."""
    for settings in template.settings.values():
        for name, value in settings.items():
            check_knob(name, value)
