"""The lock and the wheels beside this machine: can what is pinned be had and installed, and is there room for it?"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from packaging import tags
from packaging.utils import parse_wheel_filename

from reprobundle.bundle import BORROWED_BYTES, VerifiedBundle
from reprobundle.components.environment.differing.existing import not_brought
from reprobundle.components.environment.installers import find_uv
from reprobundle.components.environment.labels import hint_of
from reprobundle.components.environment.lock import Pin
from reprobundle.components.environment.rebuilding import cache, rebuild
from reprobundle.components.environment.rebuilding.interpreters import Found
from reprobundle.components.environment.rebuilding.places import Wanted
from reprobundle.components.environment.rebuilding.wanted import read_wanted
from reprobundle.components.environment.section import Section
from reprobundle.errors import UnavailableError
from reprobundle.examining.checklist import Check, blocks, ok, warning
from reprobundle.phrases import counted, sized, some
from reprobundle.sandbox import Sandbox

SHOWN = 5
MEGABYTE = 10**6
UNPACKED = 4.5  # times the size of a wheel, both kept while it is installed
TYPICAL = 8 * MEGABYTE
LARGE = {
    "torch": 1200,
    "numpy": 75,
    "sympy": 75,
    "tensorflow": 2500,
    "jaxlib": 400,
    "scipy": 150,
    "pyarrow": 180,
    "opencv-python": 250,
}  # megabytes
CPU_TORCH, CUDA_TORCH, NVIDIA, TRITON = 760 * MEGABYTE, 3500 * MEGABYTE, 400 * MEGABYTE, 700 * MEGABYTE


def package_checks(bundle: VerifiedBundle, *, python: Found | None, walls: Sandbox | None) -> Iterator[Check]:
    """Everything about the packages a rebuild would install.

    Args:
        bundle: The bundle.
        python: The interpreter it would be built on; None where there is none.
        walls: The sandbox it would be built in; None where none works.

    Raises:
        RefusedInputError: The lock or a wheel's name breaks a rule.
    """
    section = bundle.manifest.environment
    try:
        wanted = read_wanted(section, bundle.path, portable=False)
    except UnavailableError as error:
        yield blocks("lock", str(error), hint=error.hint)
        return
    yield _lock(section, wanted)
    yield from _own_wheels(wanted, python)
    yield from _edited(section)
    if python is not None and walls is not None and _is_cached(bundle, walls):
        yield ok("packages", "the environment was rebuilt here before and is used again")
        return
    yield from _sources(wanted)
    yield from _disk(bundle, wanted)


def _lock(section: Section, wanted: Wanted) -> Check:
    pins = counted(len(wanted.pins), "package")
    if wanted.hashed:
        return ok("lock", f"{pins}, every one with the hashes of its archives")
    why = f" ({section.lock.why})" if section.lock is not None and section.lock.why else ""
    hint = "reprobundle lock BUNDLE adds them; without, an index could hand out other bytes under the same version"
    return warning("lock", f"{pins} WITHOUT HASHES{why}", hint=hint)


def _own_wheels(wanted: Wanted, python: Found | None) -> Iterator[Check]:
    """Whether the wheels in the bundle fit the interpreter that was found."""
    if not wanted.own or python is None:
        return
    fitting = fitting_tags(python)
    unfit = sorted(
        wheel.name for wheel in wanted.own.values() if fitting.isdisjoint(parse_wheel_filename(wheel.name)[3])
    )
    if unfit:
        hint = "replay with --env portable, or with --env current in an environment of your own"
        message = f"wheels of the bundle itself do not fit this Python or system: {some(unfit, SHOWN)}"
        yield blocks("wheels", message, hint=hint)
    else:
        yield ok("wheels", f"{counted(len(wanted.own), 'wheel')} of the bundle itself, all of which fit here")


def _edited(section: Section) -> Iterator[Check]:
    """A warning for each distribution that was edited at capture and did not come along as it was."""
    for one in not_brought(section):
        message = f"{one.name} {one.version} was edited at capture, and the bundle does not bring it as it was"
        hint = "what an index offers is installed instead; ask for a capture with --vendor all, which packs it"
        yield warning("edited", message, hint=hint)


def fitting_tags(python: Found) -> frozenset[tags.Tag]:
    """What an interpreter of this machine can install."""
    major, minor = (int(part) for part in python.version.split(".")[:2])
    if (major, minor) == sys.version_info[:2] and python.implementation == sys.implementation.name:
        return frozenset(tags.sys_tags())
    short = f"{tags.INTERPRETER_SHORT_NAMES.get(python.implementation, python.implementation)}{major}{minor}"
    compiled = tags.cpython_tags((major, minor)) if python.implementation == "cpython" else tags.generic_tags(short)
    return frozenset([*compiled, *tags.compatible_tags((major, minor), short)])


def _is_cached(bundle: VerifiedBundle, walls: Sandbox) -> bool:
    section, content = bundle.manifest.environment, bundle.bundle.content
    try:
        return rebuild.is_cached(
            section, bundle=bundle.path, identity=content, sandbox=walls, options=rebuild.Options()
        )
    except UnavailableError:  # no cache: `_disk` says why
        return False


def _sources(wanted: Wanted) -> Iterator[Check]:
    """Where the packages would come from."""
    if not wanted.from_index:
        yield ok("packages", "all of them are in the bundle: no network is needed")
        return
    installer = "uv" if find_uv() is not None else "pip"
    yield ok(
        "packages", f"{len(wanted.from_index):,} of {len(wanted.pins):,} come from a package index, by {installer}"
    )
    labelled = [pin for pin in wanted.from_index if "+" in pin.version]
    for pin in labelled:
        hint = hint_of(pin.version)
        if pin.name in wanted.hints and hint is not None:
            yield ok(
                "index", f"{pin.requirement}: where your own index has it not, PyTorch's public one is asked ({hint})"
            )
        else:
            way_out = "name the index that offers it: --index-url URL, or a folder with the wheel: --find-links DIR"
            yield warning(
                "index", f"{pin.requirement} is a build of its own, which the public index does not offer", hint=way_out
            )


def _disk(bundle: VerifiedBundle, wanted: Wanted) -> Iterator[Check]:
    """Room in the cache for the environment, and in the temporary folder for the files that are copied."""
    try:
        place = cache.folder()
    except UnavailableError as error:
        yield blocks("disk", str(error), hint=error.hint)
        return
    yield _room("disk", place, sum(_estimate(pin, wanted) for pin in wanted.pins), "for the environment")
    copied = sum(entry.size for entry in bundle.manifest.files if entry.size <= BORROWED_BYTES)
    rest = sum(entry.size for entry in bundle.manifest.files) - copied
    apart = f", without {sized(rest)} in large files that are used in place" if rest else ""
    yield _room("disk", Path(tempfile.gettempdir()), copied, f"for a private copy of the bundle{apart}")


def _room(subject: str, place: Path, needed: int, what: str) -> Check:
    free = shutil.disk_usage(place).free
    message = f"about {sized(needed)} are needed {what}, {sized(free)} are free in {str(place)!r}"
    if needed <= free:
        return ok(subject, message)
    variable = cache.VARIABLE if what.endswith("environment") else "TMPDIR"
    return warning(subject, message, hint=f"make room, or name a folder on another disk in {variable}")


def _estimate(pin: Pin, wanted: Wanted) -> int:
    """Bytes on disk while it is installed; what is not known takes the typical size of a package."""
    if pin.name in wanted.own:
        return int(UNPACKED * wanted.own[pin.name].stat().st_size)
    if pin.name == "torch" and pin.version.endswith("+cpu"):
        return CPU_TORCH
    if pin.name == "torch":
        return CUDA_TORCH if "+cu" in pin.version or "+rocm" in pin.version else LARGE["torch"] * MEGABYTE
    if pin.name.startswith("nvidia-"):
        return NVIDIA
    return TRITON if pin.name == "triton" else LARGE.get(pin.name, TYPICAL // MEGABYTE) * MEGABYTE
