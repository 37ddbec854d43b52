"""Story 1: from what a person has at the end of training to a sealed bundle that was proven before the seal."""

from __future__ import annotations

import contextlib
import os
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reprobundle import bundle as bundles
from reprobundle import captures, ranks, rng, specification
from reprobundle import manifest as manifests
from reprobundle.components import COMPONENTS, code, data, environment, hyperparameters, model
from reprobundle.components.interface import DEFAULT_BUDGET, MAX_SHARD_BYTES, Begun, Source, Stage, Vendor
from reprobundle.errors import UsageError
from reprobundle.exports import views
from reprobundle.manifest import Manifest, Proof
from reprobundle.progress import bar
from reprobundle.proving import foresee, prove
from reprobundle.report import Finding
from reprobundle.signals import ended_politely
from reprobundle.store import Writer, digest_bytes, staging
from reprobundle.store.sealing import refuse_existing, refuse_unwritable
from reprobundle.telling import describe
from reprobundle.version import version


@dataclass(frozen=True)
class Captured:
    """What a capture came to.

    Attributes:
        path: The bundle.
        id: Its id: XXH3-128 of its manifest's bytes.
        proof: What a fresh process made of it before it was sealed.
        notes: What was left out or is worth knowing.
        manifest: All that the bundle says of itself.
    """

    path: Path
    id: str
    proof: Proof
    notes: tuple[Finding, ...]
    manifest: Manifest


class UnprovenBundleWarning(UserWarning):
    """A bundle was sealed although its proof did not succeed."""


def capture(
    path: str | os.PathLike[str],
    *,
    model: Any,
    inputs: Any = None,
    factory: Any = None,
    init: Any = None,
    hyperparameters: Any = None,
    preprocessing: Any = None,
    splits: Mapping[str, Any] | None = None,
    metrics: Mapping[str, float] | None = None,
    claims: Sequence[Any] = (),
    documentation: Mapping[str, Any] | None = None,
    project: str | os.PathLike[str] | None = None,
    budget: float = DEFAULT_BUDGET,
    proof: bool = True,
    run: Begun | None = None,
    vendor: Vendor = "needed",
    optimizer: Any = None,
    scheduler: Any = None,
    resumable: bool = False,
    generators: Mapping[int, Mapping[str, bytes]] | None = None,
    max_shard_bytes: int = MAX_SHARD_BYTES,
    quiet: bool = False,
) -> Captured:
    """Pack a trained model, with all that is needed to reproduce it, into a new folder.

    Never needs a network. A missing optional part becomes a note in the bundle; a bad argument, an existing target or a
    full disk is an error before the weights are written. Every random generator is left as it was. In distributed training
    it may be called on every rank: rank 0 captures, the others wait and are given the same.

    Args:
        path: The folder to make; it must not exist.
        model: A trained ``torch.nn.Module``; the path of a file of weights (safetensors, ``.pt``, ``.pth``, ``.ckpt``), of a
            TorchScript or ONNX model, or of a folder that ``from_pretrained`` reads; a scikit-learn estimator; or a
            function of numpy arrays.
        inputs: A sample the outputs are recorded for: a tensor or array is passed as one argument, a tuple or list by
            position, a mapping by keyword. Without it no replay can compare outputs.
        factory: The class or function that makes the model, itself or as ``"module:name"``. Default: the model's class.
        init: What the factory is called with: a mapping of keywords, a list, or ``{"args": […], "kwargs": {…}}``, plain
            JSON values. Default: found by name among the hyperparameters and the model's own attributes.
        hyperparameters: A mapping, dataclass, ``Namespace``, or an object with ``to_dict()``.
        preprocessing: A configuration as a mapping, or `reprobundle.Preprocessing`.
        splits: Data splits by name: a file, folder, list of files, array, tuple of arrays, or torch ``Dataset``.
        metrics: Values reached, by name, e.g. ``{"test accuracy": 0.97}``.
        claims: Further claims, each a mapping: ``id``, ``text``, ``value``, ``tolerance``, ``split``.
        documentation: What you want to say about the model: title, authors, license, intended use, …
        project: The folder the training code lives in. Default: its git repository, else its folder.
        budget: Seconds that hashes for the lock may take; 0 leaves them out.
        proof: Whether to reload the bundle in a fresh process before it is sealed.
        run: What `begin` gave at the start of training.
        vendor: ``needed`` packs wheels of what no index offers; ``all`` packs every distribution, so that the bundle can
            be replayed without any network.
        optimizer: The optimizer, whose class and options are recorded; several as a list or by name in a mapping. A
            gradient scaler may stand among them.
        scheduler: The scheduler of the learning rate, or several, likewise.
        resumable: Whether the states of the two go along, so that `reprobundle.resume` can continue the training where it
            ended. Adam's is twice the size of the weights.
        generators: What `reprobundle.generator_states` gave, called on every rank of a distributed training. Default: the
            states of this process's random generators.
        max_shard_bytes: Size above which the weights are split into several files.
        quiet: Whether to leave out the summary on standard error: where the bundle is, its proof, what is worth knowing.

    Returns:
        Where the bundle is, its id, the proof and the notes.

    Raises:
        UsageError: An argument is wrong, or the target exists.
        UnavailableError: The disk is full or cannot be written; on another rank than 0: the capture on rank 0 failed.
    """
    source = Source(
        model=model,
        inputs=inputs,
        factory=factory,
        init=init,
        hyperparameters=hyperparameters,
        preprocessing=preprocessing,
        splits=splits or {},
        metrics=metrics or {},
        claims=claims,
        documentation=documentation or {},
        project=None if project is None else Path(project).resolve(),
        budget=budget,
        run=run,
        vendor=vendor,
        optimizer=optimizer,
        scheduler=scheduler,
        resumable=resumable,
        generators=generators or {},
        max_shard_bytes=max_shard_bytes,
    )
    with bar(WRITING, quiet=quiet) as progress:
        captured = _on_rank_zero(path, replace(source, progress=progress), proof=proof, quiet=quiet)
    if proof and not captured.proof.proven:
        warnings.warn(_unproven(captured), UnprovenBundleWarning, stacklevel=2)
    return captured


def _on_rank_zero(path: str | os.PathLike[str], source: Source, *, proof: bool, quiet: bool) -> Captured:
    """Capture, in a training on several ranks on the first of them only; the others wait and have the same."""

    def make() -> Captured:
        captured = capture_source(Path(path), source, proof=proof)
        if not quiet:
            _tell(summary(captured))
        return captured

    return ranks.once(
        os.fspath(path),
        make,
        dump=lambda captured: manifests.to_bytes(captured.manifest).decode(),
        load=lambda text: _heard(path, text),
    )


def follow(path: str | os.PathLike[str]) -> Captured | None:
    """What rank 0 captures, on another rank of the same training; None where the ranks cannot speak to each other.

    Raises:
        UnavailableError: The capture on rank 0 failed, or nothing was heard of it.
    """
    text = ranks.follow(os.fspath(path))
    return None if text is None else _heard(path, text)


def _heard(path: str | os.PathLike[str], text: str) -> Captured:
    content = text.encode()
    manifest = manifests.from_bytes(content)
    return Captured(Path(os.path.abspath(path)), digest_bytes(content), manifest.proof, manifest.notes, manifest)


def summary(captured: Captured, warned: Sequence[str] = (), *, colour: bool = False, width: int = 100) -> str:
    """What a capture came to, for a person: as the command line shows it, without a newline at the end.

    Args:
        captured: The outcome.
        warned: Lines about the specification it was captured from.
        colour: Whether to use ANSI colours.
        width: Columns.
    """
    return describe(captured.path, captured.id, captured.manifest, warned, colour=colour, width=width)


def _tell(text: str) -> None:
    """Write to standard error; the bundle is sealed, and a screen that is gone is no reason to end a training run."""
    with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, or None in a program without a console
        sys.stderr.write(f"{text}\n")


def _unproven(captured: Captured) -> str:
    """That a bundle is unproven, why, and the way out where a note has one."""
    words = f"the bundle {captured.path.name!r} is unproven: {captured.proof.status}: {captured.proof.why}"
    hint = next((note.hint for note in captured.notes if note.kind in PROVING and note.hint), None)
    return f"{words}; hint: {hint}" if hint else words


def capture_source(target: Path, source: Source, *, proof: bool, kept: bool = True) -> Captured:
    """The whole capture, step by step; arguments as in `capture`, and whether it goes to the capture log."""
    target = Path(os.path.abspath(target))
    refuse_nested()
    refuse_existing(target)
    with ended_politely(), rng.kept() as states, staging(target) as folder:
        source = replace(model.opened(source), generators=source.generators or {rng.rank(): states})
        stage = Stage(Writer(folder), time.monotonic() + source.budget)
        if proof:
            foresee(source, stage)
        sections = take(source, stage)
        draft = Manifest(reprobundle=version(), name=target.name, proof=Proof(status="not run"), **sections)
        proven = draft.model_copy(update={"proof": prove(draft, folder, source, stage) if proof else NOT_ASKED})
        told = proven.model_copy(update={"notes": tuple(stage.notes)})
        complete = told.model_copy(update={"views": views.write(told, stage.writer)})
        complete = complete.model_copy(update={"files": stage.writer.entries})
        content = bundles.seal(stage.writer, complete)
    if kept:
        captures.remember(content, target)
    return Captured(target, digest_bytes(content), complete.proof, complete.notes, complete)


WRITING = "writing weights"
PROVING = ("model", "outputs")  # the kinds whose notes may say why there is no proof
NOT_ASKED = Proof(status="not run", why="it was switched off")


def take(source: Source, stage: Stage) -> dict[str, Any]:
    """Let every kind capture its part; gives the sections by name.

    The environment comes last: by then this program has imported all it ever does, so a second capture of the same
    process finds the same distributions imported.
    """
    for component in sorted(COMPONENTS, key=lambda component: component is environment):
        stage.sections[component.NAME] = component.capture(source, stage)
    return dict(stage.sections)


def capture_specification(
    path: Path,
    out: Path | None = None,
    *,
    budget: float = DEFAULT_BUDGET,
    proof: bool = True,
    kept: bool = True,
    vendor: Vendor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Captured, tuple[str, ...]]:
    """Capture what a ``reprobundle.yaml`` describes.

    Args:
        path: The YAML file; paths in it are relative to its folder.
        out: The bundle to make; None: as `specification.default_folder` says, in the current folder.
        budget: As in `capture`.
        proof: As in `capture`.
        kept: Whether the bundle goes to this user's capture log; not so when it is thrown away.
        vendor: As in `capture`; None: as the file says.
        progress: Called with the bytes written so far and the bytes in all, while weights are written.

    Returns:
        What was captured, and warnings about values that YAML reads otherwise than people mean.

    Raises:
        RefusedInputError: The file breaks its schema.
        UsageError: What it names is not there.
    """
    described, warned = specification.read(path)
    target = out or specification.default_folder(described, path)
    refuse_unwritable(Path(os.path.abspath(target)))
    source = Source(**specification.arguments(described, path.absolute().parent))
    source = replace(source, budget=budget, trained_here=False, vendor=vendor or source.vendor, progress=progress)
    return capture_source(target, source, proof=proof, kept=kept), warned


def begin(
    *,
    path: str | os.PathLike[str] | None = None,
    splits: Mapping[str, Any] | None = None,
    project: str | os.PathLike[str] | None = None,
) -> Begun:
    """Record at the start of training what `capture` compares at its end: commit, source files, data splits.

    Args:
        path: The folder that `capture` will make: that it can be made is found out now, not after the training.
        splits: Data splits by name, as in `capture`.
        project: The folder the training code lives in. Default: its git repository, else its folder.

    Returns:
        A value to hand to ``capture(…, run=…)``.

    Raises:
        UsageError: `path` exists, or `project` is no folder.
        UnavailableError: Nothing can be written where `path` is.
    """
    if path is not None:
        refuse_unwritable(Path(os.path.abspath(path)))
    with rng.kept():
        commit, sources = code.state(None if project is None else Path(project).resolve())
        seeds = hyperparameters.seeds_in_force()
        return Begun(commit=commit, sources=sources, splits=data.digests(splits or {}), seeds=seeds)


def refuse_nested() -> None:
    """Make sure that this is not the worker importing a training script that has no main guard.

    Raises:
        UsageError: It is.
    """
    if os.environ.get("REPROBUNDLE_WORKER"):
        message = "capture was called while a bundle's model was being imported: the script has no main guard"
        raise UsageError(message, hint="put the training under: if __name__ == '__main__':")
