"""The types of what the worker left behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reprobundle.records import Json, Record

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the bundle's source.

    Attributes:
        file: Path in the bundle.
        line: Its number, from 1.
        function: The function it stands in.
        text: The line itself, without its indent; empty where it could not be read.
    """

    file: str
    line: int
    function: str
    text: str

    @property
    def words(self) -> str:
        """As a person reads it: ``code/source/net.py:12 in __init__: response = urlopen(url)``."""
        return f"{self.file}:{self.line} in {self.function}" + (f": {self.text}" if self.text else "")


@dataclass(frozen=True, kw_only=True)
class Deed:
    """What the bundle's source did to the world around it while its model was made.

    Attributes:
        kind: ``network``, ``process``, ``change`` (of files) or ``read`` (of what no replay has).
        does: What it does, such as ``writes``.
        name: The file or program it does it to, without its place; empty where there is none.
        at: The line that led to it.
    """

    kind: str
    does: str
    name: str
    at: Line


@dataclass(frozen=True, kw_only=True)
class Misfit:
    """How recorded weights and the state of the class part, the first few of each; `counts` has how many there are.

    Attributes:
        missing: Names that the class has and the weights have not.
        unexpected: Names that the weights have and the class has not.
        other: Name, recorded form and made form, where these differ.
        counts: How many of each, by the name of the attribute.
    """

    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    other: tuple[tuple[str, str, str], ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


class Sketch(Record):
    """What one call of one module gave, in so few numbers that every module's fit into a bundle.

    Attributes:
        module: Its name in the model, and, where it gave more than one tensor, the way to this one: ``encoder#0``, ``#logits``.
        kind: Its class, without the package.
        call: Which call of it, from 0.
        dtype: Of its output, in safetensors' spelling.
        shape: Of its output.
        digest: XXH3-128 of the output's bytes.
        sum: Of the output in float64; None where it is not finite.
        absmax: Largest magnitude, likewise.
        mean: Likewise.
        std: Likewise.
        samples: At most 64 values at evenly spaced places of the flattened output, in float64; None for one not finite.
    """

    module: str
    kind: str
    call: int
    dtype: str
    shape: tuple[int, ...]
    digest: str
    sum: float | None
    absmax: float | None
    mean: float | None
    std: float | None
    samples: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one further run of the model gave; the first run, on the recorded inputs, is the `Answer`'s own.

    Attributes:
        name: As it was asked for.
        outputs: Nested structure of the outputs; None where it failed.
        arrays: The produced tensors by name.
        error: In one line why it failed, or None.
        seconds: How long the model took; None where that is not known.
        sketches: Of each call of each leaf module, in the order of the calls; empty where they were not asked for.
        left_out: How many more calls there were.
        at: The innermost line of the bundle's source that the error came through.
    """

    name: str
    outputs: Json = None
    arrays: Mapping[str, np.ndarray[Any, Any]] = field(default_factory=dict)
    error: str | None = None
    seconds: float | None = None
    sketches: tuple[Sketch, ...] = ()
    left_out: int = 0
    at: Line | None = None


@dataclass(frozen=True, kw_only=True)
class Computed:
    """What a claim's function gave.

    Attributes:
        value: A finite number; None where it gave none.
        error: In one line why not, or None.
        seconds: How long it took.
        samples: The numbers of the samples whose mean it is, float64 of shape (n,); None where there are none.
    """

    value: float | None = None
    error: str | None = None
    seconds: float | None = None
    samples: np.ndarray[Any, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the worker left behind, parsed as hostile bytes; digests and facts in it are diagnosis, never proof.

    Attributes:
        stage: How far it came: ``start``, ``transform``, ``build``, ``load``, ``run``, ``split``, ``runs``, ``claims`` or ``done``.
        error: In one line why it went no further, or None; an end in ``runs`` or ``claims`` is told in those it ended alone.
        outputs: Nested structure of the outputs, in the encoding of ``worker/tree.py``.
        arrays: The produced tensors by name: the recorded ones, and the first few others.
        left_out: How many more were produced.
        transformed: The preprocessing's results by name; None when there was none to run, or it failed.
        nesting: Nested structure of the preprocessing's results; it holds what is no tensor.
        digests: Digest of each tensor of the model after load.
        device: Kind of device it says the model was on.
        facts: Facts of the interpreter and machine that change numbers.
        distributions: Version of each distribution installed where the worker ran; None where it did not come so far.
        log: The end of what it printed.
        at: The innermost line of the bundle's source that the error came through; None where it saw none of it.
        misfit: Why the weights could not be loaded, where they do not fit the class.
        forms: Dtype and shape of each tensor of the model after load, as text.
        sharing: Names of tensors that share the memory of an earlier name after load; None where that is not known.
        buffers: Digest of each recorded buffer that is no part of the state and that the model has.
        deeds: What the bundle's source did while the model was made; looked for at a proof only.
        transform_error: In one line why the preprocessing failed, or None.
        transform_at: The innermost line of the bundle's source that this error came through.
        indices: Indices of the data splits, made again, by split; None when there were none to make, or it failed.
        splitting_error: In one line why they could not be made, or None.
        runs: Every further run that was asked for, by name.
        claims: What the function of every claim that was asked for gave, by claim id.
        unapplied: One line for each recorded setting that could not be set.
        seconds: How long the model took on the recorded inputs; None where that is not known.
    """

    stage: str
    error: str | None
    outputs: Json
    arrays: Mapping[str, np.ndarray[Any, Any]]
    transformed: Mapping[str, np.ndarray[Any, Any]] | None
    nesting: Json
    digests: Mapping[str, str]
    device: str | None
    facts: Mapping[str, Json]
    distributions: Mapping[str, str] | None
    log: str
    at: Line | None = None
    misfit: Misfit | None = None
    forms: Mapping[str, str] = field(default_factory=dict)
    sharing: Mapping[str, str] | None = None
    buffers: Mapping[str, str] = field(default_factory=dict)
    deeds: tuple[Deed, ...] = ()
    transform_error: str | None = None
    transform_at: Line | None = None
    indices: Mapping[str, np.ndarray[Any, Any]] | None = None
    splitting_error: str | None = None
    runs: Mapping[str, Run] = field(default_factory=dict)
    claims: Mapping[str, Computed] = field(default_factory=dict)
    unapplied: tuple[str, ...] = ()
    seconds: float | None = None
    left_out: int = 0
