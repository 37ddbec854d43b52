"""What a reviewer should know of the wheels that a bundle brings along, read from their lists of files alone."""

from __future__ import annotations

import re
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from reprobundle.components.environment.section import NAME, Distribution, Section
from reprobundle.components.interface import differs
from reprobundle.phrases import some
from reprobundle.report import Finding, Status
from reprobundle.store import inside

MAX_LISTING_BYTES = 32 * 2**20
TAIL_BYTES = 22 + 2**16 + 20  # the record at an archive's end, its longest comment, and the large archives' locator
SHOWN = 5
MAX_SHOWN_PATH = 200
STARTED = frozenset({"sitecustomize", "usercustomize"})
LIBRARIES = frozenset({"purelib", "platlib"})
SITE_FOLDERS = frozenset({"site-packages", "dist-packages"})
PROGRAMS = frozenset({"bin", "scripts", "pyvenv.cfg"})

_END = re.compile(rb"PK\x05\x06")
_LARGE = b"PK\x06\x07"


def check_vendored(section: Section, root: Path, *, used: bool = True) -> Iterator[Finding]:
    """A note for each wheel of the bundle itself, naming the files in it that run by themselves or are programs.

    Where the bundle brings many, those with nothing more to say share one note.

    Args:
        section: The recorded environment.
        root: The verified view, where the wheels are; nothing is extracted.
        used: Whether they were installed where the model ran, or something else was there already.
    """
    recorded = {one.name: one for one in section.distributions}
    plain: list[tuple[str, Finding]] = []
    for path in section.wheels:
        try:
            name, version, _, _ = parse_wheel_filename(path.rpartition("/")[2])
        except InvalidWheelFilename:
            yield differs(NAME, f"{path} is not named as a wheel is", expected="name-version-….whl", found=path)
            continue
        label, one = f"{name} {version}", recorded.get(name)
        if one is None:
            message = f"the bundle brings a wheel of {label}, which the recorded environment does not name"
            yield differs(NAME, message, expected="no such distribution", found=label)
        note, contents = _note(label, one, used=used), _contents(inside(root, path))
        if contents or one is None:
            yield note.model_copy(update={"message": note.message + contents})
        else:
            plain.append((label, note))
    yield from _together(plain, used=used)


def check_overlaps(overlaps: tuple[str, ...]) -> Iterator[Finding]:
    """A note for each two distributions of the rebuilt environment of which one replaced files of the other.

    Args:
        overlaps: Which ones, and what files, as was found when the environment was filled.
    """
    hint = "the hash of the one whose files were replaced says nothing of what ran"
    for line in overlaps:
        message = f"distributions of the rebuilt environment bring the same files: {line}"
        yield Finding(kind=NAME, status=Status.NOTE, message=message, hint=hint)


def _note(label: str, one: Distribution | None, *, used: bool) -> Finding:
    message, hint = f"{label} comes from the bundle itself as a wheel, not from an index", None
    if not used:
        message = f"the bundle has a wheel of {label} itself, which was not used: the environment was there before"
        return Finding(kind=NAME, status=Status.NOTE, message=message)
    if one is not None and one.edited is not None:
        message += f": {one.edited.count} of its files had been changed since it was installed"
        hint = "what ran at capture is not what an index offers under this version"
    elif one is not None and one.origin.kind == "index":
        message += ", though it is recorded as installed from one"
        hint = "a capture packs such an install where no index offers a wheel that fits, or when it is asked to pack all; nothing proves that it was so"
    return Finding(kind=NAME, status=Status.NOTE, message=message, hint=hint)


def _together(plain: list[tuple[str, Finding]], *, used: bool) -> Iterator[Finding]:
    """Few notes as they are; many in one."""
    if len(plain) <= SHOWN:
        yield from (note for _, note in plain)
        return
    labels = [label for label, _ in plain]
    if not used:
        message = f"the bundle has {len(labels)} wheels itself, which were not installed here: the environment was there before"
        yield Finding(kind=NAME, status=Status.NOTE, message=message)
        return
    message = (
        f"{len(labels)} distributions come from the bundle itself as wheels, not from an index: {some(labels, SHOWN)}"
    )
    hint = "nothing proves that they are what an index offers under these versions"
    yield Finding(kind=NAME, status=Status.NOTE, message=message, hint=hint)


def _contents(wheel: Path) -> str:
    names = names_of(wheel)
    if names is None:
        return "; its list of files cannot be read"
    by_itself = sorted({name for name in names if _runs_by_itself(name)})
    programs = sorted({name for name in names if _is_program(name)})
    told = [("run at every start of its Python", by_itself), ("are programs of its environment", programs)]
    return "".join(f"; files in it that {what}: {_listed(found)}" for what, found in told if found)


def names_of(wheel: Path) -> list[str] | None:
    """The names in the archive; None where it is none, or where the list alone would fill the memory."""
    try:
        if _listing_bytes(wheel) > MAX_LISTING_BYTES:
            return None
        with zipfile.ZipFile(wheel) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, zipfile.LargeZipFile, OSError, ValueError, NotImplementedError, struct.error):
        return None


def _listing_bytes(wheel: Path) -> int:
    """The largest size that any record at the archive's end gives its list, before anything reads that much."""
    with wheel.open("rb") as file:
        file.seek(max(0, wheel.stat().st_size - TAIL_BYTES))
        tail = file.read()
    if _LARGE in tail:
        return MAX_LISTING_BYTES + 1
    sizes = (tail[found.start() + 12 : found.start() + 16] for found in _END.finditer(tail))
    return max((int.from_bytes(size, "little") for size in sizes), default=0)


def _parts(name: str) -> list[str]:
    return [part for part in name.replace("\\", "/").split("/") if part not in {"", "."}]


def _runs_by_itself(name: str) -> bool:
    """Whether it comes to lie directly in the folder of modules and is read by `site` whenever Python starts."""
    parts = _parts(name)
    if len(parts) > 2 and parts[0].endswith(".data"):
        site = [place for place, part in enumerate(parts) if part in SITE_FOLDERS]
        parts = parts[2:] if parts[1] in LIBRARIES else parts[site[-1] + 1 :] if site else []
    if not parts:
        return False
    return (len(parts) == 1 and parts[0].endswith(".pth")) or parts[0].partition(".")[0] in STARTED


def _is_program(name: str) -> bool:
    parts = _parts(name)
    if len(parts) < 3 or not parts[0].endswith(".data"):
        return False
    return parts[1] == "scripts" or (parts[1] == "data" and parts[2].lower() in PROGRAMS)


def _listed(names: list[str]) -> str:
    return some([repr(name[:MAX_SHOWN_PATH]) for name in names], SHOWN)
