"""What the worker left in its folder, read as a stranger's: from files whose names the parent knows, bounded in every way."""

from __future__ import annotations

import functools
import os
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from reprobundle import answers, records, tensors
from reprobundle.answers import Answer
from reprobundle.errors import ProcessError, RefusedInputError
from reprobundle.phrases import sized
from reprobundle.tensors.places import TensorPlace, places_of
from reprobundle.tensors.unread import UnreadArrays

PROTOCOL = 2
OUTPUTS, TRANSFORMED, INDICES = (f"{name}.safetensors" for name in ("outputs", "transformed", "indices"))
MAX_RESULT_BYTES = 2**30
MAX_RESULTS_BYTES = 4 * 2**30  # of all files together
LOG_CHARACTERS = 2**16
MOST_UNRECORDED = 10  # outputs beside the recorded ones that are read; the others are counted
MOST_OUTPUTS = 1000  # where it is not known which ones are recorded
HEADER_BYTES = 2**22  # of a file of tensors
NAME_BYTES = 2**12  # more for each recorded one
NOTHING_TOLD = "the worker says nothing of it"
LATER = frozenset({"runs", "claims"})  # stages that can spoil nothing of the first run


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What was asked for, and so may be in the folder.

    Attributes:
        runs: Names of the further runs, and whether to sketch them.
        claims: Ids of the claims.
        samples: Of those whose numbers of samples were asked for, the place in the job.
        outputs: Names of the recorded outputs; empty: none are recorded.
        transformed: Names of the recorded results of the preprocessing.
        indices: Names of the splits.
        in_place: Whether outputs of further runs are read only when they are looked at; their files stay till then.
    """

    runs: Mapping[str, bool] = field(default_factory=dict)
    claims: Collection[str] = ()
    samples: Mapping[str, int] = field(default_factory=dict)
    outputs: frozenset[str] = frozenset()
    transformed: frozenset[str] = frozenset()
    indices: frozenset[str] = frozenset()
    in_place: bool = False


def read(out: Path, printed: str, ended: str, expected: Expected) -> Answer:
    """Read all of it.

    Args:
        out: The folder.
        printed: What the worker printed.
        ended: In words how it ended.
        expected: What was asked for.

    Raises:
        ProcessError: It left nothing.
        RefusedInputError: It broke the protocol.
    """
    log = printed[-LOG_CHARACTERS:]
    if not os.path.lexists(out / "result.json"):
        last = next((line for line in reversed(log.splitlines()) if line.strip()), "it printed nothing")
        raise ProcessError(f"the worker did not start: {ended}: {last[:300]}", output=log)
    _refuse_too_much(out)
    result = records.strict_json(_hostile_bytes(out / "result.json"), name="result.json")
    if not isinstance(result, dict):
        raise RefusedInputError("result.json: expected an object")
    if result.get("protocol") != PROTOCOL:
        raise RefusedInputError(f"result.json: protocol: expected {PROTOCOL}, found {result.get('protocol')!r:.40}")
    stage = answers.text(result.get("stage")) or "start"
    error = answers.text(result.get("error"))
    if stage != "done" and error is None:
        error = f"the process ended by itself, {ended}"
    of_runs, of_claims = _of_runs(out, result, expected, error), _of_claims(out, result, expected, error)
    if stage in LATER and "outputs" in result:
        error = None
    arrays, left_out = _counted_arrays(out / OUTPUTS, expected.outputs) if "outputs" in result else ({}, 0)
    return Answer(
        stage=stage,
        at=answers.line(result.get("at")),
        misfit=answers.misfit(result.get("misfit")),
        deeds=answers.deeds(result.get("deeds")),
        error=error,
        outputs=result.get("outputs"),
        arrays=arrays,
        left_out=left_out,
        transformed=_arrays(out / TRANSFORMED, expected.transformed) if "transformed" in result else None,
        nesting=result.get("transformed"),
        digests=answers.texts(result.get("digests")),
        forms=answers.texts(result.get("forms")),
        sharing=answers.texts(result["sharing"]) if "sharing" in result else None,
        buffers=answers.texts(result.get("buffers")),
        device=answers.text(result.get("device")),
        facts=answers.mapping(result.get("facts")),
        distributions=answers.texts(result["distributions"]) if "distributions" in result else None,
        log=log,
        transform_error=answers.text(result.get("transform_error")),
        transform_at=answers.line(result.get("transform_at")),
        indices=_arrays(out / INDICES, expected.indices) if "split" in result else None,
        splitting_error=answers.text(result.get("splitting_error")),
        runs=of_runs,
        claims=of_claims,
        unapplied=answers.lines(result.get("unapplied")),
        seconds=answers.duration(result.get("seconds")),
    )


def _of_runs(out: Path, result: Mapping[str, Any], expected: Expected, error: str | None) -> dict[str, answers.Run]:
    """Every run that was asked for; the names of its files are the parent's own."""
    told = answers.asked_for(result.get("runs"), "name", expected.runs)
    ended, reads = error or NOTHING_TOLD, _unread_arrays if expected.in_place else _arrays
    return {
        name: answers.run(
            name,
            told.get(name),
            ended,
            arrays=functools.partial(reads, out / f"run-{name}.safetensors", expected.outputs),
            sketched=functools.partial(document, out / f"sketches-{name}.json") if sketch else None,
        )
        for name, sketch in expected.runs.items()
    }


def _of_claims(
    out: Path, result: Mapping[str, Any], expected: Expected, error: str | None
) -> dict[str, answers.Computed]:
    told = answers.asked_for(result.get("claims"), "id", expected.claims)
    ended = answers.text(result.get("claims_error")) or error or NOTHING_TOLD
    return {
        one: answers.computed(told.get(one), ended, _samples(out, told.get(one), expected.samples.get(one)))
        for one in expected.claims
    }


def _samples(out: Path, told: Mapping[str, Any] | None, place: int | None) -> Any:
    """The numbers of a claim's samples, float64 of shape (n,); None where they were not asked for, or not given.

    Raises:
        RefusedInputError: What the worker says it left is not there, or something else.
    """
    if place is None or told is None or told.get("samples") is None:
        return None
    path = out / f"samples-{place}.safetensors"
    found = _arrays(path, frozenset({"value"})).get("value")
    if found is None or found.dtype != "<f8" or found.ndim != 1 or not found.size:
        raise RefusedInputError(f"{path.name}: expected numbers, F64 of one dimension")
    if not bool((abs(found) <= answers.LARGEST_SAMPLE).all()):
        raise RefusedInputError(f"{path.name}: expected finite numbers of at most {answers.LARGEST_SAMPLE:g}")
    return found


def document(path: Path) -> Any:
    """A JSON document that the guest wrote, read as a stranger's.

    Raises:
        RefusedInputError: It is no plain file, too large, or no strict JSON.
    """
    return records.strict_json(_hostile_bytes(path), name=path.name)


def _refuse_too_much(out: Path) -> None:
    """Make sure that all results together can be held in memory, before the first is read.

    Raises:
        RefusedInputError: They cannot.
    """
    with os.scandir(out) as entries:
        total = sum(entry.stat(follow_symlinks=False).st_size for entry in entries)
    if total > MAX_RESULTS_BYTES:
        message = f"the worker left {sized(total)} of results, at most {sized(MAX_RESULTS_BYTES)} are read"
        raise RefusedInputError(message)


def _hostile_bytes(path: Path) -> bytes:
    with _hostile_file(path, records.MAX_DOCUMENT_BYTES) as file:
        return file.read(records.MAX_DOCUMENT_BYTES)


def _arrays(path: Path, recorded: Collection[str]) -> Mapping[str, Any]:
    return _counted_arrays(path, recorded)[0]


def _counted_arrays(path: Path, recorded: Collection[str]) -> tuple[Mapping[str, Any], int]:
    """The recorded tensors of a file and the first few others, and how many more there are, which are not read.

    Raises:
        RefusedInputError: It is no plain file, or no safetensors file of legal size.
    """
    with _hostile_file(path, MAX_RESULT_BYTES) as file:
        places, left_out = _counted_places(file, path.name, recorded)
        return tensors.arrays_of(file, path.name, places), left_out


def _counted_places(file: BinaryIO, name: str, recorded: Collection[str]) -> tuple[list[TensorPlace], int]:
    places = places_of(file, name, most=HEADER_BYTES + NAME_BYTES * len(recorded))
    known = [place for place in places if place.name in recorded]
    others = [place for place in places if place.name not in recorded]
    most = MOST_UNRECORDED if recorded else MOST_OUTPUTS
    return [*known, *others[:most]], len(others[most:])


def _unread_arrays(path: Path, recorded: Collection[str]) -> Mapping[str, Any]:
    """The same tensors, each read when it is looked at."""
    opened = functools.partial(_hostile_file, path, MAX_RESULT_BYTES)
    with opened() as file:
        places, _ = _counted_places(file, path.name, recorded)
    return UnreadArrays(opened, places, path.name)


def _hostile_file(path: Path, most: int) -> BinaryIO:
    """A file that the guest wrote: a regular one, with one name, not too large, not followed, not waited for.

    Raises:
        RefusedInputError: It is anything else.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        raise RefusedInputError(f"{path.name}: the worker left no readable file: {error.strerror}") from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1 or status.st_size > most:
        os.close(descriptor)
        raise RefusedInputError(f"{path.name}: the worker left something that is no plain file of legal size")
    return os.fdopen(descriptor, "rb")
