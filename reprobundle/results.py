"""What the worker left in its folder, read as a stranger's: from files whose names the parent knows, bounded in every way."""

from __future__ import annotations

import functools
import os
import stat
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from reprobundle import answers, records, tensors
from reprobundle.answers import Answer
from reprobundle.errors import ProcessError, RefusedInputError
from reprobundle.phrases import sized

PROTOCOL = 2
MAX_RESULT_BYTES = 2**30
MAX_RESULTS_BYTES = 4 * 2**30  # of all files together
LOG_CHARACTERS = 2**16
NOTHING_TOLD = "the worker says nothing of it"
LATER = frozenset({"runs", "claims"})  # stages that can spoil nothing of the first run


def read(out: Path, printed: str, ended: str, runs: Mapping[str, bool], claims: Collection[str]) -> Answer:
    """Read all of it.

    Args:
        out: The folder.
        printed: What the worker printed.
        ended: In words how it ended.
        runs: Names of the further runs that were asked for, and whether to sketch them.
        claims: Ids of the claims that were asked for.

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
    of_runs, of_claims = _of_runs(out, result, runs, error), _of_claims(result, claims, error)
    if stage in LATER and "outputs" in result:
        error = None
    transformed = _arrays(out / "transformed.safetensors") if "transformed" in result else None
    return Answer(
        stage=stage,
        at=answers.line(result.get("at")),
        misfit=answers.misfit(result.get("misfit")),
        deeds=answers.deeds(result.get("deeds")),
        error=error,
        outputs=result.get("outputs"),
        arrays=_arrays(out / "outputs.safetensors") if "outputs" in result else {},
        transformed=transformed,
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
        indices=_arrays(out / "indices.safetensors") if "split" in result else None,
        splitting_error=answers.text(result.get("splitting_error")),
        runs=of_runs,
        claims=of_claims,
        unapplied=answers.lines(result.get("unapplied")),
        seconds=answers.duration(result.get("seconds")),
    )


def _of_runs(
    out: Path, result: Mapping[str, Any], runs: Mapping[str, bool], error: str | None
) -> dict[str, answers.Run]:
    """Every run that was asked for; the names of its files are the parent's own."""
    told = answers.asked_for(result.get("runs"), "name", runs)
    ended = error or NOTHING_TOLD
    return {
        name: answers.run(
            name,
            told.get(name),
            ended,
            arrays=functools.partial(_arrays, out / f"run-{name}.safetensors"),
            sketched=functools.partial(document, out / f"sketches-{name}.json") if sketch else None,
        )
        for name, sketch in runs.items()
    }


def _of_claims(result: Mapping[str, Any], claims: Collection[str], error: str | None) -> dict[str, answers.Computed]:
    told = answers.asked_for(result.get("claims"), "id", claims)
    ended = answers.text(result.get("claims_error")) or error or NOTHING_TOLD
    return {one: answers.computed(told.get(one), ended) for one in claims}


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


def _arrays(path: Path) -> Mapping[str, Any]:
    with _hostile_file(path, MAX_RESULT_BYTES) as file:
        return tensors.arrays_of(file, path.name)


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
