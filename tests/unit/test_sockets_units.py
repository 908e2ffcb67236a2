"""Containers and systemd units, told from /proc/PID/cgroup as each runtime writes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sockets.units import unit_name

ID = "3f2a1b4c5d6e" + "0" * 52
POD = "pod6f1c0de2-0000-4000-8000-00000000abcd"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (f"/system.slice/docker-{ID}.scope", "docker:3f2a1b4c5d6e"),
        (f"/docker/{ID}", "docker:3f2a1b4c5d6e"),
        (f"/docker/{ID}/system.slice/nginx.service", "docker:3f2a1b4c5d6e"),
        (f"/machine.slice/libpod-{ID}.scope/container", "podman:3f2a1b4c5d6e"),
        (f"/libpod_parent/libpod-{ID}", "podman:3f2a1b4c5d6e"),
        (f"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{ID}.scope", "podman:3f2a1b4c5d6e"),
        (f"/kubepods/burstable/{POD}/{ID}", "k8s:3f2a1b4c5d6e"),
        (f"/kubepods.slice/kubepods-{POD.replace('-', '_')}.slice/cri-containerd-{ID}.scope", "k8s:3f2a1b4c5d6e"),
        (f"/docker/{'a' * 64}/kubepods/besteffort/{POD}/{ID}", "k8s:3f2a1b4c5d6e"),
        ("/lxc.payload.web/system.slice/ssh.service", "lxc:web"),
        ("/lxc/web", "lxc:web"),
        ("/machine.slice/machine-debian.scope/init.scope", "machine:debian"),
        ("/system.slice/nginx.service", "nginx.service"),
        ("/user.slice/user-1000.slice/session-2.scope", "session-2.scope"),
        ("/user.slice/user-1000.slice/user@1000.service/app.slice/app-editor.scope", "app-editor.scope"),
        (f"/system.slice/{ID}", ""),
        ("/user.slice", ""),
        ("/", ""),
        ("", ""),
    ],
)
def test_a_path_names_its_container_or_its_unit(path: str, name: str) -> None:
    assert unit_name(f"0::{path}\n") == name


def test_version_1_is_read_where_version_2_tells_nothing() -> None:
    assert unit_name(f"4:memory:/docker/{ID}\n1:name=systemd:/system.slice/cron.service\n0::/\n") == "cron.service"
    assert unit_name(f"4:memory:/docker/{ID}\n2:cpu:/\n") == "docker:3f2a1b4c5d6e"


@given(st.text(max_size=300))
def test_any_text_is_a_name_or_none(text: str) -> None:
    assert isinstance(unit_name(text), str)
