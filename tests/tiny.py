"""A bundle made by hand in milliseconds: no torch, no git, no worker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reprobundle import bundle as bundles
from reprobundle.components import (
    claims,
    code,
    data,
    documentation,
    environment,
    hyperparameters,
    model,
    outputs,
    preprocessing,
)
from reprobundle.components.environment.section import Distribution, Interpreter, LockFacts, Origin, Platform
from reprobundle.manifest import Manifest, Proof
from reprobundle.report import Finding, Status
from reprobundle.store import Writer, staging

WEIGHTS = (
    b"\x4e\x00\x00\x00\x00\x00\x00\x00" + b'{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'.ljust(78) + bytes(8)
)
DIGEST = "0123456789abcdef0123456789abcdef"


def tiny_manifest(**changed: Any) -> Manifest:
    """A manifest with a little of everything; parts given by name replace its own."""
    parts: dict[str, Any] = {
        "reprobundle": "0.1.0",
        "name": "tiny",
        "proof": Proof(status="bitwise"),
        "environment": environment.Section(
            interpreter=Interpreter(implementation="cpython", version="3.11.7", build="main", cache_tag="cpython-311"),
            platform=Platform(system="Linux", machine="x86_64", libc="glibc 2.36"),
            distributions=(
                Distribution(name="numpy", version="2.3.5", origin=Origin(kind="index"), imported=True),
                Distribution(name="torch", version="2.13.0+cpu", origin=Origin(kind="index"), imported=True),
            ),
            numerics={"threads": 2},
            lock=LockFacts(hashes="complete", why=None, by="pip-tools"),
        ),
        "code": code.Section(
            repository=None,
            patch=None,
            import_roots=("code/source",),
            modules=(),
            left_out=(),
            changed_since_start=(),
            main_guard="present",
        ),
        "data": data.Section(splits=(tiny_split("train", 12), tiny_split("test", 4))),
        "preprocessing": preprocessing.Section(),
        "hyperparameters": hyperparameters.Section(values={"lr": 0.1, "layers": {"hidden": 8, "bias": True}}),
        "model": model.Section(
            loader="for_torch",
            framework="torch 2.13.0+cpu",
            entry="net:Net",
            init=model.Arguments(kwargs={"hidden": 8}),
            files=("model.safetensors",),
            tensors=(model.TensorEntry(name="w", dtype="F32", shape=(2,), xxh3_128=DIGEST),),
            parameters=2,
        ),
        "outputs": outputs.Section(inputs=None, expected=None),
        "claims": claims.Section(
            claims=(claims.Claim(id="test-accuracy", text="test accuracy", value=0.97, tolerance=0.01, split="test"),)
        ),
        "documentation": documentation.Section(
            path="documentation/card.yaml", filled=2, fields=40, gaps=("ethics.privacy", "contact"), known=()
        ),
        "notes": (Finding(kind="code", status=Status.NOTE, message="no git repository", hint="git init"),),
        "files": (),
    }
    return Manifest(**{**parts, **changed})


def tiny_split(name: str, count: int) -> data.Split:
    """A split of so many samples."""
    return data.Split(
        name=name,
        kind="array",
        count=count,
        bytes=count * 16,
        ordered=DIGEST,
        unordered=DIGEST,
        listing=f"data/{name}.txt",
    )


def bare_manifest() -> Manifest:
    """The same without a lock and splits, so that it names two files only: weights and card."""
    full = tiny_manifest()
    bare = full.environment.model_copy(update={"lock": None})
    return full.model_copy(update={"environment": bare, "data": data.Section(splits=())})


def write_named(writer: Writer, manifest: Manifest) -> None:
    """The lock and the listings that the sections name."""
    if manifest.environment.lock is not None:
        writer.write(manifest.environment.lock.path, b"numpy==2.3.5\n")
    for split in manifest.data.splits:
        writer.write(split.listing, b"\n")


def tiny_bundle(folder: Path, **changed: Any) -> Path:
    """A sealed bundle of that manifest."""
    with staging(folder) as place:
        writer = Writer(place)
        manifest = tiny_manifest(**changed)
        writer.write("model.safetensors", WEIGHTS)
        writer.write("documentation/card.yaml", b'"title": "Tiny"\n')
        write_named(writer, manifest)
        bundles.seal(writer, manifest)
    return folder
