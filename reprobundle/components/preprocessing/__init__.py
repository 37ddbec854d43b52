"""Preprocessing: its configuration, the function that does it, and raw sample → model input pairs that prove it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from reprobundle import arrays, entries, tensors
from reprobundle.components.interface import Failure, Site, Source, Stage, attempt, differs, not_run, same
from reprobundle.components.preprocessing import pretrained
from reprobundle.errors import ReproBundleError
from reprobundle.plain_values import fields_of, plain
from reprobundle.records import MAX_DOCUMENT_BYTES, Json, Record, strict_json
from reprobundle.report import Finding, OutputComparison, Rung
from reprobundle.store import inside
from reprobundle.store.digests import BundlePath
from reprobundle.worker import seeding, tree

NAME = pretrained.NAME
CONFIGURATION = "preprocessing/configuration.json"
RAW = "preprocessing/raw.safetensors"
EXPECTED = "preprocessing/expected.safetensors"
MAX_SAMPLE_BYTES = 2**30


@dataclass(frozen=True)
class Preprocessing:
    """What a person hands over about preprocessing.

    Attributes:
        configuration: Its settings: a mapping, a dataclass, an object with ``to_dict``, the path of a YAML or JSON
            file, or a tokenizer or other object with ``save_pretrained``.
        transform: The function that turns raw samples into model inputs, itself or as ``module:name``.
        samples: A few raw samples, as `transform` takes them in one argument: tensors, arrays and plain values, nested.
    """

    configuration: Any = field(default_factory=dict)
    transform: Callable[[Any], Any] | str | None = None
    samples: Any = None


class Samples(Record):
    """Tensors in a nested structure.

    Attributes:
        file: The safetensors file that holds the tensors.
        structure: How they are nested, in the encoding of ``worker/tree.py``.
        library: What the tensors were: ``numpy`` arrays or ``torch`` tensors.
    """

    file: BundlePath
    structure: Json
    library: Literal["numpy", "torch"]


class Pairs(Record):
    """Raw samples and what the function made of them.

    Attributes:
        raw: What went in, in one argument.
        expected: What came out; a bare float is a 0-d F64 tensor.
    """

    raw: Samples
    expected: Samples


class Section(Record):
    """The recorded preprocessing.

    Attributes:
        configuration: The file with its settings, strict JSON.
        transform: The function as ``module:name``; None when there is none or it has no name that can be imported.
        pairs: Raw samples and results; None when none were given or the function failed.
        files: What a tokenizer wrote of itself, at the root, where ``from_pretrained`` looks for it.
    """

    configuration: BundlePath | None = None
    transform: entries.EntryName | None = None
    pairs: Pairs | None = None
    files: tuple[BundlePath, ...] = ()


def capture(source: Source, stage: Stage) -> Section:
    """Record the configuration and the function, and run the function once on the raw samples."""
    given = _given(source.preprocessing)
    itself = pretrained.saves_itself(given.configuration)
    return Section(
        configuration=None if itself else _write_configuration(given.configuration, stage),
        transform=_entry(given.transform, stage),
        pairs=_pairs(given, stage),
        files=pretrained.write(given.configuration, stage) if itself else (),
    )


def _given(given: Any) -> Preprocessing:
    if isinstance(given, Preprocessing):
        return given
    if pretrained.saves_itself(given):  # a tokenizer can be called, too
        return Preprocessing(configuration=given)
    if callable(given) and not callable(getattr(given, "to_dict", None)):
        return Preprocessing(transform=given)
    return Preprocessing(configuration={} if given is None else given)


def _write_configuration(given: Any, stage: Stage) -> str | None:
    values = _read(Path(given), stage) if isinstance(given, str | os.PathLike) else _values(given, stage)
    if not values:
        return None
    text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False)
    stage.writer.write(CONFIGURATION, text.encode("utf-8") + b"\n")
    return CONFIGURATION


def _read(path: Path, stage: Stage) -> Json:
    from reprobundle.yaml_reading import read_yaml

    try:
        if path.stat().st_size > MAX_DOCUMENT_BYTES:
            stage.note(NAME, f"configuration {path.name!r}: is larger than {MAX_DOCUMENT_BYTES} bytes and is left out")
            return None
        content = path.read_bytes()
        if path.suffix == ".json":
            return strict_json(content, name=path.name)
        document = read_yaml(content, name=path.name)
    except OSError as error:
        hint = "give a mapping or the path of a YAML or JSON file"
        stage.note(NAME, f"configuration {path.name!r}: cannot be read: {error.strerror}", hint=hint)
        return None
    except ReproBundleError as error:
        stage.note(NAME, f"the configuration is left out: {error}", hint=error.hint)
        return None
    for warning in document.warnings:
        stage.note(NAME, warning)
    return document.value


def _values(given: Any, stage: Stage) -> Json:
    made = attempt(lambda: None if (fields := fields_of(given)) is None else plain(fields))
    if isinstance(made, Failure) or made is None:
        why = made.why if isinstance(made, Failure) else f"found {type(given).__name__}, expected a mapping"
        stage.note(NAME, f"the configuration is left out: {why}", hint="give a dict of plain values")
        return None
    for missing in made.unsaved:
        message = f"configuration: {missing.path}: {missing.type} is not saved: {missing.reason}"
        stage.note(NAME, message, hint=missing.hint)
    return made.value


def _entry(transform: Callable[[Any], Any] | str | None, stage: Stage) -> str | None:
    if transform is None:
        return None
    try:
        return entries.entry_of(transform)
    except ReproBundleError as error:
        stage.note(NAME, f"the transform cannot be found again by name: {error}", hint=error.hint)
        return None


def _pairs(given: Preprocessing, stage: Stage) -> Pairs | None:
    """Write the raw samples first, so that a function that works in place spoils nothing."""
    if given.transform is None or given.samples is None:
        if given.transform is not None or given.samples is not None:
            missing = "samples" if given.samples is None else "transform"
            message = f"no {missing} given, so no replay can compare the preprocessing"
            stage.note(NAME, message, hint=f"Preprocessing({missing}=…)")
        return None
    raw = _write(RAW, given.samples, arrays.is_array, stage)
    if raw is None:
        return None
    made = attempt(lambda: _seeded(given))
    if isinstance(made, Failure):
        hint = "run transform(samples) to see it fail"
        stage.note(NAME, f"the transform fails on the samples: {made.why}", hint=hint)
    else:
        expected = _write(EXPECTED, made, _is_result, stage)
        if expected is not None:
            return Pairs(raw=raw, expected=expected)
    stage.writer.forget(RAW)
    return None


def _seeded(given: Preprocessing) -> Any:
    """What the function makes of the samples, from the seed that a replay uses too."""
    function = _function(given.transform)
    seeding.seed()
    return function(given.samples)


def _function(transform: Any) -> Callable[[Any], Any]:
    found: Callable[[Any], Any] = entries.resolve(transform) if isinstance(transform, str) else transform
    return found


def _is_result(value: Any) -> bool:
    return arrays.is_array(value) or isinstance(value, float)  # as the worker sees what the function gives


def _write(path: str, value: Any, is_tensor: Callable[[Any], bool], stage: Stage) -> Samples | None:
    made = attempt(lambda: _flat(value, is_tensor))
    what = "the samples" if path == RAW else "the transform's result"
    if isinstance(made, Failure):
        stage.note(NAME, f"{what} cannot be recorded: {made.why}", hint="give tensors, arrays and plain values, nested")
        return None
    structure, leaves = made
    size = sum(leaf.nbytes for leaf in leaves.values())
    if size > MAX_SAMPLE_BYTES:
        message = f"{what}: {size} bytes, at most {MAX_SAMPLE_BYTES} are recorded"
        stage.note(NAME, message, hint="give fewer samples")
        return None
    tensors.write(stage.writer, path, {name: tensors.of_array(leaf) for name, leaf in leaves.items()})
    return Samples(file=path, structure=structure, library=_library(value, is_tensor))


def _flat(value: Any, is_tensor: Callable[[Any], bool]) -> tuple[Json, dict[str, arrays.Array]]:
    structure, leaves = tree.flatten(value, is_tensor)
    return structure, {name: arrays.to_array(leaf) for name, leaf in leaves.items()}


def _library(value: Any, is_tensor: Callable[[Any], bool]) -> Literal["numpy", "torch"]:
    """``torch`` as soon as one leaf is a torch tensor: a mixture is handed over as torch tensors."""
    _, leaves = tree.flatten(value, is_tensor)
    return "torch" if any(arrays.is_torch(leaf) for leaf in leaves.values()) else "numpy"


def compare(section: Section, site: Site) -> tuple[OutputComparison, ...]:
    """Compare every recorded result with what the worker produced; empty when there is nothing to compare."""
    from reprobundle import comparison

    if section.pairs is None or site.answer is None or site.answer.transformed is None:
        return ()
    recorded = tensors.read_arrays(inside(site.root, section.pairs.expected.file))
    produced = site.answer.transformed
    compared = [comparison.compare(name, array, produced.get(name)) for name, array in recorded.items()]
    return (*compared, *(comparison.unexpected(name, produced[name]) for name in produced if name not in recorded))


def check(section: Section, site: Site) -> Iterator[Finding]:
    """One finding for each tensor that the function makes of the raw samples."""
    reason = _why_not(section, site)
    if reason is not None:
        yield not_run(NAME, f"preprocessing was not compared: {reason}")
        return
    compared = compare(section, site)
    if (
        section.pairs is not None
        and site.answer is not None
        and section.pairs.expected.structure != site.answer.nesting
    ):
        message = "preprocessed: the nesting or a plain value of the result differs from the record"
        yield differs(NAME, message, expected="as recorded", found="something else")
    elif not compared:
        yield same(NAME, "preprocessed: every plain value as recorded")
    for result in compared:
        subject = f"preprocessed {result.name!r}: {result.rung.value}"
        detail = f": {result.reason}" if result.reason else ""
        if result.rung in {Rung.BITWISE, Rung.CLOSE}:
            yield same(NAME, subject + detail)
        elif result.rung is Rung.NOT_RUN:
            yield not_run(NAME, subject + detail)
        else:
            expected, found = result.expected or "as recorded", result.found or "something else"
            yield differs(NAME, subject + detail, expected=expected, found=found)


def _why_not(section: Section, site: Site) -> str | None:
    if section.pairs is None:
        return "no pairs of raw samples and model inputs are recorded"
    if section.transform is None:
        return "the function has no name by which it can be found again"
    if site.answer is None:
        return "nothing was run"
    if site.answer.transformed is None:
        return site.answer.error or "the worker did not run the function"
    return None
