"""Ladders as the pictures beside the captures and scenarios that they are drawn from.

`python -m tests.scenario.ladder_pictures` draws them anew: look at what changed before it is kept.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from engine.capture.conversations import Conversations
from engine.capture.files.frames import Frame
from engine.capture.files.source import CaptureFile
from engine.capture.packet_log import PacketLog
from engine.capture.read_conversations import ConversationReading
from engine.capture.source import GAP
from engine.capture.source import Frame as Captured
from engine.export.ladder_text import LadderLook, ladder_lines
from engine.model.flows import FlowSummary, LadderItem
from engine.model.messages import AskLadder
from tests.scenario.test_scenarios import CASES, Case

FOLDER: Final = Path(__file__).parent / "ladders"
CAPTURES: Final = sorted(FOLDER.glob("*.pcap"))
WIDTH: Final = 80
ITEMS: Final = 1_000


def drawn(flows: list[FlowSummary], items: list[LadderItem], width: int = WIDTH) -> str:
    look = LadderLook(width, flows[0].first_ns, streams=tuple(flow.stream for flow in flows))
    return "".join(f"{line.text}\n" for line in ladder_lines(flows, items, look))


def picture_of_file(path: Path) -> str:
    """As `sockmon ladder` draws it."""
    return drawn(*ConversationReading([str(path)]).ladder([0]))


def picture_of_frames(frames: list[Captured]) -> str:
    """As the screen draws what was captured live, all conversations on one ladder."""
    log = PacketLog(1 << 20)
    log.take(frames)
    window = Conversations(log).ladder(AskLadder(tuple(log.flows.flows), 0, ITEMS), lambda: True)
    return drawn(window.flows, window.items)


def live(frame: Frame) -> Captured:
    """A frame of a file as a source hands it over."""
    return frame.ts_ns, frame.wire_length, frame.data, frame.interface, 0, frame.link_type


def frames_of_file(path: Path) -> list[Captured]:
    with CaptureFile(str(path)) as file:
        return [live(frame) for frames in file.batches() for frame in frames]


def frames_of_case(case: Case) -> list[Captured]:
    return [(0, line.lost, b"", 0, GAP, 1) if line.frame is None else live(line.frame) for line in case.lines]


def pictures_of_cases(file: str) -> str:
    """All cases of one scenario file, each under its name."""
    return "\n".join(
        f"== {case.name}\n{picture_of_frames(frames_of_case(case))}" for case in CASES if case.file == file
    )


SCENARIOS: Final = sorted({case.file for case in CASES})


def main() -> None:
    for path in CAPTURES:
        path.with_suffix(".txt").write_text(picture_of_file(path))
    for file in SCENARIOS:
        (FOLDER / f"scenario-{file}.txt").write_text(pictures_of_cases(file))


if __name__ == "__main__":
    main()
