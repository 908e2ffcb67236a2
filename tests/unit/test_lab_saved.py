"""Templates that a person saves: what is kept, what is refused, and that a broken file is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.lab.catalogue import KINDS
from engine.lab.knobs import set_knobs
from engine.lab.saved import TEMPLATES_MAX, delete_template, load_templates, save_template, template_knobs_from
from engine.lab.templates import template_knobs
from engine.model.errors import BadInput, LabError
from engine.model.lab import ActorSpec, Knobs


def spec(kind: str, **knobs: object) -> ActorSpec:
    return ActorSpec(kind, set_knobs(KINDS[kind].default_knobs(), knobs))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sockmon" / "templates.json"


def test_before_anything_was_saved_there_is_nothing(path: Path) -> None:
    assert load_templates(path) == {}


def test_what_differs_from_the_defaults_is_saved_and_comes_back(path: Path) -> None:
    save_template(path, "small", spec("sink", port=4000, rcvbuf=4096, linger_s=0))

    template = load_templates(path)["small"]
    assert template.settings == {"sink": {"port": 4000, "rcvbuf": 4096, "linger_s": 0}}
    knobs = template_knobs("small", "sink", KINDS["sink"].default_knobs(), {"small": template})
    assert knobs == spec("sink", port=4000, rcvbuf=4096, linger_s=0).knobs


def test_one_name_holds_several_kinds(path: Path) -> None:
    save_template(path, "both", spec("sink", rcvbuf=4096))
    save_template(path, "both", spec("flood-client", sndbuf=8192))
    save_template(path, "both", spec("sink", rcvbuf=5000))

    assert load_templates(path)["both"].settings == {"sink": {"rcvbuf": 5000}, "flood-client": {"sndbuf": 8192}}


def test_a_knob_that_was_emptied_stays_empty(path: Path) -> None:
    save_template(path, "forever", spec("echo-client", hold_s=None))

    template = load_templates(path)["forever"]
    assert template_knobs("forever", "echo-client", Knobs(), {"forever": template}).hold_s is None


def test_a_deleted_template_is_gone_and_the_others_stay(path: Path) -> None:
    save_template(path, "one", spec("sink", rcvbuf=4096))
    save_template(path, "two", spec("sink", rcvbuf=8192))

    delete_template(path, "one")

    assert list(load_templates(path)) == ["two"]


@pytest.mark.parametrize("name", ["nosuch", "tutorial"])
def test_what_was_not_saved_cannot_be_deleted(path: Path, name: str) -> None:
    save_template(path, "one", spec("sink", rcvbuf=4096))

    with pytest.raises(BadInput, match=f"no saved template '{name}' .*: one"):
        delete_template(path, name)


@pytest.mark.parametrize("name", ["", " ", "two words", "../up", "-x", "x" * 33, "ü"])
def test_a_name_that_is_no_word_is_refused(path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="no name for a template"):
        save_template(path, name, spec("sink"))
    assert not path.exists()


def test_our_own_templates_are_not_replaced(path: Path) -> None:
    with pytest.raises(BadInput, match="sockmon's own"):
        save_template(path, "tutorial", spec("sink"))


def test_there_is_a_limit(path: Path) -> None:
    for number in range(TEMPLATES_MAX):
        save_template(path, f"t{number}", spec("sink", port=number))
    with pytest.raises(BadInput, match="100 templates already"):
        save_template(path, "one-more", spec("sink"))
    save_template(path, "t0", spec("sink", port=9))  # what is there may still change


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "truncated"),
        ("[1]", "Expected `object`"),
        ('[{"name": "a", "title": "", "line": "", "settings": {"nosuch": {}}}]', "no actor 'nosuch'"),
        ('[{"name": "a", "title": "", "line": "", "settings": {"sink": {"port": 70000}}}]', "port 70000 is outside"),
        ('[{"name": "a", "title": "", "line": "", "settings": {"sink": {"nosuch": 1}}}]', "no knob 'nosuch'"),
        ('[{"name": "a/b", "title": "", "line": "", "settings": {}}]', "no name for a template"),
    ],
)
def test_a_file_that_is_not_in_order_is_named_with_the_reason(path: Path, content: str, says: str) -> None:
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(BadInput, match=f"templates.json is not in order: .*{says}"):
        load_templates(path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LabError, match="templates"):
        save_template(tmp_path / "file" / "templates.json", "a", spec("sink"))
    with pytest.raises(LabError, match="read the templates"):
        load_templates(tmp_path)


def test_nothing_is_left_beside_the_file(path: Path) -> None:
    save_template(path, "a", spec("sink"))
    assert [file.name for file in path.parent.iterdir()] == ["templates.json"]


def test_our_own_templates_need_no_file(tmp_path: Path) -> None:
    knobs = template_knobs_from(tmp_path, "tutorial", "sink", KINDS["sink"].default_knobs())  # a folder cannot be read
    assert knobs == template_knobs("tutorial", "sink", KINDS["sink"].default_knobs())
