"""What stands in a bundle so that it can be replayed without this program: the page, its commands, the worker's copy."""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path

import pytest
from tiny import DIGEST, bare_manifest, tiny_bundle, tiny_manifest

from reprobundle import guest, withholding
from reprobundle import manifest as manifests
from reprobundle.bundle import verify
from reprobundle.components import data, model, outputs, preprocessing
from reprobundle.components.data.splitting import Recorded
from reprobundle.components.environment.section import Distribution, LeftOut, Origin
from reprobundle.components.outputs.section import Tree
from reprobundle.components.preprocessing.section import Pairs, Samples, Step
from reprobundle.exports import by_hand, views
from reprobundle.exports.by_hand import reading, script
from reprobundle.exports.by_hand.commands import commands
from reprobundle.manifest import Manifest, Proof
from reprobundle.resealing import reseal
from reprobundle.sandbox import Sandbox
from reprobundle.store import FileEntry, digest_bytes
from reprobundle.worker import numerics

WORKER = Path(numerics.__file__).parent
TENSOR = {"kind": "tensor", "name": "value"}
RUNNABLE = outputs.Section(
    inputs=Tree(file="replay/inputs.safetensors", structure=TENSOR),
    expected=Tree(file="replay/expected.safetensors", structure=TENSOR),
)
RAW = Samples(file="preprocessing/raw.safetensors", structure=TENSOR, library="torch", made_of={"": "image"})
PAIRS = Pairs(raw=RAW, expected=Samples(file="preprocessing/expected.safetensors", structure=TENSOR, library="torch"))
CUT = Recorded(
    whole="all",
    count=16,
    function="cut:by_hand",
    seed=3,
    arguments={"share": 0.5},
    indices="data/indices.safetensors",
    ordered=DIGEST,
)
ARRAYS = model.Arguments(args=(1,), kwargs={"scale": 2.0})


def environment(**changed: object) -> object:
    """The tiny bundle's environment, some of it otherwise."""
    return tiny_manifest().environment.model_copy(update=changed)


def runnable(**changed: object) -> Manifest:
    """The tiny manifest with inputs and outputs."""
    return tiny_manifest(**{"outputs": RUNNABLE, **changed})


def lines(manifest: Manifest) -> list[str]:
    """The commands as they are typed."""
    return [command.line for command in commands(manifest)]


def typed(page: str) -> list[str]:
    """The commands as the page shows them."""
    return re.findall(r"^```sh\n(.*)\n```$", page, re.MULTILINE)


def test_six_commands_replay_a_bundle():
    """Python and pip alone, in the bundle's folder; nothing is imported from it but by the worker."""
    assert lines(runnable()) == [
        "python3.11 -I -m venv ../by-hand",
        "../by-hand/bin/python -I -m pip install --no-deps --only-binary :all: --requirement environment/requirements.txt",
        "../by-hand/bin/python -I replay/by_hand.py verify",
        "../by-hand/bin/python -I replay/by_hand.py job ../by-hand",
        "../by-hand/bin/python -s -B replay/worker ../by-hand/job.json",
        "../by-hand/bin/python -I replay/by_hand.py compare ../by-hand",
    ]


def test_the_page_shows_these_very_commands():
    """One block a command, in their order, and none besides."""
    manifest = runnable()

    assert typed(by_hand.files(manifest)[by_hand.PAGE].decode()) == lines(manifest)


def test_wheels_labels_and_variables_stand_in_the_commands():
    """Wheels of the bundle are found, a build that a label names at its makers' where nobody else has it."""
    changed = environment(
        wheels=("environment/wheels/own-1.0-py3-none-any.whl",),
        index_hints={"torch": "pytorch/cu128"},
        numerics={"variables": {"OMP_NUM_THREADS": "4", "OMP_SCHEDULE": "static; rm -rf /", "MKL_DYNAMIC": "1"}},
    )
    install, run = lines(runnable(environment=changed))[1::3]
    first, _, second = install.partition(" || ")

    assert first == (
        "../by-hand/bin/python -I -m pip install --no-deps --only-binary :all: --find-links environment/wheels "
        "--requirement environment/requirements.txt"
    )
    assert second == f"{first} --extra-index-url https://download.pytorch.org/whl/cu128"
    assert run.startswith("MKL_DYNAMIC=1 OMP_NUM_THREADS=4 ../by-hand/bin/python -s -B replay/worker ")


def test_without_a_lock_what_was_imported_is_installed():
    """By name and version, with what the worker and the script need."""
    tools = Distribution(name="xxhash", version="1!3.5", origin=Origin(kind="index"), imported=True)
    manifest = runnable(environment=environment(lock=None, distributions=(tools,)))

    assert lines(manifest)[1] == "../by-hand/bin/python -I -m pip install 'xxhash==1!3.5' safetensors"
    assert "No lock was made" in by_hand.files(manifest)[by_hand.PAGE].decode()


def test_what_no_lock_names_is_told():
    """A reader learns what else was installed."""
    gone = LeftOut(name="own", version="1.0", reason="it is local")
    page = by_hand.files(runnable(environment=environment(left_out=(gone,))))[by_hand.PAGE].decode()

    assert "in no lock, so to be had by other means if it is missed: `own 1.0`." in " ".join(page.split())


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (
            {"model": tiny_manifest().model.model_copy(update={"entry": None})},
            "the model has no name that can be imported",
        ),
        ({"outputs": outputs.Section(inputs=None, expected=None)}, "no sample inputs are recorded"),
        (
            {"outputs": RUNNABLE.model_copy(update={"expected": None})},
            "no outputs are recorded, so there is nothing to compare with",
        ),
    ],
)
def test_what_cannot_be_replayed_is_told(changed, reason):
    """Three commands are left, and the page says why."""
    manifest = runnable(**changed)
    page = by_hand.files(manifest)[by_hand.PAGE].decode()

    assert len(lines(manifest)) == 3
    assert typed(page) == lines(manifest)
    assert f"**The model cannot be replayed by hand: {reason}.**" in " ".join(page.split())
    assert "What the answer means" not in page


def test_a_stranger_s_words_stay_words():
    """A name that would be a block of commands is none, and an unproven bundle says so."""
    hostile = runnable(name="x`\n```sh\nrm -rf /\n```", proof=Proof(status="failed", why="```sh\nrm\n```"))
    page = by_hand.files(hostile)[by_hand.PAGE].decode()

    assert typed(page) == lines(hostile)
    assert "\n**Unproven**: the reload before the folder was sealed came to *failed*: " in page


def test_the_page_is_read_without_a_viewer():
    """No line of prose is longer than 105 characters, and no place of this machine stands in it."""
    page = by_hand.files(runnable())[by_hand.PAGE].decode()
    prose = re.sub(r"^```sh\n.*\n```$", "", page, flags=re.MULTILINE)

    assert [line for line in prose.splitlines() if len(line) > 105] == []
    assert str(Path.home()) not in page
    assert str(WORKER) not in page


def test_the_copy_is_this_program_s_worker_and_nothing_else():
    """Byte for byte, every file of it; the same at every call."""
    made = by_hand.files(runnable())
    copy = {path.removeprefix("replay/worker/"): content for path, content in made.items() if "worker/" in path}

    assert copy == {place.name: place.read_bytes() for place in WORKER.glob("*.py")}
    assert made["replay/by_hand.py"] == by_hand.carried()
    assert made == by_hand.files(runnable())
    assert all(views.is_own(path) for path in made)


def test_the_copy_stays_small():
    """Every bundle carries it."""
    assert sum(map(len, by_hand.files(runnable()).values())) < 250_000


def test_the_script_is_python_3_9_of_the_standard_library():
    """Beside that it imports xxhash alone, where a digest is made; nothing of this program."""
    tree = ast.parse(by_hand.carried().decode("utf-8"), feature_version=(3, 9))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert imported - set(sys.stdlib_module_names) == {"xxhash"}


def test_the_script_holds_both_its_halves():
    """Every function and class of both, once, under its own name, in one file that says how it is called."""
    tree = ast.parse(by_hand.carried())
    found = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    halves = [ast.parse(Path(half.__file__).read_bytes()) for half in (reading, script)]

    assert found == [
        node.name for half in halves for node in half.body if isinstance(node, ast.FunctionDef | ast.ClassDef)
    ]
    assert len(set(found)) == len(found)
    assert ast.get_docstring(tree) == script.__doc__.strip()


MODEL = tiny_manifest().model
ALONE = {"entry": None, "init": None, "tensors": (), "parameters": 0}
KINDS = {
    "torch": {},
    "torch with strides, ties and buffers": {
        "model": MODEL.model_copy(
            update={
                "tensors": (MODEL.tensors[0].model_copy(update={"strides": (1,)}),),
                "aliases": {"v": "w"},
                "buffers_file": "replay/buffers.safetensors",
                "device": "cuda",
            }
        )
    },
    "transformers": {"model": MODEL.model_copy(update={"loader": "for_transformers", "configuration": "config.json"})},
    "torchscript": {"model": MODEL.model_copy(update={**ALONE, "loader": "for_torchscript", "files": ("model.pt",)})},
    "onnx": {"model": MODEL.model_copy(update={**ALONE, "loader": "for_onnx", "files": ("model.onnx", "w.bin")})},
    "skops": {
        "model": MODEL.model_copy(
            update={**ALONE, "loader": "for_skops", "files": ("model.skops",), "trusted": ("net.Own",)}
        )
    },
    "function": {"model": MODEL.model_copy(update={"loader": "for_callable", "files": (), "tensors": ()})},
    "preprocessing by a function": {
        "preprocessing": preprocessing.Section(transform="net:prepare", pairs=PAIRS),
        "data": data.Section(splits=(), splitting=CUT),
    },
    "preprocessing in steps": {
        "preprocessing": preprocessing.Section(
            pairs=PAIRS,
            files=("tokenizer.json", "sub/vocabulary.txt"),
            steps=(
                Step(name="1", form="pretrained", entry="transformers:AutoTokenizer", call=ARRAYS),
                Step(name="2", form="object", entry="net:Scale", init=ARRAYS, tensors="preprocessing/2.safetensors"),
                Step(name="3", form="skops", file="preprocessing/3.skops", trusted=("net.Own",)),
            ),
        ),
        "data": data.Section(splits=(), splitting=CUT.model_copy(update={"function": None})),
    },
    "preprocessing that has no name": {"preprocessing": preprocessing.Section(pairs=PAIRS)},
    "settings": {"environment": environment(numerics={"torch.threads": 2, "torch.deterministic": True})},
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_job_by_hand_is_that_of_a_replay(kind, tmp_path):
    """Of every kind of model and of preprocessing: what the worker is told is the same, whoever tells it."""
    manifest, out = runnable(**KINDS[kind]), tmp_path / "out"
    host = guest.Host(python=Path(sys.executable), sandbox=Sandbox("none"))
    theirs = json.loads(json.dumps(guest._job(manifest, lambda path: tmp_path / path, tmp_path, out, host)))
    mine = script.job_of(json.loads(manifests.to_bytes(manifest)), str(tmp_path), str(out))

    assert numerics.settings(mine.pop("settings")) == theirs.pop("settings")
    assert {name: mine.pop(name) for name in ("overlay", "runs", "claims", "memory")} == {
        "overlay": None,
        "runs": [],
        "claims": [],
        "memory": None,
    }
    assert mine == {name: value for name, value in theirs.items() if name not in {"time", "memory"}}


def listed(files: dict[str, bytes]) -> Manifest:
    """A manifest that lists files."""
    entries = [FileEntry(path=path, size=len(found), xxh3_128=digest_bytes(found)) for path, found in files.items()]
    return bare_manifest().model_copy(update={"files": tuple(sorted(entries, key=lambda entry: entry.path))})


def test_a_replay_says_nothing_of_its_own_worker_or_of_none():
    """A bundle of this version holds the same worker, an older one none."""
    assert list(by_hand.check(listed(dict(by_hand.own_worker())))) == []
    assert list(by_hand.check(listed({}))) == []


def test_a_replay_advises_of_another_worker():
    """One that was changed, lacks a file or has one more: it is told and harms nothing, for it was not run."""
    files = {**by_hand.own_worker(), "replay/worker/tree.py": b"# other\n", "replay/worker/more.py": b"\n"}
    del files["replay/worker/frames.py"]
    (finding,) = by_hand.check(listed(files))

    assert finding.status == "note"
    assert finding.message == (
        "the copy of the worker in replay/worker is not this program's own worker, which was run: "
        "frames.py, more.py, tree.py"
    )
    assert finding.hint == (
        "who follows replay/REPLAY.md runs the copy: it is of reprobundle 0.1.0, if nobody changed it"
    )


def unchanged(manifest, stage):
    """A reseal for its own sake."""
    return manifest


def test_an_old_bundle_gets_them_when_it_is_resealed(tmp_path):
    """It had none and was whole; the new one has all, and they are made again the next time."""
    old = verify(tiny_bundle(tmp_path / "old"))
    made = reseal(old, tmp_path / "new", unchanged)

    assert old.manifest.views == ()
    assert set(by_hand.files(made.manifest)) < set(made.manifest.views)
    assert verify(reseal(verify(made.path), tmp_path / "again", unchanged).path).manifest.views == made.manifest.views


def test_nothing_of_them_looks_like_a_secret(tmp_path):
    """A gate that refused them would refuse every bundle: they pass that of `publish`, the stricter one."""
    pytest.importorskip("detect_secrets")
    made = reseal(verify(tiny_bundle(tmp_path / "old")), tmp_path / "new", unchanged)

    assert withholding.refuse_published(verify(made.path), ()) == ()


def test_a_worker_of_another_version_goes_as_a_whole(tmp_path):
    """A file that this program's worker does not have is not left beside those that it has."""
    from forging import forged

    made = reseal(verify(tiny_bundle(tmp_path / "old")), tmp_path / "made", unchanged)

    def edit(folder, manifest):
        (folder / "replay" / "worker" / "for_later.py").write_text("later = 1\n")
        (folder / "replay" / "worker" / "tree.py").write_text("other = 1\n")
        manifest["views"] = sorted([*manifest["views"], "replay/worker/for_later.py"])

    later = verify(forged(made.path, tmp_path / "later", edit))
    again = reseal(later, tmp_path / "again", unchanged)

    assert list(by_hand.check(later.manifest)) != []
    assert list(by_hand.check(again.manifest)) == []
    assert not (again.path / "replay" / "worker" / "for_later.py").exists()


def test_no_other_view_lies_under_replay(tmp_path):
    """The inputs are no view, and a section's file is not taken for one."""
    from forging import forged

    from reprobundle.errors import RefusedInputError

    def edit(folder, manifest):
        manifest["views"] = ["documentation/card.yaml"]

    with pytest.raises(RefusedInputError) as caught:
        verify(forged(tiny_bundle(tmp_path / "one"), tmp_path / "two", edit))

    assert str(caught.value) == (
        "manifest.json: views: names 'documentation/card.yaml', expected a file under the root"
    )
