"""Check, run and compare this bundle without the program that made it; REPLAY.md beside this file says how.

    python -I replay/by_hand.py verify            are all files as manifest.json lists them?
    python -I replay/by_hand.py job FOLDER        write FOLDER/job.json, which the worker reads
    python -I replay/by_hand.py compare FOLDER    is what the worker left in FOLDER/out what was recorded?

With -I, Python imports nothing from beside this file. Needs Python 3.9 or newer with its standard library; `verify`
also the package xxhash. Exit status: 0 all is well, 1 it is not, 2 it was called otherwise.
"""

from __future__ import annotations

import json
import os
import re
import sys
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

from reprobundle.exports.by_hand.reading import (
    BLOCK,
    RefusedError,
    compare_files,
    count,
    document,
    formed,
    lies_in,
    opened,
    say,
)

BUNDLE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MANIFEST = "manifest.json"
RESULT = "result.json"
OWN_DIGEST = '"manifest_xxh3_128": "%s"'
UNSEALED = "0" * 32
DIGEST = re.compile("[0-9a-f]{32}")
SHOWN = 20
DEEPEST = 64  # folders in folders
HUB_LINE_END = b"filter=lfs diff=lfs merge=lfs -text"


def verify() -> bool:
    """Say whether every file is there, no other one, and each with the size and digest that the manifest lists."""
    content, manifest = manifest_here()
    refuse_other_form(manifest)
    faults = [*manifest_faults(content, manifest), *file_faults(manifest)]
    for fault in faults[:SHOWN]:
        say(fault)
    if faults:
        say(
            count(len(faults), "fault")
            + ": this is not the bundle that was sealed; get it again, and run nothing of it"
        )
        return False
    total = sum(entry["size"] for entry in manifest["files"])
    say(count(len(manifest["files"]), "file") + ", " + count(total, "byte") + ": all as " + MANIFEST + " lists them")
    say("bundle id " + digest_of([content]) + ": compare it with the one you were told")
    return True


def manifest_here() -> Tuple[bytes, Dict[str, Any]]:
    """The manifest's bytes and what it says."""
    return document(os.path.join(BUNDLE, MANIFEST), MANIFEST, "manifest")


def refuse_other_form(manifest: Mapping[str, Any]) -> None:
    """Make sure that there are a digest and a list of files, each named once.

    Raises:
        RefusedError: There are not.
    """
    own, files = manifest.get("manifest_xxh3_128"), manifest.get("files")
    if not is_digest(own) or not isinstance(files, list) or not all(map(is_entry, files)):
        raise RefusedError(
            MANIFEST + ": is no manifest: its own digest or its list of files is missing or of another form"
        )
    paths = sorted(entry["path"] for entry in files)
    for path, following in zip(paths, paths[1:]):
        if path == following:
            raise RefusedError(MANIFEST + ": is no manifest: it lists " + ascii(path) + " twice")


def is_digest(value: object) -> bool:
    """Whether it is 32 hexadecimal digits."""
    return isinstance(value, str) and DIGEST.fullmatch(value) is not None


def is_entry(entry: object) -> bool:
    """Whether it is what the list says of a file."""
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("path"), str)
        and type(entry.get("size")) is int
        and is_digest(entry.get("xxh3_128"))
    )


def manifest_faults(content: bytes, manifest: Mapping[str, Any]) -> Iterator[str]:
    """The manifest holds a digest of itself, taken with that digest written as zeros."""
    own = manifest["manifest_xxh3_128"]
    blank = content.replace((OWN_DIGEST % own).encode(), (OWN_DIGEST % UNSEALED).encode(), 1)
    found = digest_of([blank])
    if found != own:
        yield MANIFEST + ": was changed: its own digest says " + own + ", its bytes give " + found


def file_faults(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Every way in which the folder differs from the manifest's list; only files that were found in it are opened."""
    listed = {entry["path"]: entry for entry in manifest["files"]}
    present = dict(walk(BUNDLE, ""))
    for path in sorted({*listed, *present}):
        if path not in present:
            yield path + ": is listed but missing"
        elif isinstance(present[path], str):
            yield path + ": " + str(present[path])
        elif path in listed:
            yield from content_faults(path, listed[path], present[path])
        elif not may_stand(path):
            yield path + ": is not listed in " + MANIFEST


def walk(folder: str, prefix: str) -> Iterator[Tuple[str, Union[int, str]]]:
    """Every name under a folder with its size in bytes, or in words why a bundle cannot hold it; no link is followed."""
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    if prefix and not found:
        yield prefix[:-1], "is an empty folder, which a bundle cannot hold"
    for entry in found:
        path = prefix + entry.name
        if not entry.is_dir(follow_symlinks=False):
            regular = entry.is_file(follow_symlinks=False)
            yield path, entry.stat(follow_symlinks=False).st_size if regular else "is no regular file"
        elif path.count("/") < DEEPEST:
            yield from walk(entry.path, path + "/")
        else:
            yield path, "lies too deep"


def content_faults(path: str, entry: Mapping[str, Any], size: object) -> Iterator[str]:
    """A file's size first, which costs nothing; then its digest."""
    if size != entry["size"]:
        yield path + ": size differs: expected " + str(entry["size"]) + " bytes, found " + str(size)
        return
    with opened(os.path.join(BUNDLE, path), path) as file:
        found = digest_of(iter(lambda: file.read(BLOCK), b""))
    if found != entry["xxh3_128"]:
        yield path + ": digest differs: expected " + entry["xxh3_128"] + ", found " + found


def may_stand(path: str) -> bool:
    """Whether a file may stand in a bundle without being listed."""
    if path == ".gitattributes":
        with opened(os.path.join(BUNDLE, path), path) as file:
            content = file.read(BLOCK + 1)
        return len(content) <= BLOCK and all(line.endswith(HUB_LINE_END) for line in content.splitlines())
    signature = path.startswith("signatures/") and path.endswith(".sigstore.json") and path.count("/") == 1
    return path == MANIFEST or signature


def digest_of(blocks: Any) -> str:
    """XXH3-128 with seed 0 of bytes that come in blocks, as 32 hexadecimal digits."""
    try:
        import xxhash
    except ImportError as error:
        raise RefusedError("digests need the package xxhash: python -m pip install xxhash") from error
    running = xxhash.xxh3_128()
    for block in blocks:
        running.update(block)
    found: str = running.hexdigest()
    return found


def job(folder: str) -> bool:
    """Write what the worker is told, and make the empty folder for what it leaves, neither of them in the bundle."""
    out = os.path.join(os.path.abspath(folder), "out")
    if os.path.lexists(out):
        say(out + ": exists: delete it, or name another folder")
        return False
    if lies_in(out, BUNDLE):
        say(out + ": lies in the bundle, which stays as it was sealed: name another folder")
        return False
    _, manifest = manifest_here()
    with formed(MANIFEST):
        told = job_of(manifest, BUNDLE, out)
    os.makedirs(out)
    target = os.path.join(os.path.abspath(folder), "job.json")
    with open(target, "w", encoding="ascii") as file:
        json.dump(told, file, indent=1)
    say("the job is in " + target + ", its results will be in " + out)
    return True


def job_of(manifest: Mapping[str, Any], bundle: str, out: str) -> Dict[str, Any]:
    """The worker's job: where things lie, how the model is made, what it is run on; nothing of what is expected.

    Args:
        manifest: What was recorded.
        bundle: The bundle's folder, absolute.
        out: The folder for the results, absolute.
    """
    model, inputs, splitting = manifest["model"], manifest["outputs"]["inputs"], manifest["data"]["splitting"]
    cut = splitting is not None and splitting["function"] is not None
    return {
        "loader": model["loader"],
        "model": {
            "entry": model["entry"],
            "init": model["init"],
            "weights": [place(bundle, path) for path in model["files"]],
            "aliases": model["aliases"],
            "strides": {one["name"]: one["strides"] for one in model["tensors"] if one["strides"] is not None},
            "buffers": place(bundle, model["buffers_file"]),
            "trusted": model["trusted"],
            "configuration": place(bundle, model["configuration"]),
            "device": model["device"],
        },
        "bundle": bundle,
        "watched": False,
        "roots": [place(bundle, path) for path in manifest["code"]["import_roots"]],
        "hidden": [],
        "inputs": {"file": place(bundle, inputs["file"]), "structure": inputs["structure"]},
        "transform": transform_of(manifest["preprocessing"], bundle),
        "splitting": {
            "entry": splitting["function"],
            "count": splitting["count"],
            "seed": splitting["seed"],
            "arguments": splitting["arguments"],
        } if cut else None,
        "settings": manifest["environment"]["numerics"],  # of which the worker sets those that can be set
        "out": out,
        "memory": None,
        "overlay": None,
        "runs": [],
        "claims": [],
    }  # fmt: skip


def transform_of(section: Mapping[str, Any], bundle: str) -> Optional[Dict[str, Any]]:
    """How raw samples are to be made into the model's inputs; None where none are recorded, or not how."""
    if section["pairs"] is None or not (section["transform"] or section["steps"]):
        return None
    raw = section["pairs"]["raw"]
    steps = [step_of(step, section, bundle) for step in section["steps"]]
    return {
        "steps": steps or [{"form": "function", "entry": section["transform"]}],
        "file": place(bundle, raw["file"]),
        "structure": raw["structure"],
        "library": raw["library"],
        "made_of": raw["made_of"],
    }


def step_of(step: Mapping[str, Any], section: Mapping[str, Any], bundle: str) -> Dict[str, Any]:
    """One step of it, with the places of its files."""
    told = {**step, "file": place(bundle, step["file"]), "tensors": place(bundle, step["tensors"])}
    if step["form"] == "pretrained":
        told["folder"] = {path: place(bundle, path) for path in section["files"]}
    return told


def place(bundle: str, path: Optional[str]) -> Optional[str]:
    """Where a file of the bundle lies on this machine; None where there is none.

    Raises:
        RefusedError: The path leads elsewhere.
    """
    if path is None:
        return None
    found = os.path.join(bundle, *path.split("/"))
    if not lies_in(found, bundle):
        raise RefusedError(MANIFEST + ": names " + ascii(path) + ", which leads out of the bundle")
    return found


def compare(folder: str) -> bool:
    """Say of each recorded tensor whether the worker gave it again bit for bit, and how far it is off where it did not."""
    out = os.path.join(os.path.abspath(folder), "out")
    _, manifest = manifest_here()
    _, result = document(os.path.join(out, RESULT), RESULT, "result of the worker")
    with formed(MANIFEST + " or " + RESULT):
        return compare_with(manifest, result, out)


def compare_with(manifest: Mapping[str, Any], result: Mapping[str, Any], out: str) -> bool:
    """The same, of what was recorded and what the worker left.

    Args:
        manifest: What was recorded.
        result: How far the worker came.
        out: Where its tensors are.
    """
    for note in notes(manifest, result):
        say("note: " + note)
    if result.get("error") is not None or result.get("outputs") is None:
        say("NOT RUN: the worker stopped at " + ascii(result.get("stage")) + ": " + ascii(result.get("error")))
        return False
    good = [weights_agree(manifest["model"]["tensors"], result.get("digests") or {})]
    for what, recorded, found, file_name in expected(manifest, result):
        made = compare_files(what, str(place(BUNDLE, recorded["file"])), os.path.join(out, file_name))
        if what == "output" and not made:
            say("output: no tensor is recorded, so there is nothing to compare")
        good += made or [what != "output"]
        if "structure" in recorded and recorded["structure"] != found:
            say(what + ": their nesting or a plain value of them is not as recorded")
            good.append(False)
    return concluded(good, compared=manifest["outputs"]["expected"] is not None)


def concluded(good: Sequence[bool], *, compared: bool) -> bool:
    """Say what came of it all.

    Args:
        good: Whether each thing that was compared is the same.
        compared: Whether outputs were among them, without which the rest shows nothing of the model.
    """
    if not all(good):
        say("DIFFERENT: " + count(good.count(False), "line") + " above say where")
    elif not compared:
        say("NO OUTPUT WAS COMPARED: none is recorded")
    else:
        say("THE SAME, bit for bit")
    return compared and all(good)


def expected(manifest: Mapping[str, Any], result: Mapping[str, Any]) -> Iterator[Tuple[str, Dict[str, Any], Any, str]]:
    """What is compared: a word for it, the record, the structure that was found, and the worker's file."""
    if manifest["outputs"]["expected"] is not None:
        yield "output", manifest["outputs"]["expected"], result["outputs"], "outputs.safetensors"
    if transform_of(manifest["preprocessing"], BUNDLE) is not None:
        recorded = manifest["preprocessing"]["pairs"]["expected"]
        yield "preprocessed", recorded, result.get("transformed"), "transformed.safetensors"
    splitting = manifest["data"]["splitting"]
    if splitting is not None and splitting["function"] is not None:
        yield "indices of split", {"file": splitting["indices"]}, None, "indices.safetensors"


def notes(manifest: Mapping[str, Any], result: Mapping[str, Any]) -> Iterator[str]:
    """What is not as it was where the record was made, or failed beside the model."""
    found = {normal(name): version for name, version in (result.get("distributions") or {}).items()}
    for one in manifest["environment"]["distributions"]:
        if one["imported"] and found.get(one["name"], one["version"]) != one["version"]:
            yield one["name"] + " is " + ascii(found[one["name"]]) + ", recorded was " + one["version"]
    yield from (ascii(line) for line in result.get("unapplied") or ())
    for name in ("transform_error", "splitting_error"):
        if result.get(name) is not None:
            yield name + ": " + ascii(result[name])


def normal(name: str) -> str:
    """The name of a package as every index spells it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def weights_agree(recorded: Sequence[Mapping[str, Any]], found: Mapping[str, Any]) -> bool:
    """Say whether the tensors that the model held after it was loaded have the recorded digests."""
    wanted = {one["name"]: one["xxh3_128"] for one in recorded}
    wrong = sorted(name for name in {*wanted, *found} if wanted.get(name) != found.get(name))
    for name in wrong[:SHOWN]:
        say("weights: tensor " + ascii(name) + " is not the recorded one")
    if wanted and not wrong:
        say("weights: " + count(len(wanted), "tensor") + " after load, all as recorded")
    return not wrong


def main(arguments: List[str]) -> int:
    """Do what the command line says; gives the exit status."""
    if arguments != ["verify"] and (len(arguments) != 2 or arguments[0] not in {"job", "compare"}):
        for line in (__doc__ or "").splitlines():
            say(line)
        return 2
    try:
        good = verify() if len(arguments) == 1 else {"job": job, "compare": compare}[arguments[0]](arguments[1])
    except (RefusedError, OSError) as error:
        say(str(error))
        return 1
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
