"""A /proc in a folder: processes with their descriptors as dangling links, as the kernel's look."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

FIELDS_AFTER_NAME = 40


class FakeProc:
    """Processes that a test adds, changes and ends."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "self").mkdir()

    def run(
        self,
        pid: int,
        name: str | bytes = "sink",
        sockets: Mapping[int, int] | None = None,
        start_time: int | None = None,
        cmdline: bytes = b"",
        flags: int = 0,
        others: int = 0,
    ) -> None:
        """Start a process, or change it. `sockets` is descriptor to inode; `others` descriptors are no sockets."""
        self.end(pid)
        folder = self.root / str(pid)
        (folder / "fd").mkdir(parents=True)
        for fd, inode in (sockets or {}).items():
            (folder / "fd" / str(fd)).symlink_to(f"socket:[{inode}]")
        for number in range(others):
            (folder / "fd" / str(1000 + number)).symlink_to(f"pipe:[{number}]")
        fields = ["0"] * FIELDS_AFTER_NAME
        fields[0], fields[6], fields[19] = "S", str(flags), str(pid if start_time is None else start_time)
        raw = name if isinstance(name, bytes) else name.encode()
        (folder / "stat").write_bytes(b"%d (%s) %s\n" % (pid, raw, " ".join(fields).encode()))
        (folder / "cmdline").write_bytes(cmdline)

    def end(self, pid: int) -> None:
        """End a process if it runs."""
        shutil.rmtree(self.root / str(pid), ignore_errors=True)
