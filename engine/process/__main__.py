"""Where every process but the front begins: `python -I …/engine/process/__main__.py ROLE …`, run as a file.

Run as a file and not by `-m`, since isolated mode (-I) leaves out the current folder, and a checkout that is not
installed would not be found. The folder that holds `engine` comes last on the path, where it can hide no module.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main() -> int:
    """Run one role; the exit code is 0 when its channel ended."""
    root = str(Path(__file__).resolve().parents[2])
    if root not in sys.path:
        sys.path.append(root)
    parser = argparse.ArgumentParser(prog="sockmon process", allow_abbrev=False)
    parser.add_argument("role")
    parser.add_argument("--name", default="")
    parser.add_argument("--descriptor", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--strict", action="store_true")
    arguments = parser.parse_args()
    if arguments.role == "launcher":
        return _launcher(arguments.descriptor, arguments.strict)
    return _worker(arguments)


def _launcher(descriptor: int, strict: bool) -> int:
    """A launcher without a front of its own, for a program that brings its own screen: the tests do."""
    import socket

    from engine.process.launcher import Launcher, serve

    launcher = Launcher(socket.socket(fileno=descriptor), strict)
    status = serve(launcher, None)
    launcher.close()
    return status


def _worker(arguments: argparse.Namespace) -> int:
    from engine.model.errors import EngineError
    from engine.model.health import Role
    from engine.process import rights, roles

    start = roles.Start(
        role=Role(arguments.role),
        name=arguments.name,
        descriptor=arguments.descriptor,
        parent=arguments.parent,
        user=rights.invoking_user(),
        strict=arguments.strict,
    )
    try:
        roles.run(start)
    except EngineError as error:
        roles.say(str(error))
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
