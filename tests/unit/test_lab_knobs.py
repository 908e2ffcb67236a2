"""engine.lab.knobs: what may be typed into a form, and what is refused with one sentence."""

from __future__ import annotations

import msgspec
import pytest

from engine.lab.knobs import KNOBS, Sort, check_knobs, parse_knob, set_knobs
from engine.model.errors import BadInput
from engine.model.lab import Knobs


def test_every_field_of_the_knobs_is_described_and_nothing_else() -> None:
    assert set(KNOBS) == {field.name for field in msgspec.structs.fields(Knobs)}


def test_the_defaults_are_allowed() -> None:
    check_knobs(Knobs(), KNOBS)


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("port", "65432", 65_432),
        ("port", " 0 ", 0),
        ("chunk", "65,536", 65_536),
        ("chunk", "65_536", 65_536),
        ("timeout_s", "0.5", 0.5),
        ("timeout_s", "", None),
        ("nodelay", "on", True),
        ("nodelay", "No", False),
        ("nodelay", "", None),
        ("text", "", ""),
        ("congestion", "", None),
        ("framing", "fixed", "fixed"),
        ("shutdown", "", ""),
        ("port_range", "40000-40003", "40000-40003"),
    ],
)
def test_what_a_person_types_becomes_a_value(name: str, typed: str, value: object) -> None:
    assert parse_knob(name, typed) == value


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("port", "70000", "port 70000 is outside 0 to 65535"),
        ("port", "-1", "port -1 is outside 0 to 65535"),
        ("port", "http", "port is 'http' (a number is wanted)"),
        ("port", "", "port is '' (a number is wanted)"),
        ("port", "80.5", "port is '80.5' (a number is wanted)"),
        ("timeout_s", "nan", "timeout_s nan is outside 0 to 3600"),
        ("timeout_s", "inf", "timeout_s inf is outside 0 to 3600"),
        ("connections", "10001", "connections 10001 is outside 1 to 10000"),
        ("nodelay", "maybe", "nodelay is 'maybe' (on or off)"),
        ("shutdown", "X", "shutdown 'X' is none of none, RD, WR, RDWR"),
        ("host", "a\0b", "host holds a NUL byte"),
        ("port_range", "9-1", "port range '9-1' is not two ports such as 40000-40003"),
        ("nosuch", "1", "there is no knob 'nosuch'"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(name: str, typed: str, sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_knob(name, typed)

    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("name", "value"),
    [("port", True), ("port", 1.5), ("port", None), ("host", 1), ("nodelay", 1), ("timeout_s", "1")],
)
def test_a_value_of_another_kind_is_refused(name: str, value: object) -> None:
    with pytest.raises(BadInput):
        set_knobs(Knobs(), {name: value})


def test_every_number_has_both_limits() -> None:
    for knob in KNOBS.values():
        if knob.sort in (Sort.INT, Sort.FLOAT):
            assert knob.minimum is not None
            assert knob.maximum is not None
