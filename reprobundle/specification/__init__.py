"""``reprobundle.yaml``: a capture described in a file, for people who would rather not touch their training code.

`read_specification` reads the file strictly; `arguments` imports the person's own code and gives the keyword arguments of
`reprobundle.capture`, which opens the weights. Paths in the file are relative to its folder.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pydantic

from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.records import Json
from reprobundle.specification.claim_form import ClaimSpecification
from reprobundle.specification.faults import faults
from reprobundle.specification.files import as_torch, content
from reprobundle.specification.form import ModelSpecification, PreprocessingSpecification, Specification
from reprobundle.specification.keys import refuse_unknown_keys, without_empty
from reprobundle.specification.resolving import Resolving
from reprobundle.specification.split_resolving import needs_code, resolve_split, resolve_splitting
from reprobundle.yaml_reading import read_yaml

__all__ = [
    "ModelSpecification",
    "PreprocessingSpecification",
    "Specification",
    "arguments",
    "at_hand",
    "default_folder",
    "load",
    "read",
    "read_specification",
]

WARNINGS_SHOWN = 3
SUFFIX = "-bundle"
SCRIPT = ".py"
LONGEST_NAME = 100


def load(path: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Read a file and resolve it.

    Returns:
        The keyword arguments of `reprobundle.capture`, and warnings about values that YAML reads otherwise than people
        mean.

    Raises:
        RefusedInputError: The file breaks the form.
        UsageError: The file, or something it names, is not there or does not fit.
    """
    specification, warnings = read(path)
    return arguments(specification, path.absolute().parent), warnings


def read(path: Path) -> tuple[Specification, tuple[str, ...]]:
    """Read a file; nothing that it names is looked at. As `read_specification`.

    Raises:
        UsageError: Nothing is there, or a Python script.
    """
    if path.suffix == SCRIPT and path.is_file():
        hint = "a script captures by calling reprobundle.capture at its end; or describe it in a reprobundle.yaml"
        raise UsageError(f"{path.name!r}: expected a YAML file, found a Python script", hint=hint)
    return read_specification(content(path), name=path.name)


def read_specification(content: bytes, name: str) -> tuple[Specification, tuple[str, ...]]:
    """Read the bytes of a ``reprobundle.yaml`` strictly.

    Returns:
        What it says, and one line for each value that YAML reads otherwise than people mean.

    Raises:
        RefusedInputError: It is no strict YAML or breaks the form; the message names the path of the fault.
    """
    document = read_yaml(content, name=name)
    refuse_unknown_keys(document.value, document.lines, name)
    value = without_empty(document.value)
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    try:
        return Specification.model_validate_json(text), document.warnings
    except pydantic.ValidationError as error:
        told = faults(error, value, document.lines)
        raise RefusedInputError(
            f"{name}: {told}", hint="; ".join(document.warnings[:WARNINGS_SHOWN]) or None
        ) from error


def default_folder(specification: Specification, path: Path) -> Path:
    """The bundle's folder where the person names none: the file's ``name``, else its title, else its own folder's name.

    Args:
        specification: What was read.
        path: The file.

    Returns:
        A folder in the current one.
    """
    said = specification.documentation
    title = said.get("title") if isinstance(said, dict) else None
    words = re.sub(r"[^0-9A-Za-z]+", "-", title if isinstance(title, str) else "").strip("-").lower()
    return Path(specification.name or words[:LONGEST_NAME] or f"{path.absolute().parent.name}{SUFFIX}")


def arguments(specification: Specification, folder: Path) -> dict[str, Any]:
    """The keyword arguments of `reprobundle.capture` that a specification stands for.

    Imports and runs the person's own code. `folder` and the project's folder stay first on ``sys.path``, because that
    code may import more while the capture runs.

    Args:
        specification: What was read.
        folder: The folder of the file; paths are relative to it.

    Raises:
        UsageError: Something it names is not there, cannot be imported, or does not fit the model.
    """
    resolving = Resolving(folder.absolute())
    project = (
        resolving.folder if specification.project is None else resolving.directory("project", specification.project)
    )
    _import_from(project, resolving.folder)
    hyperparameters = resolving.mapping("hyperparameters", specification.hyperparameters)
    made: dict[str, Any] = resolving.model(specification.model, hyperparameters)
    made["hyperparameters"] = hyperparameters
    made["inputs"] = None if specification.inputs is None else resolving.values("inputs", specification.inputs)
    if made["inputs"] is not None and _takes_tensors(specification.model):
        made["inputs"] = as_torch(made["inputs"])
    if specification.preprocessing is not None:
        made["preprocessing"] = resolving.preprocessing(specification.preprocessing)
    made["splits"] = {
        name: resolve_split(resolving.folder, f"splits.{name}", given) for name, given in specification.splits.items()
    }
    if specification.splitting is not None:
        made["splitting"] = resolve_splitting(resolving.folder, specification.splitting)
    made["metrics"] = dict(specification.metrics)
    made["claims"] = tuple(
        resolving.claim(f"claims[{index}]", _stated(given)) for index, given in enumerate(specification.claims)
    )
    made["documentation"] = _titled(resolving.mapping("documentation", specification.documentation), specification.name)
    made["project"] = project
    made["vendor"] = specification.vendor
    made["allow"] = specification.allow
    return made


def _stated(claim: ClaimSpecification) -> dict[str, Any]:
    """A claim's fields as the file has them."""
    return claim.model_dump(exclude_unset=True)


def _titled(documentation: dict[str, Json], name: str | None) -> dict[str, Json]:
    """What is said of the model, with the name of the file as its title where it has none."""
    return documentation if name is None or documentation.get("title") else {**documentation, "title": name}


def _takes_tensors(model: ModelSpecification) -> bool:
    """Whether a model is torch's: functions and ONNX models take numpy arrays."""
    return model.function is None and not (model.file or "").lower().endswith(".onnx")


def at_hand(specification: Specification, folder: Path) -> dict[str, Any]:
    """Those of the `arguments` that need none of the person's own code: values, and the places of project and data.

    Args:
        specification: What was read.
        folder: The folder of the file; paths are relative to it.

    Raises:
        UsageError: Something it names is not there.
    """
    resolving = Resolving(folder.absolute())
    project = specification.project
    files = {name: given for name, given in specification.splits.items() if not needs_code(resolving.folder, given)}
    return {
        "model": None,
        "hyperparameters": resolving.mapping("hyperparameters", specification.hyperparameters),
        "documentation": resolving.mapping("documentation", specification.documentation),
        "claims": tuple(_stated(given) for given in specification.claims),
        "splits": {name: resolve_split(resolving.folder, f"splits.{name}", given) for name, given in files.items()},
        "project": resolving.folder if project is None else resolving.directory("project", project),
        "allow": specification.allow,
    }


def _import_from(*folders: Path) -> None:
    for folder in folders:
        text = str(folder)
        if text in sys.path:
            sys.path.remove(text)
        sys.path.insert(0, text)
