"""The badge: the verdict in two words, the same bytes every time, readable and harmless."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from reports import bitwise_report, hostile_report

from reprobundle.rendering import badge
from reprobundle.report import Rung, Verdict

SVG = "{http://www.w3.org/2000/svg}"


def _verdict(**changed):
    parts = {"reproduced": False, "rung": Rung.CLOSE, "required": Rung.CLOSE, "sentence": "x", "controls": "passed"}
    return Verdict(**{**parts, **changed})


@pytest.mark.parametrize(
    ("changed", "label", "message"),
    [
        ({"reproduced": True, "rung": Rung.BITWISE}, "reproduced", "bitwise"),
        ({"reproduced": True}, "reproduced", "close"),
        ({"reproduced": True, "loosened": True}, "reproduced", "close, loosened"),
        ({"reproduced": True, "rung": Rung.SAME_DECISIONS}, "reproduced", "same decisions"),
        ({"reproduced": True, "controls": "not run"}, "reproduced", "close, not tested"),
        ({"reproduced": True, "controls": "drawn", "loosened": True}, "reproduced", "close, loosened, drawn at random"),
        ({"reproduced": True, "controls": "unsteady"}, "reproduced", "close, unsteady"),
        ({"reproduced": True, "other_claims": 1, "failed_claims": 1}, "model close", "1 claim differs"),
        ({"reproduced": True, "other_claims": 2}, "model close", "2 claims differ"),
        ({"reproduced": True, "failed_claims": 2}, "model close", "2 claims not computed"),
        ({"rung": Rung.CLOSE, "required": Rung.BITWISE}, "not reproduced", "close"),
        ({"rung": Rung.DIFFERENT}, "not reproduced", "different"),
        ({"rung": Rung.NOT_RUN}, "could not be told", "not run"),
        ({"controls": "insensitive"}, "not reproduced", "insensitive"),
        ({"controls": "insensitive", "unmoved_by": ("weights",)}, "not reproduced", "ignores its weights"),
        (
            {"controls": "insensitive", "unmoved_by": ("weights", "inputs")},
            "not reproduced",
            "ignores its weights and inputs",
        ),
        ({"controls": "unexpected"}, "not reproduced", "other outputs than expected"),
        ({"controls": "jumps"}, "not reproduced", "jumps"),
        ({"other_tensors": 2}, "not reproduced", "other weights"),
        ({"preprocessing": "differs"}, "not reproduced", "other preprocessing"),
        ({"preprocessing": "failed"}, "could not be told", "preprocessing not run"),
        ({"preprocessing": "failed", "rung": Rung.DIFFERENT}, "not reproduced", "preprocessing not run"),
    ],
)
def test_a_badge_says_the_verdict_in_two_words(changed, label, message):
    """And names the bundle in its title, for whoever does not see it."""
    drawing = ElementTree.fromstring(badge.render(bitwise_report(verdict=_verdict(**changed))))

    assert [text.text for text in drawing.iter(f"{SVG}text")] == [label, message]
    assert drawing.get("role") == "img"
    assert drawing.find(f"{SVG}title").text.startswith(f"{label}: {message}; replay of digits (3f9a")
    assert drawing.get("aria-labelledby") == drawing.find(f"{SVG}title").get("id")


def test_what_failed_is_never_green():
    """The colour follows the reason, not the rung, where the outputs agree all the same."""
    agreed = badge.words(_verdict(reproduced=True, rung=Rung.BITWISE))[2]
    wrong = ({"controls": "jumps"}, {"other_tensors": 1}, {"reproduced": True, "other_claims": 1})
    left = ({"controls": "not run"}, {"controls": "drawn"}, {"controls": "unsteady"}, {"failed_claims": 1})

    assert agreed == badge.COLOURS[Rung.BITWISE]
    assert {badge.words(_verdict(**changed))[2] for changed in wrong} == {badge.RED}
    assert {badge.words(_verdict(reproduced=True, **changed))[2] for changed in left} == {badge.AMBER}


def test_white_is_read_on_every_colour():
    """A contrast of at least 4.5, on both halves."""
    for colour in (*badge.COLOURS.values(), badge.GREY):
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        assert 1.05 / (luminance + 0.05) >= 4.5, colour


def test_a_hostile_name_stays_a_name():
    """Markup and hidden characters are text in the title; every character is one that XML holds."""
    drawing = ElementTree.fromstring(badge.render(hostile_report('"><script>x</script>\x1b\u202e\x00')))
    plain = ElementTree.fromstring(badge.render(hostile_report("x")))

    assert [element.tag for element in drawing.iter()] == [element.tag for element in plain.iter()]
    assert not re.search(r"[\x00-\x08\x1b\u202e]", drawing.find(f"{SVG}title").text)


def test_a_badge_is_as_wide_as_its_words():
    """Longer words, a wider badge; the same report, the same bytes."""
    report = bitwise_report()
    widths = [
        int(ElementTree.fromstring(badge.render(bitwise_report(verdict=_verdict(**changed)))).get("width"))
        for changed in ({"reproduced": True}, {"reproduced": True, "rung": Rung.SAME_DECISIONS})
    ]

    assert badge.render(report) == badge.render(report)
    assert widths[0] < widths[1]
