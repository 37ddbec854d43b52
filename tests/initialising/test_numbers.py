"""Numbers that a training left in a file become claims to be uncommented, each with its split, one with its groups."""

from __future__ import annotations

import json
import re

import pytest

from reprobundle import cli, specification
from reprobundle.initialising import SPECIFICATION, init
from reprobundle.initialising.numbers import numbers_in

LOG = '{"best_metric": 1, "log_history": [{"eval_loss": 9.0}, {"eval_accuracy": 0.5, "eval_runtime": 3.0, "epoch": 2}, {"loss": 1.0}]}'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty project, and an empty capture log."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


REPORT = {
    **{str(digit): {"precision": 0.9, "recall": 0.8, "f1-score": 0.85, "support": 45} for digit in range(10)},
    "accuracy": 0.98,
}  # as scikit-learn's classification_report gives it
OF_TRAINER = {"epoch": 3.0, "eval_accuracy": 0.86, "eval_loss": 0.41, "eval_runtime": 1.2, "total_flos": 5e14, "train_loss": 0.31,
              "train_samples_per_second": 179.4}  # fmt: skip


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
        ("all_results.json", json.dumps(OF_TRAINER), [("eval_accuracy", 0.86, None), ("eval_loss", 0.41, None)]),
        ("metrics.json", '{"accuracy": 0.9, "auc_test": 0.8, "train_acc": 1, "dev_f1": 0.7, "acc_std": 0.1, "f1_stderr": 0.1}',
         [("accuracy", 0.9, None), ("auc_test", 0.8, "test"), ("train_acc", 1.0, "train"), ("dev_f1", 0.7, "valid")]),
        ("metrics.json", '{"test": {"accuracy": 0.9}, "f1": {"validation": 0.5, "all": 0.4}, "train_test_error": 0.1}',
         [("train_test_error", 0.1, None), ("test accuracy", 0.9, "test"), ("f1 validation", 0.5, "valid")]),
        ("test_results.json", '{"val_loss": 0.25, "f1": 0.5}', [("val_loss", 0.25, "valid"), ("f1", 0.5, "test")]),
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


@pytest.mark.parametrize(
    ("files", "file", "keys"),
    [
        ({"metrics.json": '{"accuracy": 0.9, "n": 3, "ok": true, "who": "a", "scores": [0.8, 1], "none": [], "time": {"test": 3}}'},
         "metrics.json", ("n", "scores", "time test")),
        ({"all_results.json": json.dumps(OF_TRAINER)}, "all_results.json",
         ("epoch", "eval_runtime", "total_flos", "train_loss", "train_samples_per_second")),
        ({"metrics.json": '{"epoch": 3}', "out/results.json": '{"f1": 1}'}, "out/results.json", ()),
        ({"metrics.json": '{"epoch": 3}', "out/results.json": '{"runtime": 1}'}, "metrics.json", ("epoch",)),
        ({"metrics.json": json.dumps(REPORT)}, "metrics.json", ("support",)),
    ],
)  # fmt: skip
def test_what_is_no_claim_is_passed_over_by_name(folder, files, file, keys):
    """Each key once; of a file without any claim only where no other has one."""
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content)
    numbers = numbers_in(folder)

    assert (numbers.file, numbers.passed_over) == (file, keys)


def test_of_many_numbers_the_outer_ones_are_written(folder, capsys):
    """A report of each class has too many to write, and the number of all classes stands last in it."""
    (folder / "metrics.json").write_text(json.dumps(REPORT))
    code = cli.main(["init", str(folder)])
    text = (folder / SPECIFICATION).read_text()
    shown = " ".join(capsys.readouterr().out.split())

    assert code == 0
    assert text.count("#   - id: ") == 20
    assert text.index('"accuracy"') < text.index('"0-precision"')
    assert " numbers 31 numbers of metrics.json may be claimed, 20 of them are shown; passed over: support " in shown


@pytest.mark.parametrize(
    ("number", "splits", "line"),
    [
        ("test_acc", {"test": 1, "train": 1}, '#     split: "test"'),
        ("val_acc", {"validation": 1}, '#     split: "validation"'),
        ("val_acc", {"test": 1}, '#     # split: which one? by its name "valid", of which none was found'),
        ("val_acc", {}, '#     # split: which one? by its name "valid", of which none was found'),
        ("acc", {"test": 1, "train": 1}, '#     # split: which one? known: "test", "train"'),
        ("eval_acc", {"a \u00df": 1}, '#     # split: which one? known: "a \u00df"'),
        ("acc", {}, "#     # split: which one?"),
    ],
)
def test_a_split_is_the_projects_own_or_asked(folder, number, splits, line):
    """Neither one that the key does not name is written, nor one that the project's specification does not have."""
    (folder / "metrics.json").write_text(json.dumps({number: 0.5}))
    (folder / "data").mkdir()
    (folder / "data" / "holdout.csv").write_text("a\n1\n")  # the person's own splits are those that count
    (folder / SPECIFICATION).write_text(f"splits: {json.dumps(splits or None)}\n")
    if not splits:
        (folder / "data" / "holdout.csv").unlink()
    init(folder, force=True)

    assert [one for one in (folder / SPECIFICATION).read_text().splitlines() if "split:" in one] == [line]


@pytest.mark.parametrize(
    "name",
    ["out/eval_results.json", "out/train_results.json", "test_metrics.json", "dev-requirements.txt", "train_log.csv",
     "test_predictions.npy", "train_loss.npy", "train_config.json"],
)  # fmt: skip
def test_what_a_training_leaves_is_no_data(folder, name):
    """Results and logs are called by a split, and hold none."""
    (folder / "out").mkdir()
    (folder / name).write_text("{}")
    init(folder)

    assert specification.read(folder / SPECIFICATION)[0].splits == {}


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
    (folder / "test.csv").write_text("a\n1\n")
    made = init(folder)
    text = (folder / SPECIFICATION).read_text()
    shown = re.sub(r"^# (claims:|  [- ])", r"\1", text, flags=re.MULTILINE)
    written, warnings = specification.read_specification(shown.encode(), name=SPECIFICATION)
    grouped = shown.replace("    # per_sample:", "    per_sample:").replace("    # group:", "    group:")
    first = specification.read_specification(grouped.encode(), name=SPECIFICATION)[0].claims[0]

    assert '\n# found in "out/metrics.json":\n# claims:\n' in text
    assert [one.model_dump(exclude_unset=True) for one in written.claims] == [
        {"id": "test_acc", "text": "test acc", "value": 1e-07, "split": "test"},
        {"id": "f1", "text": "f1", "value": 0.5},
    ]
    assert warnings == ()
    assert (first.per_sample, first.group) == ("right.npy", {"sex": "sex.npy"})
    assert made.missing["claims"].startswith("which numbers did it reach, on which split, told apart by which groups")


def test_without_numbers_there_is_an_example(folder):
    """The block then shows one claim, and claims nothing."""
    init(folder)
    written, _ = specification.read(folder / SPECIFICATION)

    assert written.claims == ()
    assert '#   - id: "accuracy"' in (folder / SPECIFICATION).read_text()
    assert "#     # split: which one?\n" in (folder / SPECIFICATION).read_text()


def test_the_document_tells_the_numbers(folder, capsys):
    """Which file they are of, by what ids they are shown, and what was passed over; nothing where there is no such file."""
    cli.main(["init", str(folder), "--json"])
    without = json.loads(capsys.readouterr().out)
    (folder / "metrics.json").write_text('{"test_acc": 0.5, "epoch": 3}')
    cli.main(["init", str(folder), "--json", "--force"])

    assert without["numbers"] is None
    assert json.loads(capsys.readouterr().out)["numbers"] == {
        "file": "metrics.json", "found": ["test_acc"], "passed_over": ["epoch"],
    }  # fmt: skip
