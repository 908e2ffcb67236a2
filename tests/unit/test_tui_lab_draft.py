"""The lab's form without a screen: what a knob may be, what it means, templates, and what is started."""

from __future__ import annotations

import msgspec
import pytest

from engine.lab.advice import Limits
from engine.lab.catalogue import KINDS, ActorKind
from engine.lab.errors import ERRORS
from engine.lab.host_facts import HostFacts
from engine.lab.templates import Template
from engine.model.errors import BadInput
from engine.model.lab import ActorReport, ActorSpec, ActorState, Knobs, OptionReading
from engine.model.snapshot import ActorView
from tui.screens.lab_asking import asked_of
from tui.widgets.columns import Ink
from tui.widgets.lab_draft import Draft, KnobRow, asks_remote, draft_of, knob_rows, new_draft, problem


def row(draft: Draft, name: str, facts: HostFacts | None = None) -> KnobRow:
    return next(one for one in knob_rows(draft, Limits(), facts) if one.name == name)


@pytest.mark.parametrize("kind", KINDS)
def test_the_form_of_every_kind_has_a_line_a_knob_and_starts_its_defaults(kind: str) -> None:
    draft = new_draft(kind)
    rows = knob_rows(draft, Limits(), None)
    assert [one.name for one in rows] == list(KINDS[kind].in_order)
    assert {one.name for one in rows} == set(KINDS[kind].knobs)
    assert not any(one.changed for one in rows)
    assert draft.spec() == ActorSpec(kind, KINDS[kind].default_knobs())
    for name in KINDS[kind].knobs:
        assert draft.typed(name, draft.text(name)) == draft, name


def test_what_is_typed_is_in_the_spec() -> None:
    draft = new_draft("echo-server").typed("port", "4000").typed("rcvbuf", "65,536")
    assert (draft.spec().knobs.port, draft.spec().knobs.rcvbuf) == (4000, 65_536)
    assert row(draft, "rcvbuf").changed
    assert row(draft, "rcvbuf").value == "65,536"
    assert not row(draft.reset("rcvbuf"), "rcvbuf").changed


def test_a_value_that_cannot_be_says_why() -> None:
    assert problem("port", "70000") == "port 70000 is outside 0 to 65535"
    assert problem("port", "http") == "port is 'http' (a number is wanted)"
    assert problem("linger_s", "") == ""
    assert problem("error", "EPIPE") == ""
    assert problem("error", "EPIP").startswith("there is no error 'EPIP'")
    with pytest.raises(BadInput):
        new_draft("echo-server").typed("port", "70000")


def test_flags_and_choices_go_round() -> None:
    draft = new_draft("echo-server")
    values = []
    for _ in range(3):
        draft = draft.stepped("nodelay", 1)
        values.append(draft.knobs.nodelay)
    assert values == [True, False, None]
    assert draft.stepped("family", -1).knobs.family == "inet6"
    assert draft.stepped("port", 1) == draft


def test_the_errors_are_gone_through_by_name() -> None:
    draft = new_draft("error-maker")
    seen = [draft.knobs.error]
    while (draft := draft.stepped("error", 1)).knobs.error != seen[0]:
        seen.append(draft.knobs.error)
    assert sorted(seen) == sorted(ERRORS)
    other = draft.typed("error", "EWOULDBLOCK")
    ends = [other.stepped("error", step).knobs.error for step in (1, -1)]
    first, *_, last = ERRORS
    assert ends == [first, last]


def test_the_kernels_answers_stand_beside_what_was_asked() -> None:
    report = ActorReport(
        kind="sink",
        pid=1,
        state=ActorState.RUNNING,
        options=(OptionReading("SO_RCVBUF", "65536", "131072"), OptionReading("backlog", "10000", "4096")),
    )
    draft = draft_of(ActorView(7, ActorSpec("sink", Knobs(rcvbuf=65_536, backlog=10_000)), report))
    assert draft.actor == 7
    assert row(draft, "rcvbuf").kernel == "→ 131,072"
    assert row(draft, "backlog").kernel == "→ 4,096"
    assert row(draft.typed("rcvbuf", "1"), "rcvbuf").kernel == ""


def test_a_surprise_is_told_at_its_line() -> None:
    says = row(new_draft("echo-server").typed("port", "80"), "port")
    assert (says.says, says.ink) == ("ports below 1024 need CAP_NET_BIND_SERVICE", Ink.OPENING)


def test_the_look_up_counts_only_for_the_host_that_stands_there() -> None:
    facts = HostFacts("localhost", "any", ("::1", "127.0.0.1"))
    asked = new_draft("echo-server").typed("host", "localhost")
    assert row(asked, "host", facts).says.startswith("this name has 2 addresses, ::1 is used; a number is certain")
    assert "2 addresses" not in row(new_draft("echo-server"), "host", facts).says


def test_a_template_keeps_host_and_port_and_nothing_else() -> None:
    saved = {"mine": Template("mine", "mine", "", {"sink": {"rcvbuf": 4096}})}
    draft = new_draft("sink").typed("port", "4000").typed("backlog", "5")
    assert draft.templates(saved) == ("", "tutorial", "mine")
    used = draft.with_template("mine", saved)
    assert (used.knobs.port, used.knobs.backlog, used.knobs.rcvbuf) == (4000, 128, 4096)
    plain = used.with_template("", saved)
    assert (plain.knobs.rcvbuf, plain.template) == (None, "")


def test_a_client_is_offered_the_host_and_port_of_the_server_before_it() -> None:
    server = new_draft("echo-server").typed("port", "4000")
    assert new_draft("echo-client", server).knobs.port == 4000
    assert new_draft("http-server", server).knobs.port == 8080


@pytest.mark.parametrize("kind", ["udp-multicast", "udp-broadcast", "dual-stack-server", "any-address-client"])
def test_a_host_that_only_its_kind_has_is_not_kept_for_the_next(kind: str) -> None:
    assert new_draft("ping", new_draft(kind)).knobs.host == "127.0.0.1"
    assert new_draft("ping", new_draft(kind).typed("host", "127.0.0.2")).knobs.host == "127.0.0.2"


def test_traffic_that_may_leave_the_machine_is_asked_about() -> None:
    assert asks_remote(ActorSpec("ping", Knobs(allow_remote=True)))
    assert not asks_remote(ActorSpec("ping", Knobs()))
    assert not asks_remote(ActorSpec("sink", msgspec.structs.replace(Knobs(), allow_remote=True)))


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.commands], ids=lambda kind: kind.kind)
def test_everything_that_an_actor_understands_can_be_asked_of_it(kind: ActorKind) -> None:
    report = ActorReport(kind=kind.kind, pid=1, state=ActorState.RUNNING)
    asked = asked_of(ActorView(1, ActorSpec(kind.kind, kind.default_knobs()), report))

    assert {one.command for one in asked} == set(kind.commands)
    assert len({one.name for one in asked}) == len(asked)
    for one in asked:
        assert one.judge(one.text)[1], one
