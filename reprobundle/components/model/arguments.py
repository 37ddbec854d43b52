"""The arguments that make a model: as the person names them, or found by the names in the constructor's signature."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reprobundle import entries, parts
from reprobundle.components.interface import Failure, Source, Stage, attempt
from reprobundle.components.model import mixin
from reprobundle.components.model.section import NAME
from reprobundle.components.recipes.form import Arguments
from reprobundle.components.recipes.refusals import is_module, refusal
from reprobundle.components.recipes.values import Coded, recorded
from reprobundle.errors import ReproBundleError, UsageError
from reprobundle.phrases import some

WHOLE_CONFIGURATION = ("config", "cfg", "configuration", "hparams", "hyperparameters", "params", "args")
OF_THE_MODEL = frozenset(
    {"model", "net", "network", "arch", "architecture", "init", "init_args"}
    | {f"{model}_{what}" for model in ("model", "net") for what in ("args", "config", "kwargs", "params")}
)
"""Names of groups of hyperparameters that a model is made with."""
KEPT = ("_hparams_initial", "_hparams")  # what Lightning's save_hyperparameters saw the module being made with
HINT = "capture(…, init={…}) with the constructor's arguments as plain values, or factory=a function"


@dataclass(frozen=True)
class Called:
    """What a class or factory is called with.

    Attributes:
        args: By position, as the person's own objects.
        kwargs: By keyword, likewise.
        recorded: Both as they stand in a bundle.
    """

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    recorded: Arguments


@dataclass(frozen=True)
class Found:
    """Arguments found by name.

    Attributes:
        kwargs: By keyword, as the person's own objects.
        missing: What has no default and was not found, each with the reason.
        open: Parameters that take any further arguments, as they are written: ``**options``.
        passed_over: What was found and cannot be recorded, and has a default, each with the reason.
    """

    kwargs: Mapping[str, Any]
    missing: tuple[str, ...]
    open: tuple[str, ...]
    passed_over: tuple[str, ...] = ()


def given(source: Source) -> Called | None:
    """The arguments the person named, if any.

    Raises:
        UsageError: One of them cannot be made again from a bundle.
    """
    if source.init is None:
        return None

    def act() -> Called | ReproBundleError:
        args, kwargs = split(source.init)
        kwargs = {name: _storable(value, source.model) for name, value in kwargs.items()}
        try:
            return Called(args, kwargs, recorded(args, kwargs))
        except ReproBundleError as error:
            return error

    made = attempt(act)
    if isinstance(made, Failure):
        raise UsageError(f"init: cannot be read: {made.why}", hint="give a factory that takes plain values")
    if isinstance(made, ReproBundleError):
        raise UsageError(f"init: {made}", hint=made.hint) from made
    return made


def split(init: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Arguments by position and by keyword: a mapping of keywords, a list, or ``{"args": […], "kwargs": {…}}``."""
    whole = init if isinstance(init, Mapping) else {"args": list(init)}
    parted = set(whole) <= {"args", "kwargs"} and bool(whole)
    return (tuple(whole.get("args", ())), dict(whole.get("kwargs", {}))) if parted else ((), dict(whole))


def found_out(source: Source, stage: Stage) -> Called | None:
    """The arguments that make the model: as given, or found by the names in its signature."""
    called = given(source) or _by_name(source, stage)
    if called is not None:
        for place, kind in called.recorded.kinds.items():
            if kind == "path":
                name = place.split("/", 2)[-1]
                hint = (
                    "let the module read it beside itself: Path(__file__).parent / …; what git tracks is in the bundle"
                )
                stage.note(
                    NAME,
                    f"argument {name!r} is a path: a replay needs that file, and runs in another folder",
                    hint=hint,
                )
    return called


def _by_name(source: Source, stage: Stage) -> Called | None:
    factory = entries.resolve(source.factory) if isinstance(source.factory, str) else source.factory
    found = attempt(lambda: by_name(factory or type(source.model), source.hyperparameters, source.model))
    if isinstance(found, Failure):
        stage.note(NAME, f"the constructor's arguments cannot be read: {found.why}", hint="capture(…, init={…})")
        return None
    if found.missing:
        message = f"the constructor needs {some(found.missing)}, which no hyperparameter or attribute gives"
        stage.note(NAME, message, hint=HINT)
        return None
    if found.kwargs.get(mixin.CONFIG) == {} and mixin.kept_nothing_of(source.model, mixin.CONFIG):
        message = (
            "the mixin kept nothing of 'config': it was empty, or held what JSON cannot hold; it is recorded as empty"
        )
        stage.note(NAME, message, hint="capture(…, init={'config': {…}}) with the values it had")
    if found.open:
        message = f"the constructor takes any further arguments ({', '.join(found.open)}); none are recorded"
        stage.note(NAME, message, hint="where the model was made with some: capture(…, init={…})")
    if found.passed_over:
        stage.note(NAME, f"the constructor's default stands in for {some(found.passed_over)}", hint=HINT)
    return Called((), found.kwargs, recorded((), found.kwargs))


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
    passed_over: list[str] = []
    hints = hints_of(factory)
    named = inspect.signature(factory).parameters
    for parameter in named.values():
        if parameter.kind is parameter.VAR_KEYWORD and (further := mixin.further(model, named)) is not None:
            kwargs.update(further)
            continue
        if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
            open_.append(str(parameter).partition(":")[0])
            continue
        value = attempt(lambda name=parameter.name: _look_up(name, hints.get(name), hyperparameters, model))  # type: ignore[misc]
        if not isinstance(value, Failure) and parameter.kind is not parameter.POSITIONAL_ONLY:
            kwargs[parameter.name] = value
        elif parameter.default is parameter.empty and mixin.kept_nothing_of(model, parameter.name):
            kwargs[parameter.name] = {}
        elif parameter.default is parameter.empty:
            missing.append(_why(parameter.name, value))
        elif isinstance(value, Failure) and not value.why.startswith("LookupError"):
            passed_over.append(_why(parameter.name, value))
        doubt = mixin.doubtful(model, parameter.name)
        if doubt is not None and not mixin.kept_instead(model, parameter.name):
            passed_over.append(f"{parameter.name!r} ({doubt})")
    return Found(kwargs, tuple(missing), tuple(open_), tuple(passed_over))


def hints_of(factory: Callable[..., Any]) -> Mapping[str, Any]:
    """The annotations of a factory's parameters as types; none where they cannot be read."""
    function = factory.__init__ if isinstance(factory, type) else factory  # type: ignore[misc]
    hints = attempt(lambda: typing.get_type_hints(function))
    return {} if isinstance(hints, Failure) else hints


def _why(name: str, value: Any) -> str:
    told = isinstance(value, Failure) and not value.why.startswith("LookupError")
    return f"{name!r} ({value.why.removeprefix('UsageError: ')})" if told else repr(name)


def _look_up(name: str, hint: Any, hyperparameters: Any, model: Any) -> Any:
    """The value of a constructor's argument, of a kind that can be recorded.

    Raises:
        LookupError: Neither a hyperparameter nor an attribute of the model has its name.
        UsageError: It cannot be recorded.
    """
    value = _storable(parts.fitted(_found(name, hint, hyperparameters, model), hint), model)
    recorded((), {name: value})
    return value


def _storable(value: Any, model: Any) -> Any:
    """A value as it is, or as the coder of the model's own class gives it."""
    encoded = mixin.encoded(model, value)
    if encoded is None:
        return value
    try:
        recorded((value,), {})
    except ReproBundleError:
        return Coded(type(model), encoded)
    return value


def _found(name: str, hint: Any, hyperparameters: Any, model: Any) -> Any:
    own = {} if model is None else vars(model)
    kept = (mixin.called_with(model), *(own.get(attribute) for attribute in KEPT))
    for called in kept:
        if isinstance(called, Mapping) and name in called and not mixin.kept_instead(model, name):
            return mixin.decoded(model, hint, called[name])
    known = hyperparameters if isinstance(hyperparameters, Mapping) else getattr(hyperparameters, "__dict__", {})
    if name == "config" and (whole := mixin.whole(model)) is not None:
        return whole
    for values in (known, own):
        if name in values:
            return values[name]
    if name in WHOLE_CONFIGURATION and known and not parts.is_training_arguments(hyperparameters):
        return _whole(hint, hyperparameters, known)
    if is_module(own.get("_modules", {}).get(name)):
        raise refusal(own["_modules"][name], f"argument {name!r}")
    return _below(name, known)


def _below(name: str, known: Mapping[str, Any]) -> Any:
    """A hyperparameter of a group that is the model's by its name, as ``{"model": {"hidden": 16}}``.

    Raises:
        LookupError: No group has one of this name.
        UsageError: Only another group has one, so that whose it is cannot be told.
    """
    groups = {key: group for key, group in known.items() if isinstance(group, Mapping) and name in group}
    for key in sorted(groups, key=str):
        if key in OF_THE_MODEL:
            return groups[key][name]
    if groups:
        told = some([f"{key}.{name} = {group[name]!r:.40}" for key, group in groups.items()], 3)
        raise UsageError(f"the hyperparameters have {told}, which was not taken for it")
    raise LookupError(name)


def _whole(hint: Any, hyperparameters: Any, known: Mapping[str, Any]) -> Any:
    """All hyperparameters as one argument; of a mapping, only what the dataclass that is asked for has."""
    wanted = parts.names_of(hint)
    made_again = parts.parts_of(hyperparameters) is not None
    if made_again or (wanted is None and parts.taken_apart(hyperparameters) is not None):
        return hyperparameters
    return {name: value for name, value in known.items() if wanted is None or name in wanted}
