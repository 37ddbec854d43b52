"""What the texts of a specification name: files, folders, and the person's own code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reprobundle import entries, parts
from reprobundle.components.interface import Failure, attempt
from reprobundle.components.model import arguments
from reprobundle.components.preprocessing import Preprocessing
from reprobundle.errors import RefusedInputError, ReproBundleError, UsageError
from reprobundle.records import Json
from reprobundle.specification.files import nested, read_arrays, read_document
from reprobundle.specification.form import ModelSpecification, PreprocessingSpecification
from reprobundle.specification.weights import load_weights

INIT_HINT = "write them under model: init:, or among the hyperparameters by the same names"


class Resolving:
    """Finds what the texts of a specification name, seen from its folder.

    Attributes:
        folder: The folder, absolute.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, what: str, text: str) -> Path:
        """The place of a file.

        Raises:
            UsageError: Nothing is there.
        """
        place = self.folder / text
        if not place.is_file():
            raise UsageError(f"{what}: no file {text!r}", hint="paths are relative to the folder of the YAML file")
        return place

    def directory(self, text: str) -> Path:
        """The place of the project's folder.

        Raises:
            UsageError: Nothing is there.
        """
        place = (self.folder / text).resolve()
        if not place.is_dir():
            raise UsageError(f"project: no folder {text!r}", hint="paths are relative to the folder of the YAML file")
        return place

    def model(self, given: ModelSpecification, hyperparameters: Mapping[str, Json]) -> dict[str, Any]:
        """The model in evaluation mode with its weights loaded, and how it was made.

        Args:
            given: The factory with its arguments, or the function.
            hyperparameters: Where the factory's arguments are found by name if none are given.

        Raises:
            UsageError: It cannot be made, or the weights do not fit.
        """
        if given.function is not None:
            return {"model": _resolved("model.function", given.function)}
        assert given.factory is not None  # the record holds one of the two
        init = _init(given.factory, given.init, hyperparameters)
        module = _called("model.factory", given.factory, init)
        if given.weights is not None:
            load_weights(module, self.file("model.weights", given.weights), given.weights)
        if hasattr(module, "eval"):
            module.eval()
        return {"model": module, "factory": given.factory, "init": init}

    def values(self, what: str, text: str) -> Any:
        """Arrays in a file, or what a function returns."""
        if _names_function(text):
            return _called(what, text, {})
        return nested(read_arrays(what, self.file(what, text)))

    def mapping(self, what: str, given: dict[str, Json] | str) -> dict[str, Json]:
        """Values by name, as given or from a YAML or JSON file.

        Raises:
            UsageError: The file is not there or holds something else.
            RefusedInputError: It is not strict.
        """
        if not isinstance(given, str):
            return dict(given)
        value = read_document(self.file(what, given))
        if not isinstance(value, dict):
            raise UsageError(f"{what}: {given!r} holds no mapping, found {type(value).__name__}")
        return value

    def preprocessing(self, given: PreprocessingSpecification) -> Preprocessing:
        """The preprocessing with its function found and its samples read."""
        return Preprocessing(
            configuration=self.mapping("preprocessing.configuration", given.configuration),
            transform=None if given.transform is None else _resolved("preprocessing.transform", given.transform),
            samples=None if given.samples is None else self.values("preprocessing.samples", given.samples),
        )

    def split(self, name: str, text: str) -> Any:
        """The place of a file or folder, or what a function returns.

        Raises:
            UsageError: There is neither.
        """
        place = self.folder / text
        if place.exists():
            return place
        if _names_function(text):
            return _called(f"splits.{name}", text, {})
        hint = "paths are relative to the folder of the YAML file"
        raise UsageError(f"splits.{name}: no file or folder {text!r}", hint=hint)


def _names_function(text: str) -> bool:
    if ":" not in text:
        return False
    try:
        entries.parse_entry(text)
    except RefusedInputError:
        return False
    return True


def _resolved(what: str, entry: str) -> Any:
    """What an entry names; its module may raise anything while it is imported."""

    def act() -> Any:
        try:
            return entries.resolve(entry), None
        except ReproBundleError as error:
            return None, error

    made = attempt(act)
    if isinstance(made, Failure):
        raise UsageError(f"{what}: importing {entry!r} failed: {made.why}")
    found, error = made
    if error is not None:
        raise UsageError(f"{what}: {error}", hint=error.hint) from error
    return found


def _init(entry: str, given: Mapping[str, Json] | None, hyperparameters: Mapping[str, Json]) -> dict[str, Any]:
    """The factory's arguments, split by position and keyword: as given, or found by name among the hyperparameters.

    A mapping where the factory asks for a dataclass becomes one.

    Raises:
        UsageError: The factory needs more than there is.
    """
    factory = _resolved("model.factory", entry)
    if given is None:
        found = attempt(lambda: arguments.by_name(factory, hyperparameters))
        if isinstance(found, Failure):
            raise UsageError(f"model.factory: the arguments of {entry!r} cannot be read: {found.why}", hint=INIT_HINT)
        if found.missing:
            message = f"model.factory: {entry!r} needs {', '.join(found.missing)}, which no hyperparameter gives"
            raise UsageError(message, hint=INIT_HINT)
        return {"args": (), "kwargs": dict(found.kwargs)}
    args, kwargs = arguments.split(given)
    hints = arguments.hints_of(factory)
    fitted = attempt(lambda: {name: parts.fitted(value, hints.get(name)) for name, value in kwargs.items()})
    if isinstance(fitted, Failure):
        raise UsageError(f"model.init: does not fit {entry!r}: {fitted.why}")
    return {"args": args, "kwargs": fitted}


def _called(what: str, entry: str, init: Mapping[str, Any]) -> Any:
    function = _resolved(what, entry)
    made = attempt(lambda: function(*init.get("args", ()), **init.get("kwargs", {})))
    if isinstance(made, Failure):
        raise UsageError(f"{what}: calling {entry!r} failed: {made.why}")
    return made
