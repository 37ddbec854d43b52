"""Numbers that a training left in a file become claims to be uncommented, each with its split, one with its groups."""

from __future__ import annotations

import re

import pytest

from reprobundle import specification
from reprobundle.initialising import SPECIFICATION, init
from reprobundle.initialising.numbers import numbers_in

LOG = '{"best_metric": 1, "log_history": [{"eval_loss": 9.0}, {"eval_accuracy": 0.5, "eval_runtime": 3.0, "epoch": 2}, {"loss": 1.0}]}'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty project, and an empty capture log."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


def found(folder):
    """Name, value and split of each number that is found."""
    numbers = numbers_in(folder)
    return numbers and [(one.name, one.value, one.split) for one in numbers.found]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("metrics.json", '{"test_accuracy": 0.853, "n": 3, "seconds": 1.5}', [("test_accuracy", 0.853, "test")]),
        ("eval_results.json", '{"eval_f1": 0.5, "eval_samples_per_second": 2.5, "epoch": 3.0}', [("eval_f1", 0.5, None)]),
        ("test_results.json", '{"loss": 0.25, "ok": true}', [("loss", 0.25, "test")]),
        ("results.json", '{"val": {"auc": 0.7}, "train": {"auc": 1}}', [("val auc", 0.7, "valid"), ("train auc", 1.0, "train")]),
        ("trainer_state.json", LOG, [("eval_accuracy", 0.5, None)]),
        ("metrics.json", "[0.5]", None),
        ("metrics.json", "{not json", None),
        ("metrics.json", '{"accuracy": NaN}', None),
        ("metrics.json", '{"accuracy": 0.9, "auc": NaN, "loss": [-Infinity, Infinity]}', [("accuracy", 0.9, None)]),
        ("metrics.json", f'{{"accuracy": 1{"0" * 400}, "auc": 0.7}}', [("auc", 0.7, None)]),
    ],
)  # fmt: skip
def test_what_a_file_gives(folder, name, content, told):
    """Metrics are taken by their names, with the split that the name or the file tells; times, counts and epochs are not."""
    (folder / name).write_text(content)

    assert found(folder) == told


def test_a_file_that_cannot_be_read_is_told(folder):
    """Whoever has one and gets a made-up example is told why; what JSON itself does not know stops nothing."""
    (folder / "results.json").write_text('{"f1": NaN}')
    (folder / "metrics.json").write_text('{"accuracy": 0.9,}')
    (folder / "README.md").write_bytes("# Stra\xdfen\n".encode("latin-1"))
    numbers, readme = init(folder).unread

    assert numbers.startswith("metrics.json: is not strict JSON: ")
    assert readme == "README.md: is not UTF-8 text"


def test_the_block_is_one_that_capture_reads(folder):
    """Without the sign of a comment it is the claims, and each line of groups may be taken in as well."""
    (folder / "out").mkdir()
    (folder / "out" / "metrics.json").write_text('{"test_acc": 1e-07, "f1": 0.5}')
    made = init(folder)
    text = (folder / SPECIFICATION).read_text()
    shown = re.sub(r"^# (claims:|  [- ])", r"\1", text, flags=re.MULTILINE)
    written, warnings = specification.read_specification(shown.encode(), name=SPECIFICATION)
    grouped = shown.replace("    # per_sample:", "    per_sample:").replace("    # group:", "    group:")
    first = specification.read_specification(grouped.encode(), name=SPECIFICATION)[0].claims[0]

    assert '\n# found in "out/metrics.json":\n# claims:\n' in text
    assert written.claims == (
        {"id": "test_acc", "text": "test acc", "value": 1e-07, "split": "test"},
        {"id": "f1", "text": "f1", "value": 0.5, "split": "test"},
    )
    assert warnings == ()
    assert (first["per_sample"], first["group"]) == ("right.npy", {"sex": "sex.npy"})
    assert made.missing["claims"].startswith("which numbers did it reach, on which split, told apart by which groups")


def test_without_numbers_there_is_an_example(folder):
    """The block then shows one claim, and claims nothing."""
    init(folder)
    written, _ = specification.read(folder / SPECIFICATION)

    assert written.claims == ()
    assert '#   - id: "accuracy"' in (folder / SPECIFICATION).read_text()
