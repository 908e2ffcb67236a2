"""What it takes to open and to scroll the ladder of a long conversation: `python -m tests.benchmarks.ladder_open`.

The worker's part is the answer to a first question, and to later ones; then the answer crosses a channel and what fits
a screen is drawn. The file is the same conversation, drawn by `sockmon ladder` and by tshark's flow graph in turn.
Times are the best of several turns.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from engine.capture.conversations import Conversations
from engine.capture.packet_log import PacketLog
from engine.export.ladder_text import LadderLook, ladder_line
from engine.model.flows import LadderFold
from engine.model.messages import AskLadder, LadderAnswer
from engine.model.packets import CaptureStatus
from tests.benchmarks.targets import verdict
from tests.unit.capture_frames import captured
from tests.unit.conversation_frames import capture_file, transfer

SEGMENTS: Final = 100_000
TURNS: Final = 5
SCREEN: Final = 60
"""Rungs of a tall terminal."""
STORE_BYTES: Final = 64 * 1024 * 1024
OPEN_MS, ENGINE_MS, SCROLL_MS = 300.0, 200.0, 20.0


def best_ms(work: Callable[[], object]) -> float:
    times = []
    for _ in range(TURNS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return 1000 * min(times)


def asked(told: Conversations, request: AskLadder) -> bytes:
    """The worker's answer as it crosses to the screen."""
    window = told.ladder(request, lambda: True)
    status = CaptureStatus(True, "lo", "ring", "", told.log.trust())
    return msgspec.msgpack.encode(
        LadderAnswer(window.first, window.total, window.items, window.flows, status, window.pending, window.evicted)
    )


def drawn(answer: bytes) -> list[str]:
    """The screen's part."""
    items = msgspec.msgpack.decode(answer, type=LadderAnswer).items
    look = LadderLook(160)
    return [ladder_line(item, look).text for item in items]


def main() -> None:
    frames = transfer(SEGMENTS // 2)
    log = PacketLog(STORE_BYTES)
    log.take([captured(data, ts_ns=1_000_000 * (at + 1)) for at, data in enumerate(frames)])
    first_question = AskLadder((0,), -1, SCREEN)
    engine = best_ms(lambda: asked(Conversations(log), first_question))
    whole = best_ms(lambda: drawn(asked(Conversations(log), first_question)))
    told = Conversations(log)
    items = told.ladder(AskLadder((0,), 0, SCREEN), lambda: True).items
    folds = tuple(item.first_number for item in items if isinstance(item, LadderFold))
    opened = AskLadder((0,), SEGMENTS // 2, SCREEN, folds)
    scroll = best_ms(lambda: drawn(asked(told, opened)))
    every = best_ms(lambda: drawn(asked(told, AskLadder((0,), SEGMENTS // 2, SCREEN, folded=False))))
    print(f"conversation of {SEGMENTS:,} segments")
    print(f"  open, the worker's part       {engine:7.1f} ms  {verdict(engine, ENGINE_MS)}")
    print(f"  open, drawn                   {whole:7.1f} ms  {verdict(whole, OPEN_MS)}")
    print(f"  scroll in its opened fold     {scroll:7.1f} ms  {verdict(scroll, SCROLL_MS)}")
    print(f"  scroll with nothing folded    {every:7.1f} ms  {verdict(every, SCROLL_MS)}")
    with tempfile.TemporaryDirectory() as folder:
        of_file(capture_file(Path(folder), frames))


def of_file(path: str) -> None:
    tshark = shutil.which("tshark")
    ours = [sys.executable, "-m", "tui.cli", "ladder", path]
    theirs = [tshark or "", "-n", "-q", "-r", path, "-z", "flow,tcp,network"]
    times: dict[str, float] = {}
    for _ in range(2):
        for name, command in (("ours", ours), ("tshark", theirs)):
            if command[0]:
                began = time.perf_counter()
                subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
                times[name] = min(times.get(name, float("inf")), time.perf_counter() - began)
    print(f"  `sockmon ladder FILE`         {1000 * times['ours']:7.0f} ms")
    if tshark is None:
        print("  tshark is not installed: nothing to compare with")
        return
    ratio = times["ours"] / times["tshark"]
    print(f"  tshark -z flow,tcp,network    {1000 * times['tshark']:7.0f} ms  ratio {ratio:.2f} {verdict(ratio, 1.0)}")


if __name__ == "__main__":
    main()
