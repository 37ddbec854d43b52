"""The form of a ``reprobundle.yaml``."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

import pydantic

from reprobundle.components.interface import Vendor
from reprobundle.records import Json, Record
from reprobundle.specification import claim_form
from reprobundle.specification.claim_form import ClaimSpecification
from reprobundle.specification.split_form import Entry, Given, PathText, SplittingSpecification
from reprobundle.specification.transform_form import Transform

FOLDER = r"^[0-9A-Za-z][0-9A-Za-z._-]{0,99}$"
FORMS = {**claim_form.FORMS, FOLDER: "letters, digits, '.', '_' and '-', a letter or digit first"}
FolderName = Annotated[str, pydantic.Field(pattern=FOLDER, description="letters, digits, '.', '_' and '-'")]

BY_NAME, FILE = "", "file"  # the first leaves no step in the path of a fault


def _form(value: Any) -> str | None:
    if isinstance(value, dict):
        return BY_NAME
    return FILE if isinstance(value, str) else None


Values = Annotated[
    Annotated[dict[str, Json], pydantic.Tag(BY_NAME)] | Annotated[PathText, pydantic.Tag(FILE)],
    pydantic.Discriminator(
        _form,
        custom_error_type="values",
        custom_error_message="expected values by name, or the path of a YAML or JSON file",
    ),
]


class ModelSpecification(Record):
    """The model: a factory with weights, a folder as ``from_pretrained`` reads it, a file that says all, or a function.

    Attributes:
        factory: Class or function that makes the model, as ``module:name``.
        init: Arguments of the factory: keywords, or ``args`` and ``kwargs``; None: found by name among the hyperparameters.
        weights: Its trained weights: a safetensors file, or a checkpoint of ``torch.save``.
        key: Where in a checkpoint the state dict stands, nested keys joined by dots; None: found out.
        folder: A folder with a configuration and weights; with a factory where transformers does not have its class.
        file: A TorchScript or ONNX file, which holds weights and computation.
        function: A function that is itself the model, as ``module:name``.
    """

    factory: Entry | None = None
    init: dict[str, Json] | None = None
    weights: PathText | None = None
    key: str | None = None
    folder: PathText | None = None
    file: PathText | None = None
    function: Entry | None = None

    @pydantic.model_validator(mode="after")
    def _is_one_of_four(self) -> ModelSpecification:
        made = self.factory if self.folder is None else None  # a folder may name its class
        if sum(value is not None for value in (made, self.folder, self.file, self.function)) != 1:
            raise ValueError("expected one of factory, folder, file and function")
        if self.factory is None and (self.weights is not None or (self.init and self.folder is None)):
            kind = "function" if self.function is not None else "folder" if self.folder is not None else "file"
            raise ValueError(f"a {kind} has neither init nor weights")
        if self.folder is not None and self.weights is not None:
            raise ValueError("a folder has its own weights")
        if self.key is not None and self.weights is None:
            raise ValueError("key is given without weights")
        return self


class PreprocessingSpecification(Record):
    """What is done to raw samples before the model sees them.

    Attributes:
        configuration: Its settings, or the path of a YAML or JSON file.
        transform: What turns raw samples into model inputs: a function, or an object that can be called, as ``module:name``; a
            mapping that says more; or several, in a list or by name, applied one after another.
        samples: Raw samples: a file of arrays, or a function that returns them, as ``module:name``.
    """

    configuration: Values = {}
    transform: Transform | None = None
    samples: PathText | None = None


class Specification(Record):
    """A capture.

    Attributes:
        name: Name of the bundle's folder, unless the command line names another.
        model: What is captured.
        inputs: Sample inputs: a .safetensors, .npy or .npz file, or a function that returns them, as ``module:name``.
        hyperparameters: Values by name, or the path of a YAML or JSON file.
        preprocessing: What is done to raw samples first.
        splits: Data splits by name: a path, glob or URL, a list of paths, a function that returns the split, or a mapping that
            says more.
        splitting: How they were made of one whole.
        metrics: Values reached, by name.
        claims: Further claims.
        documentation: Fields of ``documentation/card.yaml``, or the path of such a file.
        project: The folder the training code lives in; None: the folder of the file.
        vendor: Which distributions travel in the bundle as wheels: ``needed`` or ``all``.
        allow: Secrets that are let through, each as ``RULE:PATH``, as a finding names both.
    """

    name: FolderName | None = None
    model: ModelSpecification
    inputs: PathText | None = None
    hyperparameters: Values = {}
    preprocessing: PreprocessingSpecification | None = None
    splits: dict[str, Given] = {}
    splitting: SplittingSpecification | None = None
    metrics: dict[str, float] = {}
    claims: tuple[ClaimSpecification, ...] = ()
    documentation: Values = {}
    project: PathText | None = None
    vendor: Vendor = "needed"
    allow: tuple[str, ...] = ()

    @pydantic.field_validator("claims", mode="after")
    @classmethod
    def _have_ids_of_their_own(cls, claims: tuple[ClaimSpecification, ...]) -> tuple[ClaimSpecification, ...]:
        taken = Counter(claim.id for claim in claims if claim.id is not None)
        twice = next((name for name, number in taken.items() if number > 1), None)
        if twice is not None:
            raise ValueError(f"two claims have the id {twice!r}")
        return claims
