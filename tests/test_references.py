"""What a section names must be a listed file, in the place of its own kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from forging import forged
from tiny import tiny_bundle

import reprobundle
from reprobundle import references
from reprobundle.components import model
from reprobundle.errors import RefusedInputError

W = {"name": "w", "dtype": "F32", "shape": [2], "xxh3_128": "0" * 32}
EXPECTED = {"file": "replay/expected.safetensors", "structure": {"kind": "tensor", "name": "w"}}


def name(**changes: Any) -> Any:
    """An edit that sets fields of sections."""

    def edit(folder: Path, manifest: dict[str, Any]) -> None:
        (folder / "replay").mkdir(exist_ok=True)
        (folder / "replay" / "expected.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
        manifest["outputs"]["expected"] = EXPECTED
        for section, fields in changes.items():
            manifest[section].update(json.loads(json.dumps(fields)))

    return edit


def split(**fields: Any) -> Any:
    """An edit that sets fields of the first data split."""
    return lambda _folder, manifest: manifest["data"]["splits"][0].update(fields)


FLAWS = {
    "statistics that are not there": (
        split(statistics="data/none.json"),
        "data.splits: names 'data/none.json', which is not in files",
    ),
    "weights as the parts of files": (
        split(parts="model.safetensors"),
        "data.splits: names 'model.safetensors', expected a file under data/",
    ),
    "another split's listing as statistics": (
        split(statistics="data/test.txt"),
        "data.splits: names 'data/test.txt', which is data.splits already",
    ),
    "two claims by one name": (
        name(claims={"claims": [{"id": "a", "text": "a", "value": 1.0}, {"id": "a", "text": "b", "value": 2.0}]}),
        "claims: 2 claims have the id 'a', expected one",
    ),
    "not listed": (
        name(code={"patch": "code/none.patch"}),
        "code.patch: names 'code/none.patch', which is not in files",
    ),
    "expected outputs as weights": (
        name(model={"files": ["replay/expected.safetensors"]}),
        "model.files: names 'replay/expected.safetensors', expected a file under the root",
    ),
    "expected outputs as configuration": (
        name(preprocessing={"configuration": "replay/expected.safetensors"}),
        "preprocessing.configuration: names 'replay/expected.safetensors', expected a file under preprocessing/",
    ),
    "expected outputs as inputs": (
        name(outputs={"inputs": EXPECTED}),
        "outputs.expected: names 'replay/expected.safetensors', which is outputs.inputs already",
    ),
    "expected outputs as source": (
        name(code={"import_roots": ["code/source", "replay"]}),
        "code.import_roots: names 'replay', expected a folder under code/source or code/outside",
    ),
    "weights as states of random generators": (
        name(hyperparameters={"generators": {"file": "model.safetensors", "ranks": [0], "of": 1}}),
        "hyperparameters.generators.file: names 'model.safetensors', expected a file under replay/",
    ),
    "states of a training that are not there": (
        name(hyperparameters={"resuming": {"structure": "replay/none.json", "tensors": None}}),
        "hyperparameters.resuming.structure: names 'replay/none.json', which is not in files",
    ),
    "a function with weights": (
        name(model={"loader": "for_callable"}),
        "model: a plain function has no weights, but files or tensors are named",
    ),
    "computation in place of weights": (
        name(model={"loader": "for_onnx"}),
        "model.files: expected one .onnx file for 'for_onnx', found 'model.safetensors'",
    ),
    "an entry that runs a shell": (name(model={"entry": "os:__import__"}), "model.entry: "),
    "a dtype that is none": (
        name(model={"tensors": [{"name": "w", "dtype": "XX", "shape": [2], "xxh3_128": "0" * 32}]}),
        "model.tensors[0].dtype: ",
    ),
    "another name of a tensor that is not recorded": (
        name(model={"aliases": {"x": "w"}}),
        "model.aliases: 'x': no such tensor is recorded",
    ),
    "another name of nothing": (
        name(model={"aliases": {"w": "x"}}),
        "model.aliases: 'w': names the tensor 'x', which is not recorded",
    ),
    "names in a ring": (
        name(model={"tensors": [W, {**W, "name": "v"}], "aliases": {"v": "w", "w": "v"}}),
        "model.aliases: 'v': names 'w', which is another name itself",
    ),
    "another name of a tensor of another shape": (
        name(model={"tensors": [W, {**W, "name": "v", "shape": [3]}], "aliases": {"v": "w"}}),
        "model.aliases: 'v': is recorded with another dtype or shape than 'w', the tensor that it names",
    ),
    "weights of which nothing is recorded": (
        name(model={"tensors": []}),
        "model.tensors: no tensor is recorded, but 'model.safetensors' has 94 bytes",
    ),
    "an object where no argument stands": (
        name(model={"init": {"kwargs": {}, "objects": {"/kwargs/a": "a:B"}}}),
        "model.init.objects: names '/kwargs/a', where no argument stands",
    ),
    "a shape that is none": (
        name(model={"tensors": [{"name": "w", "dtype": "F32", "shape": [-2], "xxh3_128": "0" * 32}]}),
        "model.tensors[0].shape[0]: ",
    ),
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_section_that_names_what_is_not_its_own_is_refused(flaw: str, tmp_path: Path) -> None:
    """verify refuses, so nothing of it can reach the sandbox."""
    edit, message = FLAWS[flaw]
    folder = forged(tiny_bundle(tmp_path / "tiny"), tmp_path / "forged", edit)

    with pytest.raises(RefusedInputError) as caught:
        reprobundle.verify(folder)

    assert str(caught.value).startswith(f"manifest.json: {message}")


def test_a_version_that_is_no_number_is_refused(tmp_path: Path) -> None:
    """True equals 1 in Python, but it is no version."""
    edit = lambda _, manifest: manifest.update(schema_version=True)  # noqa: E731  one line says it all
    folder = forged(tiny_bundle(tmp_path / "tiny"), tmp_path / "forged", edit)

    with pytest.raises(RefusedInputError, match="schema_version: expected a whole number, found True"):
        reprobundle.verify(folder)


@pytest.mark.parametrize(
    ("loader", "files", "found"),
    [
        ("for_torch", ("model.pt",), ["model.files: 'model.pt': expected safetensors for 'for_torch'"]),
        (
            "for_transformers",
            ("a.safetensors", "b.bin"),
            ["model.files: 'b.bin': expected safetensors for 'for_transformers'"],
        ),
        ("for_onnx", ("model.onnx", "model.onnx.data"), []),
        ("for_skops", ("model.skops", "b.skops"), ["model.files: expected one .skops file for 'for_skops', found 2"]),
        ("for_torchscript", (), ["model.files: expected one .pt file for 'for_torchscript', found none"]),
    ],
)
def test_a_loader_says_of_what_form_the_weights_are(loader, files, found) -> None:
    """Anything but safetensors stands only where the loader is of that very form."""
    section = model.Section(loader=loader, framework=None, entry=None, init=None, files=files)

    assert list(references._weights(section)) == found
