"""The files of an environment that was there before, read beside the record: same versions need not be the same files.

Nothing of the environment is started. An environment made from the lock is not looked at: every file of it came out of an
archive whose hash was checked.
"""

from __future__ import annotations

import os
import site as python_site
import sysconfig
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from reprobundle.components.environment.differing import grading
from reprobundle.components.environment.differing.facts import graded, spelt
from reprobundle.components.environment.differing.grading import Judgement
from reprobundle.components.environment.differing.vendored import names_of
from reprobundle.components.environment.section import NAME, Distribution, Section
from reprobundle.components.environment.snapshot.distributions import Installed, survey
from reprobundle.components.environment.snapshot.edited import with_edits
from reprobundle.components.environment.snapshot.recorded import RECORD, BrokenRecordError, Row, rows_of
from reprobundle.components.interface import not_run, same
from reprobundle.phrases import counted
from reprobundle.report import Finding, Grade, Status
from reprobundle.store import inside

SHOWN = 3
CONFIGURATION = "pyvenv.cfg"
MAX_LISTING_BYTES = 32 * 2**20
# of an archive that anybody made; of compressions and passwords that are not known, RuntimeError tells
UNREADABLE = (zipfile.BadZipFile, zlib.error, BrokenRecordError, OSError, ValueError, RuntimeError)
NO_RELEASE = "other code may run under the same version"

AS_INSTALLED = "as installed"
AS_BUNDLED = "the wheel in the bundle"


@dataclass
class _Notes:
    """What the search for edits has to say."""

    told: list[tuple[str, str | None]] = field(default_factory=list)

    def note(self, kind: str, message: str, *, hint: str | None = None) -> None:
        """Keep one line; all of them are of one kind."""
        del kind
        self.told.append((message, hint))


def package_folders(python: Path | None, version: str) -> tuple[Path, ...]:
    """The folders that a Python imports installed packages from, those of its user aside.

    Args:
        python: The Python, which is not started; None: this program's own.
        version: Its version.
    """
    if python is None:
        found = [*python_site.getsitepackages(), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
        return _there(map(Path, found))
    prefixes = [python.parent.parent, *_beside(python.parent.parent)]
    minor = ".".join(version.split(".")[:2])
    return _there(folder for prefix in prefixes for folder in _below(prefix, minor))


@dataclass(frozen=True)
class Looked:
    """What lies in folders of packages.

    Attributes:
        found: What is installed, with what was changed in it since.
        told: What could not be read, and each change: message and way out.
    """

    found: tuple[Installed, ...]
    told: tuple[tuple[str, str | None], ...]


def look_at(packages: Sequence[Path]) -> Looked:
    """Read what is installed, which can be done while the model runs; arguments as `package_folders` gave them."""
    notes = _Notes()
    found = with_edits(survey([*map(str, packages)]).found, notes)
    return Looked(found, tuple(notes.told))


def check_files(
    section: Section, root: Path, packages: Sequence[Path], looked: Looked | None = None
) -> Iterator[Finding]:
    """One finding for each recorded distribution whose files here are not what was recorded, or one that all are.

    Args:
        section: The recorded environment.
        root: The verified view, where the bundle's own wheels are.
        packages: What `package_folders` gave.
        looked: What `look_at` gave of these; None: it is asked now.
    """
    if not packages:
        yield not_run(NAME, "files of the installed packages were not compared: their folder was not found")
        return
    looked = looked or look_at(packages)
    found = {one.name: one for one in looked.found}
    changed = [one for one in found.values() if one.edited is not None or one.missing]
    for message, hint in looked.told[: len(looked.told) - len(changed)]:  # the others tell of one distribution each
        yield Finding(kind=NAME, status=Status.NOTE, message=message, hint=hint)
    wheels = _wheels(section, root)
    unknown = not_brought(section)
    both = [(one, found[one.name]) for one in section.distributions if _is_same_version(one, found.get(one.name))]
    both = [(one, here) for one, here in both if one not in unknown]  # nobody knows how its files were: told by itself
    differences = [finding for one, here in both for finding in _compared(one, here, wheels.get(one.name))]
    yield from differences
    if len(both) > len(differences) and not any(finding.grade for finding in differences):
        looked_at = counted(len(both) - len(differences), "distribution")
        yield same(NAME, f"the files of {looked_at} here are as they were installed or as the bundle brings them")


def check_unbundled(section: Section, *, rebuilt: bool = True) -> Iterator[Finding]:
    """One finding for each distribution that was edited at capture and whose edited files did not come along.

    Args:
        section: The recorded environment.
        rebuilt: Whether the model ran in an environment made from the lock.
    """
    for one in not_brought(section):
        assert one.edited is not None  # it is why it is listed
        weight = Judgement(Grade.HIGH, NO_RELEASE) if one.imported else grading.NOT_IMPORTED
        message = f"{one.name} was edited at capture, and the bundle does not bring it as it was"
        yield graded(
            message,
            weight,
            expected=f"{counted(one.edited.count, 'file')} changed",
            found="what an index offers" if rebuilt else "not known",
        )


def not_brought(section: Section) -> tuple[Distribution, ...]:
    """The distributions that were edited at capture and are not among the bundle's wheels."""
    brought = {_name_of(path) for path in section.wheels}
    return tuple(one for one in section.distributions if one.edited is not None and one.name not in brought)


def _compared(one: Distribution, here: Installed, wheel: tuple[Row, ...] | None) -> Iterator[Finding]:
    heavy = Judgement(Grade.HIGH, NO_RELEASE) if one.imported else grading.NOT_IMPORTED
    if wheel is not None and here.origin == "editable":
        message = f"{one.name} is an editable install here, so its files were not compared with the bundle's wheel"
        yield Finding(kind=NAME, status=Status.NOTE, message=message)
    elif wheel is not None:
        other = _other_files(here, wheel)
        if other:
            yield graded(
                f"{one.name} is not as in the bundle",
                heavy,
                expected=AS_BUNDLED,
                found=_some(other, "other than there"),
            )
    elif one.edited is None:
        edited = here.edited.paths if here.edited else here.missing
        if edited:
            word = "changed since" if here.edited else "gone"
            found = _some(edited, word, here.edited.count if here.edited else None)
            yield graded(f"{one.name} is edited here", heavy, expected=AS_INSTALLED, found=found)


def _other_files(here: Installed, wheel: Sequence[Row]) -> list[str]:
    """Files whose bytes are not the wheel's: by the two lists, and by what was changed here since."""
    listed = {path: digest for path, digest, _ in here.rows}
    own = [row for row in wheel if row[1] and ".dist-info/" not in row[0] and ".data/" not in row[0]]
    known = tuple(row for row in own if row[0] in listed)  # no path that only the wheel names is ever looked at
    (again,) = with_edits([replace(here, rows=known, edited=None, missing=())], _Notes())
    now = set(again.edited.paths if again.edited else again.missing)
    edited = set(here.edited.paths if here.edited else ())
    return sorted(now | {path for path, digest, _ in own if path not in edited and listed.get(path) != digest})


def _wheels(section: Section, root: Path) -> dict[str, tuple[Row, ...]]:
    """The list of files of each wheel of the bundle that can be read, by the name of its distribution."""
    found = {}
    for path in section.wheels:
        rows, name = _rows(inside(root, path)), _name_of(path)
        if rows and name is not None:
            found[name] = rows
    return found


def _rows(wheel: Path) -> tuple[Row, ...]:
    """The wheel's own list of files, of bytes nobody vouches for; none where it has none or a huge one."""
    listing = next((name for name in names_of(wheel) or () if name.endswith(f".dist-info/{RECORD}")), None)
    if listing is None:
        return ()
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(listing) as file:
            return rows_of(file.read(MAX_LISTING_BYTES))
    except UNREADABLE:
        return ()


def _name_of(path: str) -> str | None:
    try:
        return str(parse_wheel_filename(path.rpartition("/")[2])[0])
    except InvalidWheelFilename:  # told with the wheels
        return None


def _is_same_version(one: Distribution, here: Installed | None) -> bool:
    return here is not None and spelt(one.name, one.version) == spelt(here.name, here.version)


def _below(prefix: Path, minor: str) -> Iterator[Path]:
    if os.name == "nt":
        yield prefix / "Lib" / "site-packages"
        return
    for place in ("lib", "lib64", "local/lib"):
        yield from sorted((prefix / place).glob(f"*{minor}*/site-packages"))
        yield from sorted((prefix / place).glob(f"*{minor}*/dist-packages"))
    yield prefix / "lib" / "python3" / "dist-packages"


def _beside(prefix: Path) -> list[Path]:
    """The base of a virtual environment that sees its base's packages."""
    values = _configuration(prefix)
    home = values.get("home")
    return [Path(home).parent] if home and values.get("include-system-site-packages", "").lower() == "true" else []


def _configuration(prefix: Path) -> Mapping[str, str]:
    try:
        lines = (prefix / CONFIGURATION).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):  # no virtual environment
        return {}
    pairs = (line.partition("=") for line in lines)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _there(folders: Iterator[Path]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(folder for folder in folders if folder.is_dir()))


def _some(paths: Sequence[str], word: str, count: int | None = None) -> str:
    count = len(paths) if count is None else count
    return f"{counted(count, 'file')} {word}: {', '.join(paths[:SHOWN])}{', …' if count > SHOWN else ''}"
