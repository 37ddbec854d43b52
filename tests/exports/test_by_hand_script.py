"""The script that a bundle carries: it checks files and compares tensors with the standard library and xxhash alone."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from forging import forged, write_manifest
from tiny import tiny_bundle, tiny_manifest

from reprobundle import tensors
from reprobundle.bundle import verify
from reprobundle.components import outputs
from reprobundle.components.outputs.section import Tree
from reprobundle.exports.by_hand import reading
from reprobundle.resealing import reseal
from reprobundle.store import Writer

TENSOR = {"kind": "tensor", "name": "value"}


def run(bundle: Path, *arguments: str) -> tuple[int, list[str]]:
    """Run a bundle's own script as the page says; gives its exit status and its lines."""
    argv = [sys.executable, "-I", str(bundle / "replay" / "by_hand.py"), *arguments]
    finished = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert finished.stderr == ""
    return finished.returncode, finished.stdout.splitlines()


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle with the script in it."""
    folder = tmp_path_factory.mktemp("sealed")
    return reseal(verify(tiny_bundle(folder / "first")), folder / "bundle", lambda manifest, _: manifest).path


@pytest.fixture
def bundle(sealed: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return shutil.copytree(sealed, tmp_path / "bundle")


def test_a_whole_bundle_is_whole(bundle):
    """Names, sizes and digests are those of the manifest; a signature may stand beside it, and the Hub's own lines."""
    (bundle / "signatures").mkdir()
    (bundle / "signatures" / "a.sigstore.json").write_text("{}")
    (bundle / ".gitattributes").write_text("*.bin filter=lfs diff=lfs merge=lfs -text\n")
    found = verify(bundle)
    total = sum(entry.size for entry in found.manifest.files)

    assert run(bundle, "verify") == (
        0,
        [
            f"{len(found.manifest.files)} files, {total:,} bytes: all as manifest.json lists them",
            f"bundle id {found.id}: compare it with the one you were told",
        ],
    )


def flip(bundle: Path) -> None:
    content = bytearray((bundle / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (bundle / "model.safetensors").write_bytes(content)


def link(bundle: Path) -> None:
    (bundle / "data" / "train.txt").unlink()
    (bundle / "data" / "train.txt").symlink_to("/etc/passwd")


def change_manifest(bundle: Path) -> None:
    text = (bundle / "manifest.json").read_text("utf-8")
    (bundle / "manifest.json").write_text(text.replace('"name": "tiny"', '"name": "tony"'), "utf-8")


FLAWS = {
    "a bit": (flip, "model.safetensors: digest differs: expected "),
    "a byte more": (lambda b: (b / "data" / "test.txt").write_text("\n\n"), "data/test.txt: size differs: expected 1 bytes, found 2"),
    "missing": (lambda b: (b / "data" / "test.txt").unlink(), "data/test.txt: is listed but missing"),
    "extra": (lambda b: (b / "replay" / "json.py").write_text(""), "replay/json.py: is not listed in manifest.json"),
    "attributes": (lambda b: (b / ".gitattributes").write_text("* eol=crlf\n"), ".gitattributes: is not listed in manifest.json"),
    "a link": (link, "data/train.txt: is no regular file"),
    "the manifest": (change_manifest, "manifest.json: was changed: its own digest says "),
}  # fmt: skip


@pytest.mark.parametrize("flaw", FLAWS)
def test_every_flaw_is_named(bundle, flaw):
    """Whatever differs is one line, and the last one says what to do."""
    spoil, told = FLAWS[flaw]
    spoil(bundle)
    code, lines = run(bundle, "verify")

    assert (code, len(lines)) == (1, 2)
    assert lines[0].startswith(told)
    assert lines[1] == "1 fault: this is not the bundle that was sealed; get it again, and run nothing of it"


def test_nothing_is_imported_from_beside_the_script(bundle, tmp_path):
    """A module of a bundle's that is called like one of Python's is not run by the script."""
    ran = tmp_path / "ran"
    for name in ("json.py", "struct.py", "re.py"):
        (bundle / "replay" / name).write_text(f"open({str(ran)!r}, 'w')\n")

    assert run(bundle, "verify")[0] == 1
    assert not ran.exists()


def test_a_list_that_leads_out_of_the_folder_is_not_followed(bundle, tmp_path):
    """What is listed but not found in the folder is missing, wherever its name leads."""
    (tmp_path / "outside").write_text("x")
    manifest = json.loads((bundle / "manifest.json").read_text("utf-8"))
    manifest["files"].append({"path": "../outside", "size": 1, "xxh3_128": "0" * 32})
    write_manifest(bundle, manifest)

    assert run(bundle, "verify")[1][0] == "../outside: is listed but missing"


def test_it_says_how_it_is_called(bundle):
    """Without words, with too many or with others."""
    assert [run(bundle, *words)[0] for words in ((), ("verify", "x"), ("job",), ("help", "x"))] == [2, 2, 2, 2]
    assert run(bundle)[1][0].startswith("Check, run and compare this bundle without the program that made it")


def test_a_job_is_written_once(sealed, tmp_path):
    """Results of an earlier run are not mixed with those of the next; nothing is written into the bundle."""
    section = outputs.Section(inputs=Tree(file="replay/inputs.safetensors", structure=TENSOR), expected=None)

    def edit(folder, manifest):
        (folder / "replay" / "inputs.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
        manifest["outputs"] = section.model_dump(mode="json")

    bundle = forged(sealed, tmp_path / "bundle", edit)
    place = tmp_path / "by-hand"
    first, again = run(bundle, "job", str(place)), run(bundle, "job", str(place))
    job = json.loads((place / "job.json").read_text())

    assert first == (0, [f"the job is in {place / 'job.json'}, its results will be in {place / 'out'}"])
    assert again == (1, [f"{place / 'out'}: exists: delete it, or name another folder"])
    assert job["inputs"]["file"] == str(bundle / "replay" / "inputs.safetensors")
    assert verify(bundle).manifest.outputs == section


def written(folder: Path, name: str, **arrays: np.ndarray) -> str:
    """A file of arrays as the program writes them."""
    folder.mkdir(exist_ok=True)
    tensors.write(Writer(folder), name, {key: tensors.of_array(array) for key, array in arrays.items()})
    return str(folder / name)


def small(name: str) -> np.dtype:
    """A dtype of ml_dtypes."""
    import ml_dtypes

    return np.dtype(getattr(ml_dtypes, name))


ONES = {
    "BOOL": (np.array([True, False]), np.array([True, True]), "1 of 2 elements, largest difference 1, 1.41 of"),
    "I64": (np.array([2**62, 1]), np.array([2**62 + 8, 1]), "1 of 2 elements, largest difference 8, 2.45e-18 of"),
    "U8": (np.array([1, 1], np.uint8), np.array([1, 4], np.uint8), "1 of 2 elements, largest difference 3, 3 of"),
    "F16": (np.array([1.0, 1.0], np.float16), np.array([1.0, 1.5], np.float16), "1 of 2 elements, largest difference 0.5, 0.5 of"),
    "BF16": (np.array([1.0, 1.0], small("bfloat16")), np.array([1.0, 1.5], small("bfloat16")), "1 of 2 elements, largest difference 0.5, 0.5 of"),
    "F32": (np.array([3.0, -4.0], np.float32), np.array([3.0, 4.0], np.float32), "1 of 2 elements, largest difference 8, 2.26 of"),
    "F64": (np.array([1.0, 1.0]), np.array([1.0, np.nan]), "1 of 2 elements, largest difference inf, inf of"),
    "C64": (np.array([3 + 4j], np.complex64), np.array([3 - 4j], np.complex64), "1 of 2 elements, largest difference 8, 2.26 of"),
    "F8_E4M3": (np.array([1.0], small("float8_e4m3fn")), np.array([2.0], small("float8_e4m3fn")), "1 of 1 element, largest difference 8"),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ONES)
def test_a_difference_is_measured(dtype, tmp_path):
    """How many elements, by how much, in the output's own unit and in its size."""
    one, other, told = ONES[dtype]
    mine = reading.tensors_of(written(tmp_path / "a", "x.safetensors", value=one))["value"]
    theirs = reading.tensors_of(written(tmp_path / "b", "x.safetensors", value=other))["value"]

    assert mine.dtype == dtype
    assert reading.compared(mine, mine).startswith(f"bitwise ({dtype} ")
    assert reading.compared(mine, theirs).startswith(f"different: {told}")


def test_zeros_of_two_signs_are_two(tmp_path):
    """They are the same number and not the same bits."""
    mine = reading.tensors_of(written(tmp_path / "a", "x.safetensors", value=np.array([0.0])))["value"]
    theirs = reading.tensors_of(written(tmp_path / "b", "x.safetensors", value=np.array([-0.0])))["value"]

    assert reading.compared(mine, theirs) == "different: 1 of 1 element, largest difference 0 (F64 (1,))"


def test_more_than_a_block_is_compared(tmp_path):
    """A difference in the last element of several blocks is found."""
    one = np.arange(300_000, dtype=np.float64)
    other = one.copy()
    other[-1] += 1
    mine = reading.tensors_of(written(tmp_path / "a", "x.safetensors", value=one))["value"]
    theirs = reading.tensors_of(written(tmp_path / "b", "x.safetensors", value=other))["value"]

    assert reading.compared(mine, theirs).startswith("different: 1 of 300,000 elements, largest difference 1,")


@pytest.mark.parametrize(
    ("recorded", "told"),
    [
        (np.zeros((0, 3)), "nothing to compare: the record holds no element"),
        (np.array([1.0, math.nan]), "nothing to compare: the record holds NaN"),
    ],
)
def test_what_proves_nothing_is_no_agreement(recorded, told, tmp_path):
    """An empty output, or one with NaN in it, is equal to itself and yet shows nothing."""
    mine = reading.tensors_of(written(tmp_path / "a", "x.safetensors", value=recorded))["value"]

    assert reading.compared(mine, mine) == told


def test_names_dtypes_and_shapes_count(tmp_path, capsys):
    """An output that is missing, new or of another form is different."""
    mine = written(tmp_path / "a", "x.safetensors", a=np.ones(2), b=np.ones(2), c=np.ones(2, np.float32))
    theirs = written(tmp_path / "b", "x.safetensors", a=np.ones(2), c=np.ones(2), d=np.ones(1))

    assert sorted(reading.compare_files("output", mine, theirs)) == [False, False, False, True]
    assert sorted(capsys.readouterr().out.splitlines()) == [
        "output 'a': bitwise (F64 (2,))",
        "output 'b': was not given",
        "output 'c': different: recorded F32 (2,), found 'F64' (2,)",
        "output 'd': is not recorded",
    ]


def test_a_file_that_ends_too_soon_is_refused(tmp_path):
    """What the model's code left need not be whole."""
    path = Path(written(tmp_path / "a", "x.safetensors", value=np.ones(9)))
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(reading.RefusedError) as caught:
        reading.tensors_of(str(path))

    assert str(caught.value) == f"{path}: is cut short"


def results(place: Path, **changed: object) -> None:
    """What a worker leaves, by hand."""
    digest = tiny_manifest().model.tensors[0].xxh3_128
    told = {"stage": "done", "error": None, "outputs": TENSOR, "digests": {"w": digest}, **changed}
    (place / "out").mkdir(parents=True, exist_ok=True)
    (place / "out" / "result.json").write_text(json.dumps(told))


@pytest.fixture
def recorded(sealed: Path, tmp_path: Path) -> Path:
    """A bundle that records one output."""

    def edit(folder, manifest):
        written(folder / "replay", "expected.safetensors", value=np.array([1.5, 2.5]))
        tree = {"file": "replay/expected.safetensors", "structure": TENSOR}
        manifest["outputs"]["expected"] = tree

    return forged(sealed, tmp_path / "recorded", edit)


def test_the_same_again(recorded, tmp_path):
    """Weights and outputs as recorded."""
    results(tmp_path)
    written(tmp_path / "out", "outputs.safetensors", value=np.array([1.5, 2.5]))

    assert run(recorded, "compare", str(tmp_path)) == (
        0,
        [
            "weights: 1 tensor after load, all as recorded",
            "output 'value': bitwise (F64 (2,))",
            "THE SAME, bit for bit",
        ],
    )


def test_other_weights_other_outputs_other_packages(recorded, tmp_path):
    """Each is named, and the exit status says that it is not the same."""
    results(tmp_path, digests={"w": "0" * 32, "v": "1" * 32}, distributions={"NumPy": "9.9"}, unapplied=["no \x1b[0m"])
    written(tmp_path / "out", "outputs.safetensors", value=np.array([1.5, 2.0]))

    assert run(recorded, "compare", str(tmp_path)) == (
        1,
        [
            "note: numpy is '9.9', recorded was 2.3.5",
            "note: 'no \\x1b[0m'",
            "weights: tensor 'v' is not the recorded one",
            "weights: tensor 'w' is not the recorded one",
            "output 'value': different: 1 of 2 elements, largest difference 0.5, 0.243 of the recorded root mean square (F64 (2,))",
            "DIFFERENT: 2 lines above say where",
        ],
    )


def test_another_nesting_is_different(recorded, tmp_path):
    """Plain values and the nesting are part of the outputs."""
    results(tmp_path, outputs={"kind": "list", "items": [TENSOR]})
    written(tmp_path / "out", "outputs.safetensors", value=np.array([1.5, 2.5]))

    assert run(recorded, "compare", str(tmp_path))[1][-2] == (
        "output: their nesting or a plain value of them is not as recorded"
    )


def test_outputs_without_a_tensor_prove_nothing(recorded, tmp_path):
    """An empty answer that is given again is no agreement."""

    def edit(folder, manifest):
        (folder / "replay" / "expected.safetensors").unlink()
        written(folder / "replay", "expected.safetensors")
        manifest["outputs"]["expected"]["structure"] = {"kind": "list", "items": []}

    empty = forged(recorded, tmp_path / "empty", edit)
    results(tmp_path, outputs={"kind": "list", "items": []})
    written(tmp_path / "out", "outputs.safetensors")

    assert run(empty, "compare", str(tmp_path))[0] == 1
    assert run(empty, "compare", str(tmp_path))[1][1] == "output: no tensor is recorded, so there is nothing to compare"


def test_outputs_that_are_not_there_are_different(recorded, tmp_path):
    """A worker that says it is done and left nothing shows nothing."""
    results(tmp_path)

    assert run(recorded, "compare", str(tmp_path)) == (
        1,
        [
            "weights: 1 tensor after load, all as recorded",
            "output: the worker left nothing to compare",
            "DIFFERENT: 1 line above say where",
        ],
    )


def test_a_worker_that_stopped_is_not_run(recorded, tmp_path):
    """Its own error is shown."""
    results(tmp_path, stage="load", error="UnfitWeights: no", outputs=None)

    assert run(recorded, "compare", str(tmp_path)) == (1, ["NOT RUN: the worker stopped at 'load': 'UnfitWeights: no'"])
