"""What each part loads, seen in fresh interpreters: a static graph does not see an import inside a function."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import engine
import tui

ROOT = Path(__file__).resolve().parents[2]


def loaded_by(statement: str) -> set[str]:
    """Top-level names of the modules that a fresh interpreter holds after `statement`."""
    code = (
        f"import sys; sys.path.append({str(ROOT)!r})\n"
        f"{statement}\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def modules_of(package: str) -> list[str]:
    """Every module of `engine` or `tui`, `__main__` aside, which runs when it is imported."""
    paths = {"engine": engine.__path__, "tui": tui.__path__}[package]
    return [info.name for info in pkgutil.walk_packages(paths, f"{package}.") if not info.name.endswith("__main__")]


FOREIGN = {"textual", "rich", "click", "scapy", "psutil", "platformdirs", "msgspec", "numpy", "pyroute2"}


def test_the_launcher_loads_the_standard_library_and_msgspec_only() -> None:
    loaded = loaded_by("import engine.process.launcher")
    assert loaded & FOREIGN == {"msgspec"}
    own = loaded - loaded_by("pass") - set(sys.stdlib_module_names) - set(sys.builtin_module_names)
    assert own <= {"engine", "msgspec", "typing_extensions"}  # the last is what msgspec looks for


def test_the_version_loads_nothing_heavy() -> None:
    loaded = loaded_by(
        "sys.argv = ['sockmon', '--version']\nfrom tui.cli.entry import main\ntry: main()\nexcept SystemExit: pass"
    )
    assert not loaded & FOREIGN
    assert not loaded & {"asyncio", "subprocess", "socket", "json", "importlib.metadata"}


def test_the_whole_engine_loads_no_screen_and_no_scapy() -> None:
    imports = "\n".join(f"import {name}" for name in modules_of("engine") if "scapy" not in name)
    assert not loaded_by(imports) & {"textual", "rich", "click", "scapy", "tui"}


def test_the_command_line_loads_textual_only_to_open_the_app() -> None:
    names = [name for name in modules_of("tui") if name.startswith("tui.cli") and name != "tui.cli.front"]
    assert not loaded_by("\n".join(f"import {name}" for name in names)) & {"textual", "rich", "scapy"}


@pytest.mark.parametrize("module", ["engine.process.host", "engine.process.roles", "engine.monitor"])
def test_a_part_can_be_loaded_alone(module: str) -> None:
    assert "engine" in loaded_by(f"import {module}")
