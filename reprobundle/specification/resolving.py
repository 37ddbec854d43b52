"""What the texts of a specification name: files, folders, and the person's own code."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reprobundle.components.model.opening import Checkpoint
from reprobundle.components.model.opening.making import made_by, resolved
from reprobundle.components.preprocessing import Preprocessing
from reprobundle.errors import UsageError
from reprobundle.records import Json
from reprobundle.specification.calling import called, names_function, takes, told
from reprobundle.specification.files import SUFFIXES, nested, read_arrays, read_document
from reprobundle.specification.form import ModelSpecification, PreprocessingSpecification
from reprobundle.specification.transform_form import resolve_transform

RELATIVE = "paths are relative to the folder of the YAML file"


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
            raise UsageError(f"{what}: no file {text!r}", hint=RELATIVE)
        return place

    def directory(self, what: str, text: str) -> Path:
        """The place of a folder.

        Raises:
            UsageError: Nothing is there.
        """
        place = (self.folder / text).resolve()
        if not place.is_dir():
            raise UsageError(f"{what}: no folder {text!r}", hint=RELATIVE)
        return place

    def model(self, given: ModelSpecification, hyperparameters: Mapping[str, Json]) -> dict[str, Any]:
        """The model, how it is made, and where its weights are: a file or folder is opened by the capture itself.

        Args:
            given: One of its four forms.
            hyperparameters: Where a factory's arguments are found by name if none are given.

        Raises:
            UsageError: Something is not there, or the model cannot be made.
        """
        if given.function is not None:
            return {"model": resolved("model.function", given.function)}
        if given.file is not None:
            return {"model": self.file("model.file", given.file)}
        made = {"factory": given.factory, "init": given.init}
        if given.folder is not None:
            return {"model": self.directory("model.folder", given.folder), **made}
        if given.weights is not None:
            return {"model": Checkpoint(self.file("model.weights", given.weights), given.key), **made}
        new = made_by(given.factory, given.init, hyperparameters, "model.factory")
        if hasattr(new.model, "eval"):
            new.model.eval()
        return {"model": new.model, "factory": given.factory, "init": new.init}

    def values(self, what: str, text: str) -> Any:
        """Arrays in a file, or what a function returns."""
        if names_function(text):
            return called(what, text)
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

    def claim(self, what: str, given: Mapping[str, Json]) -> dict[str, Any]:
        """A claim with what stands in files, or is returned by functions, for each sample of its split.

        A function under ``per_sample`` that takes what an entry is called with stays named: it is called as one, later.

        Raises:
            UsageError: A file is not there, or a function takes something else.
        """
        made: dict[str, Any] = dict(given)
        if "per_sample" in given:
            made["per_sample"] = self._per_sample(f"{what}.per_sample", given["per_sample"], given.get("split"))
        group = given.get("group")
        if isinstance(group, dict):
            made["group"] = {name: self._each(f"{what}.group.{name}", one) for name, one in group.items()}
        elif "group" in given:
            made["group"] = self._each(f"{what}.group", group)
        return made

    def _per_sample(self, what: str, given: Json, split: Json) -> Any:
        """The numbers of a claim's samples; the function's name where an entry's arguments are what it takes."""
        if not isinstance(given, str) or not names_function(given):
            return self._each(what, given)
        function, values = resolved(what, given), ("model",) if split is None else ("model", "path of the split")
        if takes(function, 0):
            return self.values(what, given)
        if takes(function, len(values)):
            return given
        expected = f"expected a function of nothing, or of {' and '.join(values)}"
        hint = "it is called with nothing, or as an entry is: with the model, and with the path of the split where one is named"
        raise UsageError(f"{what}: {given!r}: {expected}, found {told(function)}", hint=hint)

    def _each(self, what: str, given: Json) -> Any:
        """What stands in a file, or is returned by a function, where a text names one; else the value itself."""
        named = isinstance(given, str) and (names_function(given) or Path(given).suffix in SUFFIXES)
        return self.values(what, str(given)) if named else given

    def preprocessing(self, given: PreprocessingSpecification) -> Preprocessing:
        """The preprocessing with its function found and its samples read."""
        return Preprocessing(
            configuration=self.mapping("preprocessing.configuration", given.configuration),
            transform=resolve_transform(given.transform),
            samples=None if given.samples is None else self.values("preprocessing.samples", given.samples),
        )
