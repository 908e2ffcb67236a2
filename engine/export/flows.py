"""Conversations and ladders for programs: JSON objects with stable keys.

Keys are there whether a value is known or not; unknown is null. Times are nanoseconds since the epoch.
"""

from __future__ import annotations

from typing import Any

import msgspec

from engine.flow.flow import completeness_text
from engine.model.flows import FlowEnd, FlowSummary, LadderFold, LadderGap, LadderItem, LadderNote
from engine.text.sanitize import printable

_ZERO_IS_UNKNOWN = ("syn_ns", "established_ns", "first_data_ns", "fin_ns", "over_ns", "irtt_ns")


def flow_object(flow: FlowSummary) -> dict[str, Any]:
    """A conversation as `sockmon flows --json` prints it."""
    made = msgspec.structs.asdict(flow) | {
        "first": _end(flow.first),
        "second": _end(flow.second),
        "completeness_text": completeness_text(flow.completeness),
    }
    return made | {name: made[name] or None for name in _ZERO_IS_UNKNOWN}


def rung_object(item: LadderItem) -> dict[str, Any]:
    """A rung as `sockmon ladder --json` prints it; `rung` says which kind it is."""
    made = msgspec.structs.asdict(item)
    if isinstance(item, LadderGap):
        return {"rung": "gap"} | made | {"frames": item.frames or None}
    if isinstance(item, LadderNote):
        return {"rung": "note"} | made | {"info": printable(item.info)}
    return {"rung": "fold" if isinstance(item, LadderFold) else "segment"} | made


def _end(end: FlowEnd) -> dict[str, Any]:
    return msgspec.structs.asdict(end) | {"srtt_ns": end.srtt_ns or None}
