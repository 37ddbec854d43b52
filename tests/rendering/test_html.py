from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest
from pages import EVIL, Page
from reports import bitwise_report, different_report, output

from reprobundle.rendering import html, json
from reprobundle.rendering.bars import BELOW, WIDTH, bar_of
from reprobundle.report import Finding, Grade, Report, Rung, Status, Verdict


@pytest.fixture(params=[bitwise_report, different_report], ids=["bitwise", "different"])
def page(request):
    return Page(html.render(request.param()))


def test_the_page_needs_nothing_else(page):
    """No script, no link, no picture, nothing with an address: the file stands alone, and its policy says so."""
    policy = page.named("meta")[1]

    assert policy["http-equiv"] == "Content-Security-Policy"
    assert policy["content"] == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert not {tag for tag, _ in page.elements} & {"script", "link", "img", "iframe", "object", "base", "form", "a"}
    assert not {name for _, attributes in page.elements for name in attributes} & {"src", "href", "style", "onclick"}


def test_the_page_has_the_landmarks_a_screen_reader_looks_for(page):
    """One main, one first heading, labelled sections, table captions and scopes, and words for every picture."""
    assert [len(page.named(tag)) for tag in ("main", "h1", "header", "footer")] == [1, 1, 1, 1]
    assert page.named("html") == [{"lang": "en"}]
    assert all("aria-label" in part or "aria-labelledby" in part for part in page.named("section"))
    assert len(page.named("caption")) == len(page.named("table")) >= 2
    assert all("scope" in cell for cell in page.named("th"))
    assert all(picture["role"] == "img" and picture["aria-label"] for picture in page.named("svg"))


def test_the_page_says_what_the_terminal_says():
    """Headline, integrity, environment and findings use the same words in both."""
    text = " ".join(" ".join(Page(html.render(different_report())).texts).split())

    for words in (
        "NOT REPRODUCED: the outputs differ",
        "intact, UNSIGNED",
        "rebuilt from the lock: 39 packages, every hash checked",
        "tensor 'w': digest differs: expected 3f9a, found 88c1",
        "Diagnosis: weights",
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
    report = different_report(
        bundle_name=EVIL,
        bundle_id=EVIL,
        reprobundle=EVIL,
        findings=(
            Finding(kind=EVIL, status=Status.DIFFERS, message=EVIL, expected=EVIL, found=EVIL, hint=EVIL),
            Finding(
                kind="environment",
                status=Status.DIFFERS,
                message=EVIL,
                expected=EVIL,
                found=EVIL,
                grade=Grade.HIGH,
                why=EVIL,
            ),
        ),
        outputs=(output(EVIL, Rung.DIFFERENT, dtype=EVIL, reason=EVIL, worst=(0,), expected=EVIL, found=EVIL),),
        verdict=Verdict(reproduced=False, rung=Rung.DIFFERENT, required=Rung.CLOSE, sentence=EVIL),
    )
    made = html.render(report)
    graded = Finding(kind="environment", status=Status.DIFFERS, message="x differs", grade=Grade.HIGH, why="y")
    clean = Page(html.render(different_report(findings=(*different_report().findings, graded))))

    assert "<script" not in made
    assert "<img" not in made
    assert "\x1b" not in made
    assert "\u202e" not in made
    assert "{{ 7*7 }}" in made
    assert {tag for tag, _ in Page(made).elements} <= {tag for tag, _ in clean.elements}


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


@pytest.fixture
def chromium():
    """The browser; missing, the test is skipped unless the run requires it."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None and "chromium" in os.environ.get("REPROBUNDLE_REQUIRE", ""):
        pytest.fail("REPROBUNDLE_REQUIRE names chromium, which is not installed")
    if program is None:
        pytest.skip("chromium is not installed")
    return program


@pytest.mark.slow
def test_a_browser_shows_the_page(chromium, tmp_path):
    """Headless Chromium parses the page into the same elements, and complains about nothing."""
    file = tmp_path / "report.html"
    file.write_text(html.render(different_report()), encoding="utf-8")
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--enable-logging=stderr",
    ]
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    finished = subprocess.run(
        [chromium, *options, profile, "--dump-dom", file.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    shown = Page(finished.stdout)

    assert [tag for tag, _ in shown.elements] == [tag for tag, _ in Page(file.read_text("utf-8")).elements]
    assert "NOT REPRODUCED: the outputs differ" in shown.texts
    assert not re.search(r"CONSOLE|Refused to", finished.stderr)
