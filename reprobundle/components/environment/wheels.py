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
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from reprobundle import process
from reprobundle.components.environment.distributions import Installed, recorded_files
from reprobundle.components.environment.installers import pip_command
from reprobundle.errors import ProcessError, UnavailableError
from reprobundle.secret_names import is_secret

EPOCH = "315532800"  # 1980-01-01, the earliest time a zip archive can hold
PACK_SECONDS = 120.0
BUILD_SECONDS = 300.0
MAX_PROJECT_BYTES = 256 * 2**20
MAX_CERTIFICATES_BYTES = 4 * 2**20
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
NOT_SOURCE = frozenset({"build", "dist", "node_modules", "venv", "env"})
SCRIPT_FOLDERS = frozenset({"bin", "Scripts"})

_PYTHON_LINE = re.compile(rb"#![^\n]*python[^\n]*")
_PEM_BEGIN = re.compile(rb"-----BEGIN ([^-]*)-----")
_HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")


class CannotVendorError(Exception):
    """No wheel can be made of one install; the text says why, without naming a folder of this machine."""


@dataclass(frozen=True)
class Made:
    """A wheel that was made.

    Attributes:
        wheel: Where it is, in a folder of its own.
        without: Files left out of it, or of the copy it was built from, because by their names they hold secrets.
    """

    wheel: Path
    without: tuple[str, ...]


def vendor(one: Installed, folder: Path, *, deadline: float) -> Made:
    """Make a wheel of one installed distribution.

    Args:
        one: What is installed.
        folder: An empty folder to work in.
        deadline: ``time.monotonic()`` after which nothing may be fetched to build with.

    Returns:
        The wheel, below `folder`, and what was left out of it.

    Raises:
        CannotVendorError: It cannot be made.
    """
    made = folder / "made"
    made.mkdir()
    try:
        if one.origin == "editable":
            without = _build(one, folder / "source", made, deadline)
        else:
            without = _repack(one, folder / "files", made)
    except (ProcessError, UnavailableError) as error:
        raise CannotVendorError("the tool that packs it could not be run to its end") from error
    except OSError as error:
        raise CannotVendorError(f"its files cannot be read: {error.strerror}") from error
    return Made(_only_wheel(one, made), without)


def hashes_of(wheels: list[Path]) -> dict[str, str]:
    """The hash of each wheel by its file name, ``sha256:…``, as pip itself computes it.

    Raises:
        ProcessError: pip failed.
        UnavailableError: pip could not be started.
    """
    found: dict[str, str] = {}
    for wheel in wheels:
        finished = process.run([*pip_command(), "hash", wheel], timeout=PACK_SECONDS).required("pip hash")
        matched = _HASH.search(finished.stdout.decode("utf-8", "replace"))
        if matched is None:
            raise ProcessError(f"pip hash: printed no hash of {wheel.name!r}", output=finished.text)
        found[wheel.name] = matched[1]
    return found


def is_wheel_of(file: str, name: str, version: str) -> bool:
    """Whether a file name is a legal wheel of exactly this distribution at this version, local label included."""
    try:
        found, found_version, _, _ = parse_wheel_filename(file)
    except InvalidWheelFilename:
        return False
    return str(found) == name and str(found_version) == version


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


def _repack(one: Installed, files: Path, made: Path) -> tuple[str, ...]:
    recorded = recorded_files(one)
    if not recorded:
        raise CannotVendorError("its installer recorded no list of files")
    if not (one.metadata / "WHEEL").is_file():
        raise CannotVendorError("it was not installed from a wheel")
    scripts = _entry_points(one.metadata / "entry_points.txt")
    targets = [(path, target) for path in recorded if (target := _target(one, path, scripts)) is not None]
    without = {path: target for path, target in targets if _holds_secrets(target, one.site / path)}
    for path, target in targets:
        if path not in without:
            _place(one.site / path, files / target, is_script=".data/scripts/" in target)
    _pack(files, made)
    return tuple(sorted(without.values()))


def _holds_secrets(path: str, file: Path) -> bool:
    """By its name; but certificates without a private key are public, and libraries need theirs to work."""
    if not is_secret(path):
        return False
    if file.suffix.lower() != ".pem" or not file.is_file() or file.stat().st_size > MAX_CERTIFICATES_BYTES:
        return True
    content = file.read_bytes()
    kinds = set(_PEM_BEGIN.findall(content))
    return kinds != {b"CERTIFICATE"} or is_secret(f"{PurePosixPath(path).parent}/plain")


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


def _pack(files: Path, made: Path) -> None:
    command: list[str | Path] = [sys.executable, "-m", "wheel", "pack", "--dest-dir", made, files]
    finished = process.run(command, env=_build_environment(), cwd=made, timeout=PACK_SECONDS)
    if finished.code != 0:
        raise CannotVendorError(f"packing its files failed with exit status {finished.code}")


def _build(one: Installed, source: Path, made: Path, deadline: float) -> tuple[str, ...]:
    if one.folder is None:
        raise CannotVendorError("the folder it was installed from is gone")
    without = _copy_project(one.folder, source)
    command: list[str | Path] = [*pip_command(), "wheel", "--quiet", "--no-deps", "--no-cache-dir", "--wheel-dir", made]
    environment = {**_build_environment(), "SETUPTOOLS_SCM_PRETEND_VERSION": one.version}
    finished = process.run(
        [*command, "--no-build-isolation", source], env=environment, cwd=source, timeout=BUILD_SECONDS
    )
    if finished.code == 0:
        return without
    left = deadline - time.monotonic()
    if left < 1:
        raise CannotVendorError("its build back end is not installed here and the budget leaves no time to fetch it")
    finished = process.run([*command, source], env=environment, cwd=source, timeout=left)
    if finished.code != 0:
        raise CannotVendorError(f"building it failed with exit status {finished.code}")
    return without


def _copy_project(project: Path, target: Path) -> tuple[str, ...]:
    """Copy what it is built from; returns what stays behind because by its name it holds secrets."""
    size, without = 0, []
    for place in _project_files(project):
        path = place.relative_to(project).as_posix()
        if _holds_secrets(path, place):
            without.append(path)
            continue
        size += place.stat().st_size
        if size > MAX_PROJECT_BYTES:
            raise CannotVendorError(f"its project folder holds more than {MAX_PROJECT_BYTES // 2**20} MiB")
        copy = target / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(place, copy)
    return tuple(without)


def _project_files(project: Path) -> Iterator[Path]:
    for where, folders, files in os.walk(project):
        folder = Path(where)
        folders[:] = sorted(name for name in folders if _is_source(folder / name, top=folder == project))
        yield from (folder / name for name in sorted(files) if not name.endswith(".pyc") and (folder / name).is_file())


def _is_source(folder: Path, *, top: bool) -> bool:
    if folder.name.startswith(".") or folder.name == "__pycache__" or folder.name.endswith(".egg-info"):
        return False
    if folder.is_symlink() or (folder / "pyvenv.cfg").is_file():
        return False
    return not (top and folder.name in NOT_SOURCE)


def _build_environment() -> dict[str, str]:
    """This process's own variables, with a fixed time and no path of its modules."""
    inherited = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PIP_REQUIRE_HASHES"}}
    return {**inherited, "SOURCE_DATE_EPOCH": EPOCH, "PYTHONHASHSEED": "0"}
