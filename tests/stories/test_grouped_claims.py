"""A claim by groups, from a column of a CSV file to the reviewer's report: claimed, got, verdict of each group."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from projects import make_project

import reprobundle
from reprobundle import guest
from reprobundle.bundle import Bundle
from reprobundle.report import Report

NET = '''
"""A plain function, and what is claimed of it."""
import csv

import numpy as np


def model(x):
    return x > 0


def right(model, path):
    with open(path) as file:
        rows = list(csv.DictReader(file))
    found = model(np.array([float(row["x"]) for row in rows]))
    return [bool(one) == (row["y"] == "1") for one, row in zip(found, rows)]


def share(model, path):
    return sum(right(model, path)) / len(right(model, path))


def short(model, path):
    return right(model, path)[1:]


if __name__ == "__main__":
    import json
    import sys

    with open(sys.argv[2], "w") as file:
        json.dump({"written": right(model, sys.argv[1]), "one": share(model, sys.argv[1])}, file)
'''
TRAIN = """
import sys

import net
import numpy as np

import reprobundle

WRITES = ["python", "net.py", "{data}", "{out}"]
ROWS = [(1, 1, "a"), (-1, 0, "a"), (2, 0, "a"), (3, 1, "b"), (-2, 0, ""), (-3, 1, "b")]

if __name__ == "__main__":
    with open("test.csv", "w") as file:
        file.write("x,y,site\\\\n" + "".join("%s,%s,%s\\\\n" % row for row in ROWS))
    right = net.right(net.model, "test.csv")
    swapped = [right[2], *right[1:2], right[0], *right[3:5], right[5]]
    wrong = [right[4], *right[1:4], *right[5:], right[0]]
    common = {"split": "test", "group": "site", "value": 0.667, "decimals": 3}
    reprobundle.capture(
        sys.argv[1],
        model=net.model,
        inputs=np.array([1.0, -1.0]),
        splits={"test": "test.csv"},
        claims=[
            {"id": "honest", "text": "accuracy", "entry": net.right, "per_sample": right, **common},
            {"id": "moved", "text": "accuracy", "entry": net.right, "per_sample": wrong, **common},
            {"id": "whole", "text": "accuracy", "entry": net.share, "per_sample": right, **common},
            {"id": "called", "text": "test accuracy", "entry": net.right, **common},
            {"id": "bare", "text": "accuracy", "entry": net.share, **common},
            {"id": "short", "text": "accuracy", **{**common, "value": 0.6, "decimals": 1, "entry": net.short}},
            {"id": "named", "text": "accuracy", **{**common, "group": None, "per_sample": net.right}},
            {"id": "written", "text": "accuracy", "command": WRITES, "per_sample": right, **common},
            {"id": "one", "text": "accuracy", "command": WRITES, "per_sample": right, **common},
            {"id": "guessed", "text": "test error", "value": 0.333},
        ],
        budget=5,
    )
""".replace("\\\\n", "\\n")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with its data, a bundle of it beside."""
    folder = make_project(tmp_path_factory.mktemp("grouped") / "project", net=NET, train=TRAIN)
    argv = [sys.executable, "-W", "ignore", "train.py", str(folder.parent / "bundle")]
    environment = {**os.environ, "PIP_NO_INDEX": "1"}
    finished = subprocess.run(
        argv, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return folder


@pytest.fixture(scope="module")
def report(project: Path) -> Report:
    """What a reviewer sees who has the data."""
    bundle, target = project.parent / "bundle", project.parent / "report"
    return reprobundle.replay(bundle, env="current", data={"test": project / "test.csv"}, report=target)


def test_each_group_is_computed_again(report: Report) -> None:
    """An honest claim's groups agree; one whose groups were given wrong differs, though the whole agrees."""
    honest, moved, whole = report.claims[:3]

    assert [(one.name, one.claimed, one.got, one.verdict, one.count) for one in honest.groups] == [
        ("(missing)", 1.0, 1.0, "agrees", 1),
        ("a", 2 / 3, 2 / 3, "agrees", 3),
        ("b", 0.5, 0.5, "agrees", 2),
    ]
    assert (honest.verdict, honest.group, honest.data) == ("agrees", "site", "same")
    assert (moved.verdict, round(moved.got or 0, 3)) == ("differs", 0.667)
    assert {one.verdict for one in moved.groups} == {"agrees", "differs"}
    assert (whole.verdict, whole.groups_why) == ("agrees", "its function gave one number, not one a sample")
    assert report.verdict.exit_code == 1


def test_groups_come_from_what_the_function_gave_before_the_seal(report: Report, project: Path) -> None:
    """Without numbers of samples a function's own are recorded and compared; a note tells of those that cannot be."""
    manifest = Bundle.open(project.parent / "bundle").manifest
    honest, moved, _, called, bare, short, named = manifest.claims.claims[:7]
    told = [note.message for note in manifest.notes if note.kind == "claims"]

    assert [(one.name, one.value, one.count) for one in called.groups] == [
        (one.name, one.value, one.count) for one in honest.groups
    ]
    assert [one.verdict for one in report.claims[3].groups] == ["agrees", "agrees", "agrees"]
    assert (named.entry, named.count, named.groups, bare.groups, short.groups) == ("net:right", 6, (), (), ())
    assert (moved.reloaded, moved.gave, [one.gave for one in moved.groups]) == ("differs", None, [1.0, None, 0.5])
    assert told == [
        "claim 'bare': its groups are left out: its function gave one number, not one a sample",
        "claim 'short': its groups are left out: its function gave 5 numbers, and 6 samples have a group",
        "claim 'moved': group '(missing)': claimed 0, the reloaded model gives 1, not the same to 3 decimals; "
        "group 'b': claimed 1, the reloaded model gives 0.5, not the same to 3 decimals",
    ]


def test_the_card_tells_of_groups_that_a_function_gave(project: Path, tmp_path: Path) -> None:
    """The card is written again once the claims are computed: it denies no group, and its own card changes nothing."""
    bundle = project.parent / "bundle"
    card = (bundle / "documentation/card.yaml").read_text(encoding="utf-8")

    assert "test accuracy" in card.partition("\n  bias: ")[2].partition("No other groups")[0]
    assert reprobundle.document(bundle, bundle / "documentation/card.yaml", out=tmp_path / "again") is None


def test_a_command_gives_numbers_of_samples(report: Report) -> None:
    """A list that it writes has its groups compared; with one number the report says why they are not."""
    written, one = report.claims[7:9]

    assert (written.verdict, written.groups_why) == ("agrees", None)
    assert [group.verdict for group in written.groups] == ["agrees", "agrees", "agrees"]
    assert (one.verdict, one.groups_why) == ("agrees", "its command wrote one number, not one a sample")


def test_every_screen_reads_the_split_that_a_text_names(report: Report, project: Path) -> None:
    """It is decided at capture: manifest, card, report and lint have the same."""
    bundle = project.parent / "bundle"
    recorded, lints = Bundle.open(bundle).manifest.claims.claims[9], reprobundle.lint(bundle).lints

    assert (recorded.id, recorded.split, recorded.split_guessed) == ("guessed", "test", True)
    assert (report.claims[9].split, report.claims[9].split_guessed) == ("test", True)
    assert "| test error | 0.333 | ████ | not said | not compared | `test` | nothing: it is stated |" in (
        (bundle / "README.md").read_text("utf-8")
    )
    assert not [lint for lint in lints if lint.rule == "claim-split"]


def test_no_worker_sees_which_sample_is_in_which_group(project: Path) -> None:
    """The file of groups is none of those that are shown to the bundle's code, and neither is the manifest."""
    opened = Bundle.open(project.parent / "bundle")
    shown = guest.visible(opened.manifest, lambda path: opened.path / path, opened.path)

    assert opened.manifest.claims.members == "replay/groups.safetensors"
    assert not [path for path in shown if "groups" in path.name or path.name == "manifest.json"]
    assert opened.path / "replay" not in shown


def test_a_person_sees_each_group(report: Report, project: Path) -> None:
    """Terminal, page, review and JSON say claimed, got and verdict by group."""
    folder = project.parent / "report"
    page, form = ((folder / name).read_text("utf-8") for name in ("report.html", "report.md"))
    document = json.loads((folder / "report.json").read_text("utf-8"))

    assert "honest, by &#39;site&#39;: 3 groups agree" in page
    assert "| (missing) | 1.000 | 1.000 | **agrees** | 1 |" in form
    assert [one["verdict"] for one in document["claims"][0]["groups"]] == ["agrees", "agrees", "agrees"]


def test_without_the_recorded_data_no_group_is_judged(project: Path, tmp_path: Path) -> None:
    """Another order of the rows is other data: the whole is computed, its groups are not."""
    head, *rows = (project / "test.csv").read_text().splitlines()
    (tmp_path / "test.csv").write_text("\n".join([head, *reversed(rows), ""]))
    report = reprobundle.replay(
        project.parent / "bundle", env="current", data={"test": tmp_path / "test.csv"}, report=tmp_path / "report"
    )

    assert [(one.verdict, one.data, {group.verdict for group in one.groups}) for one in report.claims[:3]] == [
        ("agrees", "differs", {"not run"})
    ] * 3
