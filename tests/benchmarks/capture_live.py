"""Live capture against tshark and scapy on the same traffic: what each lost, and its processor time a packet.

    python -m tests.benchmarks.capture_live [--rate PACKETS_PER_S] [--seconds S] [--packets N] [--short]

tcpreplay sends on `lo` of a network namespace of its own, so nothing else is heard and no right is needed. Each program
hears the same frames, one after the other. sockmon is its capture worker's service in a process of its own, asked once
a second for its newest rows, as the screen asks.
"""

from __future__ import annotations

import argparse
import json
import resource
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from engine.capture.service import CaptureService
from engine.model.messages import AskPackets, PacketsAnswer, StartCapture
from engine.model.packets import CaptureOptions
from tests.benchmarks.capture_traffic import write_traffic
from tests.live.capture_namespace import Namespace

TRAFFIC_FRAMES = 500_000
"""In the file; a longer run sends it again."""
QUIET_S = 2.0
"""A program has heard all when nothing came for so long."""
SCAPY_RATES = (250, 500, 1_000, 2_000, 5_000, 10_000, 20_000)
HIGHEST_RATES = (125_000, 150_000, 175_000, 200_000, 250_000)
SCAPY_SECONDS = 2
SCAPY_BEGIN_S = 4.0
"""scapy needs most of a second to load, more on a busy machine."""
SCAPY_LIMIT_S = 40.0
HIGHEST_SECONDS = 4.0
MOST_MB = 150
"""What the capture worker may take, however many packets it has heard."""


def spent(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def as_sockmon(descriptor: int, source: str, capture_filter: str) -> None:
    """Be the capture worker until nothing comes any more; print what became of the frames."""
    service = CaptureService()
    service.answer(StartCapture(CaptureOptions(source=source, capture_filter=capture_filter)), [descriptor])
    print("ready", flush=True)
    began = spent(resource.RUSAGE_SELF)
    heard, heard_at, asked_at = 0, 0.0, 0.0
    while not heard_at or time.monotonic() - heard_at < QUIET_S:
        poll = select.poll()
        for watched in service.watch():
            poll.register(watched, select.POLLIN)
        pause_s = service.pause_s()
        ready = poll.poll(1000 if pause_s is None else pause_s * 1000)
        for watched, _ in ready:
            service.readable(watched)
        if not ready:
            service.idle()
        if time.monotonic() - asked_at >= 1.0:
            asked_at = time.monotonic()
            answer = service.answer(AskPackets(-1, 60, handshakes=False), [])
            assert isinstance(answer, PacketsAnswer)
            trust = answer.status.trust
            if trust.received != heard:
                heard, heard_at = trust.received, time.monotonic()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    outcome = {"heard": heard, "dropped": trust.dropped_by_kernel, "cpu_s": spent(resource.RUSAGE_SELF) - began}
    print(json.dumps(outcome | {"peak_mb": usage.ru_maxrss / 1024, "kept": trust.kept}))
    service.close()


def as_tshark(seconds: float) -> None:
    """Run tshark for so long, its lines thrown away; print its count and the time that it and dumpcap took."""
    command = ["tshark", "-n", "-i", "lo", "-a", f"duration:{seconds:.0f}"]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    words = done.stderr.replace("\n", " ").split()
    count = int(words[words.index("captured") - 2]) if "captured" in words else 0
    print(json.dumps({"heard": count, "cpu_s": spent(resource.RUSAGE_CHILDREN), "peak_mb": usage.ru_maxrss / 1024}))


def as_scapy() -> None:
    """Sniff until nothing comes any more, as scapy's manual shows it; print how many frames came, and on `lo` each
    comes twice."""
    from scapy.all import AsyncSniffer

    heard = 0

    def count(packet: object) -> None:
        nonlocal heard
        heard += 1

    sniffer = AsyncSniffer(iface="lo", store=False, prn=count, filter="tcp")
    began = spent(resource.RUSAGE_SELF)
    sniffer.start()
    until, before, quiet_since = time.monotonic() + SCAPY_LIMIT_S, 0, time.monotonic()
    while time.monotonic() < until and (not heard or time.monotonic() - quiet_since < QUIET_S):
        time.sleep(0.1)
        if heard != before:
            before, quiet_since = heard, time.monotonic()
    sniffer.stop()
    print(json.dumps({"heard": heard, "cpu_s": spent(resource.RUSAGE_SELF) - began}))


def replay(namespace: Namespace, path: Path, rate: int, frames: int) -> float:
    """Send `frames` from the file, over again if it has fewer; the rate that was reached, in packets/s."""
    loops = -(-frames // TRAFFIC_FRAMES)
    said = namespace.run(
        "tcpreplay", "--quiet", "--preload-pcap", "-i", "lo", f"--pps={rate}", f"--limit={frames}", f"--loop={loops}",
        str(path),
    )  # fmt: skip
    return float(said.rpartition(" pps")[0].rpartition(" ")[2])


def measure_sockmon(
    namespace: Namespace, path: Path, rate: int, frames: int, source: str = "ring", capture_filter: str = ""
) -> dict[str, float]:
    sock = namespace.packet_socket()
    command = [sys.executable, "-m", "tests.benchmarks.capture_live"]
    command += ["--as-sockmon", str(sock.fileno()), source, capture_filter]
    with subprocess.Popen(command, pass_fds=[sock.fileno()], stdout=subprocess.PIPE, text=True) as process:
        sock.close()
        assert process.stdout is not None
        process.stdout.readline()
        reached = replay(namespace, path, rate, frames)
        outcome: dict[str, float] = json.loads(process.stdout.readline())
    return outcome | {"rate": reached}


def measure_tshark(namespace: Namespace, path: Path, rate: int, frames: int) -> dict[str, float]:
    seconds = frames / rate + 5
    namespace.begin(sys.executable, "-m", "tests.benchmarks.capture_live", "--as-tshark", str(seconds))
    time.sleep(2)  # tshark says nothing when it is ready
    reached = replay(namespace, path, rate, frames)
    outcome: dict[str, float] = json.loads(namespace.end().splitlines()[-1])
    return outcome | {"rate": reached}


def measure_scapy(namespace: Namespace, path: Path, rate: int, frames: int) -> dict[str, float]:
    namespace.begin(sys.executable, "-m", "tests.benchmarks.capture_live", "--as-scapy")
    time.sleep(SCAPY_BEGIN_S)
    reached = replay(namespace, path, rate, frames)
    outcome: dict[str, float] = json.loads(namespace.end().splitlines()[-1])
    return outcome | {"rate": reached}


def say(name: str, frames: int, outcome: dict[str, float]) -> None:
    heard = outcome["heard"]
    lost = frames - heard
    print(
        f"{name:<24} {outcome['rate']:>9,.0f}/s {frames:>9,} sent {lost:>9,.0f} lost ({lost / frames:6.2%}) "
        f"{outcome['cpu_s'] / max(heard, 1) * 1e6:6.2f} us CPU a packet"
        + (f"  {outcome['peak_mb']:5.0f} MB" if "peak_mb" in outcome else ""),
        flush=True,
    )


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--rate", type=int, default=100_000)
    words.add_argument("--seconds", type=float, default=10.0)
    words.add_argument("--packets", type=int, default=5_000_000, help="of the run that looks at the memory")
    words.add_argument("--short", action="store_true", help="only sockmon and tshark at the one rate")
    words.add_argument("--as-sockmon", nargs=3, help=argparse.SUPPRESS)
    words.add_argument("--as-tshark", type=float, help=argparse.SUPPRESS)
    words.add_argument("--as-scapy", action="store_true", help=argparse.SUPPRESS)
    asked = words.parse_args()
    if asked.as_sockmon:
        as_sockmon(int(asked.as_sockmon[0]), *asked.as_sockmon[1:])
    elif asked.as_tshark:
        as_tshark(asked.as_tshark)
    elif asked.as_scapy:
        as_scapy()
    elif shutil.which("tcpreplay") is None or shutil.which("tshark") is None:
        print("tcpreplay or tshark is not installed: nothing is measured")
    else:
        compare(asked.rate, round(asked.rate * asked.seconds), asked.packets, asked.short)


def compare(rate: int, frames: int, many: int, short: bool) -> None:
    namespace = Namespace(limit_s=2 * max(frames, many) / rate + 30)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "traffic.pcap"
        write_traffic(path, TRAFFIC_FRAMES)
        ours = measure_sockmon(namespace, path, rate, frames)
        say("sockmon, ring", frames, ours)
        peer = measure_tshark(namespace, path, rate, frames)
        say("tshark", frames, peer)
        judge(f"no loss at {rate:,} packets/s", ours["heard"] == frames)
        judge("no more CPU a packet than tshark", ours["cpu_s"] / ours["heard"] <= peer["cpu_s"] / peer["heard"])
        if not short:
            ours = measure_sockmon(namespace, path, rate, many)
            say("sockmon, ring", many, ours)
            judge(f"at most {MOST_MB} MB after {many:,} packets", ours["peak_mb"] <= MOST_MB)
            say("sockmon, scapy's socket", frames, measure_sockmon(namespace, path, rate, frames, "scapy", "tcp"))
            first_loss_of_scapy(namespace, path)
            highest(namespace, path, rate)
    namespace.close()


def judge(target: str, met: bool) -> None:
    print(f"  {'meets' if met else 'misses'} the target: {target}", flush=True)


def first_loss_of_scapy(namespace: Namespace, path: Path) -> None:
    for rate in SCAPY_RATES:
        frames = rate * SCAPY_SECONDS
        outcome = measure_scapy(namespace, path, rate, frames)
        say("scapy sniff()", frames, outcome | {"heard": outcome["heard"] / 2})
        if outcome["heard"] / 2 < frames:
            print(f"  scapy's sniff() first loses at {rate:,} packets/s", flush=True)
            return


def highest(namespace: Namespace, path: Path, held: int) -> None:
    for rate in HIGHEST_RATES:
        frames = round(rate * HIGHEST_SECONDS)
        outcome = measure_sockmon(namespace, path, rate, frames)
        say("sockmon, ring", frames, outcome)
        if outcome["heard"] < frames:
            break
        held = round(outcome["rate"])
    print(f"  the highest rate held without loss for {HIGHEST_SECONDS:.0f} s: {held:,} packets/s", flush=True)


if __name__ == "__main__":
    main()
