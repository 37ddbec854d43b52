from __future__ import annotations

import os
import re
import shutil
import subprocess

import numpy as np
import pytest
from drift_bundles import report_of, statistics_of
from pages import EVIL, Page

from reprobundle.components.data.statistics.form import Feature, ValueCount
from reprobundle.drifting.judging import judge
from reprobundle.drifts import StructureChange
from reprobundle.rendering import drift, drift_page, drift_plots
from reprobundle.rendering import drift_wording as wording


def _text(report, width=100):
    return drift.render(report, colour=False, width=width)


def test_the_first_line_is_the_answer():
    """A stranger reads first whether there is drift and in how much, then where to look."""
    lines = _text(report_of()).splitlines()

    assert lines[0] == "DRIFT in 3 of 5 features"
    assert lines[1] == "  the new data is not like the captured split 'test': look at rooms, age, town first"
    assert "split        test: 300 samples recorded, 240 new" in lines
    assert "tests        13 tests, corrected together (Holm): a false alarm in at most 1% of comparisons" in lines


def test_what_drifted_most_is_a_table():
    """Name, recorded and new, effect, corrected p, and below each row what changed in words."""
    text = _text(report_of())

    assert re.search(
        r"town +Dijon: 0% → 20% +PSI \d.\d\d +\S+\n +never seen: 'Dijon' 20%; 'Aden' 33% → 27%, 'Bonn' 33% → 27%", text
    )
    assert re.search(r"age +\S+ → 5\S+ +\S+ std, PSI \S+ +<1e-15\n +higher by \S+ standard deviations\n", text)
    assert "2 features as recorded, as far as a test can tell" in text


def test_the_form_of_a_sample_comes_before_the_features():
    """A leaf of another form is told with both forms and what may have happened."""
    change = StructureChange(name="age", change="missing", recorded="F64", hint="perhaps it is called 'Age' now")
    text = _text(report_of(structure=(change,)))

    assert "Form of a sample\n  age is missing: F64; perhaps it is called 'Age' now\n" in text
    assert text.index("Form of a sample") < text.index("Features (5)")


@pytest.mark.parametrize(("answer", "sentence", "line"), [
    ("no drift", "no drift in 5 features", "NO DRIFT in 5 features"),
    ("not comparable", "12 samples: too few to tell, at least 20 are needed",
     "NOT COMPARABLE: 12 samples: too few to tell, at least 20 are needed"),
])  # fmt: skip
def test_other_answers_are_as_plain(answer, sentence, line):
    """The answer stands in capitals with what it rests on, on the page as well."""
    report = report_of(answer=answer, sentence=sentence, features=())

    assert _text(report).splitlines()[0] == line
    assert f"<h1>{line}</h1>" in drift_page.render(report)


def test_a_strangers_text_commands_nothing():
    """Names, categories and notes of a bundle reach neither the terminal nor the page as they are."""
    report = report_of(bundle_name=EVIL, split=EVIL, notes=(EVIL,), structure=(
        StructureChange(name=EVIL, change="dtype", recorded=EVIL, found=EVIL, hint=EVIL),))  # fmt: skip
    features = tuple(one.model_copy(update={"name": EVIL, "words": EVIL}) for one in report.features)
    report = report.model_copy(update={"features": features})
    text, page = _text(report), Page(drift_page.render(report))

    assert "\x1b" not in text
    assert "\u202e" not in text
    assert not {tag for tag, _ in page.elements} & {"script", "img"}
    assert "{{ 7*7 }}" in " ".join(page.texts)


def test_the_page_needs_nothing_else_and_reads_aloud():
    """No script, nothing with an address; landmarks, captions, and words for every picture."""
    page = Page(drift_page.render(report_of()))

    assert page.named("meta")[1]["content"] == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert page.stands_alone()
    assert page.reads_aloud()
    assert len(page.named("figure")) == 3


def test_pictures_of_numbers_hold_all_values():
    """The bins of a histogram hold all but the tails, for exact sketches and for quantiles."""
    few = tuple(ValueCount(value=value, count=1) for value in range(50))
    exact = Feature(name="x", kind="number", dtype="F64", count=50, values=few)
    sketched = Feature(
        name="x", kind="number", dtype="F64", count=500, sampled=500, quantiles=tuple(one / 4 for one in range(201))
    )
    for feature in (exact, sketched):
        curve = drift_plots._cumulative(feature)
        low, high = drift_plots._range([curve])

        assert sum(drift_plots._heights(curve, low, high)) == pytest.approx(1.0, abs=0.011)


def test_a_constant_has_an_axis_of_its_own():
    """Where all is one value on both sides the axis is widened around it."""
    one = drift_plots._cumulative(
        Feature(name="x", kind="number", dtype="F64", count=9, values=(ValueCount(value=8.0, count=9),))
    )

    assert drift_plots._range([one, one]) == (6.5, 9.5)


def _features(recorded, new):
    return judge(statistics_of(recorded), statistics_of(new), alpha=0.01).features


def test_missing_values_are_told_and_drawn_with_their_own_figures():
    """Where it is missing values that drift, the row has their rate and its p, and the picture a bar for them."""
    towns = ["Aden", "Bonn"] * 100
    report = report_of(
        features=_features({"t": towns}, {"t": [None if n % 3 == 0 else t for n, t in enumerate(towns)]})
    )
    line = wording.line_of(report.features[0])
    page = drift_page.render(report)

    assert (line.change, line.effect) == ("missing: 0% → 34%", "33.5 percentage points")
    assert line.p == "<1e-15"
    assert "missing: 0% recorded, 34% new" in page
    assert '<text class="name"' in page


def test_missing_numbers_are_drawn_beside_their_distribution():
    """A feature of numbers has its histograms and a bar for what is missing."""
    x = np.linspace(0, 1, 300)
    report = report_of(features=_features({"x": x}, {"x": np.where(np.arange(300) % 3 == 0, np.nan, x)}))
    page = drift_page.render(report)

    assert wording.line_of(report.features[0]).change == "NaN: 0% → 33%"
    assert page.count('<path class="recorded"') == 1
    assert "NaN: 0% recorded, 33% new" in page


def test_a_name_of_nothing_is_seen():
    """An empty name, of a column or a category, stands in quotes."""
    change = StructureChange(name="", change="new", found="I64")
    report = report_of(structure=(change,), features=_features({"t": ["a", "b"] * 100}, {"t": ["a", ""] * 100}))
    text = _text(report)

    assert "look at '', t first" in text
    assert "\n  '' is new: I64\n" in text
    assert re.search(r"t +'': 0% → 50%", text)
    assert "'': 0% recorded, 50% new" in drift_page.render(report).replace("&#39;", "'")


@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no chromium here")
@pytest.mark.slow
def test_the_page_is_laid_out_by_a_browser(tmp_path):
    """A browser shows it without running anything: the page as laid out holds the verdict and the pictures."""
    place = tmp_path / "drift.html"
    place.write_text(drift_page.render(report_of()), "utf-8")
    finished = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", place.as_uri()],
        capture_output=True, text=True, timeout=120, env={**os.environ, "HOME": str(tmp_path)},
    )  # fmt: skip

    assert "<h1>DRIFT in 3 of 5 features</h1>" in finished.stdout
    assert finished.stdout.count("<figure") == 3
