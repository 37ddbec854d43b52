"""What a capture came to, for a person: in the terminal of the command line, and below a training script."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from reprobundle.bundle import is_signature
from reprobundle.components import data
from reprobundle.components.documentation.standing import standing_in
from reprobundle.components.environment.section import Distribution, Section
from reprobundle.components.outputs import documents
from reprobundle.components.outputs.section import HALF, ONE_ROW, Calibration
from reprobundle.frameworks import SELF_CONTAINED
from reprobundle.manifest import NAME, Manifest
from reprobundle.phrases import counted, sized, some
from reprobundle.rendering import splits
from reprobundle.rendering.claimed import claim_words
from reprobundle.rendering.escaping import escape, prose
from reprobundle.rendering.page import Page
from reprobundle.rendering.terminal import show_findings
from reprobundle.rendering.wording import found_lines, lock_words, proof_words, times
from reprobundle.report import ClaimResult, Finding, StageTime
from reprobundle.store.sealing import left_behind

LONGEST_PATH = 2000
LEFT_OUT = ": is left out: "  # as the component of data says it of a split
COMMIT_SHOWN = 12
SHORT_COMMIT = 7
SHOWN_PACKED = 8
SHORTEST = 0.05  # seconds: a step that takes less is not told
STEADY = {
    "bitwise": "the same again, bit for bit",
    "random": "DRAWN AT RANDOM: another seed gives others",
    "stateful": "NOT STEADY: they depend on what was run before",
    "nondeterministic": "NOT STEADY: they vary by chance",
    "not known": "run once: whether they come out the same again is not known",
}


@dataclass(frozen=True)
class Told:
    """What is known of a capture beside its manifest.

    Attributes:
        refused: Why no replay will call the model reproduced; None: nothing known speaks against it.
        claims: The claims that were computed.
        stages: How long each step took.
    """

    refused: str | None = None
    claims: Sequence[ClaimResult] = ()
    stages: Sequence[StageTime] = ()


def describe(
    path: Path,
    bundle_id: str,
    manifest: Manifest,
    warned: Sequence[str] = (),
    *,
    found: Told | None = None,
    colour: bool,
    width: int,
) -> str:
    """Where the bundle is, how it was proven, what is in it, what is worth knowing, and how to replay it.

    Args:
        path: The bundle, absolute.
        bundle_id: Its id.
        manifest: What it says of itself.
        warned: Lines about the specification it was captured from.
        found: What else is known; None: nothing.
        colour: Whether to use ANSI colours.
        width: Columns.
    """
    page = Page(colour=colour, width=width)
    proof, found = manifest.proof, found or Told()
    page.line(headline(manifest, found), "1", "32" if proof.proven and found.refused is None else "33")
    page.field("bundle", escape(path, limit=LONGEST_PATH), bundle_id)
    page.field("proof", proof_words(proof.status, proof.why))
    page.field("outputs", *steady_words(documents.calibration_of(manifest.outputs, path)))
    if manifest.model.loader in SELF_CONTAINED:
        page.field("model", SELF_CONTAINED[manifest.model.loader])
    page.field("claims", *claim_words(found.claims, manifest.claims, manifest.data))
    page.field("code", code_words(manifest))
    page.field("lock", lock_words(manifest.environment.lock))
    page.field("wheels", *packed_words(manifest.environment))
    page.field("data", *splits.in_short(manifest.data))
    if manifest.data.left_out:
        label = "" if manifest.data.splits else "data"
        page.field(label, f"LEFT OUT: {some([escape(repr(name)) for name in manifest.data.left_out])}", codes=("33",))
    page.field("card", *card_words(path, manifest))
    total = sum(entry.size for entry in manifest.files)
    page.field("files", f"{counted(len(manifest.files), 'file')}, {sized(total)}")
    show_warnings(page, warned)
    if manifest.notes:
        page.heading("Worth knowing")
        show_findings(page, found_lines(urgent_first(manifest.notes)))
    for place in left_behind(path.parent):
        page.paragraph(f"a capture that was killed left {escape(place, limit=LONGEST_PATH)} behind; remove it with:")
        page.line(f"  rm -r {typed(place)}")
    page.line()
    if found.stages:
        page.field("time", times(tuple(one for one in found.stages if one.seconds >= SHORTEST) or found.stages))
    if manifest.proof.status != "failed":
        page.line(f"replay it    reprobundle replay {typed(path)}")  # one line, however long, so that it can be copied
    else:
        page.line("next         mend what the proof names, and capture into another folder")
    return page.text()


def files_words(paths: Iterable[str]) -> str:
    """How many of a bundle's files these are, such as ``3 files, the manifest, 1 signature``: its manifest lists the files."""
    found = Counter("manifest" if path == NAME else "signature" if is_signature(path) else "file" for path in paths)
    told = [counted(found["file"], "file")] if found["file"] else []
    told += ["the manifest"] if found["manifest"] else []
    told += [counted(found["signature"], "signature")] if found["signature"] else []
    return ", ".join(told) or counted(0, "file")


def headline(manifest: Manifest, found: Told) -> str:
    """What matters most: that there is a bundle, whether it was proven, and that no replay will have it."""
    if not manifest.proof.proven:
        return "CAPTURED, UNPROVEN"
    return "CAPTURED" if found.refused is None else f"CAPTURED, BUT NO REPLAY WILL CALL IT REPRODUCED: {found.refused}"


def card_words(path: Path, manifest: Manifest) -> tuple[str, str]:
    """How far the card is answered, and what tells more."""
    standing = standing_in(manifest.documentation, manifest.model_dump(mode="json", exclude={"files"}))
    return standing.words, f"what is open or contradicts: reprobundle lint {typed(path)}"


def steady_words(calibration: Calibration | None) -> tuple[str, ...]:
    """How steady the outputs are, and whether a check of them can fail; none where nothing was measured."""
    ran = [] if calibration is None else [one for one in calibration.variants if one.status == "ran"]
    if calibration is None or not ran:
        return ()
    lines = [f"{STEADY[calibration.steadiness]}, in {counted(len(ran), 'run')} that each changed one thing"]
    apart = set() if calibration.batched else {ONE_ROW, HALF}
    moved = [one for one in ran if one.distances and one.name not in apart]
    if calibration.steadiness == "bitwise" and moved:
        furthest = max(moved, key=lambda one: max(one.distances.values()))
        distance = max(furthest.distances.values())
        where = f", with {escape(furthest.name)}" if distance else ""
        lines[0] += f"; moved by at most {distance:g} of their size{where}"
    if calibration.sensitive is not None:
        lines.append("other weights give other outputs" if calibration.sensitive else "OTHER WEIGHTS GIVE THE SAME")
    return tuple(lines)


def show_warnings(page: Page, warned: Sequence[str]) -> None:
    """Add what a specification says otherwise than its writer may have meant."""
    if warned:
        page.heading("In the specification")
    for line in warned:
        page.paragraph(prose(line))


def urgent_first(notes: Sequence[Finding]) -> tuple[Finding, ...]:
    """The notes with those about data splits that are not in the bundle first, and loud."""
    lost = [note for note in notes if note.kind == data.NAME and LEFT_OUT in note.message]
    loud = (note.model_copy(update={"message": note.message.replace(LEFT_OUT, ": is LEFT OUT: ", 1)}) for note in lost)
    return (*loud, *(note for note in notes if note not in lost))


def code_words(manifest: Manifest) -> str:
    """Which source is in the bundle, and whether a commit says it all."""
    repository = manifest.code.repository
    if repository is None:
        return "from no git repository: only the modules that were loaded"
    commit = f"commit {escape(repository.commit[:COMMIT_SHOWN])}"
    if not repository.dirty:
        return commit
    where = f": they stand in {escape(manifest.code.patch)}" if manifest.code.patch else ""
    return f"{commit}, WITH UNCOMMITTED CHANGES{where}"


def packed_words(section: Section) -> tuple[str, ...]:
    """What travels as a wheel, and why, one line; none where nothing does."""
    named = {canonicalize_name(path.rpartition("/")[2].partition("-")[0]) for path in section.wheels}
    packed = [one for one in section.distributions if one.name in named]
    own = [one for one in packed if one.edited is not None or one.origin.kind not in {"index", "conda"}]
    shown = ", ".join(f"{escape(one.name)} ({_whence(one)})" for one in (own or packed)[:SHOWN_PACKED])
    more = ", …" if len(own or packed) > SHOWN_PACKED else ""
    if not packed:
        return ()
    others = "among them" if own else "as no index has a wheel of it, or as asked"
    why = "which no index has" if own == packed else others
    return (f"{counted(len(packed), 'package')} packed into the bundle, {why}: {shown}{more}",)


def _whence(one: Distribution) -> str:
    if one.edited is not None:
        return "edited since it was installed"
    if one.origin.kind == "vcs":
        return f"git {escape((one.origin.commit or '')[:SHORT_COMMIT])}".rstrip()
    return one.origin.kind


def typed(path: Path) -> str:
    """A path as it can be typed in the current folder, quoted for a shell, on one line."""
    try:
        here = Path.cwd()
    except OSError:  # it was removed meanwhile
        here = path
    shown = path.relative_to(here) if here in path.parents else path
    return escape(shlex.quote(str(shown)), limit=LONGEST_PATH)
