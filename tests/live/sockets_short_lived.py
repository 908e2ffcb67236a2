"""Opens and closes connections of about a millisecond under a real Monitor, and prints what the history says of them.

Run as a program (`python -m tests.live.sockets_short_lived COUNT SECONDS`, the seconds that each is open), so that it
can be started with fewer rights than the test that reads its one line of JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter

from engine.model.errors import EngineError
from engine.model.messages import ClosedSocket, SocketsOptions
from engine.model.tcp_info import tcp_info_field
from engine.monitor import Monitor
from engine.process.front import OwnLauncher
from tests.live.sockets_clients import CLIENT, SENT, serving
from tests.live.sockets_rig import HOST, LIMIT_S

REFRESH_S = 1.0
"""As the screen does by default."""

PLAIN = ("setpriv", "--inh-caps=-all", "--ambient-caps=-all")
"""The client inherits no right: a process with more rights than the worker may not be looked into by it."""


def short_lived(monitor: Monitor, connections: int, lives_s: float) -> tuple[list[ClosedSocket], int]:
    """The openers' ends of connections that another process makes, as the history has them; and that process's PID."""
    with serving(connections) as port:
        closed: list[ClosedSocket] = []
        told = (HOST, str(port), str(connections), str(lives_s))
        client = subprocess.Popen([*PLAIN, sys.executable, "-I", "-c", CLIENT, *told])
        end = time.monotonic() + LIMIT_S
        while len(closed) < connections and time.monotonic() < end:
            time.sleep(REFRESH_S)
            closed += [
                each
                for each in monitor.refresh().closed
                if each.entry.peer_port == port and HOST in (each.entry.local_address, each.entry.peer_address)
            ]
        client.wait()
    return closed, client.pid


def main() -> None:
    """Print how many connections closed, how many with their bytes, how many with the right process at each tier, and
    what could not be had."""
    connections, lives_s = int(sys.argv[1]), float(sys.argv[2])
    launcher = OwnLauncher()
    monitor = Monitor(launcher.control, lambda: None, "sudo sockmon")
    monitor.set_sockets(SocketsOptions(families=("tcp",)))
    try:
        degradations = [each.code for each in monitor.refresh().degradations]
        closed, pid = short_lived(monitor, connections, lives_s)
        right = [each for each in closed if [owner.pid for owner in each.entry.owners] == [pid]]
        tiers = Counter(each.tier for each in right)
        carried = sum(tcp_info_field(each.entry.tcp_info, "bytes_sent") == SENT for each in closed)
        lost = monitor.refresh().counters.events_lost
    except EngineError as error:
        sys.exit(str(error))
    finally:
        monitor.close()
        launcher.wait()
    told = {"closed": len(closed), "carried": carried, "right": len(right), "tiers": tiers, "lost": lost}
    sys.stdout.write(json.dumps(told | {"degradations": degradations}) + "\n")


if __name__ == "__main__":
    main()
