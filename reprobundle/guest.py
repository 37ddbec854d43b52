"""Ask the worker: hand it a job, run it in a sandbox, read what it left as hostile bytes."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reprobundle import frameworks, memory, results
from reprobundle.answers import Answer
from reprobundle.components.data.splitting import job as splitting_job
from reprobundle.components.preprocessing import running
from reprobundle.errors import ProcessError
from reprobundle.manifest import Manifest
from reprobundle.phrases import sized
from reprobundle.sandbox import Limits, Sandbox, usual
from reprobundle.worker import numerics, tree

MAX_RESULT_FILES = 4096
DECIDED_BY = {"torch.threads": ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
HASH_SEED = "PYTHONHASHSEED"
NAME = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)
SHARE_FOR_RUNS = 2 / 3  # of the time: no further run begins after it
WORKER = Path(numerics.__file__).resolve().parent


@dataclass(frozen=True, kw_only=True)
class Question:
    """One further run of the model, in the same process, after the one on the recorded inputs.

    Attributes:
        name: What the run is called in the answer: letters, digits and dashes. The guest sees it, so it must not tell which
            run matters.
        inputs: A safetensors file with other inputs; None: the recorded ones. It is made readable to the worker.
        structure: How its tensors are nested; None: as the recorded ones.
        overlay: A safetensors file with other values for some of the model's tensors, for this run only; None: none.
        seed: Seed of the generators at the start of the run.
        settings: Numeric settings for this run only, by the names of ``worker/torch_settings.py``.
        double: Whether to compute in float64: parameters, buffers and floating inputs.
        rows: First and last but one index along the first axis of every input; None: all.
        sketch: Whether to sketch what each leaf module gives.
    """

    name: str
    inputs: Path | None = None
    structure: Any = None
    overlay: Path | None = None
    seed: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    double: bool = False
    rows: tuple[int, int] | None = None
    sketch: bool = False

    def __post_init__(self) -> None:
        """Refuse a name that a file cannot have.

        Raises:
            ValueError: It has other characters.
        """
        if not NAME.fullmatch(self.name):
            raise ValueError(f"question {self.name!r}: expected a name of 1 to 64 letters, digits and dashes")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One claim to be computed; what is claimed never reaches the worker.

    Attributes:
        id: The claim's id.
        entry: Function of the bundle's source, as ``module:name``.
        data: Path of the reviewer's copy of the split; None where the claim names none.
        each: Whether the numbers of its samples are asked for, too, where its function gives one a sample.
    """

    id: str
    entry: str
    data: Path | None = None
    each: bool = False


@dataclass(frozen=True, kw_only=True)
class Host:
    """Where a job is run.

    Attributes:
        python: The interpreter.
        sandbox: The walls around it.
        reads: What the interpreter needs to see of this machine.
        hidden: Folders nothing may be imported from.
        environment: Variables of the worker's process.
        device: Kind of device for the model: ``cpu``, ``cuda``, …; None: the recorded one if the worker has it.
        timeout: Seconds.
        watched: Whether to note what the source does while the model is made, and to refuse it the network.
        limits: What it may use; those usual for this machine if None. Its results are bounded in any case.
        devices: Whether it may use the graphics processors.
        settings: Numeric settings that win over the recorded ones, by the names of ``worker/torch_settings.py``.
    """

    python: Path
    sandbox: Sandbox
    reads: Sequence[Path] = ()
    hidden: Sequence[Path] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    device: str | None = None
    timeout: float = 3600.0
    watched: bool = False
    limits: Limits | None = None
    devices: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)


def ask(
    manifest: Manifest,
    place: Callable[[str], Path],
    root: Path,
    control: Path,
    host: Host,
    *,
    first: Question | None = None,
    questions: Sequence[Question] = (),
    claims: Sequence[Asked] = (),
    in_place: bool = False,
) -> Answer:
    """Run the recorded model once.

    Args:
        manifest: What is recorded; expected outputs, claims and the manifest itself never reach the worker.
        place: Where a file of the bundle is.
        root: The folder the bundle's files lie under.
        control: An empty private folder for the job and its results.
        host: Where to run it.
        first: What the first run takes in place of the recorded inputs and weights: its inputs and overlay count.
        questions: Further runs, in this order, after the first.
        claims: What else is to be computed with the model, after all runs.
        in_place: Whether outputs of further runs are read when they are looked at, so that `control` must stay till then.

    Returns:
        What the worker left behind, whatever it was.

    Raises:
        ProcessError: It ran out of time before the first run ended.
        RefusedInputError: Its results break the protocol.
        ValueError: Two questions go by one name.
    """
    if len({one.name for one in questions}) != len(questions):
        raise ValueError("two questions go by one name")
    out = control / "out"
    out.mkdir()
    job = _job(manifest, place, root, out, host)
    job["overlay"] = None
    if first is not None:
        job["inputs"]["file"] = str(first.inputs or job["inputs"]["file"])
        job["overlay"] = first.overlay and str(first.overlay)
    job["runs"] = [_run(question) for question in questions]
    job["claims"] = [
        {"id": one.id, "entry": one.entry, "data": one.data and str(one.data), "each": one.each} for one in claims
    ]
    (control / "job.json").write_text(json.dumps(job), encoding="utf-8")
    asked = (*questions, *filter(None, [first]))
    given = [path for one in asked for path in (one.inputs, one.overlay) if path is not None]
    given += [one.data for one in claims if one.data is not None]
    reads = (*host.reads, WORKER, control / "job.json", *visible(manifest, place, root), *given)
    expected = replace(_expected(manifest, questions, claims), in_place=in_place)
    return _answered(host, reads, control / "job.json", out, expected)


def _answered(host: Host, reads: Sequence[Path], job: Path, out: Path, expected: results.Expected) -> Answer:
    """Run the worker behind its walls, and read what it left, also where it was ended."""
    try:
        finished = host.sandbox.run(
            [host.python, "-s", "-B", WORKER, job],
            reads=reads,
            writes=[out],
            env=apart(host.environment),
            timeout=host.timeout,
            limits=limits_of(host),
            devices=host.devices,
        )
    except ProcessError as error:
        ended = str(error).removeprefix(f"{host.python}: ")
        if os.path.lexists(out / "result.json"):
            answer = results.read(out, error.output, ended, expected)
            if answer.error is None:
                return answer
        hint = error.hint or "--timeout SECONDS gives it more time"
        raise ProcessError(f"the model: {ended}", output=error.output, hint=hint) from error
    return _with_limit(host, lambda: results.read(out, finished.text, f"exit status {finished.code}", expected))


def _with_limit(host: Host, read: Callable[[], Answer]) -> Answer:
    """What was read; where the worker did not come to its end, with the limit on memory that was set for it.

    Raises:
        ProcessError: It left nothing.
        RefusedInputError: Its results break the protocol.
    """
    if host.limits is None or host.limits.memory is None:
        return read()
    perhaps = f"perhaps because it may use {sized(host.limits.memory)} of memory at most"
    try:
        answer = read()
    except ProcessError as error:
        hint = "--memory SIZE gives it more"
        raise ProcessError(f"{error}, {perhaps}", output=error.output, hint=hint) from error
    return answer if answer.error is None else replace(answer, error=f"{answer.error} ({perhaps})")


def _expected(manifest: Manifest, questions: Sequence[Question], claims: Sequence[Asked]) -> results.Expected:
    """What the worker may leave: names alone, which tell the parent how much there is to read."""
    recorded, pairs = manifest.outputs.expected, manifest.preprocessing.pairs
    return results.Expected(
        runs={one.name: one.sketch for one in questions},
        claims=[one.id for one in claims],
        samples={one.id: place for place, one in enumerate(claims) if one.each},
        outputs=frozenset() if recorded is None else tree.names(recorded.structure),
        transformed=frozenset() if pairs is None else tree.names(pairs.expected.structure),
        indices=frozenset(split.name for split in manifest.data.splits),
    )


def limits_of(host: Host) -> Limits:
    """Those of the host, and what a worker can have to write at all."""
    limits = host.limits or usual()
    return replace(
        limits,
        out_bytes=min(limits.out_bytes or results.MAX_RESULTS_BYTES, results.MAX_RESULTS_BYTES),
        out_files=min(limits.out_files or MAX_RESULT_FILES, MAX_RESULT_FILES),
    )


def why_not(manifest: Manifest) -> str | None:
    """Why this bundle cannot be run at all, or None."""
    return frameworks.why_not(manifest.model, manifest.outputs.inputs)


def _job(manifest: Manifest, place: Callable[[str], Path], root: Path, out: Path, host: Host) -> dict[str, Any]:
    model, inputs, splitting = manifest.model, manifest.outputs.inputs, manifest.data.splitting
    assert inputs is not None  # why_not was asked before
    return {
        "loader": model.loader,
        "model": {
            "entry": model.entry,
            "init": None if model.init is None else model.init.model_dump(mode="json"),
            "weights": [str(place(path)) for path in model.files],
            "aliases": model.aliases,
            "strides": {entry.name: entry.strides for entry in model.tensors if entry.strides is not None},
            "buffers": None if model.buffers_file is None else str(place(model.buffers_file)),
            "trusted": list(model.trusted),
            "configuration": None if model.configuration is None else str(place(model.configuration)),
            "device": host.device or model.device,
        },
        "bundle": str(root),
        "watched": host.watched,
        "roots": [str(root / path) for path in manifest.code.import_roots],
        "hidden": [str(folder) for folder in host.hidden],
        "inputs": {"file": str(place(inputs.file)), "structure": inputs.structure},
        "transform": running.job(manifest.preprocessing, place),
        "splitting": None if splitting is None else splitting_job(splitting),
        "settings": {**_settings(manifest.environment.numerics, host.environment), **host.settings},
        "out": str(out),
        "time": host.timeout * SHARE_FOR_RUNS,
        "memory": memory.host_bytes(),
    }


def _run(question: Question) -> dict[str, Any]:
    return {
        "name": question.name,
        "inputs": question.inputs and str(question.inputs),
        "structure": question.structure,
        "overlay": question.overlay and str(question.overlay),
        "seed": question.seed,
        "settings": dict(question.settings),
        "double": question.double,
        "rows": question.rows,
        "sketch": question.sketch,
    }


def apart(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables without those that move Python's own folders: in place of ``-I``, which forgets the hash seed too."""
    return {name: value for name, value in environment.items() if not name.startswith("PYTHON") or name == HASH_SEED}


def _settings(recorded: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """The recorded settings, without those that a variable of the reviewer's own decides: the reviewer wins."""
    variables = recorded.get(numerics.VARIABLES)
    before = variables if isinstance(variables, dict) else {}
    decided = {
        setting
        for setting, names in DECIDED_BY.items()
        if any(name in environment and environment[name] != before.get(name) for name in names)
    }
    return {name: value for name, value in numerics.settings(recorded).items() if name not in decided}


def visible(manifest: Manifest, place: Callable[[str], Path], root: Path) -> list[Path]:
    """What the worker may see of the bundle: weights, inputs, raw samples, fitted parts, source; nothing expected."""
    paths = [*manifest.model.files]
    if manifest.model.buffers_file is not None:
        paths.append(manifest.model.buffers_file)
    if manifest.model.configuration is not None:
        paths.append(manifest.model.configuration)
    if manifest.outputs.inputs is not None:
        paths.append(manifest.outputs.inputs.file)
    paths += [path for path in running.files(manifest.preprocessing) if path not in paths]
    folders = [root / path for path in manifest.code.import_roots if (root / path).is_dir()]
    return [*(place(path) for path in paths), *folders]
