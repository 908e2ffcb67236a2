"""Names the container or the systemd unit of a process from the text of its /proc/PID/cgroup (cgroups(7)). Pure.

Each container runtime writes its container's id into the path in a way of its own. The innermost container counts, and
without one the innermost unit. A process that sees only its own cgroup namespace has the path `/`, which tells nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

ID_SHOWN: Final = 12
"""Hexadecimal digits of a container's id, as `docker ps` and `podman ps` show it."""

_ID: Final = r"([0-9a-f]{64})"

CONTAINERS: Final[Sequence[tuple[str, re.Pattern[str]]]] = tuple(
    (runtime, re.compile(pattern))
    for runtime, pattern in (
        ("docker", rf"docker-{_ID}\.scope"),
        ("podman", rf"libpod-{_ID}(?:\.scope)?"),
        ("k8s", rf"(?:cri-containerd|crio)-{_ID}(?:\.scope)?"),
        ("lxc", r"lxc\.payload\.(.+)"),
        ("machine", r"machine-(.+)\.scope"),
        ("machine", r"systemd-nspawn@(.+)\.service"),
    )
)
"""How runtimes name the cgroup of a container under systemd; the group is its id or name."""

PARENTS: Final = {"docker": "docker", "libpod_parent": "podman", "lxc": "lxc", "garden": "garden"}
"""The folder that holds a runtime's containers where it manages cgroups by itself."""

_BARE_ID: Final = re.compile(_ID)
_POD: Final = re.compile(r"(?:kubepods.*-)?pod[0-9a-f_-]{36}(?:\.slice)?")
_UNIT: Final = re.compile(r".+\.(?:service|scope|socket|mount)")


def unit_name(cgroups: str) -> str:
    """`docker:3f2a1b4c5d6e`, `k8s:…`, `lxc:web`, `nginx.service`; empty where the text tells neither."""
    segments = _path(cgroups).split("/")[1:]
    for before, segment in reversed(list(zip(["", *segments], segments, strict=False))):
        if found := _container(before, segment):
            return found
    return next((segment for segment in reversed(segments) if _UNIT.fullmatch(segment)), "")


def _path(cgroups: str) -> str:
    """The path that tells most: that of version 2 (`0::`), else of systemd's hierarchy, else the longest."""
    paths: dict[str, str] = {}
    for line in cgroups.splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        paths[controllers] = path
    for controllers in ("", "name=systemd"):
        if len(paths.get(controllers, "/")) > 1:
            return paths[controllers]
    return max(paths.values(), key=len, default="")


def _container(before: str, segment: str) -> str:
    for runtime, pattern in CONTAINERS:
        if found := pattern.fullmatch(segment):
            return f"{runtime}:{_short(found[1])}"
    if before in PARENTS and segment:
        return f"{PARENTS[before]}:{_short(segment)}"
    if _BARE_ID.fullmatch(segment) and _POD.fullmatch(before):
        return f"k8s:{segment[:ID_SHOWN]}"
    return ""


def _short(name: str) -> str:
    return name[:ID_SHOWN] if _BARE_ID.fullmatch(name) else name
