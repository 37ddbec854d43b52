"""``config.json`` for a model with `PyTorchModelHubMixin`, and what ``from_pretrained`` makes of it.

The mixin leaves out in silence what JSON cannot hold, gives lists for tuples and dictionaries for objects, and float32
for half. Each is found by asking its own ``from_pretrained`` which arguments it would call the class with.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reprobundle.components.interface import Failure, Stage, attempt
from reprobundle.components.model import mixin
from reprobundle.components.model.section import NAME
from reprobundle.components.recipes.values import Coded, recorded
from reprobundle.phrases import counted, some

LOADING = frozenset({"force_download", "token", "cache_dir", "local_files_only", "revision", "model_id"})
LONGEST_SHOWN = 60
_LEFT_OUT: Any = object()


def content(model: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """What ``config.json`` holds: what the mixin would write, had it kept all that JSON can hold.

    Args:
        model: The model.
        values: Arguments of its constructor by name.
    """
    config = dict(mixin.remembered(model))
    for name, value in values.items():
        plain = _plain(model, value)
        if name == mixin.CONFIG and isinstance(plain, Mapping):
            config.update(plain)
        else:
            config[name] = plain
    kept = _strict(config)
    return kept if isinstance(kept, dict) else {}


def bound(model: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of a model's constructor by name, with the defaults of those that are not given."""
    signature = inspect.signature(type(model))
    call = signature.bind_partial(*args, **kwargs)
    call.apply_defaults()
    taken = dict(call.arguments)
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            taken.update(taken.pop(parameter.name))
        elif parameter.kind is parameter.VAR_POSITIONAL:
            del taken[parameter.name]
    return taken


def note_faults(model: Any, values: Mapping[str, Any], text: str, stage: Stage) -> None:
    """Tell what a ``from_pretrained`` of the bundle gets wrong, though a replay does not.

    Args:
        model: The model.
        values: Arguments of its constructor by name.
        text: The bundle's ``config.json``.
        stage: Takes the notes.
    """
    name = type(model).__name__
    asked = attempt(lambda: _asked(type(model), text))
    if isinstance(asked, Failure):
        hint = f"try {name}.from_pretrained on the bundle"
        stage.note(NAME, f"{name}.from_pretrained makes no arguments of config.json: {asked.why}", hint=hint)
    elif asked is not None:
        defaults = {key: parameter.default for key, parameter in inspect.signature(type(model)).parameters.items()}
        for argument, fault in _faults(values, asked, defaults):
            hint = f"{name}.from_pretrained(…, {argument}=…); a replay has it as it was"
            stage.note(NAME, f"{name}.from_pretrained {fault}", hint=hint)
    _note_dtypes(model, stage)
    _note_changed(model, stage)


def _plain(model: Any, value: Any) -> Any:
    """A value as the mixin encodes it."""
    if isinstance(value, Coded):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    encoded = mixin.encoded(model, value)
    return value if encoded is None else encoded


def _strict(value: Any) -> Any:
    """A value without what strict JSON cannot hold."""
    if isinstance(value, Mapping):
        kept = {key: _strict(item) for key, item in value.items() if isinstance(key, str)}
        return {key: item for key, item in kept.items() if item is not _LEFT_OUT}
    if isinstance(value, list | tuple):
        items = [_strict(item) for item in value]
        return _LEFT_OUT if any(item is _LEFT_OUT for item in items) else items  # one less would be another list
    written = attempt(lambda: json.dumps(value, allow_nan=False).encode())
    return _LEFT_OUT if isinstance(written, Failure) else value


class _Class:
    """A stand-in for a class, which keeps what ``from_pretrained`` would make it with instead of making it."""

    def __init__(self, kind: type) -> None:
        self._kind = kind
        self.called: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kind, name)

    def _from_pretrained(self, **called: Any) -> _Class:
        self.called = {name: value for name, value in called.items() if name not in LOADING}
        return self


def _asked(kind: Any, text: str) -> Mapping[str, Any] | None:
    """What the mixin would call a class with; None where the class loads in a way of its own."""
    library: Any = sys.modules["huggingface_hub.hub_mixin"]
    own = kind.from_pretrained.__func__, kind._from_pretrained.__func__  # noqa: SLF001  the mixin's protocol
    usual = library.ModelHubMixin.from_pretrained, library.PyTorchModelHubMixin._from_pretrained  # noqa: SLF001  the same
    if own != tuple(method.__func__ for method in usual):
        return None
    with tempfile.TemporaryDirectory(prefix="reprobundle-config-") as folder:
        Path(folder, "config.json").write_text(text, encoding="utf-8")
        stand_in = _Class(kind)
        own[0](stand_in, os.fspath(folder))
    return {name: value for name, value in stand_in.called.items() if name not in {"map_location", "strict"}}


def _faults(
    values: Mapping[str, Any], asked: Mapping[str, Any], defaults: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if name not in asked:
            if not _equal(value, defaults.get(name, _LEFT_OUT)):
                yield name, f"does not know the argument {name!r}: {_shown(value)} cannot stand in config.json"
        elif isinstance(value, Mapping) and isinstance(asked[name], Mapping):
            parts = [key for key in value if key not in asked[name]]
            if parts:
                yield (
                    name,
                    f"does not know {some([repr(key) for key in parts])} of {name!r}, which cannot stand in config.json",
                )
            for key in value:
                if key in asked[name] and not _equal(value[key], asked[name][key]):
                    yield (
                        name,
                        f"gives {_shown(asked[name][key])} for {key!r} of {name!r}, which was {_shown(value[key])}",
                    )
        elif not _equal(value, asked[name]):
            yield name, f"gives {_shown(asked[name])} for {name!r}, which was {_shown(value)}"


def _equal(one: Any, other: Any) -> bool:
    """Whether two values are one to whoever looks at their types as well."""
    if isinstance(one, Coded):
        return not isinstance(other, type(one.value))  # decoded: the class's own coder answers for the value
    made = attempt(lambda: recorded((one,), {}) == recorded((other,), {}))
    return made is True


def _shown(value: Any) -> str:
    """A value in few words, with its type where its own words do not say it."""
    if isinstance(value, Coded):
        return f"encoded as {_shown(value.value)}"
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"a {type(value).__name__}"


def _note_dtypes(model: Any, stage: Stage) -> None:
    import torch

    floats = [
        value for value in model.state_dict().values() if isinstance(value, torch.Tensor) and value.is_floating_point()
    ]
    other = sorted({str(value.dtype) for value in floats if value.dtype is not torch.get_default_dtype()})
    if other:
        number = sum(value.dtype is not torch.get_default_dtype() for value in floats)
        message = f"{type(model).__name__}.from_pretrained keeps the dtypes that the constructor makes: {counted(number, 'tensor')}"
        hint = f"after from_pretrained: .to({other[0]}); a replay has the dtypes as they were"
        verb = "is" if number == 1 else "are"
        stage.note(NAME, f"{message} {verb} of {', '.join(other)} here", hint=hint)


def _note_changed(model: Any, stage: Stage) -> None:
    """Tell which arguments the model now holds another value of than it was made with."""
    kept, own = mixin.remembered(model), vars(model)
    config = own.get(mixin.CONFIG)
    held = {**(config if isinstance(config, Mapping) else {}), **own}
    changed = [
        name for name, value in kept.items()
        if name in held and type(held[name]) is type(value) and not _equal(held[name], value)
    ]  # fmt: skip
    if changed:
        hint = "where they should be made with the new ones: capture(…, init={…})"
        message = f"the model was made with other values than it holds now: {some([repr(name) for name in changed])}"
        stage.note(NAME, message, hint=hint)
