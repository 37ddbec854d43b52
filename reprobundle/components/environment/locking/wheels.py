"""Wheels made from what no index offers as one: local, editable, version-control installs and source-only releases.

What is installed as files is packed again from those files, byte for byte the same each time. What is editable is built
from a copy of its project, so that nothing is left behind in the person's own folder.
"""

from __future__ import annotations

import configparser
import os
import re
import shutil
import stat
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from reprobundle.components.environment.locking import own_program
from reprobundle.components.environment.locking.packing import (
    CannotVendorError,
    drop_secrets,
    holds_secrets,
    pack,
    pack_again,
)
from reprobundle.components.environment.locking.projects import build
from reprobundle.components.environment.snapshot.distributions import Installed, recorded_files
from reprobundle.errors import ProcessError, UnavailableError
from reprobundle.secrecy import Gate

LEFT_BEHIND = frozenset(
    {
        "RECORD",
        "RECORD.jws",
        "RECORD.p7s",
        "INSTALLER",
        "REQUESTED",
        "direct_url.json",
        "uv_cache.json",
        "uv_build.json",
    }
)
PUBLIC = frozenset({"index", "conda"})
SCRIPT_FOLDERS = frozenset({"bin", "Scripts"})

_PYTHON_LINE = re.compile(rb"#![^\n]*python[^\n]*")


@dataclass(frozen=True)
class Made:
    """A wheel that was made.

    Attributes:
        wheel: Where it is, in a folder of its own.
        without: Files left out of it, or of the copy it was built from, because by their names they hold secrets.
    """

    wheel: Path
    without: tuple[str, ...]


def vendor(
    one: Installed, folder: Path, *, deadline: float, gate: Gate | None = None, withheld: Sequence[Path] = ()
) -> Made:
    """Make a wheel of one installed distribution.

    Args:
        one: What is installed.
        folder: An empty folder to work in.
        deadline: ``time.monotonic()`` after which nothing may be fetched to build with.
        gate: Is told of files that hold secrets, which stay out either way, but for those of what an index offers to all.
        withheld: Files and folders of which an editable install's project is copied without.

    Returns:
        The wheel, below `folder`, and what was left out of it.

    Raises:
        CannotVendorError: It cannot be made.
    """
    made, gate = folder / "made", gate or Gate()
    made.mkdir()
    try:
        if own_program.is_own(one):
            without = own_program.pack_own(one, folder / "files", made, gate, LEFT_BEHIND, withheld)
        elif one.origin == "editable":
            built = folder / "built"
            built.mkdir()
            without = build(one, folder / "source", built, deadline, withheld)
            pack_again(_only_wheel(one, built), folder / "files", made, one.name, gate)
        else:
            without = _repack(one, folder / "files", made, gate)
    except (ProcessError, UnavailableError) as error:
        raise CannotVendorError("the tool that packs it could not be run to its end") from error
    except zipfile.BadZipFile as error:
        raise CannotVendorError("building it gave a wheel that cannot be read") from error
    except OSError as error:
        raise CannotVendorError(f"its files cannot be read: {error.strerror}") from error
    return Made(_only_wheel(one, made), without)


def _only_wheel(one: Installed, made: Path) -> Path:
    wheels = sorted(made.glob("*.whl"))
    if len(wheels) != 1:
        raise CannotVendorError("building it gave no wheel")
    try:
        found, version, _, _ = parse_wheel_filename(wheels[0].name)
    except InvalidWheelFilename as error:
        raise CannotVendorError(f"its wheel would be called {wheels[0].name!r}, which is not a legal name") from error
    if found != canonicalize_name(one.name):
        raise CannotVendorError(f"building it gave {found} {version}")
    return wheels[0]


def _repack(one: Installed, files: Path, made: Path, gate: Gate) -> tuple[str, ...]:
    recorded = recorded_files(one)
    if not recorded:
        raise CannotVendorError("its installer recorded no list of files")
    if not (one.metadata / "WHEEL").is_file():
        raise CannotVendorError("it was not installed from a wheel")
    scripts = _entry_points(one.metadata / "entry_points.txt")
    targets = [(path, target) for path in recorded if (target := _target(one, path, scripts)) is not None]
    without = {path: target for path, target in targets if holds_secrets(target, one.site / path)}
    for path, target in targets:
        if path not in without and path not in one.missing:  # what runs is without them
            _place(one.site / path, files / target, is_script=".data/scripts/" in target)
    if one.origin not in PUBLIC:
        drop_secrets(files, one.name, gate)
    pack(files, made)
    return tuple(sorted(without.values()))


def _target(one: Installed, path: str, scripts: frozenset[str]) -> str | None:
    """Where a recorded file belongs in a wheel; None for what an installer makes anew."""
    pure = PurePosixPath(path)
    if pure.suffix == ".pyc" or (pure.parent.name == one.metadata.name and pure.name in LEFT_BEHIND):
        return None
    if pure.is_absolute():
        raise CannotVendorError("it installed a file outside its environment")
    if ".." not in pure.parts:
        return path
    data = one.metadata.name.removesuffix(".dist-info") + ".data"
    below = _below_prefix(one.site / path, one.site)
    if below.parts[0] not in SCRIPT_FOLDERS:
        return f"{data}/data/{below.as_posix()}"
    return None if _script_name(below.name) in scripts else f"{data}/scripts/{below.name}"


def _below_prefix(place: Path, site: Path) -> Path:
    """``lib/python3.11/site-packages`` lies three folders below the prefix that scripts and data are installed under."""
    real = Path(os.path.normpath(place))
    for prefix in (sys.prefix, os.path.realpath(sys.prefix), site.parents[2]):
        if real.is_relative_to(prefix) and real != Path(prefix):
            return real.relative_to(prefix)
    raise CannotVendorError("it installed a file outside its environment")


def _script_name(name: str) -> str:
    return name.removesuffix(".exe").removesuffix("-script.py").removesuffix("-script.pyw")


def _entry_points(place: Path) -> frozenset[str]:
    if not place.is_file():
        return frozenset()
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names keep their case
    try:
        parser.read_string(place.read_text(encoding="utf-8"))
    except (configparser.Error, UnicodeDecodeError) as error:
        raise CannotVendorError("its entry points cannot be read") from error
    groups = [group for group in ("console_scripts", "gui_scripts") if parser.has_section(group)]
    return frozenset(name for group in groups for name in parser.options(group))


def _place(source: Path, target: Path, *, is_script: bool) -> None:
    """Copy one file with one of two modes, so that the wheel does not depend on this machine."""
    if not source.is_file():
        raise CannotVendorError(f"its file {source.name!r} is missing")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    if is_script:
        content = target.read_bytes()
        target.write_bytes(_PYTHON_LINE.sub(b"#!python", content, count=1) if content.startswith(b"#!") else content)
    executable = bool(source.stat().st_mode & stat.S_IXUSR)
    target.chmod(0o755 if executable or is_script else 0o644)
