"""The model: its class by name, the arguments that make it, its weights, and a digest of each tensor."""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import pydantic

from reprobundle import entries, tensors
from reprobundle.components.interface import Failure, Site, Source, Stage, attempt, differs, not_run, same
from reprobundle.errors import ReproBundleError, UsageError
from reprobundle.records import Json, Record
from reprobundle.report import Finding
from reprobundle.store.digests import BundlePath, Digest

NAME = "model"
WEIGHTS = "model.safetensors"
CONFIGURATION = "config.json"
WHOLE_CONFIGURATION = ("config", "cfg", "configuration", "hparams", "hyperparameters", "params", "args")
MISSING_SHOWN = 5

Loader = Literal["for_torch", "for_transformers", "for_callable"]


class Arguments(Record):
    """What the class or factory is called with.

    Attributes:
        args: By position.
        kwargs: By keyword.
    """

    args: tuple[Json, ...] = ()
    kwargs: dict[str, Json] = {}


class TensorEntry(Record):
    """One tensor of the model's state.

    Attributes:
        name: Its name in the state.
        dtype: safetensors' name of its dtype.
        shape: Its shape.
        xxh3_128: Digest over name, dtype, shape and bytes (``docs/format.md``).
    """

    name: str
    dtype: tensors.DtypeName
    shape: tuple[Annotated[int, pydantic.Field(ge=0, lt=2**63)], ...]
    xxh3_128: Digest

    @property
    def bytes(self) -> int:
        """Size of its content."""
        return math.prod(self.shape) * tensors.WIDTHS[self.dtype]


class Section(Record):
    """How to make the model again.

    Attributes:
        loader: The worker's file that loads it.
        framework: The framework with its version, e.g. ``torch 2.13.0+cpu``; None for a plain function.
        entry: Class, factory or function as ``module:name``; None when it has no name that can be imported.
        init: What the entry is called with; None when that could not be found out.
        files: The weights.
        tensors: Every tensor of the state, shared ones under each of their names.
        aliases: Names that share the tensor of another name.
        configuration: What the model's class reads its configuration from; None where `init` says it all.
        parameters: Number of parameters, shared ones once.
        device: Kind of device the model was on: ``cpu``, ``cuda``, …
    """

    loader: Loader
    framework: str | None
    entry: entries.EntryName | None
    init: Arguments | None
    files: tuple[BundlePath, ...] = ()
    tensors: tuple[TensorEntry, ...] = ()
    aliases: dict[str, str] = {}
    configuration: BundlePath | None = None
    parameters: int = 0
    device: str = "cpu"


def capture(source: Source, stage: Stage) -> Section:
    """Record how the model is made and write its weights."""
    if callable(source.model) and not hasattr(source.model, "state_dict"):
        return Section(
            loader="for_callable", framework=None, entry=_entry(source, stage), init=_given(source) or Arguments()
        )
    if not hasattr(source.model, "state_dict"):
        raise UsageError(f"model: expected an nn.Module or a function, found {type(source.model).__name__}")
    import torch

    state, aliases = _state(source.model, stage)
    loader, init, documents = _recipe(source, stage)
    for path, text in documents.items():
        stage.writer.write(path, text.encode("utf-8"))
    return Section(
        loader=loader,
        framework=f"torch {torch.__version__}",
        entry=_entry(source, stage),
        init=init,
        files=_write_weights(state, aliases, stage),
        tensors=tuple(_tensor_entry(name, value) for name, value in state.items()),
        aliases=aliases,
        configuration=CONFIGURATION if loader == "for_transformers" else None,
        parameters=sum(parameter.numel() for parameter in source.model.parameters()),
        device=next((value.device.type for value in state.values()), "cpu"),
    )


def _entry(source: Source, stage: Stage) -> str | None:
    thing = source.factory if source.factory is not None else source.model
    if isinstance(thing, str):
        return str(entries.parse_entry(thing))
    try:
        return entries.entry_of(thing if inspect.isroutine(thing) or inspect.isclass(thing) else type(thing))
    except ReproBundleError as error:
        stage.note(NAME, f"the model cannot be made again by name: {error}", hint=error.hint)
        return None


def _state(model: Any, stage: Stage) -> tuple[dict[str, Any], dict[str, str]]:
    """The state's tensors, and which names share one tensor with an earlier name."""
    from reprobundle.worker import for_torch

    state = for_torch.tensors_of(model)
    for name in model.state_dict().keys() - state.keys():
        stage.note(NAME, f"state entry {name!r} is no tensor and is not saved", hint="rebuild it in the constructor")
    for name, value in state.items():
        for_torch.dtype_name(value)
        if value.is_sparse or value.is_quantized or value.is_meta:
            raise UsageError(f"model: tensor {name!r} is {value.layout}, expected dense values in memory")
    first: dict[tuple[Any, ...], str] = {}
    aliases: dict[str, str] = {}
    for name, value in state.items():
        kept = first.setdefault(_memory(name, value), name)
        if kept != name:
            aliases[name] = kept
    return state, aliases


def _memory(name: str, value: Any) -> tuple[Any, ...]:
    """Equal for two names of one tensor; empty tensors share nothing."""
    if value.numel() == 0:
        return (name,)
    return value.device, value.data_ptr(), value.dtype, tuple(value.shape), value.stride()


def _write_weights(state: Mapping[str, Any], aliases: Mapping[str, str], stage: Stage) -> tuple[str, ...]:
    from reprobundle.worker import for_torch

    def place(value: Any) -> tensors.TensorBytes:
        return tensors.TensorBytes(for_torch.dtype_name(value), tuple(value.shape), lambda: for_torch.content(value))

    tensors.write(stage.writer, WEIGHTS, {name: place(value) for name, value in state.items() if name not in aliases})
    return (WEIGHTS,)


def _tensor_entry(name: str, value: Any) -> TensorEntry:
    from reprobundle.worker import for_torch

    digest = for_torch.digest(name, value)
    return TensorEntry(name=name, dtype=for_torch.dtype_name(value), shape=tuple(value.shape), xxh3_128=digest)


def _recipe(source: Source, stage: Stage) -> tuple[Loader, Arguments | None, dict[str, str]]:
    """What makes the model again: the loader, the arguments, and documents for the root of the bundle."""
    from reprobundle.worker import for_transformers

    model, asked = source.model, source.factory is not None or source.init is not None
    if for_transformers.is_pretrained(model):
        told = attempt(lambda: (Arguments(kwargs=for_transformers.arguments(model)), for_transformers.documents(model)))
        if not isinstance(told, Failure):
            return ("for_torch", _arguments(source, stage), told[1]) if asked else ("for_transformers", *told)
        stage.note(NAME, f"the model's configuration cannot be written: {told.why}", hint="capture(…, factory=…)")
    init = _arguments(source, stage)
    return "for_torch", init, _configuration(init)


def _configuration(init: Arguments | None) -> dict[str, str]:
    if init is None:
        return {}
    whole = init.args[0] if len(init.args) == 1 and not init.kwargs else init.kwargs.get("config")
    content = whole if isinstance(whole, dict) else init.kwargs
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return {CONFIGURATION: text + "\n"}


def _given(source: Source) -> Arguments | None:
    """The arguments the person named, if any.

    Raises:
        UsageError: They are not plain JSON.
    """
    if source.init is None:
        return None
    given = source.init if isinstance(source.init, Mapping) else {"args": list(source.init)}
    parted = set(given) <= {"args", "kwargs"} and bool(given)
    args, kwargs = (given.get("args", ()), given.get("kwargs", {})) if parted else ((), given)
    plain = attempt(lambda: Arguments(args=tuple(_plain(item) for item in args), kwargs=_plain(dict(kwargs))))
    if isinstance(plain, Failure):
        raise UsageError(f"init: cannot be stored as JSON: {plain.why}", hint="give a factory that takes plain values")
    return plain


def _arguments(source: Source, stage: Stage) -> Arguments | None:
    """The arguments that make the model: as given, or found by the names in its signature."""
    given = _given(source)
    if given is not None:
        return given
    factory = entries.resolve(source.factory) if isinstance(source.factory, str) else source.factory
    signature = attempt(lambda: inspect.signature(factory or type(source.model)))
    if isinstance(signature, Failure):
        stage.note(NAME, f"the constructor's arguments cannot be read: {signature.why}", hint="capture(…, init={…})")
        return None
    found, missing = _by_name(signature, source)
    if missing:
        names = ", ".join(missing[:MISSING_SHOWN])
        hint = "capture(…, init={…}) with the constructor's arguments as plain values, or factory=a function"
        stage.note(NAME, f"the constructor needs {names}, which no hyperparameter or attribute gives", hint=hint)
        return None
    return Arguments(kwargs=found)


def _by_name(signature: inspect.Signature, source: Source) -> tuple[dict[str, Json], list[str]]:
    known = _hyperparameters(source)
    found: dict[str, Json] = {}
    missing: list[str] = []
    for parameter in signature.parameters.values():
        if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
            continue
        value = attempt(lambda name=parameter.name: _plain(_look_up(name, known, source.model)))  # type: ignore[misc]
        if not isinstance(value, Failure) and parameter.kind is not parameter.POSITIONAL_ONLY:
            found[parameter.name] = value
        elif parameter.default is parameter.empty:
            missing.append(repr(parameter.name))
    return found, missing


def _hyperparameters(source: Source) -> Mapping[str, Any]:
    given = source.hyperparameters
    if isinstance(given, Mapping):
        return given
    return vars(given) if hasattr(given, "__dict__") else {}


def _look_up(name: str, known: Mapping[str, Any], model: Any) -> Any:
    """The value of a constructor's argument.

    Raises:
        LookupError: Neither a hyperparameter nor an attribute of the model has its name.
    """
    called = vars(model).get("_hub_mixin_config")  # what PyTorchModelHubMixin saw the model being made with
    if isinstance(called, Mapping) and (name in called or name == "config"):
        return called.get(name, called)
    if name in known:
        return known[name]
    own = vars(model)
    if name in own:
        return own[name]
    if name in WHOLE_CONFIGURATION and known:
        return dict(known)
    raise LookupError(name)


def _plain(value: Any) -> Any:
    """The value as JSON holds it.

    Raises:
        TypeError: JSON cannot hold it.
        ValueError: It is NaN or infinite.
    """
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: _plain(item) for key, item in value.items()}
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float) and value - value == 0:
        return value
    raise TypeError(f"{type(value).__name__} {value!r:.60} is no JSON value")


def check(section: Section, site: Site) -> Iterator[Finding]:
    """Compare the tensors after load with the recorded digests: are these the right weights?"""
    if section.loader == "for_callable":
        yield not_run(NAME, "a plain function has no weights to compare")
    elif site.answer is None or not site.answer.digests:
        yield not_run(NAME, "the weights were not loaded, so they were not compared")
    else:
        yield from _check_digests({entry.name: entry.xxh3_128 for entry in section.tensors}, site.answer.digests)


def _check_digests(recorded: Mapping[str, str], found: Mapping[str, str]) -> Iterator[Finding]:
    wrong = [name for name in recorded if found.get(name) != recorded[name]]
    wrong += [name for name in found if name not in recorded]
    if not wrong:
        yield same(NAME, f"weights after load: {len(recorded)} tensors, all as recorded")
    for name in wrong[:MISSING_SHOWN]:
        expected, now = recorded.get(name, "no such tensor"), found.get(name, "no such tensor")
        yield differs(NAME, f"tensor {name!r} after load: digest differs", expected=expected, found=now)
    if len(wrong) > MISSING_SHOWN:
        more = len(wrong) - MISSING_SHOWN
        yield differs(NAME, f"and {more} more tensors after load", expected="as recorded", found="other digests")
