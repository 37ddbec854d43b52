"""What an installer printed when it failed, as one clear line: which requirement, what happened, and the way out."""

from __future__ import annotations

import contextlib
import re

from reprobundle import process
from reprobundle.components.environment.rebuilding.addresses import without_secrets
from reprobundle.components.environment.rebuilding.pip_alone import NO_ADDRESS, NO_PROGRAM
from reprobundle.components.environment.rebuilding.places import Place
from reprobundle.errors import ProcessError, RefusedInputError, ReproBundleError, UnavailableError

OWN_WAY_OUT = "name where it is offered: --index-url URL or --find-links FOLDER"
LABEL_WAY_OUT = (
    "its local label names one build: name the index or folder with it, --index-url URL or --find-links FOLDER"
)
BUILD_WAY_OUT = "let it be built from its source, inside the sandbox: --allow-build"
SPACE_WAY_OUT = "free some, or name a folder on another disk in REPROBUNDLE_CACHE"
LOGIN_WAY_OUT = "name and password belong into your pip configuration or your netrc file"
NO_WAY_OUT = "nothing is built, and no address followed, while packages are fetched"
OFFLINE_WAY_OUT = (
    "use --find-links FOLDER, or --env current; where an index can be reached, reprobundle lock BUNDLE --vendor all "
    "makes a bundle that needs none"
)
LOG_CHARACTERS = 2**16
LONGEST = 300

_PIN = r"([A-Za-z0-9][A-Za-z0-9._-]*==[0-9A-Za-z.!+_-]*[0-9A-Za-z])"
_UNKNOWN = re.compile(
    rf"(?:No matching distribution found for|there is no version of|and you require|has no usable wheels for) {_PIN}"
)
_NO_WHEELS = re.compile(rf"{_PIN} has no (?:usable )?wheels")
_MISMATCH = re.compile(rf"DO NOT MATCH THE HASHES.*?^\s*{_PIN}|Hash mismatch for `{_PIN}`", re.DOTALL | re.MULTILINE)
_NAMED = re.compile(rf"\b{_PIN}")
_SPACE = re.compile(r"No space left on device|Disk quota exceeded|os error 28\b", re.IGNORECASE)
_LOGIN = re.compile(r"\b(40[137])\b.{0,40}(?:Unauthorized|Forbidden|Proxy Authentication)", re.IGNORECASE)
_STATUS = re.compile(r"(?:HTTP error|HTTP status (?:client|server) error \(|\b)([45]\d\d)\b[^\n]{0,60}(?:Error|while)")
_TROUBLE = re.compile(
    r"\b(5\d\d) (?:Server Error|Internal|Bad Gateway|Service Unavailable|Gateway|error responses)", re.IGNORECASE
)
_NO_NETWORK = re.compile(
    r"connection (?:broken|error|refused|reset|timed out|to \S+ timed out)|name resolution|service not known"
    r"|unreachable|dns error|tcp connect error|error sending request|network was disabled|timed out",
    re.IGNORECASE,
)
_NO_LIST = re.compile(r"JSONDecodeError|unexpected JSON|InvalidJsonError")
_NOISE = re.compile(
    r"^(WARNING|DEPRECATION|\[notice\]|Looking in|Processing|Using (Python|CPython)|Resolved|Prepared|Downloading"
    r"|Downloaded|\+ |\s*$)",
    re.IGNORECASE,
)
_BY_ADDRESS = re.compile(
    rf"([A-Za-z0-9][A-Za-z0-9._-]*) {NO_ADDRESS}"
    r"|`([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]`]*\])?` (?:was included as a URL dependency|attempted to resolve via URL)"
)
_YANKED = re.compile(rf"(?:`{_PIN}` is yanked|is a yanked version: '?([A-Za-z0-9._-]+)'? candidate \(version ([^ )]+))")


class NotOfferedError(UnavailableError):
    """No index offers a wheel of a pin that fits this machine.

    Attributes:
        requirement: The pin, as ``name==version``.
    """

    def __init__(self, requirement: str) -> None:
        """Say it with the ways out."""
        hint = LABEL_WAY_OUT if "+" in requirement else f"{OWN_WAY_OUT}; {BUILD_WAY_OUT}"
        super().__init__(f"{requirement}: no wheel of it is offered that fits this machine", hint=hint)
        self.requirement = requirement


def note(finished: process.Finished, place: Place) -> None:
    """Keep what an installer printed beside what it left."""
    with contextlib.suppress(OSError):  # a full disk takes no log either, and the reason is told
        place.log.write_text(without_secrets(finished.text)[-LOG_CHARACTERS:], encoding="utf-8", errors="replace")


def explain(text: str, doing: str, code: int) -> ReproBundleError:
    """The error that says why.

    Args:
        text: What the installer printed.
        doing: What it was to do, such as ``fetching 12 packages``.
        code: Its exit status.
    """
    text = without_secrets(text)
    return (
        _of_disk(text)
        or _of_address(text)
        or _of_hash(text)
        or _of_login(text)
        or _of_status(text, _TROUBLE)
        or _of_requirement(text)
        or _of_network(text)
        or _of_status(text, _STATUS)
        or _of_answer(text)
        or _of_last_line(text, doing, code)
    )


def yanked(text: str) -> tuple[str, ...]:
    """The pins whose release was withdrawn by its authors, as the installer told."""
    return tuple(sorted({found[1] or f"{found[2]}=={found[3]}" for found in _YANKED.finditer(text)}))


def unknown(text: str) -> str | None:
    """The pin that no index offered, as pip told."""
    found = _UNKNOWN.search(text)
    return found[1] if found else None


def is_final(error: ReproBundleError) -> bool:
    """Whether nobody else may try: there is no room, or a package asks for more than may be done."""
    return error.hint in {SPACE_WAY_OUT, NO_WAY_OUT}


def is_full(error: ReproBundleError) -> bool:
    """Whether the disk is full."""
    return error.hint == SPACE_WAY_OUT


def _of_disk(text: str) -> ReproBundleError | None:
    if not _SPACE.search(text):
        return None
    return UnavailableError("there is no space left on the disk to build the environment on", hint=SPACE_WAY_OUT)


def _of_address(text: str) -> ReproBundleError | None:
    found = _BY_ADDRESS.search(text)
    if found:
        message = f"{found[1] or found[2]}: a package asks for it by an address, expected a name"
        return RefusedInputError(message, hint=NO_WAY_OUT)
    if NO_PROGRAM in text:
        return RefusedInputError("a package could only be had by building it", hint=NO_WAY_OUT)
    return None


def _of_hash(text: str) -> ReproBundleError | None:
    found = _MISMATCH.search(text)
    if not found:
        return None
    hint = "what is offered is not what was locked: a changed archive, or another one under its name"
    return RefusedInputError(
        f"{found[1] or found[2]}: the archive offered does not match any hash in the lock", hint=hint
    )


def _of_login(text: str) -> ReproBundleError | None:
    found = _LOGIN.search(text)
    if not found:
        return None
    message = f"{_subject(text[: found.start()])}a package index answered {found[1]}: it wants to know who asks"
    return UnavailableError(message, hint=LOGIN_WAY_OUT)


def _of_requirement(text: str) -> ReproBundleError | None:
    flat = " ".join(text.replace("╰─▶", " ").split())
    found = _UNKNOWN.search(flat) or _NO_WHEELS.search(flat)
    if not found:
        return None
    if _NO_NETWORK.search(flat):  # what could not be asked is not missing
        return _of_network(flat)
    return NotOfferedError(found[1])


def _of_network(text: str) -> ReproBundleError | None:
    if not _NO_NETWORK.search(text):
        return None
    return UnavailableError("no package index was reached", hint=OFFLINE_WAY_OUT)


def _of_status(text: str, pattern: re.Pattern[str]) -> ReproBundleError | None:
    found = pattern.search(text)
    if not found:
        return None
    return UnavailableError(f"{_subject(text[: found.start()])}a package index answered {found[1]}", hint=OWN_WAY_OUT)


def _of_answer(text: str) -> ReproBundleError | None:
    if not _NO_LIST.search(text):
        return None
    return UnavailableError("a package index answered with what is no list of archives", hint=OWN_WAY_OUT)


def _of_last_line(text: str, doing: str, code: int) -> ReproBundleError:
    lines = [line.strip() for line in text.splitlines() if not _NOISE.match(line.strip())]
    last = lines[-1][:LONGEST] if lines else "it printed nothing"
    named = next((found[1] for line in lines if (found := _NAMED.search(line))), None)
    what = f"{doing}: {named}" if named and named not in last else doing
    return ProcessError(f"{what}: exit status {code}: {last}", output=text[-LOG_CHARACTERS:])


def _subject(before: str) -> str:
    """The pin that was named last before something went wrong."""
    found = _NAMED.findall(before)
    return f"{found[-1]}: " if found else ""
