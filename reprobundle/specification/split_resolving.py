"""What a specification says of data splits, as `capture` takes them."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import Any

from reprobundle.components.data.files.places import matching
from reprobundle.components.data.given import DataSplit, Splitting
from reprobundle.errors import UsageError
from reprobundle.specification.calling import called, names_function
from reprobundle.specification.split_form import SplitSpecification, SplittingSpecification

RELATIVE = "paths are relative to the folder of the YAML file"
Given = str | tuple[str, ...] | SplitSpecification


def resolve_split(folder: Path, what: str, given: Given) -> Any:
    """A split: the place of it, what a function returns, or a `DataSplit`.

    Args:
        folder: The folder of the file.
        what: How to call the split in messages.
        given: What the file says.

    Raises:
        UsageError: Nothing is there.
    """
    if isinstance(given, str):
        return _data(folder, what, given)
    if isinstance(given, tuple):
        return [_existing(folder, f"{what}[{number}]", text) for number, text in enumerate(given)]
    if given.function is not None:
        data = called(f"{what}.function", given.function)
    else:
        data = resolve_split(folder, f"{what}.path", given.path or ())
    said = given.model_dump(exclude={"path", "function", "private"})
    return DataSplit(data, private=None if given.private is None else folder / given.private, **said)


def needs_code(folder: Path, given: Given) -> bool:
    """Whether a split is what a function of the person's own gives, and no place.

    Args:
        folder: The folder of the file.
        given: What the file says.
    """
    if isinstance(given, SplitSpecification):
        return given.function is not None or needs_code(folder, given.path or ())
    return isinstance(given, str) and names_function(given) and not (folder / given).exists()


def resolve_splitting(folder: Path, given: SplittingSpecification) -> Splitting:
    """How the splits were made.

    Raises:
        UsageError: The whole is not there.
    """
    return Splitting(
        function=given.function,
        data=resolve_split(folder, "splitting.data", given.data),
        seed=given.seed,
        arguments=given.arguments,
        name=given.name,
    )


def _data(folder: Path, what: str, text: str) -> Any:
    if "://" in text:
        return text
    place = folder / text
    if place.exists():
        return place
    if names_function(text):
        return called(what, text)
    if not glob.has_magic(text):
        raise UsageError(f"{what}: no file or folder {text!r}", hint=RELATIVE)
    pattern = str(Path(glob.escape(str(folder))) / text)
    try:
        matching(pattern)
    except UsageError as error:
        raise UsageError(f"{what}: no file matches {text!r}", hint=RELATIVE) from error
    return pattern


def _existing(folder: Path, what: str, text: str) -> str | Path:
    if "://" in text:
        return text
    place = folder / text
    if not place.is_file():
        raise UsageError(f"{what}: no file {text!r}", hint=RELATIVE)
    return place
