"""What every kind of captured thing offers, and what it is given.

A component is a module with a ``NAME``, a ``Section`` (its part of the manifest) and both directions: ``capture`` makes
the section from what the person handed over, ``check`` compares a section with what is found at a replay.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from reprobundle.answers import Answer
from reprobundle.comparison.policy import Policy
from reprobundle.errors import ReproBundleError
from reprobundle.machine_places import without_places
from reprobundle.records import Json, Record
from reprobundle.report import Finding, Rung, Status
from reprobundle.signals import ends_program

if TYPE_CHECKING:
    from reprobundle.secrecy import Gate
    from reprobundle.store import Writer

DEFAULT_BUDGET = 30.0
MAX_SHARD_BYTES = 50 * 10**9
Vendor = Literal["needed", "all"]


@dataclass(frozen=True, kw_only=True)
class Begun:
    """What stood at the start of training, to be compared at capture.

    Attributes:
        commit: The git commit checked out, 40 or 64 hex digits; None outside a repository.
        sources: Digest of each source file by its path relative to the project.
        splits: Ordered digest of each data split by name.
        seeds: Seeds in force then, by name.
    """

    commit: str | None
    sources: Mapping[str, str]
    splits: Mapping[str, str]
    seeds: Mapping[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A model that was opened from a file or folder: what lies there and may go into the bundle as it is.

    Attributes:
        kind: As `model.Given` names it: ``safetensors``, ``checkpoint``, ``folder``, ``torchscript`` or ``onnx``.
        place: The file or folder.
        weights: Files that hold the weights: of safetensors to be linked or copied, else none.
        documents: Further files for the root of the bundle, by their path there.
        key: Where in a checkpoint the state dict stood.
        left_out: What else the checkpoint held, by name.
        init: Arguments for the constructor that the checkpoint itself holds.
        notes: What the person should know about how it was opened.
    """

    kind: Literal["safetensors", "checkpoint", "folder", "torchscript", "onnx"]
    place: Path
    weights: tuple[Path, ...] = ()
    documents: Mapping[str, Path] = field(default_factory=dict)
    key: str | None = None
    left_out: tuple[str, ...] = ()
    init: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DataPlace:
    """A file or folder on this machine that holds the data of a split.

    Attributes:
        split: The split's name.
        place: Absolute, links resolved; of a folder all below it counts.
        private: Whether the split is private, so that nothing of it may be packed.
    """

    split: str
    place: Path
    private: bool = False


@dataclass(frozen=True, kw_only=True)
class Source:
    """What a person handed to ``capture``; each component reads the part it knows.

    Attributes:
        model: An ``nn.Module``, or a function for a model that is not torch; as handed over it may also be the path of a
            file or folder, of which `opened` tells once it is opened.
        inputs: Sample inputs: a tensor or array (one argument), a tuple or list (positional), a dict (keywords).
        factory: Class or function that makes the model, itself or as ``module:name``; None: the model's own class.
        init: Arguments of the factory: keywords, or ``{"args": [...], "kwargs": {...}}``; None: found out.
        hyperparameters: A mapping, dataclass, Namespace or object with ``to_dict``.
        preprocessing: A configuration, or a `Preprocessing`.
        splits: Data splits by name, each by itself or as a `DataSplit`.
        splitting: How they were made of one whole: a `Splitting`.
        metrics: Values reached, by name; they become claims.
        claims: Further claims: mappings with the fields of a claim.
        documentation: What the person says about the model: mapping with the fields of ``documentation/card.yaml``.
        project: The folder the training code lives in; None: found out.
        budget: Seconds that lock hashes and calibration may take together; 0 switches both off.
        run: What `begin` recorded at the start of training.
        vendor: Which distributions travel in the bundle as wheels: those that no index offers, or all.
        trained_here: Whether this process trained the model, so that its seeds say something about it.
        optimizer: The optimizer, whose class and options are recorded.
        scheduler: The scheduler of its learning rate, likewise.
        resumable: Whether the states of the two go along, so that training can be continued.
        generators: States of the random generators when capture was called, by generator, by rank (`ranks.generator_states`).
        seeds: Seeds in force when capture was called; None: those in force when they are asked for.
        data_places: Where the data of the splits lies, as far as it was named by its place.
        secrets: Byte strings that no packed file may hold, such as the salts of private splits.
        max_shard_bytes: Size above which the weights are split into several files.
        allow: Secrets that are let through, each as ``RULE:PATH``.
        strict: Whether to seal nothing where a secret was met; else what holds one stays out.
        opened: Where `model` came from, when the person named a file or folder.
        wrappers: What was taken off `model`, outermost first.
        progress: Called with the bytes written so far and the bytes in all, while weights are written.
        reading: Called with the bytes read so far and the bytes in all, while data splits are digested.
        column_of: Reads a column of a split, given as in `splits`, by its name; None: only mappings and tables have columns.
    """

    model: Any
    inputs: Any = None
    factory: Any = None
    init: Any = None
    hyperparameters: Any = None
    preprocessing: Any = None
    splits: Mapping[str, Any] = field(default_factory=dict)
    splitting: Any = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    claims: Sequence[Any] = ()
    documentation: Mapping[str, Any] = field(default_factory=dict)
    project: Path | None = None
    budget: float = DEFAULT_BUDGET
    run: Begun | None = None
    vendor: Vendor = "needed"
    trained_here: bool = True
    optimizer: Any = None
    scheduler: Any = None
    resumable: bool = False
    generators: Mapping[int, Mapping[str, bytes]] = field(default_factory=dict)
    seeds: Mapping[str, int | str] | None = None
    data_places: Sequence[DataPlace] = ()
    secrets: Sequence[bytes] = field(default=(), repr=False)
    max_shard_bytes: int = MAX_SHARD_BYTES
    allow: Sequence[str] = ()
    strict: bool = False
    opened: Opened | None = None
    wrappers: tuple[str, ...] = ()
    progress: Callable[[int, int], None] | None = None
    reading: Callable[[int, int], None] | None = None
    column_of: Callable[[Any, str], Sequence[Any]] | None = None


def _gate() -> Gate:
    """A gate of nothing allowed; its rules are built when something is captured, not when a manifest is read."""
    from reprobundle.secrecy import Gate

    return Gate()


@dataclass
class Stage:
    """Where a capture puts its files and says what it left out.

    Attributes:
        writer: Writes into the bundle being made.
        notes: What the person should know, in the order it was found.
        sections: The sections made so far, by component name: a later component may look at an earlier one.
        deadline: ``time.monotonic()`` at which the budget for lock hashes and calibration ends.
        withheld: Files and folders, links resolved, of which nothing may get into a wheel: the data of private splits.
        model_seconds: How long the model took on the recorded inputs, so that further runs of it can be planned; it is
            never recorded. None: it was not run.
        gate: What is looked at before it goes into the bundle, for secrets.
        awaited: By claim id, what the numbers are awaited for that a claim's function gives of its samples before the seal.
        trial: Whether the bundle is thrown away, so that what is dear is left to the capture itself.
        left: What a trial leaves to it.
    """

    writer: Writer
    deadline: float = field(default_factory=lambda: time.monotonic() + DEFAULT_BUDGET)
    notes: list[Finding] = field(default_factory=list)
    sections: dict[str, Record] = field(default_factory=dict)
    withheld: tuple[Path, ...] = ()
    model_seconds: float | None = None
    gate: Gate = field(default_factory=_gate)
    awaited: dict[str, Any] = field(default_factory=dict)
    trial: bool = False
    left: list[str] = field(default_factory=list)

    @property
    def root(self) -> Path:
        """The folder of the bundle being made."""
        return self.writer.root

    def note(self, kind: str, message: str, *, hint: str | None = None) -> None:
        """Tell the person something; it is sealed into the bundle, without folders of this machine, and never stops it."""
        told = _readable(without_places(message))
        way_out = None if hint is None else _readable(without_places(hint))
        self.notes.append(Finding(kind=kind, status=Status.NOTE, message=told, hint=way_out))


def _readable(text: str) -> str:
    """A text with halves of characters spelt out, which can stand in no record: an exception may quote any."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


@dataclass(frozen=True)
class Fed:
    """The model's recorded sample inputs, as another kind may compare its own with them.

    Attributes:
        file: The bundle's safetensors file that holds the tensors.
        structure: How they are nested, in the encoding of ``worker/tree.py``.
    """

    file: str
    structure: Json


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where a check may look.

    Attributes:
        root: The verified view of the bundle.
        answer: What the worker did; None when nothing was run.
        data: The reviewer's own copies of splits, by split name: paths, URLs, or objects that `capture` takes as splits.
        salts: Files with the salts of private splits, by split name.
        required: The rung the reviewer asks for.
        other_device: Whether the model ran on another kind of device than at capture.
        packages: Folders of packages of an environment that was there before, to be read; None: it was made from the lock.
        looked: Gives what `existing.look_at` read of these folders while the model ran; None: they were not read yet.
        own_wheels: Whether the wheels of the bundle were installed where the model ran.
        fed: The model's recorded inputs; None where there are none.
        policy: How far the reviewer lets a bundle's own tolerances reach.
        copies: For splits whose copy was compared with the record, what that came to.
    """

    root: Path
    answer: Answer | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    salts: Mapping[str, Path] = field(default_factory=dict)
    required: Rung = Rung.CLOSE
    other_device: bool = False
    packages: tuple[Path, ...] | None = None
    looked: Callable[[], Any] | None = None
    own_wheels: bool = True
    fed: Fed | None = None
    policy: Policy = field(default_factory=Policy)
    copies: Mapping[str, Status] = field(default_factory=dict)


S = TypeVar("S", bound=Record)
T = TypeVar("T")


@dataclass(frozen=True)
class Failure:
    """Why a piece of the user's own code did not work.

    Attributes:
        why: The exception's type and message in one line.
        hint: The way out, where the exception names one.
    """

    why: str
    hint: str | None = None


def attempt(action: Callable[[], T]) -> T | Failure:
    """Run a piece of the user's own code (a forward pass, a data set's ``__getitem__``), which may raise anything.

    The one place where any exception is caught: a capture must not lose a training run to it. Ctrl-C and a request to end
    pass through.
    """
    try:
        return action()
    except BaseException as error:
        if ends_program(error):
            raise
        told = str(error) if isinstance(error, Exception) else f"{error} (it would have ended the program)"
        hint = error.hint if isinstance(error, ReproBundleError) else None
        return Failure(f"{type(error).__name__}: {' '.join(told.split())[:300]}", hint)


class Component(Protocol[S]):
    """One kind of captured thing; modules of this package satisfy it."""

    NAME: str
    Section: type[S]

    def capture(self, source: Source, stage: Stage) -> S:
        """Make the section and write its files; what is missing becomes a note, never an exception."""

    def check(self, section: S, site: Site) -> Iterator[Finding]:
        """Compare the section with what is found at the site; a check that cannot run yields why."""


def same(kind: str, message: str) -> Finding:
    """A finding that recorded and found agree."""
    return Finding(kind=kind, status=Status.SAME, message=message)


def differs(kind: str, message: str, *, expected: object, found: object, hint: str | None = None) -> Finding:
    """A finding that recorded and found part, with both."""
    return Finding(
        kind=kind, status=Status.DIFFERS, message=message, expected=str(expected), found=str(found), hint=hint
    )


def not_run(kind: str, message: str, *, hint: str | None = None) -> Finding:
    """A finding that something was not looked at, with the reason."""
    return Finding(kind=kind, status=Status.NOT_RUN, message=message, hint=hint)
