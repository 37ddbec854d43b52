"""The script that a bundle carries, before a bundle made to lead it astray: one line, exit status 1, nothing touched."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from forging import forged, write_manifest
from tiny import tiny_bundle, tiny_manifest

from reprobundle.bundle import verify
from reprobundle.errors import RefusedInputError
from reprobundle.exports.by_hand import reading
from reprobundle.rendering import escape
from reprobundle.resealing import reseal
from reprobundle.store import digest_bytes

REFUSAL = "this is not the bundle that was sealed; get it again, and run nothing of it"
TENSOR = {"kind": "tensor", "name": "value"}
posix = pytest.mark.skipif(os.name != "posix", reason="such names and files are a matter of POSIX")


def run(bundle: Path, *arguments: str) -> tuple[int, list[str]]:
    """Run a bundle's own script as the page says; gives its exit status and its lines, as bytes parted at line feeds."""
    argv = [sys.executable, "-I", str(bundle / "replay" / "by_hand.py"), *arguments]
    finished = subprocess.run(argv, capture_output=True, timeout=60, check=False)
    assert finished.stderr == b""
    return finished.returncode, finished.stdout.decode("ascii").rstrip("\n").split("\n")


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle with the script in it."""
    folder = tmp_path_factory.mktemp("sealed")
    return reseal(verify(tiny_bundle(folder / "first")), folder / "bundle", lambda manifest, _: manifest).path


@pytest.fixture
def bundle(sealed: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return shutil.copytree(sealed, tmp_path / "bundle")


def twice(content: bytes) -> bytes:
    """The manifest with a second, empty list of files behind the first, its own digest fitting."""
    own = json.loads(content)["manifest_xxh3_128"].encode()
    blank = content.replace(own, b"0" * 32, 1).rstrip().removesuffix(b"}").rstrip() + b',\n  "files": []\n}\n'
    return blank.replace(b"0" * 32, digest_bytes(blank).encode(), 1)


FORM = "its own digest or its list of files is missing or of another form"
MANIFESTS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda _: b"", "it is not strict JSON: Expecting value: line 1 column 1 (char 0)"),
    "deep": (lambda _: b"[" * 200_000, "it is nested too deep"),
    "a list": (lambda _: b"[]", "it is no JSON object"),
    "nothing": (lambda _: b"{}", FORM),
    "other files": (lambda _: b'{"manifest_xxh3_128": "%s", "files": [1]}' % (b"0" * 32), FORM),
    "a digest of another form": (lambda _: b'{"manifest_xxh3_128": "%", "files": []}', FORM),
    "twice": (twice, "it is not strict JSON: a name stands twice in one object"),
    "a long number": (lambda _: b'{"size": %s}' % (b"9" * 5_000_000), "it is not strict JSON: a number of 5,000,000 digits"),
    "no number": (lambda _: b'{"size": NaN}', "it is not strict JSON: NaN is no number of JSON"),
    "too large": (lambda _: b" " * (2**25 + 1), "it is too large"),
    "not UTF-8": (lambda _: b"\xff", "it is not strict JSON: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
}  # fmt: skip


@pytest.mark.parametrize("kind", MANIFESTS)
def test_what_is_no_manifest_is_one_line(bundle, tmp_path, kind):
    """Whatever stands in its place, and whatever is asked of it."""
    spoil, why = MANIFESTS[kind]
    place = bundle / "manifest.json"
    place.write_bytes(spoil(place.read_bytes()))

    assert run(bundle, "verify") == (1, [f"manifest.json: is no manifest: {why}"])
    code, lines = run(bundle, "job", str(tmp_path / "by-hand"))
    assert (code, len(lines)) == (1, 1)
    assert not (tmp_path / "by-hand").exists()


@posix
@pytest.mark.parametrize("kind", ["a link", "a pipe", "a folder"])
def test_only_a_regular_file_is_opened_as_the_manifest(bundle, kind):
    """A link leads out of the folder; a pipe would be waited for for ever."""
    place = bundle / "manifest.json"
    place.rename(bundle.parent / "manifest.json")
    if kind == "a link":
        place.symlink_to(bundle.parent / "manifest.json")
    elif kind == "a pipe":
        os.mkfifo(place)
    else:
        place.mkdir()

    assert run(bundle, "verify") == (1, ["manifest.json: is no regular file"])


def test_a_manifest_that_is_missing_is_one_line(bundle):
    """It may be another folder."""
    (bundle / "manifest.json").unlink()

    assert run(bundle, "verify") == (1, ["manifest.json: cannot be read: No such file or directory"])


def test_a_file_that_is_listed_twice_is_refused(bundle):
    """Who reads the first and who reads the last would not see the same."""
    manifest = json.loads((bundle / "manifest.json").read_bytes())
    manifest["files"].append({**manifest["files"][0], "size": 0})
    write_manifest(bundle, manifest)
    told = f"manifest.json: is no manifest: it lists {manifest['files'][0]['path']!r} twice"

    assert run(bundle, "verify") == (1, [told])


NAMES = {
    "a command of the terminal": "x\x1b[2K\x1b]0;pwn\x07",
    "a line": "a\n12 files, 3 bytes: all as manifest.json lists them",
    "a return": "a\rbundle id",
    "delete": "a\x7f",
    "of the upper half": "a\x9b2K",
    "turned round": "a\u202etxt.exe",
    "of no width": "a\u200bb\u2060",
    "tags": "a\U000e0041",
    "of no Unicode": "a\udcff",
}


@posix
@pytest.mark.parametrize("kind", NAMES)
def test_no_name_reaches_the_terminal_as_it_is(bundle, kind):
    """It is spelled out as the program does, in one line."""
    (bundle / NAMES[kind]).write_text("x")
    shown = escape(NAMES[kind])

    assert shown.isascii()
    assert run(bundle, "verify") == (1, [f"{shown}: is not listed in manifest.json", f"1 fault: {REFUSAL}"])


def test_a_long_line_is_cut(capsys):
    """What a stranger wrote fills no screen."""
    reading.say("x" * 10_000_000)

    assert capsys.readouterr().out == "x" * reading.LONGEST_LINE + "...\n"


def test_an_empty_folder_is_refused(bundle):
    """As `reprobundle verify` does."""
    (bundle / "code" / "empty").mkdir(parents=True)
    with pytest.raises(RefusedInputError) as caught:
        verify(bundle)

    assert str(caught.value) == "code/empty: is an empty folder, which a bundle cannot hold"
    assert run(bundle, "verify") == (1, [str(caught.value), f"1 fault: {REFUSAL}"])


def test_folders_without_end_are_refused(bundle):
    """No recursion runs out."""
    (bundle / "/".join("a" * 200)).mkdir(parents=True)

    assert run(bundle, "verify") == (1, ["/".join("a" * 65) + ": lies too deep", f"1 fault: {REFUSAL}"])


def test_what_stands_behind_the_hubs_lines_is_seen(bundle):
    """A file larger than any that the Hub writes is not taken for one."""
    line = b"*.bin filter=lfs diff=lfs merge=lfs -text\n"
    (bundle / ".gitattributes").write_bytes(line * (2**20 // len(line) + 1) + b"* eol=crlf\n")

    assert run(bundle, "verify")[1][0] == ".gitattributes: is not listed in manifest.json"


@posix
@pytest.mark.parametrize("where", ["model", "inputs", "import roots"])
@pytest.mark.parametrize("leads", ["../outside", "code/link/outside", "/../../outside"])
def test_a_job_names_nothing_outside_the_bundle(sealed, tmp_path, where, leads):
    """Neither by its name nor over a link."""
    (tmp_path / "outside").write_text("x")

    def edit(folder: Path, manifest: dict[str, Any]) -> None:
        manifest["outputs"]["inputs"] = {
            "file": leads if where == "inputs" else "model.safetensors",
            "structure": TENSOR,
        }
        if where == "model":
            manifest["model"]["files"] = [leads]
        elif where == "import roots":
            manifest["code"]["import_roots"] = [leads]

    bundle = forged(sealed, tmp_path / "bundle", edit)
    (bundle / "code").mkdir(exist_ok=True)
    (bundle / "code" / "link").symlink_to(tmp_path)

    told = f"manifest.json: names {leads!r}, which leads out of the bundle"
    assert run(bundle, "job", str(tmp_path / "by-hand")) == (1, [told])
    assert not (tmp_path / "by-hand").exists()


def test_a_job_is_not_written_into_the_bundle(bundle):
    """With one file more it is no longer what was sealed."""
    code, lines = run(bundle, "job", str(bundle / "by-hand"))

    assert code == 1
    assert lines == [
        f"{bundle / 'by-hand' / 'out'}: lies in the bundle, which stays as it was sealed: name another folder"
    ]
    assert verify(bundle)


def test_a_manifest_that_lacks_a_part_is_one_line(bundle, tmp_path):
    """It may be of another version."""
    manifest = json.loads((bundle / "manifest.json").read_bytes())
    del manifest["model"]
    write_manifest(bundle, manifest)

    told = "manifest.json: a part is missing or of another form: KeyError: 'model'"
    assert run(bundle, "job", str(tmp_path / "by-hand")) == (1, [told])


def header(shape: object, offsets: list[int], content: bytes, dtype: object = "F32") -> bytes:
    """A file of one tensor that says of it what it likes."""
    told = json.dumps({"value": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}).encode()
    return struct.pack("<Q", len(told)) + told + content


ONES = struct.pack("<2f", 1.5, 2.5)
SPOILT = {
    "fewer bytes than its shape": (header([2], [0, 4], ONES), "has a tensor whose bytes are not as many as its shape needs"),
    "no bytes": (header([2], [0, 0], ONES), "has a tensor whose bytes are not as many as its shape needs"),
    "bytes of its own header": (header([2], [-8, 0], ONES), "has a tensor of no possible shape or place"),
    "bytes behind its end": (header([2], [4, 12], ONES), "is cut short"),
    "a shape of no numbers": (header([True, 2], [0, 8], ONES), "has a tensor of no possible shape or place"),
    "a dtype of no name": (header([2], [0, 8], ONES, dtype=["F32"]), "has a tensor of no possible shape or place"),
    "no shape": (header(7, [0, 8], ONES), "a part is missing or of another form: TypeError: "),
    "a header without end": (b"\xff" * 7 + b"\x00" + b"{" * 99, "is no file of tensors: it is not strict JSON: "),
    "nothing": (b"", "is no file of tensors: it is not strict JSON: "),
}  # fmt: skip


@pytest.fixture(scope="module")
def recorded(sealed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle that records one output."""

    def edit(folder: Path, manifest: dict[str, Any]) -> None:
        (folder / "replay" / "expected.safetensors").write_bytes(header([2], [0, 8], ONES))
        manifest["outputs"]["expected"] = {"file": "replay/expected.safetensors", "structure": TENSOR}

    return forged(sealed, tmp_path_factory.mktemp("recorded") / "bundle", edit)


def left(place: Path, content: bytes | None = None, **changed: object) -> None:
    """What a worker leaves, by hand."""
    digest = tiny_manifest().model.tensors[0].xxh3_128
    told = {"stage": "done", "error": None, "outputs": TENSOR, "digests": {"w": digest}, **changed}
    (place / "out").mkdir()
    (place / "out" / "result.json").write_text(json.dumps(told))
    if content is not None:
        (place / "out" / "outputs.safetensors").write_bytes(content)


@pytest.mark.parametrize("kind", SPOILT)
def test_a_file_of_tensors_that_lies_is_no_agreement(recorded, tmp_path, kind):
    """What the model's code left may be made to be taken for the recorded one."""
    content, why = SPOILT[kind]
    left(tmp_path, content)
    code, lines = run(recorded, "compare", str(tmp_path))

    assert (code, len(lines)) == (1, 3)
    assert lines[1].startswith(f"output: {tmp_path / 'out' / 'outputs.safetensors'}: {why}")
    assert lines[2] == "DIFFERENT: 1 line above say where"


@posix
def test_a_link_in_place_of_the_outputs_is_no_agreement(recorded, tmp_path):
    """It may lead to the recorded ones."""
    left(tmp_path)
    (tmp_path / "out" / "outputs.safetensors").symlink_to(recorded / "replay" / "expected.safetensors")
    code, lines = run(recorded, "compare", str(tmp_path))

    assert code == 1
    assert lines[1] == f"output: {tmp_path / 'out' / 'outputs.safetensors'}: is no regular file"


RESULTS = {
    "deep": ("[" * 200_000, "result.json: is no result of the worker: it is nested too deep"),
    "a list": ("[]", "result.json: is no result of the worker: it is no JSON object"),
    "a list of digests": ('{"outputs": 1, "digests": [[]]}', "manifest.json or result.json: a part is missing or of another form: "),
    "a word of packages": ('{"distributions": "x"}', "manifest.json or result.json: a part is missing or of another form: "),
}  # fmt: skip


@pytest.mark.parametrize("kind", RESULTS)
def test_a_result_of_another_form_is_one_line(recorded, tmp_path, kind):
    """The model's code could write it."""
    content, told = RESULTS[kind]
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "result.json").write_text(content)
    code, lines = run(recorded, "compare", str(tmp_path))

    assert (code, len(lines)) == (1, 1)
    assert lines[0].startswith(told)


def test_before_the_worker_ran_there_is_no_result(recorded, tmp_path):
    """Command 6 before command 5."""
    assert run(recorded, "compare", str(tmp_path)) == (1, ["result.json: cannot be read: No such file or directory"])


@pytest.mark.parametrize("tensors", [True, False], ids=["with weights", "with nothing"])
def test_where_no_output_is_recorded_nothing_is_the_same(sealed, tmp_path, tensors):
    """Weights that agree do not show what the model gives; and nothing agrees with nothing."""

    def edit(_: Path, manifest: dict[str, Any]) -> None:
        manifest["outputs"]["expected"] = None
        if not tensors:
            manifest["model"]["tensors"] = []

    bundle = forged(sealed, tmp_path / "bundle", edit)
    left(tmp_path, digests={"w": tiny_manifest().model.tensors[0].xxh3_128} if tensors else {})
    code, lines = run(bundle, "compare", str(tmp_path))

    assert code == 1
    assert lines[-1] == "NO OUTPUT WAS COMPARED: none is recorded"
    assert len(lines) == 1 + tensors


def test_recorded_outputs_are_not_looked_for_elsewhere(recorded, tmp_path):
    """A manifest names a file outside the folder as what was recorded."""
    (tmp_path / "mine").write_bytes(header([2], [0, 8], ONES))
    bundle = shutil.copytree(recorded, tmp_path / "bundle")
    manifest = json.loads((bundle / "manifest.json").read_bytes())
    manifest["outputs"]["expected"]["file"] = "../mine"
    write_manifest(bundle, manifest)
    left(tmp_path, header([2], [0, 8], ONES))
    code, lines = run(bundle, "compare", str(tmp_path))

    assert code == 1
    assert lines[-1] == "manifest.json: names '../mine', which leads out of the bundle"
