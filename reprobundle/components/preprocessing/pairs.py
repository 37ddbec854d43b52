"""Raw samples and what the preprocessing made of them, as two files of tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from reprobundle import arrays, tensors
from reprobundle.components.interface import Failure, Source, Stage, attempt
from reprobundle.components.preprocessing import chaining
from reprobundle.components.preprocessing.section import NAME, Pairs, Samples
from reprobundle.phrases import some
from reprobundle.records import Json
from reprobundle.report import Rung
from reprobundle.worker import raw_values, transforms, tree

RAW = "preprocessing/raw.safetensors"
EXPECTED = "preprocessing/expected.safetensors"
MAX_SAMPLE_BYTES = 2**30
SHOWN = 3
TAKEN = "give tensors, arrays and plain values, nested"


def take(functions: Sequence[Callable[[Any], Any]], samples: Any, source: Source, stage: Stage) -> Pairs | None:
    """Write the raw samples, apply the functions to them, write what comes out.

    The raw samples are written first, so that a function that works in place spoils nothing.

    Args:
        functions: What is applied one after another.
        samples: What the first is called with.
        source: Tells whether the results are the very inputs of the model.
        stage: Takes the files, and a note where something fails.
    """
    apart = attempt(lambda: raw_values.taken_apart(samples))
    if isinstance(apart, Failure):
        stage.note(NAME, f"the samples cannot be recorded: {apart.why}", hint=TAKEN)
        return None
    plain, made_of = apart
    raw = _write(RAW, plain, arrays.is_array, stage)
    if raw is None:
        return None
    raw = raw.model_copy(update={"made_of": made_of})
    made = attempt(lambda: transforms.applied(functions, samples))
    if isinstance(made, Failure):
        hint = "run transform(samples) to see it fail"
        stage.note(NAME, f"the transform fails on the samples: {made.why}", hint=hint)
    elif _is_given_again(functions, raw, made, stage):
        expected = _write(EXPECTED, made, transforms.is_leaf, stage)
        if expected is not None:
            _note_empty(made, stage)
            feeds = _feeds(made, source.inputs)
            if not feeds:
                _note_apart(made, source.inputs, stage)
            return Pairs(raw=raw, expected=expected, feeds_model=feeds)
    stage.writer.forget(RAW)
    return None


def _is_given_again(functions: Sequence[Callable[[Any], Any]], raw: Samples, made: Any, stage: Stage) -> bool:
    """Whether the recorded samples give the same a second time, as a replay will have it; a note where they do not."""
    job = {**raw.model_dump(mode="json"), "file": str(stage.root / raw.file)}
    again = attempt(lambda: transforms.applied(functions, transforms.samples_of(job)))
    if isinstance(again, Failure):
        message = f"the transform fails on the samples as they are recorded: {again.why}"
        stage.note(NAME, message, hint="give samples of arrays, texts and plain values in lists, tuples and dicts")
        return False
    if attempt(lambda: _agree(made, again)) is not False:  # what cannot be taken apart is told by whoever writes it
        return True
    message = "the transform gives something else for the same samples a second time, so no replay can compare it"
    stage.note(NAME, message, hint="let it draw random numbers from Python's, numpy's or torch's own generators")
    return False


def _agree(one: Any, other: Any) -> bool:
    from reprobundle import comparison

    (shape, ours), (its_shape, theirs) = (_flat(value, transforms.is_leaf) for value in (one, other))
    if shape != its_shape:
        return False
    compared = [(ours[name], theirs[name]) for name in ours]
    rungs = (comparison.compare("", *pair, nan_is_a_value=True).rung for pair in compared)
    return Rung.DIFFERENT not in rungs


def _note_empty(made: Any, stage: Stage) -> None:
    """Say that a result holds nothing that a replay could compare."""
    for name, array in _flat(made, transforms.is_leaf)[1].items():
        halves = (array.real, array.imag) if array.dtype.kind == "c" else (array,)
        if all(bool((half != half).all()) for half in halves):
            why = "NaN in every element" if array.size else "without an element"
            hint = "give raw samples whose results hold numbers"
            stage.note(NAME, f"the transform's result {name!r} is {why}: no replay can compare it", hint=hint)


def _feeds(made: Any, inputs: Any) -> bool:
    """Whether results are the model's sample inputs: the same arrays in the same order, whatever they are nested in."""
    if inputs is None:
        return False
    both = attempt(lambda: [_flat(value, transforms.is_leaf)[1].values() for value in (made, inputs)])
    if isinstance(both, Failure):
        return False
    ours, theirs = (list(leaves) for leaves in both)
    return chaining.are_same(ours, theirs)


def _note_apart(made: Any, inputs: Any, stage: Stage) -> None:
    """Say that results are not the model's inputs, where they look as if they were meant to be."""
    both = attempt(lambda: [list(_flat(value, transforms.is_leaf)[1].items()) for value in (made, inputs)])
    if inputs is None or isinstance(both, Failure):
        return
    ours, theirs = both
    if not ours or [array.shape for _, array in ours] != [array.shape for _, array in theirs]:
        return
    pairs = [(name, one, other) for (name, one), (_, other) in zip(ours, theirs, strict=True)]
    dtypes = [
        f"{name!r} is {one.dtype}, the input {other.dtype}" for name, one, other in pairs if one.dtype != other.dtype
    ]
    why = some(dtypes, SHOWN) if dtypes else "of the same shape and dtype, with other values"
    message = f"the results for the samples are not the model's sample inputs: {why}; a replay compares the two apart"
    stage.note(
        NAME, message, hint="capture with inputs=transform(samples), so that a replay proves the way between them"
    )


def _write(path: str, value: Any, is_tensor: Callable[[Any], bool], stage: Stage) -> Samples | None:
    made = attempt(lambda: _flat(value, is_tensor))
    what = "the samples" if path == RAW else "the transform's result"
    if isinstance(made, Failure):
        stage.note(NAME, f"{what} cannot be recorded: {made.why}", hint=TAKEN)
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
