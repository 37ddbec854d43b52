"""The page as a browser sees it: it complains about nothing, asks for nothing, can be walked by keyboard, and fits."""

from __future__ import annotations

import browser
import pytest
import support
from pages import EVIL, Page
from reports import different_report, hostile_report, rich_report

from reprobundle.rendering import badge, html

pytestmark = pytest.mark.slow
support.require("chromium")

REPORTS = {"different": different_report(), "rich": rich_report(), "hostile": hostile_report(EVIL)}
WIDTHS = (1100, 420)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with browser.started(tmp_path_factory.mktemp("profile") / "profile") as started:
        yield started


@pytest.fixture(params=list(REPORTS))
def shown(request, chromium, tmp_path):
    file = tmp_path / f"{request.param}.html"
    file.write_text(html.render(REPORTS[request.param]), encoding="utf-8")
    chromium.open(file)
    return chromium, file


def test_the_page_is_shown_as_it_is_written(shown):
    """The parser makes of it the elements that were written, the console is empty, and the page is all that is asked for."""
    page, file = shown
    parsed = Page(page.evaluate("document.documentElement.outerHTML"))

    assert [tag for tag, _ in parsed.elements] == [tag for tag, _ in Page(file.read_text("utf-8")).elements]
    assert page.complaints() == []
    assert page.requests() == [file.as_uri()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_the_window(shown, scheme):
    """On a wide screen and on a telephone nothing reaches beyond the page, in print neither, and paper is never dark."""
    page, _ = shown
    background = "getComputedStyle(document.body).backgroundColor"
    for width in WIDTHS:
        page.look(scheme=scheme, width=width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    papers = {"light": "rgb(255, 255, 255)", "dark": "rgb(15, 19, 24)"}
    assert page.evaluate(background) == papers[scheme]
    page.look(media="print", scheme=scheme, width=720)

    assert page.evaluate("document.documentElement.scrollWidth") <= 720
    assert page.evaluate(background) == papers["light"]


def test_the_keyboard_reaches_what_scrolls(shown):
    """The first stop leads past the verdict to the findings, each stop is marked, and no table can be reached only by mouse."""
    page, _ = shown
    page.look()
    page.evaluate("document.activeElement.blur()")
    stops, first = set(), None
    for _ in range(40):
        page.press("Tab")
        told = page.evaluate(
            "(e => [e.tagName, e.getAttribute('aria-label'), getComputedStyle(e).outlineStyle, e.getBoundingClientRect().top >= 0])"
            "(document.activeElement)"
        )
        first = first or told
        stops.add(told[1])

    assert first[:1] + first[2:] == ["A", "solid", True]
    assert "Outputs" in stops


def test_the_page_prints(shown):
    """The browser makes pages of it, and what is only for the screen is left out."""
    page, _ = shown
    page.look(media="print")

    assert page.print_pdf().startswith(b"%PDF")
    assert page.evaluate("getComputedStyle(document.querySelector('.skip')).display") == "none"


def test_the_badge_is_a_picture(chromium, tmp_path):
    """The browser draws it, with its words, and asks for nothing."""
    file = tmp_path / "badge.svg"
    file.write_text(badge.render(hostile_report(EVIL)), encoding="utf-8")
    chromium.open(file)

    assert chromium.evaluate("[...document.querySelectorAll('text')].map(t => t.textContent).join('|')") == (
        "not reproduced|different"
    )
    assert chromium.complaints() == []
    assert chromium.requests() == [file.as_uri()]
