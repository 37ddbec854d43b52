"""Which files a manifest's sections name, and where each kind may lie: nothing a section names may be another's file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from reprobundle.components.recipes import pointers
from reprobundle.phrases import some

ROOT = ""
RESERVED = ("environment/", "code/", "data/", "preprocessing/", "replay/", "documentation/", "signatures/")
VIEWS = "views"
BY_HAND = ("replay/REPLAY.md", "replay/by_hand.py", "replay/worker/")  # views that do not lie at the root
IMPORTABLE = ("code/source", "code/outside")


def faults(manifest: Any) -> Iterator[str]:
    """Every way in which a manifest's sections and its table of files do not fit together, in words.

    Args:
        manifest: A `Manifest`; the type stands above this room.
    """
    listed = {entry.path for entry in manifest.files}
    named = list(_named(manifest))
    for where, path, home in named:
        if path not in listed:
            yield f"{where}: names {path!r}, which is not in files"
        elif not _is_at_home(path, home) and not (where == VIEWS and path.startswith(BY_HAND)):
            yield f"{where}: names {path!r}, expected a file under {home or 'the root'}"
    seen: dict[str, str] = {}
    for where, path, _ in named:
        if path in seen and not where.startswith(("views", "code.modules")):
            yield f"{where}: names {path!r}, which is {seen[path]} already"
        seen.setdefault(path, where)
    yield from _import_roots(manifest.code.import_roots)
    yield from _weights(manifest.model)
    yield from _unrecorded(manifest.model, {entry.path: entry.size for entry in manifest.files})
    if manifest.model.init is not None:
        yield from pointers.faults(manifest.model.init)
    yield from _of_steps(manifest.preprocessing.steps)
    yield from _of_claims(manifest.claims.claims)


def _of_claims(claims: Any) -> Iterator[str]:
    """An id stands for one number."""
    for name, count in Counter(claim.id for claim in claims).items():
        if count > 1:
            yield f"claims: {count} claims have the id {name!r}, expected one"


def _of_steps(steps: Any) -> Iterator[str]:
    for index, step in enumerate(steps):
        for part in ("init", "attributes", "call"):
            init = getattr(step, part)
            if init is not None:
                where = f"preprocessing.steps[{index}].{part}"
                yield from pointers.faults(init, where, filed=step.tensors is not None)


def named_paths(manifest: Any) -> frozenset[str]:
    """Every file that a manifest's sections name; a bundle may list more.

    Args:
        manifest: A `Manifest`.
    """
    return frozenset(path for _, path, _ in _named(manifest))


def _is_at_home(path: str, home: str) -> bool:
    return not path.startswith(RESERVED) if home == ROOT else path.startswith(home)


def _named(manifest: Any) -> Iterator[tuple[str, str, str]]:
    """Each path a section names: the section's field, the path, the folder it must lie under."""
    model, outputs, prepared = manifest.model, manifest.outputs, manifest.preprocessing
    generators, resuming = manifest.hyperparameters.generators, manifest.hyperparameters.resuming
    fields: Mapping[str, tuple[str | None, str]] = {
        "environment.lock": (manifest.environment.lock and manifest.environment.lock.path, "environment/"),
        "environment.portable": (manifest.environment.portable, "environment/"),
        "environment.pylock": (manifest.environment.pylock, "environment/"),
        "code.patch": (manifest.code.patch, "code/"),
        "preprocessing.configuration": (prepared.configuration, "preprocessing/"),
        "preprocessing.pairs.raw": (prepared.pairs and prepared.pairs.raw.file, "preprocessing/"),
        "preprocessing.pairs.expected": (prepared.pairs and prepared.pairs.expected.file, "preprocessing/"),
        "hyperparameters.generators.file": (generators and generators.file, "replay/"),
        "hyperparameters.resuming.structure": (resuming and resuming.structure, "replay/"),
        "hyperparameters.resuming.tensors": (resuming and resuming.tensors, "replay/"),
        "model.configuration": (model.configuration, ROOT),
        "model.index": (model.index, ROOT),
        "model.buffers_file": (model.buffers_file, "replay/"),
        "outputs.inputs": (outputs.inputs and outputs.inputs.file, "replay/"),
        "outputs.expected": (outputs.expected and outputs.expected.file, "replay/"),
        "outputs.calibration": (outputs.calibration, "replay/"),
        "outputs.sketches": (outputs.sketches, "replay/"),
        "claims.members": (manifest.claims.members, "replay/"),
        "documentation.path": (manifest.documentation.path, "documentation/"),
    }
    for where, (path, home) in fields.items():
        if path is not None:
            yield where, path, home
    lists = {
        "model.files": (model.files, ROOT),
        "preprocessing.files": (prepared.files, ROOT),
        "preprocessing.steps": (
            tuple(path for one in prepared.steps for path in (one.file, one.tensors) if path is not None),
            "preprocessing/",
        ),
        "environment.wheels": (manifest.environment.wheels, "environment/wheels/"),
        "data.splits": (tuple(_of_splits(manifest.data)), "data/"),
        "code.modules": (tuple(module.path for module in manifest.code.modules), "code/"),
        VIEWS: (manifest.views, ROOT),
    }
    for where, (paths, home) in lists.items():
        for path in paths:
            yield where, path, home


def _of_splits(section: Any) -> Iterator[str]:
    for split in section.splits:
        yield from (path for path in (split.listing, split.parts, split.statistics) if path is not None)
    if section.splitting is not None:
        yield section.splitting.indices


def _import_roots(roots: tuple[str, ...]) -> Iterator[str]:
    for root in roots:
        if not any(root == place or root.startswith(f"{place}/") for place in IMPORTABLE):
            yield f"code.import_roots: names {root!r}, expected a folder under {' or '.join(IMPORTABLE)}"


NO_TENSORS = 56  # bytes: no file of safetensors that holds a tensor is as small
WHOLE = {"for_torchscript": ".pt", "for_onnx": ".onnx", "for_skops": ".skops"}  # one file that says all


def _forms(model: Any) -> Iterator[str]:
    """Weights of another form than safetensors stand only where the loader says so, and there in one file."""
    suffix = WHOLE.get(model.loader)
    if suffix is None:
        yield from (
            f"model.files: {path!r}: expected safetensors for {model.loader!r}"
            for path in model.files
            if not path.endswith(".safetensors")
        )
        return
    if not model.files or not model.files[0].endswith(suffix):
        found = some([repr(path) for path in model.files]) or "none"
        yield f"model.files: expected one {suffix} file for {model.loader!r}, found {found}"
    if model.loader != "for_onnx" and len(model.files) > 1:
        yield f"model.files: expected one {suffix} file for {model.loader!r}, found {len(model.files)}"


def _weights(model: Any) -> Iterator[str]:
    if model.loader == "for_callable" and (model.files or model.tensors):
        yield "model: a plain function has no weights, but files or tensors are named"
    yield from _forms(model)
    names = [entry.name for entry in model.tensors]
    if len(names) != len(set(names)):
        yield "model.tensors: a name stands twice"
    yield from _aliases(model)


def _aliases(model: Any) -> Iterator[str]:
    """Another name of a tensor leads to one that is recorded, has the same form, and is no other name itself."""
    forms = {entry.name: (entry.dtype, entry.shape) for entry in model.tensors}
    for alias, kept in model.aliases.items():
        where = f"model.aliases: {alias!r:.200}"
        if alias not in forms:
            yield f"{where}: no such tensor is recorded"
        elif kept not in forms:
            yield f"{where}: names the tensor {kept!r:.200}, which is not recorded"
        elif kept in model.aliases:
            yield f"{where}: names {kept!r:.200}, which is another name itself"
        elif forms[kept] != forms[alias]:
            yield f"{where}: is recorded with another dtype or shape than {kept!r:.200}, the tensor that it names"


def _unrecorded(model: Any, sizes: Mapping[str, int]) -> Iterator[str]:
    """Files that hold weights, of which no tensor is recorded: a replay would have nothing to compare them with."""
    if model.loader in WHOLE or model.tensors or (model.given is not None and model.given.linked):
        return
    for path in model.files:
        if sizes.get(path, 0) > NO_TENSORS:
            yield f"model.tensors: no tensor is recorded, but {path!r} has {sizes[path]:,} bytes"
