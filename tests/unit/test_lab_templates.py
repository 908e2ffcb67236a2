"""engine.lab.templates: named sets of knobs."""

from __future__ import annotations

import pytest

from engine.lab.catalogue import KINDS
from engine.lab.templates import TEMPLATES, Template, check_template, template_knobs
from engine.model.errors import BadInput
from engine.model.lab import Knobs

STOCK_LIMIT = 212_992
"""net.core.rmem_max and wmem_max of a kernel that nobody tuned."""


def test_every_template_sets_knobs_that_its_kinds_read() -> None:
    for template in TEMPLATES.values():
        check_template(template)
        for kind, settings in template.settings.items():
            assert set(settings) <= set(KINDS[kind].knobs)


def test_the_tutorials_buffers_are_possible_on_a_stock_machine() -> None:
    for settings in TEMPLATES["tutorial"].settings.values():
        assert all(int(settings.get(name) or 0) <= STOCK_LIMIT for name in ("sndbuf", "rcvbuf"))


def test_a_template_changes_its_knobs_and_leaves_the_others() -> None:
    knobs = template_knobs("tutorial", "sink", Knobs(port=1234))

    assert knobs.port == 1234
    assert knobs.rcvbuf == 207_360


def test_a_kind_that_the_template_does_not_name_is_left_as_it_is() -> None:
    assert template_knobs("tutorial", "ping", Knobs()) == Knobs()


def test_a_template_that_there_is_not_is_refused() -> None:
    with pytest.raises(BadInput, match=r"there is no template 'nosuch' .there is tutorial"):
        template_knobs("nosuch", "sink", Knobs())


def test_a_saved_template_with_a_bad_knob_is_refused() -> None:
    with pytest.raises(BadInput, match="port 70000"):
        check_template(Template("mine", "", "", {"sink": {"port": 70_000}}))
