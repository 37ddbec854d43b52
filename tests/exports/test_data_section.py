from __future__ import annotations

import numpy as np
import pytest
from tiny import DIGEST, tiny_bundle, tiny_manifest, tiny_split, write_named

from reprobundle.components import data
from reprobundle.components.data.documents import to_document
from reprobundle.components.data.section import LabelCount, Overlap, Place, Provenance
from reprobundle.components.data.statistics import Feature, Statistics, ValueCount
from reprobundle.components.documentation.card import Card
from reprobundle.exports import data_section, feature_tables, views
from reprobundle.exports.card import card
from reprobundle.store import Writer

EVIL = "</p><script>x</script> ![a](https://evil.example/x.png) `|` \x1b[31m\u202e\n# heading\n---\n"


def _split(file, count, /, **changed):
    return tiny_split(file, count).model_copy(update=changed)


def _text(*splits, **statistics):
    return "\n\n".join(line for line in data_section.lines(data.Section(splits=splits), statistics) if line)


def _numbers(name, **changed):
    quantiles = tuple(np.linspace(0.5, 8, 201).tolist())
    figures = {"mean": 4.25, "std": 2.5, "minimum": 0.5, "maximum": 8.0, "quantiles": quantiles, "sampled": 12}
    return Feature(name=name, kind="number", dtype="F64", count=12, **{**figures, **changed})


def _looks(*features, **how):
    found = Statistics(samples=12, features=features, **how)
    return [line for line in feature_tables.lines(found, noun="sample") if line]


def test_leakage_is_told_once_for_each_pair_in_bold_and_as_a_matrix():
    """Each pair is told from the side of the smaller split, with places, and the matrix has all counts."""
    places = (Place(here=0, there=17), Place(here=1, there="a b.png"), Place(here=2, there=3), Place(here=9, there=4))
    train = _split("train", 12, duplicates=2, overlaps=(Overlap(split="test", count=3),))
    test = _split("test", 4, overlaps=(Overlap(split="train", count=4, places=places),))
    text = _text(train, test)

    assert text.count("Leakage") == 1
    assert (
        "**Leakage: 4 of 4 samples of `test` stand in `train`, too** (row 0 is row 17 of `train`, row 1 is `a b.png` of "
        "`train`, row 2 is row 3 of `train`, …). A figure measured on them says little about new data." in text
    )
    assert "**2 of 12 samples of `train` repeat an earlier one**." in text
    assert "| `train` | 2 | 3 |\n| `test` | 4 | 0 |" in text


def test_splits_without_a_common_sample_are_said_to_have_none():
    """It is said only where it could have been found: of splits that hold things of one kind."""
    said = "No sample stands in two of these splits, and none stands twice in one."

    assert said in _text(tiny_split("train", 12), tiny_split("test", 4))
    assert said not in _text(tiny_split("train", 12), _split("test", 4, kind="folder"))
    assert said not in _text(tiny_split("train", 12), _split("test", 4, random=True))
    assert said not in _text(tiny_split("train", 12))


def test_pairs_that_could_not_share_a_sample_have_no_count():
    """Files and samples never have a digest in common: a dash stands there, which is explained, and no zero."""
    train = _split("train", 12, duplicates=1)
    text = _text(train, _split("pictures", 4, kind="folder"), tiny_split("test", 4))

    assert "| `train` | 1 | – | 0 |\n| `pictures` | – | 0 | – |\n| `test` | 0 | – | 0 |" in text
    assert "–: the two are not in one form, so that a common sample would not be found." in text


def test_gaps_of_an_image_are_told_once():
    """All figures of an image or a text have the same gaps; they are one gap of the data."""
    features = [
        _numbers("image", missing=2).model_copy(update={"of": of}) for of in ("width", "height", "channel mean")
    ]

    assert _looks(*features)[-1] == "Missing values, of 12 samples: `image` in 2 (17%)."


def test_classes_stand_side_by_side_with_their_imbalance():
    """Each split has a column of counts and shares; the largest class is set against the smallest."""
    train = _split("train", 12, labels=(LabelCount(label=0, count=9), LabelCount(label=10, count=3)))
    test = _split("test", 4, labels=(LabelCount(label=2, count=1), LabelCount(label=10, count=2)), labels_missing=1)

    assert """\
| class | `train` | `test` | in all |
| --- | --- | --- | --- |
| `0` | 9 (75%) | 0 (0%) | ████████████ |
| `2` | 0 (0%) | 1 (33%) | █▍ |
| `10` | 3 (25%) | 2 (67%) | ██████▋ |
| largest : smallest class | 3 : 1 | 2 : 1 |  |
| without a label | 0 | 1 |  |""" in _text(train, test)


def test_splits_without_a_common_class_have_tables_of_their_own():
    """Digits and penguins are not set side by side; what is joined by a third split is."""
    one, two, three = (LabelCount(label=label, count=4) for label in (0, 1, "Adelie"))
    text = _text(
        _split("a", 4, labels=(one,)),
        _split("p", 4, labels=(three,)),
        _split("b", 4, labels=(two,)),
        _split("c", 8, labels=(one, two)),
    )

    assert "| class | `a` | `b` | `c` | in all |" in text
    assert "| class | `p` | in all |\n| --- | --- | --- |\n| `Adelie` | 4 (100%) | ████████████ |" in text


def test_pairs_run_as_on_the_screen():
    """Of two splits of one size the later is told to stand in the earlier, pair by pair in the order given."""
    shared = lambda *names: tuple(Overlap(split=name, count=1) for name in names)  # noqa: E731
    splits = [
        _split("a", 4, overlaps=shared("b", "c")),
        _split("b", 4, overlaps=shared("a")),
        _split("c", 2, overlaps=shared("a")),
    ]
    pages = [line for line in _text(*splits).splitlines() if "Leakage" in line]

    assert ["of `b` stand in `a`" in pages[0], "of `c` stand in `a`" in pages[1]] == [True, True]


def test_many_classes_are_cut_short():
    """Twenty are shown, the rest counted; the imbalance is that of all of them."""
    text = _text(
        _split("train", 99, labels=tuple(LabelCount(label=f"c{index:03}", count=1 + index) for index in range(50)))
    )

    assert "| 30 more | … |  |\n| largest : smallest class | 50 : 1 |  |" in text
    assert "`c020`" not in text


def test_where_splits_come_from_is_a_table():
    """Only what somebody said has a column, and only such splits a row."""
    origin = Provenance(source="https://example.org/a", licence="CC-BY-4.0")
    text = _text(
        _split("train", 12, provenance=origin),
        _split("test", 4, provenance=Provenance(licence="MIT")),
        tiny_split("x", 1),
    )

    assert "| split | source | licence |" in text
    assert "| `train` | https&#58;//example.org/a | CC-BY-4.0 |\n| `test` | not said | MIT |" in text


def test_private_and_random_splits_say_so():
    """A private split shows no size and no statistics; a random one warns that its digests are of one read."""
    private = _split("clinic", 12, salt=DIGEST, bytes=0, statistics="data/clinic.statistics.json")
    text = _text(private, _split("crops", 4, random=True), clinic=Statistics(samples=12, features=(_numbers("a"),)))

    assert f"| `clinic` | array | 12 | private | `{DIGEST}` |" in text
    assert "Private: `clinic`. Digests are salted" in text
    assert "Random: `crops`. Two reads of a sample differ" in text
    assert "###" not in text


def test_numbers_are_a_row_each():
    """Mean, spread, ends, middle and what is missing; the rest is where the document is."""
    split = _split("train", 12, statistics="data/train.statistics.json")
    found = Statistics(
        samples=12, features=(_numbers("age", missing=1, nan=2, infinite=1), _numbers("x", quantiles=None))
    )
    text = _text(split, train=found)

    assert (
        """\
### `train`

| feature | what | mean | std | min | median | max | missing |
| --- | --- | --- | --- | --- | --- | --- | --- |
| `age` | value | 4.25 | 2.5 | 0.5 | 4.25 | 8 | 3 (25%), 1 infinite |
| `x` | value | 4.25 | 2.5 | 0.5 |  | 8 | 0 |

Missing values, of 12 samples: `age` in 3 (25%), 1 infinite.

All of it, with quantiles and counts, is in `data/train.statistics.json`."""
        in text
    )


def test_categories_and_words_show_the_most_common():
    """The most common values come first; of a vocabulary it is the words."""
    values = (ValueCount(value="a", count=2), ValueCount(value="b", count=9))
    category = Feature(name="kind", kind="category", dtype="text", count=12, missing=1, values=values, distinct=2)
    words = Feature(name="note", of="vocabulary", kind="category", dtype="text", count=40, common=values)
    table, missing = _looks(category, words)

    assert table.endswith("| `kind` | value | 2 | `b` 9, `a` 2 | 1 (8.3%) |\n| `note` | words |  | `a` 2, `b` 9 | 0 |")
    assert missing == "Missing values, of 12 samples: `kind` in 1 (8.3%)."


def test_many_features_are_cut_short():
    """Twenty are shown; how many there are besides, and how many were not described, is told."""
    found = _looks(*(_numbers(f"x[{index}]") for index in range(64)), left_out=5)

    assert found[0].count("\n") == 21
    assert found[1:] == [
        "And 44 more features.",
        "Not described, beyond the limit: 5 features.",
        "No value is missing in 12 samples.",
    ]


@pytest.mark.parametrize(
    ("dtype", "value", "std", "shown"),
    [
        ("timestamp[s]", 1_600_000_000.0, 86_400.0, ("2020-09-13 12:26:40", "1 day")),
        ("timestamp[us, UTC]", 1.6e15, 5e6, ("2020-09-13 12:26:40", "5 s")),
        ("date[day]", 18_262.0, 2.0, ("2020-01-01", "2 days")),
        ("timestamp[s]", 1e30, 1.0, ("1e+30", "1 s")),
        ("duration[us]", 1500.0, 1.0, ("1500", "1")),
    ],
)
def test_times_are_written_as_times(dtype, value, std, shown):
    """A time is a date to a reader, where a calendar has it, and its spread is one of days or seconds."""
    table, _ = _looks(_numbers("t", mean=value, std=std).model_copy(update={"dtype": dtype}))
    cells = [cell.strip() for cell in table.splitlines()[2].split("|")]

    assert (cells[3], cells[4]) == shown


def test_hostile_names_and_values_stay_text():
    """No name, label, place or value of a split makes markup, a link or a new row of a table."""
    split = _split(
        "evil", 12, name=EVIL, labels=(LabelCount(label=EVIL, count=1),), provenance=Provenance(source=EVIL, owner=EVIL),
        overlaps=(Overlap(split=EVIL, count=1, places=(Place(here=EVIL, there=EVIL),)),), duplicates=1,
        statistics="data/x.statistics.json",
    )  # fmt: skip
    category = Feature(name=EVIL, kind="category", dtype=EVIL, count=1, common=(ValueCount(value=EVIL, count=1),))
    text = _text(split, **{EVIL: Statistics(samples=1, features=(_numbers(EVIL), category))})
    assert not [letter for letter in text if letter in "\x1b\u202e"]
    assert not [line for line in text.splitlines() if line.startswith(("# ", "---", "<"))]
    assert all(
        line.count("|") == line.count("\\|") + _columns(line) for line in text.splitlines() if line.startswith("|")
    )


def _columns(line):
    return len([None for index, letter in enumerate(line) if letter == "|" and line[index - 1] != "\\"])


def test_the_views_show_the_statistics_that_stand_in_the_bundle(tmp_path):
    """The card is made with each split's own file, and without one that is not of its form."""
    splits = tuple(_split(name, 12, statistics=f"data/{name}.statistics.json") for name in ("train", "test"))
    manifest = tiny_manifest(data=data.Section(splits=splits))
    writer = Writer(tmp_path)
    write_named(writer, manifest)
    writer.write("documentation/card.yaml", b'"title": "Tiny"\n')
    writer.write("data/train.statistics.json", to_document(Statistics(samples=12, features=(_numbers("age"),))))
    writer.write("data/test.statistics.json", b"[]\n")
    text = views.render(manifest, tmp_path)["README.md"]

    assert "### `train`" in text
    assert "### `test`" not in text


def test_the_card_of_a_bundle_without_statistics_is_as_it_was(tmp_path):
    """A bundle of the first form has its table of splits, as ever."""
    tiny_bundle(tmp_path / "b")

    assert "| `train` | array | 12 | 192 bytes | `0123456789abcdef0123456789abcdef` |" in card(tiny_manifest(), Card())
