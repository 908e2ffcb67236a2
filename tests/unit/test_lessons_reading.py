"""Lessons are read into values, and every fault of a file is named with its line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.lessons.doings import read_doing
from engine.lessons.errors import LessonError
from engine.lessons.expectations import WITHIN_S, read_expectation
from engine.lessons.lesson import Comparison, Measure, PacketSought, Part, Passed, Question, Spot, Verb
from engine.lessons.reading import FILE_MAX, check_file, check_text, read_text
from engine.lessons.words import Word, WordError, split
from engine.model.tcp import SocketState, TcpFlags

WHOLE = '''\
title = "Both ends"
topics = ["tcp"]
text = """
What happens."""

[[step]]
say = "The server listens."
do = "start server server-by-hand backlog=3"
expect = "state server == LISTEN"

[[step]]
say = "The client connects."
look = "The second row."
do = ["start client client-by-hand to=server", 'send client "Hello\\n"', "wait 0.2s"]
expect = ["recvq server.1 >= 1k within 2s", "packet [SYN, ACK] from server"]
predict = { question = "Which flags?", answer = "SYN, ACK", choices = ["SYN", "SYN, ACK"] }
'''

FIRST_STEP = 'title = "t"\ntext = "t"\n[[step]]\nsay = "s"\ndo = "start server server-by-hand"\n\n'

ACTORS = {"server": "server-by-hand", "client": "client-by-hand"}
HERE = Spot(1, 1)


def faults(text: str) -> list[str]:
    lesson, found = check_text(text, "x", "x.toml")
    assert (lesson is None) == bool(found)
    return [str(fault) for fault in found]


def step(**lines: str) -> str:
    """A lesson of two steps, the second with these lines, which begin at line 9."""
    written = "\n".join(f"{key} = {value}" for key, value in lines.items())
    return FIRST_STEP + f'[[step]]\nsay = "s"\n{written}\n'


def test_a_lesson_is_read_into_values() -> None:
    lesson = read_text(WHOLE, "both-ends", "both-ends.toml")
    assert (lesson.name, lesson.title, lesson.text, lesson.topics) == (
        "both-ends",
        "Both ends",
        "What happens.",
        ("tcp",),
    )
    first, second = lesson.steps
    assert first.do[0].verb is Verb.START
    assert first.do[0].knobs == (("backlog", "3"),)
    assert [doing.verb for doing in second.do] == [Verb.START, Verb.SEND, Verb.WAIT]
    assert second.do[1].words == "Hello\n"
    assert second.expect[0].within_s == 2.0
    assert second.expect[1].spot == Spot(15, 46)
    assert second.predict is not None
    assert second.look == "The second row."
    assert lesson.expectations == 3
    assert lesson.actors == ("server", "client")


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("state server == close-wait", Comparison(Question("state", Part("server")), "==", "CLOSE-WAIT")),
        ("recvq server.listener >= 64Ki", Comparison(Question("recvq", Part("server", "listener")), ">=", 65_536.0)),
        ("call client recv == \"b''\"", Comparison(Question("call", Part("client"), "recv"), "==", "b''")),
        ("sockets server CLOSE-WAIT == 3", Comparison(Question("sockets", Part("server"), "CLOSE-WAIT"), "==", 3.0)),
        ("sockets server == 3", Comparison(Question("sockets", Part("server")), "==", 3.0)),
        ("errno client == EWOULDBLOCK", Comparison(Question("errno", Part("client")), "==", "EAGAIN")),
        ("took client recv >= 200ms", Comparison(Question("took", Part("client"), "recv"), ">=", 0.2)),
        ("counter TcpExtListenOverflows > 0", Comparison(Question("counter", None, "TcpExtListenOverflows"), ">", 0.0)),
        (
            "local server.1 == local server.2",
            Comparison(Question("local", Part("server", "1")), "==", Question("local", Part("server", "2"))),
        ),
        ("verdict server == zero-window", Comparison(Question("verdict", Part("server")), "==", "zero-window")),
        ("packet [FIN, ACK] from client", PacketSought(TcpFlags.FIN | TcpFlags.ACK, source="client")),
        (
            'packet icmp "Port unreachable" len == 0 ever',
            PacketSought(protocol="icmp", info="Port unreachable", measures=(Measure("len", "==", 0.0),), ever=True),
        ),
        (
            "packets [SYN] to server >= 3",
            PacketSought(TcpFlags.SYN, target="server", count=Measure("count", ">=", 3.0)),
        ),
        ("finding tcp.analysis.zero_window", PacketSought(finding="zero_window")),
        (
            "passed client SYN-SENT ESTABLISHED",
            Passed(Part("client"), (SocketState.SYN_SENT, SocketState.ESTABLISHED)),
        ),
    ],
)
def test_expectations_are_read(line: str, what: object) -> None:
    expectation = read_expectation(line, HERE, ACTORS)
    assert expectation.what == what
    assert expectation.within_s == WITHIN_S


def test_limits_follow_an_expectation() -> None:
    read = read_expectation("no packet [FIN] from client within 4s for 300ms", HERE, ACTORS)
    assert (read.within_s, read.for_s) == (4.0, 0.3)
    assert isinstance(read.what, PacketSought)
    assert read.what.absent


WRONG_LINES = {
    "an unknown fact": ("recq server > 0", 0, "'recq' is no fact"),
    "an actor that was not started": ("state sever == LISTEN", 6, "there is no actor 'sever' yet"),
    "a socket there cannot be": ("state server.zero == LISTEN", 6, "is no socket"),
    "an operator of another sort": ("state server >= LISTEN", 13, "'>=' is none of == !="),
    "no value": ("recvq server >=", 15, "a number is missing"),
    "a value that is no number": ("recvq server >= lots", 16, "'lots' is no number"),
    "an unknown state": ("state server == LISTN", 16, "'LISTN' is no state"),
    "an unknown rule": ("verdict server == stalled", 18, "'stalled' is no rule"),
    "an unknown errno": ("errno client == EFOO", 16, "'EFOO' is no errno"),
    "an unknown flag": ("packet [SYN, AKC] from server", 12, "'AKC' is no flag"),
    "an open bracket": ("packet [SYN from server", 7, "bracket is not closed"),
    "an open quote": ('reply client == "x', 16, "quote is not closed"),
    "an unknown finding": ("finding zero_widow", 8, "'zero_widow' is no finding"),
    "no length of time": ("no packet [RST]", 15, "`no` needs a length of time"),
    "too long a limit": ("recvq server > 0 within 500s", 24, "is no time up to 30s"),
    "a limit without a unit": ("recvq server > 0 within 5", 24, "is no time up to 30s"),
    "words behind the end": ("recvq server > 0 soon", 17, "'soon' makes no sense here"),
    "facts of two sorts": ("local server == recvq server", 16, "local is a text and recvq a number"),
    "no packet after `no`": ("no state server == LISTEN", 3, "neither packet nor finding"),
    "no states passed": ("passed server", 13, "a state is missing"),
    "nothing": ("", 0, "a fact is missing"),
}


@pytest.mark.parametrize("case", WRONG_LINES)
def test_a_wrong_expectation_is_named_at_its_column(case: str) -> None:
    line, column, wrong = WRONG_LINES[case]
    with pytest.raises(WordError) as caught:
        read_expectation(line, HERE, ACTORS)
    assert wrong in caught.value.wrong
    assert caught.value.column == column


WRONG_DOINGS = {
    "an unknown verb": ("strat server echo-server", 0, "unknown verb 'strat'"),
    "an unknown kind": ("start s2 ehco-server", 9, "there is no actor of kind 'ehco-server'"),
    "no kind": ("start s2", 8, "a kind is missing"),
    "a name twice": ("start server echo-server", 6, "'server' was started before"),
    "a name with capitals": ("start Server echo-server", 6, "is no name of an actor"),
    "an unknown knob": ("start s2 echo-server backlg=3", 21, "echo-server has no knob 'backlg'"),
    "a knob's bad value": ("start s2 echo-server backlog=many", 29, "backlog is 'many'"),
    "a knob out of bounds": ("start s2 echo-server port=70000", 26, "port 70000 is outside"),
    "what is no knob": ("start s2 echo-server fast", 21, "'fast' is no KNOB=VALUE"),
    "a target that is not there": ("start c2 echo-client to=sever", 24, "there is no actor 'sever' yet"),
    "a client without a target": ("start c2 echo-client", 20, "needs somewhere to go"),
    "a way out of this machine": ("start c2 echo-client to=server allow_remote=on", 31, "allow_remote cannot be set"),
    "a reference to nobody": ("start s2 echo-server port={sever.port}", 26, "stands for nothing"),
    "a command it does not know": ("slow-drain server 5", 0, "does not know slow-drain"),
    "a direction there is not": ("shutdown client WRITE", 16, "is none of RD, WR, RDWR"),
    "a size that is none": ("recv client some", 12, "is no number of bytes"),
    "a wait without end": ("wait 100s", 5, "is no time up to 5s"),
    "a wait for nothing": ("wait", 4, "a time is missing"),
    "too many words": ("stop client now", 12, "'now' makes no sense here"),
    "no actor": ("send", 4, "an actor is missing"),
    "an escape there is not": ('send client "\\q"', 13, "unknown escape \\q"),
    "a byte that is no ASCII": ('send client "\\xff"', 13, "is no ASCII character"),
    "nothing": ("  ", 0, "nothing to do"),
}


@pytest.mark.parametrize("case", WRONG_DOINGS)
def test_a_wrong_doing_is_named_at_its_column(case: str) -> None:
    line, column, wrong = WRONG_DOINGS[case]
    with pytest.raises(WordError) as caught:
        read_doing(line, HERE, ACTORS)
    assert wrong in caught.value.wrong
    assert caught.value.column == column


def test_words_keep_quotes_brackets_and_their_places() -> None:
    assert split('a "b c"  [D, E] f="g h"') == [
        Word("a", 0),
        Word("b c", 2, quoted=True),
        Word("D, E", 9, group=True),
        Word("f=g h", 16),
    ]
    assert split('"\\x41\\0\\t"') == [Word("A\0\t", 0, quoted=True)]


WRONG_FILES = {
    "what is no TOML": ("title = \n", "x.toml:1:9: Invalid value"),
    "a text that does not end": ('title = "x\ntext = "t"', "x.toml:1:11: a text begins on this line and does not end"),
    "an end too early": ('title = "x', "x.toml:1:11: "),
    "an unknown key": (
        'titel = "x"\n' + step(expect='"state server == LISTEN"'),
        "x.toml:1:1: a lesson has no 'titel'",
    ),
    "an unknown key of a step": (
        step(says='"x"', expect='"state server == LISTEN"'),
        "x.toml:9:1: a step has no 'says'",
    ),
    "a title that is no text": ("title = 3\n" + step().partition("\n")[2], "x.toml:1:9: title is no text"),
    "a table there is not": (
        step(expect='"state server == LISTEN"') + '[[stepp]]\nsay = "s"\n',
        "x.toml:10:1: a lesson has no 'stepp' (did you mean step?)",
    ),
    "no title": (step().partition("\n")[2], "x.toml:1:1: title is missing"),
    "no step": ('title = "t"\ntext = "t"', "x.toml:1:1: there is no [[step]]"),
    "steps that are none": ('title = "t"\ntext = "t"\nstep = 3', "x.toml:3:8: step is no table"),
    "a step that says nothing": ('title = "t"\ntext = "t"\n[[step]]\nsay = " "', "x.toml:4:8: say is empty"),
    "a lesson that expects nothing": (step(), "x.toml:1:1: nothing is expected anywhere"),
    "a line that is no text": (step(expect="[3]"), "x.toml:9:11: expect holds something that is no text"),
    "lines that are no list": (step(expect="3"), "x.toml:9:10: expect is no list of texts"),
    "a bad word in a list": (step(expect='[\n  "state server == LISTN",\n]'), "x.toml:10:20: 'LISTN' is no state"),
    "a bad word in a text alone": (step(expect='"state server == LISTN"'), "x.toml:9:27: 'LISTN' is no state"),
    "a bad word behind an escape": (step(expect='"reply server = \\"x\\""'), "x.toml:9:24: '=' is none of"),
    "a need there is not": (
        'needs = ["root"]\n' + step(expect='"state server == LISTEN"'),
        "x.toml:1:11: needs 'root'",
    ),
    "an answer that is no choice": (
        step(expect='"state server == LISTEN"', predict='{ question = "q", answer = "a", choices = ["b"] }'),
        "x.toml:10:39: 'a' is none of the choices",
    ),
    "a prediction that is none": (
        step(expect='"state server == LISTEN"', predict="3"),
        "x.toml:10:11: predict is no table",
    ),
    "brackets without end": ("a = " + "[" * 100_000, "x.toml: brackets are nested too deeply"),
}


@pytest.mark.parametrize("case", WRONG_FILES)
def test_a_wrong_file_is_named_with_line_and_column(case: str) -> None:
    text, wrong = WRONG_FILES[case]
    assert any(fault.startswith(wrong) for fault in faults(text)), faults(text)


def test_all_faults_are_told_in_the_order_of_the_text() -> None:
    found = faults(step(do='["strat x", "send nobody"]', expect='"foo"'))
    assert [fault.split(": ")[0] for fault in found] == ["x.toml:9:8", "x.toml:9:24", "x.toml:10:11"]


MISSPELT = {
    "a kind": ("start other server-by-hnd", "did you mean server-by-hand?"),
    "a knob": ("start other server-by-hand baklog=3", "did you mean backlog?"),
    "a verb": ("acept server", "did you mean accept?"),
    "nothing like it": ("start other server-by-hand xyzzy=3", "host, port, family,"),
}


@pytest.mark.parametrize("case", MISSPELT)
def test_a_word_like_a_known_one_is_answered_with_that_one(case: str) -> None:
    line, instead = MISSPELT[case]
    with pytest.raises(WordError) as caught:
        read_doing(line, HERE, ACTORS)
    assert caught.value.hint.startswith(instead)


def test_what_follows_from_a_fault_is_not_told_again() -> None:
    """An actor whose start is wrong may be spoken of; one that no step starts is missed once."""
    started = faults(WHOLE.replace("backlog=3", "backlog=-3"))
    assert started == ["x.toml:8:43: backlog -3 is outside 0 to 2147483647"]
    typed = faults(WHOLE.replace("start server ", "start servr "))
    assert [fault.split(" (")[0] for fault in typed] == ["x.toml:9:17: there is no actor 'server' yet"]


def test_lines_end_as_windows_ends_them_too() -> None:
    assert read_text(WHOLE.replace("\n", "\r\n"), "x", "x.toml") == read_text(WHOLE, "x", "x.toml")


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    lesson, found = check_file(tmp_path / "nope.toml")
    assert lesson is None
    assert str(found[0]).endswith("nope.toml: No such file or directory")
    broken = tmp_path / "broken.toml"
    broken.write_bytes(b'title = "x"\ntext = "\xff"')
    assert str(check_file(broken)[1][0]).endswith("broken.toml:2:9: byte 0xff is no UTF-8")
    broken.write_bytes(b"#" * (FILE_MAX + 1))
    assert "has more than" in str(check_file(broken)[1][0])


def test_the_first_fault_is_raised() -> None:
    with pytest.raises(LessonError) as caught:
        read_text(step(expect='"state server == LISTN"'), "x", "x.toml")
    assert (caught.value.file, caught.value.line, caught.value.column) == ("x.toml", 9, 27)
