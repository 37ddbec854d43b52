"""The form of what turns raw samples into model inputs in a ``reprobundle.yaml``, and the objects it stands for."""

from __future__ import annotations

import functools
from typing import Annotated, Any

import pydantic

from reprobundle.components.interface import Failure, attempt
from reprobundle.components.model.opening.making import resolved
from reprobundle.errors import UsageError
from reprobundle.records import Json, Record
from reprobundle.specification.split_form import Entry

TEXT, LIST, STEP, STEPS = "text", "list", "step", "steps"
WHERE = "preprocessing.transform"


class StepSpecification(Record):
    """One step from raw samples to model inputs.

    Attributes:
        function: A function of the samples, or an object that can be called, as ``module:name``.
        factory: In its place: a class or function that makes such an object, such as one that loads a fitted transformer.
        arguments: Keywords: of the function, beside the samples, or of the factory.
    """

    function: Entry | None = None
    factory: Entry | None = None
    arguments: dict[str, Json] = {}

    @pydantic.model_validator(mode="after")
    def _is_one(self) -> StepSpecification:
        if (self.function is None) == (self.factory is None):
            raise ValueError("expected one of function and factory")
        return self


def _form_of_step(value: Any) -> str | None:
    if isinstance(value, str):
        return TEXT
    return STEP if isinstance(value, dict | StepSpecification) else None


def _form(value: Any) -> str | None:
    if isinstance(value, list | tuple):
        return LIST
    if isinstance(value, dict) and not value.keys() & StepSpecification.model_fields.keys():
        return STEPS
    return _form_of_step(value)


OneStep = Annotated[
    Annotated[Entry, pydantic.Tag(TEXT)] | Annotated[StepSpecification, pydantic.Tag(STEP)],
    pydantic.Discriminator(
        _form_of_step,
        custom_error_type="step",
        custom_error_message="expected module:name, or a mapping with function or factory",
    ),
]
Transform = Annotated[
    Annotated[Entry, pydantic.Tag(TEXT)]
    | Annotated[StepSpecification, pydantic.Tag(STEP)]
    | Annotated[tuple[OneStep, ...], pydantic.Tag(LIST)]
    | Annotated[dict[str, OneStep], pydantic.Tag(STEPS)],
    pydantic.Discriminator(
        _form,
        custom_error_type="transform",
        custom_error_message="expected module:name, a step, a list of steps, or steps by name",
    ),
]


def resolve_transform(given: Any) -> Any:
    """What a transform of the file stands for: a function or object, or several in a list or by name.

    Raises:
        UsageError: Something it names cannot be imported or made.
    """
    if isinstance(given, tuple):
        return [_step(one, f"{WHERE}[{index}]") for index, one in enumerate(given)]
    if isinstance(given, dict):
        return {name: _step(one, f"{WHERE}.{name}") for name, one in given.items()}
    return None if given is None else _step(given, WHERE)


def _step(given: str | StepSpecification, where: str) -> Any:
    if isinstance(given, str):
        return resolved(where, given)
    if given.function is not None:
        function = resolved(where, given.function)
        return functools.partial(function, **given.arguments) if given.arguments else function
    assert given.factory is not None  # the form has one of the two
    factory = resolved(where, given.factory)
    made = attempt(lambda: factory(**given.arguments))
    if isinstance(made, Failure):
        raise UsageError(f"{where}: calling {given.factory!r} failed: {made.why}")
    return made
