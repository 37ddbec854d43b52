"""The call in a training script: its arguments, who of several ranks captures, what it says on the screen."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprobundle import capturing, ranks, rng
from reprobundle import manifest as manifests
from reprobundle.capturing import Captured
from reprobundle.components import code, data
from reprobundle.components import hyperparameters as chosen
from reprobundle.components.interface import DEFAULT_BUDGET, MAX_SHARD_BYTES, Begun, Source, Vendor
from reprobundle.progress import bar
from reprobundle.store import digest_bytes
from reprobundle.store.sealing import refuse_unwritable

if TYPE_CHECKING:
    from reprobundle.components.data.given import Splitting

WRITING, READING = "writing weights", "digesting data"
PROVING = ("model", "outputs")  # the kinds whose notes may say why there is no proof


class UnprovenBundleWarning(UserWarning):
    """A bundle was sealed although its proof did not succeed."""


def begin(
    *,
    path: str | os.PathLike[str] | None = None,
    splits: Mapping[str, Any] | None = None,
    project: str | os.PathLike[str] | None = None,
) -> Begun:
    """Record at the start of training what `capture` compares at its end: commit, source files, data splits.

    Args:
        path: The folder that `capture` will make: that it can be made is found out now, not after the training.
        splits: Data splits by name, as in `capture`; what a read would use up, such as a generator, is passed over.
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
        seeds = chosen.seeds_in_force()
        return Begun(commit=commit, sources=sources, splits=data.digests(splits or {}), seeds=seeds)


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
    splitting: Splitting | None = None,
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
    allow: Sequence[str] = (),
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
        splits: Data splits by name. A split is the path of a file, folder or archive, a glob, a URL of fsspec, a list of
            these; an array, or a tuple, list or mapping of equally long ones (samples along axis 0); a pandas, polars, Arrow
            or Hugging Face table (its rows); a map-style or iterable data set, a ``Subset``, a sequence of samples or a
            generator; or a `reprobundle.DataSplit` of any of these, which says more: its label column, dtypes, licence and
            origin, and whether it is private. What cannot be read is a note.
        splitting: How the splits were made of one whole: a `reprobundle.Splitting`.
        metrics: Values reached, by name, e.g. ``{"test accuracy": 0.97}``.
        claims: Further claims, each a mapping: ``id``, ``text``, ``value``, ``tolerance`` or ``decimals``, ``split``, and what
            computes it: ``entry``, a function of the model and the split's path, or ``command``.
        documentation: What you want to say about the model: title, authors, license, intended use, …
        project: The folder the training code lives in. Default: its git repository, else its folder.
        budget: Seconds that hashes for the lock, and further runs that show how steady the outputs are, may take together;
            0 leaves both out.
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
        allow: What looks like a secret and may travel, each as ``RULE:PATH``, as a note names both. What else looks like one
            stays out of the bundle, with the file it stands in, and a note says where.
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
        splitting=splitting,
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
        allow=tuple(allow),
    )
    with bar(WRITING, quiet=quiet) as writing, bar(READING, quiet=quiet) as reading:
        watched = replace(source, progress=writing, reading=reading)
        captured = _on_rank_zero(path, watched, proof=proof, quiet=quiet)
    if proof and not captured.proof.proven:
        warnings.warn(_unproven(captured), UnprovenBundleWarning, stacklevel=2)
    return captured


def _on_rank_zero(path: str | os.PathLike[str], source: Source, *, proof: bool, quiet: bool) -> Captured:
    """Capture, in a training on several ranks on the first of them only; the others wait and have the same."""

    def make() -> Captured:
        captured = capturing.capture_source(Path(path), source, proof=proof)
        if not quiet:
            _tell(capturing.summary(captured))
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


def _tell(text: str) -> None:
    """Write to standard error; the bundle is sealed, and a screen that is gone is no reason to end a training run."""
    with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, or None in a program without a console
        sys.stderr.write(f"{text}\n")


def _unproven(captured: Captured) -> str:
    """That a bundle is unproven, why, and the way out where a note has one."""
    words = f"the bundle {captured.path.name!r} is unproven: {captured.proof.status}: {captured.proof.why}"
    hint = next((note.hint for note in captured.notes if note.kind in PROVING and note.hint), None)
    return f"{words}; hint: {hint}" if hint else words
