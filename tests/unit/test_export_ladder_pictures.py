"""A ladder as Mermaid and as SVG: what each segment becomes, and that no foreign text becomes more than text."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import msgspec
import pytest

from engine.export.flows import flow_object, rung_object
from engine.export.ladder_mermaid import escaped, mermaid_lines
from engine.export.ladder_svg import svg_lines
from engine.model.flows import LadderGap, LadderNote
from engine.model.tcp import SocketState
from tests.unit.test_export_ladder_text import EVERY_ITEM, SYN, flow, fold, step

HOSTILE = 'a;b#c</text><script>"%%{init}%% end\n\x1b[2J `x` & 名前'
SVG = "{http://www.w3.org/2000/svg}"


def mermaid(*items: object, names: dict[int, tuple[str, str]] | None = None) -> list[str]:
    return [line.strip() for line in mermaid_lines([flow()], items, names)]  # type: ignore[arg-type]


def test_a_diagram_names_both_ends_and_their_states_before() -> None:
    assert mermaid(names={0: ("flood 41233", "")}) == [
        "sequenceDiagram",
        "participant P0 as flood 41233",
        "participant P1 as [::1]:80",
        "Note left of P0: CLOSED",
        "Note right of P1: LISTEN",
    ]


def test_data_acks_and_what_was_lost_have_arrows_of_their_own() -> None:
    sent = mermaid(step(), step(length=0, forward=False), step(lost=True))[5:]
    assert [line.partition(":")[0] for line in sent] == ["P0->>P1", "P1-->>P0", "P0-xP1"]


def test_a_new_state_is_a_note_beside_its_lifeline() -> None:
    opened = step(flags=SYN, length=0, first_state=SocketState.SYN_SENT, first_moved=True)
    assert mermaid(opened)[6:] == ["Note left of P0: SYN-SENT"]


def test_folds_and_gaps_are_notes_over_both() -> None:
    assert mermaid(fold(), LadderGap(1, 0, 3))[5:] == [
        "Note over P0,P1: 412 data segments, 26,214,400 B ▶, 206 ACKs, 18.0 ms",
        "Note over P0,P1: 3 frames not captured here",
    ]


def test_conversations_with_one_server_share_its_lifeline() -> None:
    lines = list(mermaid_lines([flow(), flow(1, 40_001)], [step(stream=1)]))
    assert [line.strip() for line in lines[1:]] == [
        "participant P0 as 127.0.0.1:40000",
        "participant P1 as [::1]:80",
        "participant P2 as 127.0.0.1:40001",
        "P2->>P1: [PSH, ACK] Seq=1 Ack=1 Win=65536 Len=146",
    ]


def test_foreign_text_ends_no_statement_of_a_diagram() -> None:
    for line in mermaid(LadderNote(1, 0, 0, HOSTILE), names={0: (HOSTILE, "end")})[1:]:
        told = re.sub(r"#\d+;", "", line)
        assert not set(told) & set(';#<>"%{}`\\')
        assert not re.search(r"\bend\b", told, re.IGNORECASE)
        assert line.isprintable()
    assert escaped("") == "#32;"


def test_a_picture_is_xml_with_a_line_a_rung() -> None:
    picture = ElementTree.fromstring("\n".join(svg_lines([flow()], EVERY_ITEM, 0)))
    texts = [text.text for text in picture.iter(f"{SVG}text")]
    assert "127.0.0.1:40000" in texts
    assert "SYN-SENT" in texts
    assert "412 data segments, 26,214,400 B ▶, 206 ACKs, 18.0 ms" in texts
    assert len(list(picture.iter(f"{SVG}rect"))) == 1 + sum(not hasattr(item, "forward") for item in EVERY_ITEM)


@pytest.mark.parametrize("several", [False, True])
def test_foreign_text_is_only_text_in_a_picture(several: bool) -> None:
    flows = [flow(), flow(1, 40_001)] if several else [flow()]
    names = {0: (HOSTILE, HOSTILE)}
    picture = ElementTree.fromstring("\n".join(svg_lines(flows, [LadderNote(1, 0, 0, HOSTILE)], 0, names)))
    assert {element.tag.removeprefix(SVG) for element in picture.iter()} <= {
        "svg", "title", "style", "rect", "text", "line", "path",
    }  # fmt: skip
    assert any("<script>" in (text.text or "") for text in picture.iter(f"{SVG}text"))


def test_objects_keep_their_keys_and_tell_unknown_as_null() -> None:
    made = flow_object(flow())
    assert (made["irtt_ns"], made["first"]["window"], made["first"]["srtt_ns"]) == (None, None, None)
    assert made["first"]["port"] == 40_000
    kinds = [rung_object(item)["rung"] for item in EVERY_ITEM]
    assert kinds == ["segment"] * 8 + ["fold"] * 4 + ["gap"] * 2 + ["note"]
    assert rung_object(LadderGap(1, 0, 0))["frames"] is None
    assert "\x1b" not in rung_object(LadderNote(1, 0, 0, HOSTILE))["info"]
    for item in EVERY_ITEM:
        assert msgspec.json.decode(msgspec.json.encode(rung_object(item)))["rung"]
