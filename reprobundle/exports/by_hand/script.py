"""Check, run and compare this bundle without the program that made it; REPLAY.md beside this file says how.

    python replay/by_hand.py verify            are all files as manifest.json lists them?
    python replay/by_hand.py job FOLDER        write FOLDER/job.json, which the worker reads
    python replay/by_hand.py compare FOLDER    is what the worker left in FOLDER/out what was recorded?

Needs Python 3.9 or newer with its standard library; `verify` also the package xxhash. Exit status: 0 all is well, 1 it is
not, 2 it was called otherwise.
"""

from __future__ import annotations

import json
import math
import os
import re
import struct
import sys
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

BUNDLE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MANIFEST = "manifest.json"
OWN_DIGEST = '"manifest_xxh3_128": "%s"'
UNSEALED = "0" * 32
BLOCK = 1 << 20  # bytes read at once; every element's size divides it
SHOWN = 20
HUB_LINE_END = b"filter=lfs diff=lfs merge=lfs -text"

NUMBERS = {  # safetensors' dtypes as the module struct calls them: the numbers, and their bits
    "BOOL": "BB", "U8": "BB", "I8": "bb", "U16": "HH", "I16": "hh", "U32": "II", "I32": "ii", "U64": "QQ", "I64": "qq",
    "F16": "eH", "F32": "fI", "F64": "dQ", "C64": "fI",
}  # fmt: skip


class Tensor(NamedTuple):
    """One tensor in a safetensors file, and where its bytes begin and end there."""

    path: str
    dtype: str
    shape: Tuple[int, ...]
    start: int
    stop: int


def verify() -> bool:
    """Say whether every file is there, no other one, and each with the size and digest that the manifest lists."""
    with open(os.path.join(BUNDLE, MANIFEST), "rb") as file:
        content = file.read()
    manifest = json.loads(content)
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
        elif present[path] is None:
            yield path + ": is no regular file"
        elif path in listed:
            yield from content_faults(path, listed[path], present[path])
        elif not may_stand(path):
            yield path + ": is not listed in " + MANIFEST


def walk(folder: str, prefix: str) -> Iterator[Tuple[str, Optional[int]]]:
    """Every name under a folder with its size in bytes; None for a link and whatever else is neither file nor folder."""
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.is_dir(follow_symlinks=False):
                yield from walk(entry.path, prefix + entry.name + "/")
            else:
                regular = entry.is_file(follow_symlinks=False)
                yield prefix + entry.name, entry.stat(follow_symlinks=False).st_size if regular else None


def content_faults(path: str, entry: Mapping[str, Any], size: Optional[int]) -> Iterator[str]:
    """A file's size first, which costs nothing; then its digest."""
    if size != entry["size"]:
        yield path + ": size differs: expected " + str(entry["size"]) + " bytes, found " + str(size)
        return
    with open(os.path.join(BUNDLE, path), "rb") as file:
        found = digest_of(iter(lambda: file.read(BLOCK), b""))
    if found != entry["xxh3_128"]:
        yield path + ": digest differs: expected " + entry["xxh3_128"] + ", found " + found


def may_stand(path: str) -> bool:
    """Whether a file may stand in a bundle without being listed."""
    if path == ".gitattributes":
        with open(os.path.join(BUNDLE, path), "rb") as file:
            return all(line.endswith(HUB_LINE_END) for line in file.read(BLOCK).splitlines())
    signature = path.startswith("signatures/") and path.endswith(".sigstore.json") and path.count("/") == 1
    return path == MANIFEST or signature


def digest_of(blocks: Any) -> str:
    """XXH3-128 with seed 0 of bytes that come in blocks, as 32 hexadecimal digits."""
    import xxhash

    running = xxhash.xxh3_128()
    for block in blocks:
        running.update(block)
    found: str = running.hexdigest()
    return found


def job(folder: str) -> bool:
    """Write what the worker is told, and make the empty folder for what it leaves."""
    out = os.path.join(os.path.abspath(folder), "out")
    if os.path.lexists(out):
        say(out + ": exists: delete it, or name another folder")
        return False
    os.makedirs(out)
    with open(os.path.join(BUNDLE, MANIFEST), "rb") as file:
        told = job_of(json.load(file), BUNDLE, out)
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
    """Where a file of the bundle lies on this machine; None where there is none."""
    return None if path is None else os.path.join(bundle, *path.split("/"))


def compare(folder: str) -> bool:
    """Say of each recorded tensor whether the worker gave it again bit for bit, and how far it is off where it did not."""
    out = os.path.join(os.path.abspath(folder), "out")
    with open(os.path.join(BUNDLE, MANIFEST), "rb") as file:
        manifest = json.load(file)
    with open(os.path.join(out, "result.json"), "rb") as file:
        result = json.load(file)
    for note in notes(manifest, result):
        say("note: " + note)
    if result.get("error") is not None or result.get("outputs") is None:
        say("NOT RUN: the worker stopped at " + ascii(result.get("stage")) + ": " + ascii(result.get("error")))
        return False
    good = [weights_agree(manifest["model"]["tensors"], result.get("digests") or {})]
    for what, recorded, found, file_name in expected(manifest, result):
        produced = os.path.join(out, file_name)
        made = compare_files(what, place(BUNDLE, recorded["file"]), produced)
        if what == "output" and not made:
            say("output: no tensor is recorded, so there is nothing to compare")
        good += made or [what != "output"]
        if "structure" in recorded and recorded["structure"] != found:
            say(what + ": their nesting or a plain value of them is not as recorded")
            good.append(False)
    say("THE SAME, bit for bit" if all(good) else "DIFFERENT: " + count(good.count(False), "line") + " above say where")
    return all(good)


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


def compare_files(what: str, recorded: Any, produced: str) -> List[bool]:
    """Say of each tensor of two safetensors files how it agrees; gives whether each is the same, bit for bit."""
    if not os.path.isfile(produced):
        say(what + ": the worker left nothing to compare")
        return [False]
    ours, theirs = tensors_of(recorded), tensors_of(produced)
    good = []
    for name in [*ours, *(name for name in theirs if name not in ours)]:
        told = "was not given" if name not in theirs else "is not recorded" if name not in ours else None
        told = told or compared(ours[name], theirs[name])
        say(what + " " + ascii(name) + ": " + told)
        good.append(told.startswith("bitwise"))
    return good


def tensors_of(path: str) -> Dict[str, Tensor]:
    """The tensors of a safetensors file: 8 bytes with the header's length, the header as JSON, then the tensors' bytes.

    Raises:
        SystemExit: The file ends before its tensors do.
    """
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(min(length, size)))
    found = {}
    for name, one in header.items():
        if name != "__metadata__":
            start, stop = (8 + length + offset for offset in one["data_offsets"])
            found[name] = Tensor(path, one["dtype"], tuple(one["shape"]), start, stop)
            if stop > size:
                raise SystemExit(path + ": is cut short")
    return found


def compared(ours: Tensor, theirs: Tensor) -> str:
    """How a tensor agrees with the recorded one, in words that begin with ``bitwise`` where it does."""
    form = ours.dtype + " " + str(ours.shape)
    if (ours.dtype, ours.shape) != (theirs.dtype, theirs.shape):
        return "different: recorded " + form + ", found " + ascii(theirs.dtype) + " " + str(theirs.shape)
    total = differing = 0
    largest = squares = 0.0
    for mine, other in zip(blocks_of(ours), blocks_of(theirs)):
        values, bits = numbers(ours.dtype, mine)
        if any(value != value for value in values):  # what NaN is
            return "nothing to compare: the record holds NaN"
        total += len(values)
        squares += sum(float(value) * float(value) for value in values)
        if mine != other:
            found, found_bits = numbers(ours.dtype, other)
            differing += sum(one != two for one, two in zip(bits, found_bits))
            largest = max(largest, *map(distance, values, found))
    if not total:
        return "nothing to compare: the record holds no element"
    if not differing:
        return "bitwise (" + form + ")"
    size = math.sqrt(squares / total)
    share = ", " + format(largest / size, ".3g") + " of the recorded root mean square" if size else ""
    most = "largest difference " + format(largest, ".6g") + share
    return "different: " + str(differing) + " of " + count(total, "element") + ", " + most + " (" + form + ")"


def blocks_of(tensor: Tensor) -> Iterator[bytes]:
    """A tensor's bytes, some at a time."""
    with open(tensor.path, "rb") as file:
        file.seek(tensor.start)
        for start in range(tensor.start, tensor.stop, BLOCK):
            yield file.read(min(BLOCK, tensor.stop - start))


def numbers(dtype: str, content: bytes) -> Tuple[Sequence[Any], Sequence[int]]:
    """Bytes of a tensor as numbers and as patterns of bits; of a complex number both parts, one after the other."""
    if dtype in NUMBERS:
        return unpacked(NUMBERS[dtype][0], content), unpacked(NUMBERS[dtype][1], content)
    if dtype == "BF16":  # the upper half of an F32
        halves = unpacked("H", content)
        return unpacked("f", struct.pack("<%dI" % len(halves), *(half << 16 for half in halves))), halves
    return content, content  # floats of 8 or 4 bits: their bytes are compared, as numbers from 0 to 255


def unpacked(code: str, content: bytes) -> Sequence[Any]:
    """Numbers of one kind, the lower byte first."""
    return struct.unpack("<" + str(len(content) // struct.calcsize("<" + code)) + code, content)


def distance(one: Any, other: Any) -> float:
    """How far two numbers lie apart; infinitely, where one of them is no number."""
    apart = 0.0 if one == other else float(abs(one - other))
    return apart if apart == apart else math.inf  # what NaN is


def count(number: int, noun: str) -> str:
    """A number of things."""
    return format(number, ",") + " " + noun + ("" if number == 1 else "s")


def say(text: str) -> None:
    """One line for the person, whatever their terminal can show."""
    print(text.encode("ascii", "backslashreplace").decode("ascii"), flush=True)


def main(arguments: List[str]) -> int:
    """Do what the command line says; gives the exit status."""
    if arguments == ["verify"]:
        good = verify()
    elif len(arguments) == 2 and arguments[0] in {"job", "compare"}:
        good = job(arguments[1]) if arguments[0] == "job" else compare(arguments[1])
    else:
        say(__doc__ or "")
        return 2
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
