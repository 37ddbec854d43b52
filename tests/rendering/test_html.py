from __future__ import annotations

import re
from pathlib import Path

import pytest
from drift_bundles import report_of
from pages import EVIL, Page
from reports import bitwise_report, different_report, hostile_report, output, rich_report, sixty_layers

from reprobundle.rendering import divergence, histogram, html, json
from reprobundle.rendering.bars import BELOW, WIDTH, bar_of
from reprobundle.report import ClaimResult, Control, Finding, Grade, Histogram, Report, Rung, Status


@pytest.fixture(params=[bitwise_report, different_report, rich_report], ids=["bitwise", "different", "rich"])
def page(request):
    return Page(html.render(request.param()))


def test_the_page_needs_nothing_else(page):
    """No script, no link, no picture, nothing with an address: the file stands alone, and its policy says so."""
    policy = page.named("meta")[1]

    assert policy["http-equiv"] == "Content-Security-Policy"
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert page.stands_alone()


def test_the_page_has_the_landmarks_a_screen_reader_looks_for(page):
    """One main, one first heading, labelled sections, table captions and scopes, and words for every picture."""
    assert page.reads_aloud()
    assert len(page.named("table")) >= 2


def test_the_page_says_what_the_terminal_says():
    """Headline, integrity, environment and findings use the same words in both."""
    text = " ".join(" ".join(Page(html.render(different_report())).texts).split())

    for words in (
        "NOT REPRODUCED: the outputs differ",
        "intact, UNSIGNED",
        "rebuilt from the lock: 39 packages, every hash checked",
        "tensor 'w': digest differs: expected 3f9a, found 88c1",
        "Diagnosis: weights",
        "Why: The weights that were loaded are not those that were captured.",
    ):
        assert words in text


def test_differences_of_the_environment_are_a_table():
    """Grade, subject, both values and the reason stand in cells of their own, the weightiest first; else one line."""
    findings = tuple(
        Finding(
            kind="environment",
            status=Status.DIFFERS,
            message=f"{grade.value}.fact differs",
            expected="<1>",
            found="2",
            grade=grade,
            why=f"reason {grade.value}",
        )
        for grade in (Grade.LOW, Grade.CRITICAL)
    )
    shown = " ".join(" ".join(Page(html.render(different_report(findings=findings))).texts).split())
    equal = " ".join(" ".join(Page(html.render(bitwise_report())).texts).split())

    assert "Environment difference: 1 critical, 1 low" in shown
    assert "critical critical.fact <1> 2 reason critical low low.fact <1> 2 reason low" in shown
    assert "Environment difference: none 39 packages as locked; threads. Checks" in equal


def test_nothing_of_a_bundle_becomes_markup():
    """Markup, template syntax and terminal commands in any text of a report are shown as text."""
    report = hostile_report(EVIL)
    made = html.render(report)
    clean = Page(html.render(hostile_report("plain words, but many")))

    assert "<script" not in made
    assert "<img" not in made
    assert "\x1b" not in made
    assert "\u202e" not in made
    assert "{{ 7*7 }}" in made
    assert [tag for tag, _ in Page(made).elements] == [tag for tag, _ in clean.elements]
    assert Page(made).stands_alone()


def test_the_bar_crosses_the_line_where_the_tolerance_is_left():
    """The bar of the worst element ends before the line within the tolerance, and behind it outside."""
    limit = WIDTH * BELOW / 9
    near = bar_of(output("x", Rung.CLOSE, worst=(0,), expected="1.0", found="1.00001"))
    far = bar_of(output("x", Rung.DIFFERENT, worst=(0,), expected="1.0", found="1.0123"))
    none = bar_of(output("x", Rung.CLOSE, worst=(0,), expected="1.0", found="1.0"))

    assert near is not None
    assert far is not None
    assert 0 < near.length < limit == near.limit < far.length < WIDTH
    assert (near.tone, far.tone) == ("good", "bad")
    assert far.words == "1.1e+02 times the tolerance at the worst element"
    assert none is not None
    assert (none.length, none.words) == (0.0, "no difference")


@pytest.mark.parametrize(
    ("expected", "found", "tolerance"),
    [("(1+2j)", "(1+3j)", 1e-5), ("inf", "1", 1e-5), (None, None, 1e-5), ("1", "2", None), ("1", "2", 0.0)],
)
def test_no_bar_where_nothing_can_be_measured(expected, found, tolerance):
    """Complex and infinite values, and outputs without a tolerance, have no bar rather than a wrong one."""
    assert bar_of(output("x", Rung.DIFFERENT, expected=expected, found=found, atol=tolerance, rtol=tolerance)) is None


def test_the_json_is_the_document():
    """The JSON rendering reads back as the same report."""
    from reprobundle import records

    report = different_report()

    assert records.from_bytes(Report, json.render(report), name="report.json") == report


def test_every_part_of_a_report_is_on_the_page():
    """Claims, tolerance and its source, decisions, histograms, modules, causes, trials and controls all have their words."""
    text = " ".join(" ".join(Page(html.render(rich_report())).texts).split())

    for words in (
        "Claims: 1 differs, 1 failed, 1 not run, 2 agree",
        "f1 0.962 0.9413 differs within 0.005 Table 2, row 4: macro F1 on test (split 'test', the recorded data) "
        "off by 0.0207",
        "0.02 + 0.02|x| measured at capture, LOOSENED 2.5x, cut",
        "2 of 32 decisions differ",
        "41 of 4096 elements lie outside the tolerance",
        "the tolerance is 0.00011 at an element of typical size",
        "first outside: encoder.layers.9.block.1",
        "the first outside is encoder.layers.9.block.1 (LayerNorm)",
        "What may explain it torch 2.12.0 instead of 2.13.0",
        "ATEN_CPU_CAPABILITY=default MKL_CBWR=COMPATIBLE close 2e-06 another instruction set",
        "Controls: jumps A model that looks up what it was captured with does that, so nothing counts as reproduced.",
        "inputs moved a little 0.0001 0.58 jumps a ten-thousandth of the inputs",
        "1 min 54 s in all: verify 0.4 s",
    ):
        assert words in text, words


def test_controls_that_passed_take_one_line():
    """And those that were not made are told, wherever the model was run."""
    passed = bitwise_report()
    untested = bitwise_report(verdict=passed.verdict.model_copy(update={"controls": "not run"}), controls=())

    assert "3 controls with other inputs and weights, all as expected" in html.render(passed)
    assert "not run: whether the outputs follow inputs and weights was not tested" in html.render(untested)


def test_the_drift_of_the_reviewers_data_has_a_section():
    """Pictures and tables are those of the page about drift itself."""
    page = Page(html.render(rich_report(), [report_of(), report_of()]))
    text = " ".join(page.texts)

    assert page.reads_aloud()
    assert page.stands_alone()
    assert text.count("Data drift: split") == 2


def test_long_models_are_thinned_around_the_first_that_is_outside():
    """At most 160 marks are drawn, the first outside and its neighbours among them, and the picture says how many are not."""
    layers = sixty_layers(first=2717, count=5000)
    found = divergence.picture(layers)

    assert found is not None
    assert len(found.marks) <= 160
    assert found.left_out == 5000 - len(found.marks)
    assert found.first is not None
    assert found.first.words.startswith("encoder.layers.679.block.1 (LayerNorm): distance")
    assert found.label == "encoder.layers.679.block.1"
    assert all(0 <= mark.x <= divergence.WIDTH and 0 <= mark.y <= divergence.HEIGHT for mark in found.marks)


@pytest.mark.parametrize(
    "layers",
    [
        sixty_layers(count=1),
        tuple(
            layer.model_copy(update={"distance": None, "equal": False, "envelope": None}) for layer in sixty_layers()
        ),
        tuple(layer.model_copy(update={"distance": 0.0, "envelope": 0.0}) for layer in sixty_layers()),
        tuple(layer.model_copy(update={"distance": 1e300}) for layer in sixty_layers()),
        tuple(layer.model_copy(update={"distance": 1e-300}) for layer in sixty_layers()),
    ],
    ids=["one", "incomparable", "zero", "huge", "tiny"],
)
def test_any_distances_can_be_drawn(layers):
    """One module, no distance, nothing but zeros, the largest and smallest numbers: every mark stays in the picture."""
    found = divergence.picture(layers)

    assert found is not None
    assert all(0 <= mark.y <= divergence.HEIGHT for mark in found.marks)
    assert "nan" not in repr(found)
    assert divergence.picture(()) is None


@pytest.mark.parametrize(
    ("edges", "counts", "scale"),
    [((1.0,), (1, 2), 1.0), ((1.0, 2.0), (1, 2), 1.0), ((2.0, 1.0), (1, 2, 3), 1.0), ((0.0, 1.0), (1, 2, 3), 1.0)],
)
def test_a_histogram_that_is_none_is_not_drawn(edges, counts, scale):
    """Too few borders, another number of bins, borders that do not ascend or have no logarithm: no picture, no error."""
    broken = Histogram(edges=edges, counts=counts, scale=scale)

    assert histogram.picture(output("x", Rung.CLOSE, histogram=broken)) is None


def test_the_histogram_marks_the_tolerance_where_it_is():
    """Between the two powers of two that enclose it; bins beyond it are marked, and without a scale there is no line."""
    edges = (2.0**-4, 2.0**-3, 2.0**-2, 2.0**-1)
    whole = Histogram(edges=edges, counts=(1, 0, 5, 2, 1), equal=3, scale=2.0)
    shown = histogram.picture(output("x", Rung.DIFFERENT, rtol=0.125, atol=0.25, histogram=whole))
    unscaled = whole.model_copy(update={"scale": None})
    without = histogram.picture(output("x", Rung.DIFFERENT, histogram=unscaled))

    assert shown is not None
    assert without is not None
    assert shown.tolerance == pytest.approx(histogram.LEFT + 3 * (histogram.WIDTH - 20) / 5)
    assert [bin_.outside for bin_ in shown.bins] == [False, False, False, True, True]
    assert shown.bins[1].height == 0
    assert shown.words == (
        "9 elements of 12 differ, the largest differences 0.5 and more of the output's root mean square; the tolerance is 0.25 "
        "at an element of typical size"
    )
    assert without.tolerance is None


@pytest.mark.parametrize("theme", [0, 1, 2], ids=["light", "dark", "print"])
def test_words_can_be_read_on_what_they_stand_on(theme):
    """In each theme every ink has a contrast of at least 4.5 to every paper it is printed on, marks at least 3."""
    sheet = (Path(html.__file__).parent / "templates" / "look.css").read_text("utf-8")
    blocks = re.findall(r":root \{(.*?)\}", sheet, re.DOTALL)
    found = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", blocks[theme]))
    words = [(ink, paper) for ink in ("ink", "soft") for paper in ("paper", "panel")] + [("open", "paper")]
    words += [(ink, f"{tone}-panel") for tone in ("good", "bad", "open") for ink in ("ink", tone)]

    assert min(_contrast(found[one], found[other]) for one, other in words) >= 4.5
    assert min(_contrast(found[one], found["panel"]) for one in ("calm", "bad", "good")) >= 3


def _contrast(one, other):
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_page_of_a_thousand_long_claims_stays_small():
    """Of more text than a browser likes the claims that differ are shown, and how many others the JSON has."""
    long = ClaimResult(id="long", text="<&>" * 3000, claimed=1, got=1, verdict="agrees", rule="exactly")
    wrong = long.model_copy(update={"id": "wrong", "got": 2, "verdict": "differs"})
    page = html.render(bitwise_report(claims=(*(999 * (long,)), wrong)))
    shown = page.count('<th scope="row">long</th>') + 1

    assert len(page) < 3_000_000
    assert page.count('<th scope="row">wrong</th>') == 1
    assert f"And {1000 - shown} more in report.json." in page


def test_a_page_of_a_thousand_long_findings_stays_small():
    """Likewise of whatever a bundle makes the checks say."""
    long = Finding(kind="code", status=Status.NOTE, message="<&>" * 3000, hint="<&>" * 3000)
    page = html.render(bitwise_report(findings=1000 * (long,)))

    assert len(page) < 3_000_000
    assert re.search(r"And 9\d\d more", page)


def test_what_is_said_beside_the_verdict_is_on_the_page():
    """Claims that were not run, a probe that came out right, and a remark."""
    idle = ClaimResult(id="a", text="x", claimed=1, verdict="not run", rule="exactly", why="--data test=PATH")
    told = (
        Control(name="inputs changed", what="inputs", outcome="as expected", why="output 'x' is constant"),
        Control(name="your own inputs", what="probe", outcome="as expected"),
    )
    page = html.render(bitwise_report(claims=(idle,), controls=told))

    assert '<p class="why">1 claim not run: no data was given (--data test=PATH)</p>' in page
    assert '<span class="block">your own inputs gave what you expect of them</span>' in page
    assert "<dt>Remark</dt><dd><span>output &#39;x&#39; is constant</span></dd>" in page
