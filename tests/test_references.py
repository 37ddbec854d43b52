"""What a section names must be a listed file, in the place of its own kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from forging import forged
from tiny import tiny_bundle

import reprobundle
from reprobundle.errors import RefusedInputError

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


FLAWS = {
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
    "a function with weights": (
        name(model={"loader": "for_callable"}),
        "model: a plain function has no weights, but files or tensors are named",
    ),
    "an entry that runs a shell": (name(model={"entry": "os:__import__"}), "model.entry: "),
    "a dtype that is none": (
        name(model={"tensors": [{"name": "w", "dtype": "XX", "shape": [2], "xxh3_128": "0" * 32}]}),
        "model.tensors[0].dtype: ",
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
