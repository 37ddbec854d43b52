"""What turns raw samples into model inputs, step by step: what each is made again from, and what to call now."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MethodType
from typing import Any

from reprobundle import arrays, entries, tensors
from reprobundle.components.interface import Stage
from reprobundle.components.preprocessing import objects, pretrained
from reprobundle.components.preprocessing.section import NAME, Step
from reprobundle.components.recipes import skops_file
from reprobundle.components.recipes.objects import apart, is_sequential
from reprobundle.components.recipes.refusals import FACTORY, is_module
from reprobundle.components.recipes.values import recorded
from reprobundle.errors import ReproBundleError, UsageError
from reprobundle.store.paths import fault_of
from reprobundle.worker import for_skops

ALONE = "transform"
FOLDER = "preprocessing"
WAY_OUT = "give a function at the top level of a module, as module:name, or an object of a class that stands there"
LAMBDA = "write it as a function at the top level of a module; what it needs besides, bind with functools.partial"
KINDS = "a function, an object that can be called, a scikit-learn transformer or a tokenizer"

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


@dataclass(frozen=True)
class Taken:
    """The steps as they are now, and as they are made again.

    Attributes:
        functions: What is applied to raw samples, one after another.
        entry: The one function, where it is one alone.
        steps: The recipes; empty where `entry` says it all, and where one of them cannot be made again.
    """

    functions: tuple[Callable[[Any], Any], ...] = ()
    entry: str | None = None
    steps: tuple[Step, ...] = ()


def take(transform: Any, stage: Stage, saved: pretrained.Saved) -> Taken:
    """Record what was given as the transform; what cannot be made again is a note, and is run all the same.

    Args:
        transform: As `Preprocessing.transform`.
        stage: Takes files and notes.
        saved: The tokenizer whose files lie at the root already, if any.
    """
    if transform is None:
        return Taken()
    named = list(_named(transform))
    functions = tuple(_now(thing) for _, thing in named)
    taking = _Taking(stage, saved, _file_names([name for name, _ in named]))
    alone = len(named) == 1 and named[0][0] == ALONE
    steps = [step for name, thing in named if (step := taking.attempted(name, thing, alone=alone)) is not None]
    if len(steps) < len(named):
        taking.forget()
        return Taken(functions)
    if alone and steps[0] == Step(name=ALONE, form="function", entry=steps[0].entry):
        return Taken(functions, entry=steps[0].entry)
    return Taken(functions, steps=tuple(steps))


def things(transform: Any) -> list[Any]:
    """What is applied, one after another, as it was given."""
    return [] if transform is None else [thing for _, thing in _named(transform)]


def _named(transform: Any) -> Iterator[tuple[str, Any]]:
    """Each step with its name; torch's container of modules is its modules."""
    if is_sequential(transform):
        yield from transform.named_children()
    elif isinstance(transform, Mapping):
        yield from ((str(name), thing) for name, thing in transform.items())
    elif isinstance(transform, list | tuple):
        yield from ((str(number), thing) for number, thing in enumerate(transform, start=1))
    else:
        yield ALONE, transform


def _file_names(names: list[str]) -> dict[str, str]:
    """The first part of the names of each step's files: its own name where that is a legal one, else its number."""
    taken: dict[str, str] = {}
    for number, name in enumerate(names, start=1):
        legal = _FILE_NAME.fullmatch(name) and fault_of(f"{name}.skops") is None
        own = name if legal and not name.lower().startswith("step-") else f"step-{number}"
        taken[name] = own if own.lower() not in {one.lower() for one in taken.values()} else f"step-{number}"
    return taken


def _now(thing: Any) -> Callable[[Any], Any]:
    """What to call with samples in this process."""
    if isinstance(thing, str):
        return functools.partial(_named_there, thing)
    if is_module(thing):
        return functools.partial(_evaluated, thing)
    if for_skops.recognises(thing):
        return getattr(thing, "transform", thing)  # type: ignore[no-any-return]
    found: Callable[[Any], Any] = thing
    return found


def _named_there(entry: str, value: Any) -> Any:
    return entries.resolve(entry)(value)


def _evaluated(module: Any, value: Any) -> Any:
    """What a module gives in evaluation mode, without gradients; each of its parts is left in the mode it was in."""
    import torch

    modes = {part: part.training for part in module.modules()}
    try:
        module.eval()
        with torch.no_grad():
            return module(value)
    finally:
        for part, training in modes.items():
            part.training = training


@dataclass
class _Taking:
    """One walk through the steps."""

    stage: Stage
    saved: pretrained.Saved
    names: Mapping[str, str]
    written: list[str] = field(default_factory=list)

    def attempted(self, name: str, thing: Any, *, alone: bool) -> Step | None:
        """The recipe of one step; None, and a note, where it cannot be made again."""
        try:
            return self.step(name, thing)
        except ReproBundleError as error:
            plainly = alone and (isinstance(thing, str) or inspect.isroutine(thing))
            what = "the transform cannot be found again by name" if plainly else f"step {name!r} cannot be made again"
            hint = WAY_OUT if error.hint in {None, FACTORY} else error.hint
            hint = LAMBDA if "a lambda" in str(error) else hint
            self.stage.note(NAME, f"{what}: {error}", hint=hint)
            return None

    def step(self, name: str, thing: Any) -> Step:
        """The recipe of one step; its files are written.

        Raises:
            ReproBundleError: It cannot be made again.
        """
        filed: dict[str, Any] = {}
        call = None
        if isinstance(thing, functools.partial):
            call = recorded(thing.args, thing.keywords, apart=apart, filed=filed, within="call/")
            thing = thing.func
        owner, method = _owner(thing)
        made = self.made(name, owner, method, filed)
        if call is not None:
            made = made.model_copy(update={"call": call})
        if not filed:
            return made
        path = f"{FOLDER}/{self.names[name]}.state.safetensors"
        tensors.write(self.stage.writer, path, {key: _stored(value) for key, value in filed.items()})
        self.written.append(path)
        return made.model_copy(update={"tensors": path})

    def made(self, name: str, thing: Any, method: str | None, filed: dict[str, Any]) -> Step:
        """What makes the function or object itself again."""
        if method is None and (isinstance(thing, str | type) or inspect.isroutine(thing)):
            return Step(name=name, form="function", entry=entries.entry_of(thing))
        if pretrained.saves_itself(thing):
            return self.pretrained(name, thing, method)
        if for_skops.recognises(thing):
            return self.skops(name, thing, method or "transform")
        if method is None and not callable(thing):
            raise UsageError(f"expected {KINDS}, found {type(thing).__name__}", hint=WAY_OUT)
        return objects.step(name, thing, method, filed)

    def skops(self, name: str, thing: Any, method: str) -> Step:
        """A fitted object of scikit-learn."""
        if not callable(getattr(thing, method, None)):
            raise UsageError(
                f"{type(thing).__name__} has no method {method!r}", hint="give a transformer, or a bound method"
            )
        written = skops_file.write(thing, NAME)
        path = f"{FOLDER}/{self.names[name]}.skops"
        self.stage.writer.write(path, written.content)
        self.written.append(path)
        return Step(name=name, form="skops", file=path, method=method, trusted=written.trusted)

    def pretrained(self, name: str, thing: Any, method: str | None) -> Step:
        """A tokenizer or processor, whose files stand at the root."""
        if not callable(getattr(type(thing), "from_pretrained", None)):
            raise UsageError(f"{type(thing).__name__} has save_pretrained, but no from_pretrained", hint=WAY_OUT)
        if not self.saved.save(thing, self.stage):
            hint = "give the tokenizer as a step, and the other within a function of yours"
            raise UsageError(
                f"{type(thing).__name__}: the root of the bundle holds one tokenizer or processor", hint=hint
            )
        return Step(name=name, form="pretrained", entry=entries.entry_of(type(thing)), method=method)

    def forget(self) -> None:
        """Take back what was written for steps that cannot all be made again."""
        for path in self.written:
            self.stage.writer.forget(path)


def _owner(thing: Any) -> tuple[Any, str | None]:
    """The object that a bound method belongs to, and its name; a thing itself where it is none.

    Raises:
        UsageError: The method's name is none that a bundle can hold.
    """
    if not isinstance(thing, MethodType) or isinstance(thing.__self__, type):
        return thing, None
    name = thing.__func__.__name__
    if name == "__call__":
        return thing.__self__, None
    if name.startswith("_") or not name.isascii() or not name.isidentifier():
        raise UsageError(f"{name!r}: a method whose name begins with '_' or is not ASCII", hint=WAY_OUT)
    return thing.__self__, name


def _stored(value: Any) -> tensors.TensorBytes:
    return tensors.of_array(arrays.to_array(value))
