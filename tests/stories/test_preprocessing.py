"""A published model whose accuracy hangs on its normalisation alone: a replay tells the preprocessing from the model.

The weights are those of digit-recognizer-py (MIT), trained on MNIST. On scikit-learn's digits they are right in 82 % of the
cases with the normalisation they were trained with, and no better than 65 % and 51 % with two others.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from forging import forged
from projects import NET as NET_OF_FOUR
from projects import make_project, python
from published import DIGITS, DIGITS_FILE, fetch

import reprobundle
from reprobundle import tensors
from reprobundle.report import Report, Rung, Status
from reprobundle.store import Writer

pytestmark = [pytest.mark.slow, pytest.mark.network]

NET = f"from torch import nn\n\n{DIGITS}"
PREPARING = '''
"""From images of 8 by 8 pixels, 0 to 16, to images as in MNIST."""
import torch

MEAN, STD = 0.1307, 0.3081


def prepare(raw):
    images = torch.as_tensor(raw, dtype=torch.float32)[:, None] / 16
    images = torch.nn.functional.interpolate(images, size=20, mode="bilinear")  # in a margin of 4, as in MNIST
    return (torch.nn.functional.pad(images, (4, 4, 4, 4)) - MEAN) / STD
'''
SPLITTING = """
import numpy as np


def halves(count, seed):
    order = np.random.default_rng(seed).permutation(count)
    return {"first": np.sort(order[: count // 2]), "second": np.sort(order[count // 2 :])}
"""
CAPTURE = """
import sys
from pathlib import Path

import numpy as np
import preparing
import torch
from net import Digits
from sklearn.datasets import load_digits
from splitting import halves

import reprobundle

if __name__ == "__main__":
    weights, out = map(Path, sys.argv[1:])
    digits = load_digits()
    images, labels = digits.images, digits.target
    model = Digits().eval()
    model.load_state_dict(torch.load(weights, weights_only=True))
    for preparing.MEAN, preparing.STD in ((0.5, 0.5), (0.0, 1.0), (0.1307, 0.3081)):
        print((model(preparing.prepare(images)).argmax(1).numpy() == labels).mean())
    np.savez(out.parent / "digits.npz", images=images, labels=labels)
    rows = halves(len(images), seed=5)
    captured = reprobundle.capture(
        out,
        model=model,
        inputs=preparing.prepare(images[:32]),
        preprocessing=reprobundle.Preprocessing(
            {"standardisation": {"mean": 0.1307, "std": 0.3081, "doc": "that of MNIST's training images"}},
            preparing.prepare,
            images[:32],
        ),
        splits={name: {"images": images[chosen], "labels": labels[chosen]} for name, chosen in rows.items()},
        splitting=reprobundle.Splitting(halves, {"images": images, "labels": labels}, seed=5),
        budget=0,
    )
    print(captured.proof.status, captured.proof.why)
"""


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The bundle, made by a script whose project is gone, and what the script printed."""
    pytest.importorskip("sklearn")
    folder = tmp_path_factory.mktemp("published")
    fetch(folder, {"digits.pth": DIGITS_FILE})
    project = make_project(folder / "project", net=NET, preparing=PREPARING, splitting=SPLITTING, capture=CAPTURE)
    made = python("capture.py", str(folder / "digits.pth"), str(folder / "digits"), cwd=project)
    assert made.returncode == 0, made.stderr
    project.rename(folder / "gone")
    return folder / "digits", made.stdout.splitlines()


def replay(bundle: Path, folder: Path, **options: Any) -> Report:
    """Replay in this interpreter, without walls."""
    return reprobundle.replay(bundle, env="current", sandbox="none", report=folder / "report", **options)


def normalised(mean: str, std: str) -> Any:
    """Writes another normalisation into the bundle's source."""

    def edit(folder: Path, manifest: dict[str, Any]) -> None:
        source = folder / "code" / "source" / "preparing.py"
        source.write_text(source.read_text().replace("MEAN, STD = 0.1307, 0.3081", f"MEAN, STD = {mean}, {std}"))

    return edit


def rewritten(path: str, change: Any) -> Any:
    """Changes the arrays of a safetensors file of the bundle."""

    def edit(folder: Path, manifest: dict[str, Any]) -> None:
        arrays = {name: change(array) for name, array in tensors.read_arrays(folder / path).items()}
        (folder / path).unlink()
        tensors.write(Writer(folder), path, {name: tensors.of_array(array) for name, array in arrays.items()})

    return edit


def test_the_whole_chain_is_proven_and_reproduced(captured: tuple[Path, list[str]], tmp_path: Path) -> None:
    """Raw sample, input and output are one chain, bit for bit; the accuracies are those that are known."""
    report = replay(captured[0], tmp_path, require="bitwise")
    pairs = reprobundle.verify(captured[0]).manifest.preprocessing.pairs

    assert captured[1][-1] == "bitwise None"
    assert [float(line) for line in captured[1][:3]] == pytest.approx([0.654, 0.505, 0.8164], abs=0.001)
    assert pairs is not None
    assert pairs.feeds_model
    assert (report.verdict.reproduced, report.verdict.preprocessing) == (True, "agrees")
    assert report.verdict.sentence == "reproduced, bitwise"


@pytest.mark.parametrize(("mean", "std"), [("0.5", "0.5"), ("0.0", "1.0")])
def test_another_normalisation_is_the_preprocessing_not_the_model(
    captured: tuple[Path, list[str]], tmp_path: Path, mean: str, std: str
) -> None:
    """With the wrong normalisation the verdict names the preprocessing, and says that the model itself is right."""
    report = replay(forged(captured[0], tmp_path / "forged", normalised(mean, std)), tmp_path)
    text = (tmp_path / "report" / "report.txt").read_text()

    assert (report.verdict.reproduced, report.verdict.preprocessing) == (False, "differs")
    assert (report.verdict.rung, report.verdict.exit_code) == (Rung.BITWISE, 1)
    assert report.verdict.sentence.startswith(
        "not reproduced: the preprocessing differs: 'value': 25088 of 25088 elements lie outside the tolerance"
    )
    assert report.verdict.sentence.endswith("; the model itself gives the recorded outputs, bitwise")
    assert text.startswith("NOT REPRODUCED: the preprocessing differs\n  'value': 25088 of 25088 elements lie outside")
    assert "; the model itself gives the recorded outputs, bitwise\n" in text.replace("\n  ", " ")
    assert report.diagnosis is not None
    assert report.diagnosis.stage == "preprocessing"
    assert "The model itself is right" in report.diagnosis.paragraph


def test_preprocessing_that_fails_is_told_apart_from_a_model_that_fails(
    captured: tuple[Path, list[str]], tmp_path: Path
) -> None:
    """An exception in the preprocessing leaves the model's outputs compared; nothing can be said to be reproduced."""
    report = replay(forged(captured[0], tmp_path / "forged", normalised("0.1307", "no_such_name")), tmp_path)

    assert report.verdict.sentence == (
        "could not be told: the preprocessing could not be run: NameError: name 'no_such_name' is not defined; "
        "the model itself gives the recorded outputs, bitwise"
    )
    assert (report.verdict.preprocessing, report.verdict.exit_code) == ("failed", 3)
    (told,) = [finding for finding in report.findings if finding.kind == "preprocessing"]
    assert told.hint is not None
    assert "code/source/preparing.py:5 in <module>" in told.hint


def test_another_model_is_not_called_another_preprocessing(captured: tuple[Path, list[str]], tmp_path: Path) -> None:
    """Where the outputs are others and the preprocessing gives the recorded inputs, it is the model."""
    edit = rewritten("replay/expected.safetensors", lambda array: array * np.float32(1.1))
    report = replay(forged(captured[0], tmp_path / "forged", edit), tmp_path)

    assert (report.verdict.rung, report.verdict.preprocessing) == (Rung.DIFFERENT, "agrees")
    assert report.verdict.sentence.startswith("not reproduced: different: output 'value'")
    assert report.diagnosis is not None
    assert report.diagnosis.stage == "computation"


def test_the_splits_are_made_again_from_the_whole(captured: tuple[Path, list[str]], tmp_path: Path) -> None:
    """The recorded function gives the recorded indices, and cuts the reviewer's own whole into the recorded splits."""
    report = replay(captured[0], tmp_path, data={"all": captured[0].parent / "digits.npz"})
    told = [(found.status, found.message) for found in report.findings if "spli" in found.message]

    assert (
        Status.SAME,
        "splitting: 'splitting:halves' gives the recorded indices again (first 898, second 899)",
    ) in told
    assert (
        Status.SAME,
        "data splits made again from the whole, 'all': all 2 as recorded (first 898, second 899)",
    ) in told


def test_a_splitting_of_another_seed_is_named(captured: tuple[Path, list[str]], tmp_path: Path) -> None:
    """Another seed gives other indices, and a whole in which a sample changed does not give the split it stands in."""

    def edit(folder: Path, manifest: dict[str, Any]) -> None:
        manifest["data"]["splitting"]["seed"] = 6

    with np.load(captured[0].parent / "digits.npz") as whole:
        changed = dict(whole)
    changed["images"][0, 0, 0] += 1
    np.savez(tmp_path / "changed.npz", **changed)
    bundle = forged(captured[0], tmp_path / "forged", edit)
    report = replay(bundle, tmp_path, data={"all": tmp_path / "changed.npz"})
    told = [found.message for found in report.findings if found.status is Status.DIFFERS]
    first = 0 in tensors.read_arrays(bundle / "data" / "splitting.safetensors")["first"]

    assert any(message.startswith("splitting: 'splitting:halves' gives other splits: 'first': ") for message in told)
    assert "the whole, 'all': is another one" in told
    assert f"data split {'first' if first else 'second'!r} made again from the whole, 'all': differs" in told
    assert not any(message.startswith(f"data split {'second' if first else 'first'!r} made again") for message in told)


MOVED = """
import sys

import net
import torch

import reprobundle

if __name__ == "__main__":
    net.SCALE = 20  # only in this process
    raw = torch.arange(8.0).reshape(2, 4)
    given = reprobundle.Preprocessing(transform=net.prepare, samples=raw)
    captured = reprobundle.capture(sys.argv[1], model=net.Net(), inputs=raw, preprocessing=given, budget=0, quiet=True)
    print(captured.proof.status, captured.proof.why)
"""


def test_preprocessing_that_a_fresh_process_does_otherwise_fails_the_proof(tmp_path: Path) -> None:
    """What the script changed in its modules is in no bundle; the proof says so, and the bundle is sealed unproven."""
    net = NET_OF_FOUR.replace("/ 10", "/ SCALE") + "\n\nSCALE = 10\n"
    project = make_project(tmp_path / "project", net=net, train=MOVED)
    made = python("train.py", str(tmp_path / "bundle"), cwd=project)

    assert made.stdout.startswith(
        "failed the preprocessing made again from the bundle gives something else: 'value': 7 of 8 elements lie outside"
    ), made.stderr


LACKING = """
import sys

import net
import torch

import reprobundle

if __name__ == "__main__":
    raw = torch.arange(8.0).reshape(2, 4)
    raw[1, 2] = float("nan") if sys.argv[2] == "one" else 0
    raw = raw * float("nan") if sys.argv[2] == "all" else raw
    given = reprobundle.Preprocessing(transform=net.prepare, samples=raw)
    options = {"inputs": net.prepare(raw) if sys.argv[2] == "one" else torch.ones(3, 4), "proof": sys.argv[2] != "unproven"}
    captured = reprobundle.capture(sys.argv[1], model=net.Net(), preprocessing=given, budget=0, quiet=True, **options)
    print(captured.proof.status, captured.proof.why)
    print([note.message for note in captured.notes if note.kind == "preprocessing"])
"""
LACKING_NET = NET_OF_FOUR.replace("def forward(self, x):", "def forward(self, x):\n        x = torch.nan_to_num(x)")
LACKING_NET = LACKING_NET if "import torch\n" in LACKING_NET else "import torch\n" + LACKING_NET


def lacking(folder: Path, how: str) -> tuple[Path, list[str]]:
    """A bundle whose raw samples lack some values, and what its capture printed."""
    project = make_project(folder / "project", net=LACKING_NET, train=LACKING)
    made = python("train.py", str(folder / "bundle"), how, cwd=project)
    assert made.returncode == 0, made.stderr
    project.rename(folder / "gone")
    return folder / "bundle", made.stdout.splitlines()


def test_one_missing_value_hides_no_other_preprocessing(tmp_path: Path) -> None:
    """NaN among the results switches no comparison off; and files that contradict the bundle's word are no chain."""
    bundle, printed = lacking(tmp_path, "one")

    def changed(folder: Path, manifest: dict[str, Any]) -> None:
        source = folder / "code" / "source" / "net.py"
        source.write_text(source.read_text().replace("/ 10", "/ 77"))

    def zeros(folder: Path, manifest: dict[str, Any]) -> None:
        for which in ("raw", "expected"):
            rewritten(f"preprocessing/{which}.safetensors", lambda array: array * 0)(folder, manifest)

    honest = replay(bundle, tmp_path / "1")
    other = replay(forged(bundle, tmp_path / "changed", changed), tmp_path / "2")
    apart = replay(forged(bundle, tmp_path / "zeros", zeros), tmp_path / "3")

    assert printed == ["bitwise None", "[]"]
    assert (honest.verdict.sentence, honest.verdict.preprocessing) == ("reproduced, bitwise", "agrees")
    assert [found.message for found in honest.findings if found.kind == "preprocessing"] == [
        "preprocessed 'value': bitwise",
        "its results are the model's recorded inputs: raw sample, input and output are one chain",
    ]
    assert (other.verdict.reproduced, other.verdict.preprocessing) == (False, "differs")
    assert "beside NaN at the same 1 place; the model itself gives" in other.verdict.sentence
    assert apart.verdict.sentence == (
        "not reproduced: the preprocessing differs: its recorded results are not the model's recorded inputs, as the bundle says "
        "they are; the model itself gives the recorded outputs, bitwise"
    )


def test_results_that_nobody_can_compare_are_neither_proven_nor_reproduced(tmp_path: Path) -> None:
    """All NaN: the proof, the verdict and the exit code say that nothing was compared."""
    bundle, printed = lacking(tmp_path, "all")
    report = replay(bundle, tmp_path)

    assert printed == [
        "not run the preprocessing was not compared: 'value': is NaN in every element, there as here, so no value can be compared",
        "[\"the transform's result 'value' is NaN in every element: no replay can compare it\"]",
    ]
    assert (report.verdict.preprocessing, report.verdict.exit_code) == ("not compared", 3)
    assert (
        (tmp_path / "report" / "report.txt")
        .read_text()
        .startswith("COULD NOT BE TOLD: the preprocessing was not compared: ")
    )
    assert report.diagnosis is not None
    assert report.diagnosis.stage == "preprocessing"


def test_a_capture_without_a_proof_says_that_one_process_ran_the_transform(tmp_path: Path) -> None:
    """What a function leans on besides its source shows in a fresh process only."""
    assert lacking(tmp_path, "unproven")[1] == [
        "not run it was switched off",
        "['the transform was run in this process only: whether a fresh one gives the same is not known']",
    ]
