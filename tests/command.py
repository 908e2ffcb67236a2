"""Runs the real `sockmon` command line for a test."""

from __future__ import annotations

import signal
import subprocess

from tests.terminal import ROOT, SOCKMON


def sockmon(*arguments: str, limit_s: float = 60) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*SOCKMON, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=limit_s,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start a command that holds; the fixture `started` ends it with its test."""
    return subprocess.Popen(
        [*SOCKMON, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
    )


def interrupted(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Press Ctrl-C; what the command printed, after a clean end."""
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    return out, err


def first_line(process: subprocess.Popen[str]) -> str:
    """The first line of its standard error."""
    assert process.stderr is not None
    return process.stderr.readline()


def refused(done: subprocess.CompletedProcess[str], sentence: str) -> None:
    """Check that a command ended as bad input must: exit code 2, one sentence, nothing else."""
    assert done.returncode == 2, done.stderr
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
