"""The arguments that make a model: as the person names them, or found by the names in the constructor's signature."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reprobundle import entries, parts
from reprobundle.components.interface import Failure, Source, Stage, attempt
from reprobundle.components.model.section import NAME, Arguments, step
from reprobundle.errors import UsageError
from reprobundle.records import Json

WHOLE_CONFIGURATION = ("config", "cfg", "configuration", "hparams", "hyperparameters", "params", "args")
MISSING_SHOWN = 5
MAX_DEPTH = 32
HINT = "capture(…, init={…}) with the constructor's arguments as plain values, or factory=a function"


@dataclass(frozen=True)
class Found:
    """Arguments found by name.

    Attributes:
        kwargs: By keyword, as the person's own objects.
        missing: What has no default and was not found, each with the reason.
        open: Parameters that take any further arguments, as they are written: ``**options``.
    """

    kwargs: Mapping[str, Any]
    missing: tuple[str, ...]
    open: tuple[str, ...]


def given(source: Source) -> Arguments | None:
    """The arguments the person named, if any.

    Raises:
        UsageError: They can be stored neither as JSON nor as objects made of named parts.
    """
    if source.init is None:
        return None
    args, kwargs = split(source.init)
    plain = attempt(lambda: recorded(args, kwargs))
    if isinstance(plain, Failure):
        hint = "give a factory that takes plain values"
        raise UsageError(f"init: cannot be stored as JSON: {plain.why}", hint=hint)
    return plain


def split(init: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Arguments by position and by keyword: a mapping of keywords, a list, or ``{"args": […], "kwargs": {…}}``."""
    whole = init if isinstance(init, Mapping) else {"args": list(init)}
    parted = set(whole) <= {"args", "kwargs"} and bool(whole)
    return (tuple(whole.get("args", ())), dict(whole.get("kwargs", {}))) if parted else ((), dict(whole))


def found_out(source: Source, stage: Stage) -> Arguments | None:
    """The arguments that make the model: as given, or found by the names in its signature."""
    named = given(source)
    if named is not None:
        return named
    factory = entries.resolve(source.factory) if isinstance(source.factory, str) else source.factory
    found = attempt(lambda: by_name(factory or type(source.model), source.hyperparameters, source.model))
    if isinstance(found, Failure):
        stage.note(NAME, f"the constructor's arguments cannot be read: {found.why}", hint="capture(…, init={…})")
        return None
    if found.missing:
        names = ", ".join(found.missing[:MISSING_SHOWN])
        stage.note(NAME, f"the constructor needs {names}, which no hyperparameter or attribute gives", hint=HINT)
        return None
    if found.open:
        message = f"the constructor takes any further arguments ({', '.join(found.open)}); none are recorded"
        stage.note(NAME, message, hint="where the model was made with some: capture(…, init={…})")
    return recorded((), found.kwargs)


def by_name(factory: Callable[..., Any], hyperparameters: Any, model: Any = None) -> Found:
    """Find a factory's arguments among the hyperparameters and the model's own attributes.

    Args:
        factory: Class or function that makes the model.
        hyperparameters: A mapping, or an object with attributes.
        model: The model that was made with them; None where it is not made yet.

    Raises:
        ValueError: The signature cannot be read.
    """
    kwargs: dict[str, Any] = {}
    missing: list[str] = []
    open_: list[str] = []
    hints = hints_of(factory)
    for parameter in inspect.signature(factory).parameters.values():
        if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
            open_.append(str(parameter).partition(":")[0])
            continue
        value = attempt(lambda name=parameter.name: _look_up(name, hints.get(name), hyperparameters, model))  # type: ignore[misc]
        if not isinstance(value, Failure) and parameter.kind is not parameter.POSITIONAL_ONLY:
            kwargs[parameter.name] = value
        elif parameter.default is parameter.empty:
            missing.append(_why(parameter.name, value))
    return Found(kwargs, tuple(missing), tuple(open_))


def hints_of(factory: Callable[..., Any]) -> Mapping[str, Any]:
    """The annotations of a factory's parameters as types; none where they cannot be read."""
    function = factory.__init__ if isinstance(factory, type) else factory  # type: ignore[misc]
    hints = attempt(lambda: typing.get_type_hints(function))
    return {} if isinstance(hints, Failure) else hints


def _why(name: str, value: Any) -> str:
    told = isinstance(value, Failure) and not value.why.startswith("LookupError")
    return f"{name!r} ({value.why})" if told else repr(name)


def _look_up(name: str, hint: Any, hyperparameters: Any, model: Any) -> Any:
    """The value of a constructor's argument, of a kind that can be recorded.

    Raises:
        LookupError: Neither a hyperparameter nor an attribute of the model has its name.
        TypeError: It cannot be recorded.
    """
    value = parts.fitted(_found(name, hint, hyperparameters, model), hint)
    recorded((value,), {})
    return value


def _found(name: str, hint: Any, hyperparameters: Any, model: Any) -> Any:
    own = {} if model is None else vars(model)
    called = own.get("_hub_mixin_config")  # what PyTorchModelHubMixin saw the model being made with
    if isinstance(called, Mapping) and (name in called or name == "config"):
        return called.get(name, called)
    known = hyperparameters if isinstance(hyperparameters, Mapping) else getattr(hyperparameters, "__dict__", {})
    if name in known:
        return known[name]
    if name in own:
        return own[name]
    if name in WHOLE_CONFIGURATION and known:
        return _whole(hint, hyperparameters, known)
    raise LookupError(name)


def _whole(hint: Any, hyperparameters: Any, known: Mapping[str, Any]) -> Any:
    """All hyperparameters as one argument; of a mapping, only what the dataclass that is asked for has."""
    if parts.parts_of(hyperparameters) is not None:
        return hyperparameters
    wanted = parts.names_of(hint)
    return {name: value for name, value in known.items() if wanted is None or name in wanted}


def recorded(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Arguments:
    """Arguments as they stand in a bundle.

    Raises:
        TypeError: A value is neither JSON nor an object made of named parts.
        ReproBundleError: The class of such an object has no name that can be imported.
    """
    taking = _Taking()
    plain = {"args": taking.plain(list(args), "/args", 0), "kwargs": taking.plain(dict(kwargs), "/kwargs", 0)}
    return Arguments(args=tuple(plain["args"]), kwargs=plain["kwargs"], objects=taking.objects)


@dataclass
class _Taking:
    """One walk through arguments; remembers which values are objects."""

    objects: dict[str, str] = field(default_factory=dict)

    def plain(self, value: Any, place: str, depth: int) -> Any:
        """The value as JSON holds it."""
        if depth > MAX_DEPTH:
            raise TypeError(f"{place}: nested deeper than {MAX_DEPTH} levels")
        made_of = parts.parts_of(value)
        if made_of is not None:
            self.objects[place] = entries.entry_of(type(value))
            value = made_of
        if isinstance(value, tuple | list):
            return [self.plain(item, f"{place}/{index}", depth + 1) for index, item in enumerate(value)]
        if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
            return {key: self.plain(item, f"{place}/{step(key)}", depth + 1) for key, item in value.items()}
        return _scalar(value)


def _scalar(value: Any) -> Json:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float) and value - value == 0:
        return value
    raise TypeError(f"{type(value).__name__} {value!r:.60} is no JSON value")
