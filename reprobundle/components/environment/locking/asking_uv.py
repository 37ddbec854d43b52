"""Asking uv for the wheels of pins: many times faster than pip-compile, and made to tell the same.

pip takes the archives of one version from all places together, uv from the first place that offers the version. So each
place that may offer a pin is put first once, and what it then offers is joined. uv says which place it took a pin from:
those before it offer nothing of it, so that a second place is asked for few pins. Where uv cannot vouch for its answer,
and for what lies in folders of archives, pip-compile is asked.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import url2pathname

from packaging.utils import canonicalize_name

from reprobundle.components.environment.installers import Configuration, default_index
from reprobundle.components.environment.lock import Pin
from reprobundle.components.environment.locking.asking import NoHashesError, Offers, ask, matched
from reprobundle.components.environment.locking.compiling import any_fits

TOOL = "uv"
YEAR_OF_ONE_SOURCE = 2020  # releases from before may have several source archives, of which uv names one
MAX_UNKNOWN = 5
NOT_INHERITED = ("UV_INDEX", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_NO_INDEX", "UV_INDEX_URL")

_TAKEN_FROM = re.compile(rb"^    # from (\S+)$")
_PIN = re.compile(rb"^([a-z0-9-]+)==")
_YANKED = re.compile(r"`([A-Za-z0-9][A-Za-z0-9._-]*)==[^`]*` is yanked")


def can_tell(configuration: Configuration) -> bool:
    """Whether uv can say the same as pip-compile here.

    What it writes to tell wheels from other archives is read by Python 3.11 and later, and a page of archives cannot be
    told apart from the indexes; folders can.
    """
    folders = all(_folder(link) is not None for link in configuration.find_links)
    return sys.version_info >= (3, 11) and not configuration.no_index and folders


def ask_uv(
    uv: Path, pins: Sequence[Pin], configuration: Configuration, deadline: float
) -> tuple[Offers, frozenset[str]]:
    """What the indexes in use offer of the pins, and the names of those for which pip-compile has to be asked.

    Raises:
        NoHashesError: None was reached, too many pins are unknown, or the time is over.
    """
    inquiry = _Inquiry(uv, configuration, deadline)
    inquiry.settle_elsewhere(_in_folders(pins, configuration))
    open_places = {one.name: set(inquiry.places) for one in pins}
    for place in inquiry.places:
        inquiry.ask_first(place, [one for one in pins if place in open_places[one.name]], open_places)
    return inquiry.offers(pins), frozenset(inquiry.elsewhere)


@dataclass
class _Inquiry:
    """One lock's worth of questions to uv, and what is known so far."""

    uv: Path
    configuration: Configuration
    deadline: float
    hashes: dict[str, set[str]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    yanked: set[str] = field(default_factory=set)
    elsewhere: set[str] = field(default_factory=set)
    unknown: int = 0

    @property
    def places(self) -> tuple[str, ...]:
        """The indexes, the main one last: uv's own order of preference.

        Raises:
            NoHashesError: None is named, and pip does not say which one it asks then.
        """
        return tuple(self._addresses)

    @cached_property
    def _addresses(self) -> dict[str, str]:
        """Each place's whole address, which may hold a password."""
        main = self.configuration.index_url or default_index()
        if main is None:
            raise NoHashesError("pip does not say which index it asks")
        return {_plain(url): url for url in (*self.configuration.extra_index_urls, main)}

    def settle_elsewhere(self, names: Iterable[str]) -> None:
        """Leave pins to pip-compile."""
        self.elsewhere |= set(names)

    def ask_first(self, place: str, pins: Sequence[Pin], open_places: Mapping[str, set[str]]) -> None:
        """Ask with one place before all others; what it and those passed over offer is settled by that."""
        order = self.order(place)
        while rest := [one for one in pins if one.name not in self.elsewhere]:
            try:
                taken = self.round(rest, order)
            except NoHashesError as error:
                self._pass_on_unknown(error)
                continue
            for name, origin in taken.items():
                open_places[name].difference_update(order[: order.index(origin) + 1])
            return

    def order(self, first: str) -> tuple[str, ...]:
        """All places, in turn from the first."""
        start = self.places.index(first)
        return (*self.places[start:], *self.places[:start])

    def round(self, pins: Sequence[Pin], order: Sequence[str]) -> dict[str, str]:
        """Ask once, gather what is told; gives the place that each pin was taken from.

        uv is asked twice: one answer holds the hashes of every archive, the other tells what kind of archives they are,
        but names only those wheels that may fit here.
        """
        command: list[str | Path] = [self.uv, "pip", "compile", "--no-deps", "--no-annotate", "--no-header"]
        command += ["--index-strategy", "unsafe-best-match", "--no-strip-extras", "--no-progress", "--color", "never"]
        command += ["--python", sys.executable, *self._options()]
        variables = self._variables(order)
        annotated = [*command, "--generate-hashes", "--emit-index-annotation"]
        hashed = ask(TOOL, annotated, pins, deadline=self.deadline, variables=variables)
        toml = [*command, "--quiet", "--format", "pylock.toml"]
        told = ask(TOOL, toml, pins, deadline=self.deadline, variables=variables, made="pylock.toml")
        self.yanked |= {str(canonicalize_name(name)) for name in _YANKED.findall(" ".join(hashed.text.split()))}
        self._gather(matched(TOOL, pins, hashed.content), _fitting(told.content))
        return taken_from(hashed.content, pins, order)

    def offers(self, pins: Sequence[Pin]) -> Offers:
        """What is known now."""
        known = {name: tuple(sorted(found)) for name, found in self.hashes.items() if name not in self.elsewhere}
        return Offers(
            tuple(Pin(one.name, one.version, known.get(one.name, ())) for one in pins),
            self.files,
            frozenset(self.yanked),
        )

    def _gather(self, pins: Sequence[Pin], fitting: Mapping[str, _Fitting]) -> None:
        for one in pins:
            found = fitting.get(one.name)
            wheels = {value for value in one.hashes if found and value not in found.sources}
            if found is None or not wheels.issuperset(found.files):
                self.elsewhere.add(one.name)
                continue
            self.hashes.setdefault(one.name, set()).update(wheels)
            self.files.update(found.files)

    def _pass_on_unknown(self, error: NoHashesError) -> None:
        self.unknown += 1
        if error.unknown is None or self.unknown > MAX_UNKNOWN or error.unknown.name in self.elsewhere:
            raise error
        self.elsewhere.add(error.unknown.name)

    def _options(self) -> tuple[str, ...]:
        """Where pip is told nothing, uv keeps to what it is told itself."""
        return ("--no-config",) if self._told_by_pip() else ()

    def _variables(self, order: Sequence[str]) -> dict[str, str]:
        """Addresses go by variables: they may hold a password."""
        certificate = self.configuration.certificate
        defaults = {"UV_HTTP_RETRIES": "1", **({"SSL_CERT_FILE": certificate} if certificate else {})}
        inherited = {**defaults, **os.environ}
        if not self._told_by_pip():
            return inherited
        kept = {name: value for name, value in inherited.items() if name not in NOT_INHERITED}
        *extra, last = (self._addresses[place] for place in order)
        return {**kept, "UV_INDEX_URL": last, "UV_EXTRA_INDEX_URL": " ".join(extra)}

    def _told_by_pip(self) -> bool:
        return bool(self.configuration.index_url or self.configuration.extra_index_urls)


@dataclass(frozen=True)
class _Fitting:
    """One package of a pylock.toml with a wheel that certainly fits.

    Attributes:
        sources: Hash of its source archive.
        files: File name by hash of its wheels that fit.
    """

    sources: frozenset[str]
    files: Mapping[str, str]


def taken_from(content: bytes, pins: Sequence[Pin], order: Sequence[str]) -> dict[str, str]:
    """The place that each pin was taken from, as uv's annotations say.

    Raises:
        NoHashesError: One is missing, or names a place that was not asked.
    """
    if len(order) == 1:
        return {one.name: order[0] for one in pins}
    by_address = {place.rstrip("/"): place for place in order}
    found: dict[str, str] = {}
    name = ""
    for line in content.split(b"\n"):
        if pinned := _PIN.match(line):
            name = pinned[1].decode("ascii")
        elif annotated := _TAKEN_FROM.match(line):
            place = by_address.get(annotated[1].decode("utf-8", "replace").rstrip("/"))
            if place is not None:
                found[name] = place
    if any(one.name not in found for one in pins):
        raise NoHashesError("uv did not say where it found what")
    return found


def _fitting(pylock: bytes) -> dict[str, _Fitting]:
    """What a pylock.toml says of each package that certainly has a fitting wheel, by name."""
    try:
        packages = _read_toml(pylock)["packages"]
        found = {one["name"]: (one, _fitting_files(one.get("wheels", ()))) for one in packages}
        return {
            name: _Fitting(frozenset(_sha256(one.get("sdist", {}))), files)
            for name, (one, files) in found.items()
            if files and ("sdist" not in one or _is_the_only_source(one["sdist"]))
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoHashesError("uv wrote a lock of another form") from error


def _fitting_files(wheels: Iterable[dict[str, Any]]) -> dict[str, str]:
    return {value: file for wheel in wheels if any_fits([file := _file_name(wheel)]) for value in _sha256(wheel)}


def _read_toml(content: bytes) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib

        return tomllib.loads(content.decode("utf-8"))
    raise NoHashesError("uv's answer is read by Python 3.11 and later")


def _is_the_only_source(archive: dict[str, Any]) -> bool:
    uploaded = archive.get("upload-time")
    return uploaded is not None and bool(uploaded.year >= YEAR_OF_ONE_SOURCE)


def _file_name(archive: dict[str, Any]) -> str:
    place = str(archive.get("name") or archive.get("url") or archive.get("path") or "")
    return unquote(PurePosixPath(place).name)


def _sha256(archive: dict[str, Any]) -> list[str]:
    value = archive.get("hashes", {}).get("sha256")
    return [f"sha256:{value}"] if value else []


def _plain(url: str) -> str:
    """An address without its user and password, as uv prints it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _folder(link: str) -> Path | None:
    """The folder that one of pip's ``find-links`` names; None where it is a page."""
    parts = urlsplit(link)
    if parts.scheme not in {"", "file"} and not (os.name == "nt" and len(parts.scheme) == 1):
        return None
    folder = Path(url2pathname(parts.path)) if parts.scheme == "file" else Path(link).expanduser()
    return folder if folder.is_dir() else None


def _in_folders(pins: Sequence[Pin], configuration: Configuration) -> set[str]:
    """Names of the pins of which a folder of archives may hold some."""
    folders = [folder for link in configuration.find_links if (folder := _folder(link)) is not None]
    files = [str(canonicalize_name(entry)) for folder in folders for entry in os.listdir(folder)]
    return {one.name for one in pins if any(file.startswith(f"{one.name}-") for file in files)}
