"""The form of a ``reprobundle.yaml``."""

from __future__ import annotations

from typing import Annotated

import pydantic

from reprobundle import entries
from reprobundle.components.interface import Vendor
from reprobundle.errors import RefusedInputError
from reprobundle.records import Json, Record


def _is_entry(text: str) -> str:
    try:
        return str(entries.parse_entry(text))
    except RefusedInputError as error:
        raise ValueError(str(error)) from error


Entry = Annotated[str, pydantic.AfterValidator(_is_entry), pydantic.Field(description="module:name")]
FolderName = Annotated[
    str, pydantic.Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,99}$", description="letters, digits, '.', '_' and '-'")
]
PathText = Annotated[str, pydantic.Field(min_length=1, description="path relative to the file's folder")]


class ModelSpecification(Record):
    """The model: either a factory with weights, or a function.

    Attributes:
        factory: Class or function that makes the model, as ``module:name``.
        init: Arguments of the factory: keywords, or ``args`` and ``kwargs``; None: found by name among the hyperparameters.
        weights: Its trained weights: a .safetensors file, or a .pt or .pth file that holds a state dict.
        function: A function that is itself the model, as ``module:name``.
    """

    factory: Entry | None = None
    init: dict[str, Json] | None = None
    weights: PathText | None = None
    function: Entry | None = None

    @pydantic.model_validator(mode="after")
    def _is_one_of_two(self) -> ModelSpecification:
        if (self.factory is None) == (self.function is None):
            raise ValueError("expected either factory or function")
        if self.function is not None and (self.weights is not None or self.init):
            raise ValueError("a function has neither init nor weights")
        return self


class PreprocessingSpecification(Record):
    """What is done to raw samples before the model sees them.

    Attributes:
        configuration: Its settings, or the path of a YAML or JSON file.
        transform: Function that turns raw samples into model inputs, as ``module:name``.
        samples: Raw samples: a file of arrays, or a function that returns them, as ``module:name``.
    """

    configuration: dict[str, Json] | PathText = {}
    transform: Entry | None = None
    samples: PathText | None = None


class Specification(Record):
    """A capture.

    Attributes:
        name: Name of the bundle's folder, unless the command line names another.
        model: What is captured.
        inputs: Sample inputs: a .safetensors, .npy or .npz file, or a function that returns them, as ``module:name``.
        hyperparameters: Values by name, or the path of a YAML or JSON file.
        preprocessing: What is done to raw samples first.
        splits: Data splits by name: the path of a file or folder, or a function that returns the split.
        metrics: Values reached, by name.
        claims: Further claims: id, text, value, tolerance, split, entry.
        documentation: Fields of ``documentation/card.yaml``, or the path of such a file.
        project: The folder the training code lives in; None: the folder of the file.
        vendor: Which distributions travel in the bundle as wheels: ``needed`` or ``all``.
    """

    name: FolderName | None = None
    model: ModelSpecification
    inputs: PathText | None = None
    hyperparameters: dict[str, Json] | PathText = {}
    preprocessing: PreprocessingSpecification | None = None
    splits: dict[str, PathText] = {}
    metrics: dict[str, float] = {}
    claims: tuple[dict[str, Json], ...] = ()
    documentation: dict[str, Json] | PathText = {}
    project: PathText | None = None
    vendor: Vendor = "needed"
