"""Before the seal: secrets are taken out of what was captured, and what tells who somebody is gets told.

Source files and files of wheels are looked at while they are copied, and stay out as a whole. What is left are values in
the sections of the manifest and the files that capture itself wrote from them: there a marker stands in a secret's place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any, TypeVar

from packaging.utils import canonicalize_name

from reprobundle import secrecy
from reprobundle.bundle import VerifiedBundle
from reprobundle.components import claims, data
from reprobundle.components.interface import Stage
from reprobundle.errors import SecretsError, UnavailableError
from reprobundle.manifest import Manifest, Proof
from reprobundle.phrases import counted, sized, some
from reprobundle.records import Record
from reprobundle.report import Finding
from reprobundle.secrecy import advising, files, privacy
from reprobundle.secrecy.library import library_rules
from reprobundle.secrecy.searching import text_of
from reprobundle.secrecy.values import HOME, cleaned
from reprobundle.store import inside

R = TypeVar("R", bound=Record)
NAME = "secrets"
PUBLIC = frozenset({"index", "conda"})
PRIVACY = "privacy"
OF_MODEL = ("model", "preprocessing")
UNSEARCHED_HINT = "of a text 32 MiB are searched, of another file 4 MiB, of what is packed 64 MiB: make sure that nothing is in the rest"
SHOWN = 5
PUBLISH_SECONDS = 600.0
LISTINGS = "data/"
OWN_WORDS = ("documentation/", "README.md", "CITATION.cff", "environment/")  # a contact is meant to be read
NOT_READ = "what is packed was not looked at for private data from {!r} on: the time for it was over"
_LEFT_OUT = re.compile(r": (?:a secret is|\d+ secrets are) left out: ")
PRIVATE_HINT = "whoever reads the bundle reads them: take them out where they are not meant to be known"


def without_secrets(section: R, name: str, stage: Stage) -> R:
    """A section with markers in the place of secrets, before other kinds repeat what it says.

    Args:
        section: What was captured.
        name: Of the section.
        stage: Its gate is told.
    """
    return cleaned(section, stage.gate, f"/{name}")


def withhold(sections: Mapping[str, Any], stage: Stage) -> dict[str, Any]:
    """Take every secret out of the files that were written.

    Args:
        sections: What was captured, by name, without secrets itself.
        stage: Everything is written but the proof, the views and the manifest; takes notes of what stays out.
    """
    clean = dict(sections)
    found = dict(files.leaking(stage.writer, stage.gate))
    listed = [path for path in found if path.startswith(LISTINGS)]
    if listed:
        clean[data.NAME] = data.without_listed(clean[data.NAME], listed, stage)
    kept = {entry.path for entry in stage.writer.entries}
    for path, hits in found.items():
        if path in kept:
            files.replace_secrets(stage.writer, path, hits)
    clean[data.NAME] = data.without_lost(clean[data.NAME], stage)
    stage.sections.update(clean)
    return clean


def sealed(manifest: Manifest, stage: Stage) -> Manifest:
    """A manifest with all notes, what stayed out among them, and without a secret in what was added since.

    Args:
        manifest: All but notes, views and files; a failed proof may say what the model's code said.
        stage: Its notes are taken.
    """
    clean = cleaned(manifest.model_copy(update={"notes": tuple(stage.notes)}), stage.gate, "")
    known = len(stage.notes)
    note(stage)
    for claim in clean.claims.claims:
        for told in claims.remarks(claim, privacy.own_names()):
            stage.note(PRIVACY, f"claim {claim.id!r}: {told.words}", hint=told.hint)
    return clean.model_copy(update={"notes": (*clean.notes, *stage.notes[known:]), "secrecy": stage.gate.section})


def note(stage: Stage) -> None:
    """Note what stayed out, file by file, and what tells who somebody is."""
    for path, leaks in groupby(advising.to_tell(stage.gate.leaks), key=lambda leak: leak.path):
        met = list(leaks)
        places = [f"line {leak.line} ({leak.rule})" if leak.line else leak.rule for leak in met]
        message = (
            f"{path}: {'a secret is' if len(met) == 1 else f'{len(met)} secrets are'} left out: {', '.join(places)}"
        )
        hint = f"{advising.advice(met)}; a false alarm is let through by {advising.allowed_by(met)}"
        stage.note(NAME, message, hint=hint)
    if stage.gate.unsearched:
        stage.note(NAME, unsearched(stage.gate), hint=UNSEARCHED_HINT)
    for kind, places in sorted(_traces(stage).items()):
        message = f"{counted(len(places), kind, _plural(kind))} in what is packed: {some(places, SHOWN)}"
        stage.note(PRIVACY, message, hint=_private_hint(places))


def tells_of_secrets(told: Finding) -> bool:
    """Whether a note says what was left out as a secret."""
    return told.kind == NAME and _LEFT_OUT.search(told.message) is not None


def _private_hint(places: Iterable[str]) -> str:
    files = (place.rpartition(", line ")[0] for place in places)
    shown = [path for path in files if path.endswith(advising.NOTEBOOK)]
    return f"{PRIVATE_HINT}; outputs of notebooks are cleared by {advising.clearing(shown)}" if shown else PRIVATE_HINT


def unsearched(gate: secrecy.Gate) -> str:
    """What the gate let by without a look, such as ``28.0 MB of raw.bin were not searched for secrets``."""
    parts = [f"{sized(size) if size else 'parts'} of {path}" for path, size in sorted(gate.unsearched.items())]
    return f"{some(parts, SHOWN)} were not searched for secrets"


def explained(proof: Proof, gate: secrecy.Gate) -> Proof:
    """A proof that failed, with what the model may miss because it was left out; any other as it is.

    Args:
        proof: Of the staged bundle.
        gate: Knows what was left out.
    """
    why = proof.why or ""
    missed = [leak for leak in gate.leaks if _may_miss(leak.path, why)] if proof.status == "failed" else []
    if not missed:
        return proof
    told = dict.fromkeys(f"`{leak.path}` was left out as `{leak.rule}`" for leak in missed)
    way_out = f"allow=['{missed[0].rule}:{missed[0].path}'] lets it through"
    return proof.model_copy(update={"why": "; ".join([why, some(list(told), SHOWN), way_out])})


def _may_miss(path: str, why: str) -> bool:
    """Whether what was left out belongs to the model, or is named by what went wrong."""
    plain = PurePosixPath(path.removeprefix(f"{HOME}/"))
    return plain.parts[0] in OF_MODEL or re.search(rf"(?<!\w){re.escape(plain.stem)}(?!\w)", why) is not None


def _plural(kind: str) -> str:
    return f"{kind}es" if kind.endswith("s") else f"{kind}s"


def _traces(stage: Stage) -> dict[str, list[str]]:
    """Where what tells who somebody is stands, by kind, each place once."""
    names = privacy.own_names()
    found: dict[str, dict[str, None]] = {}
    for path, text in _texts(stage):
        with stage.gate.timed():
            met = list(privacy.traces(text, path, names))
        for trace in met:
            place = f"{secrecy.plain_path(path)}, line {trace.line}"
            found.setdefault(trace.kind, {})[place] = None
    return {kind: list(places) for kind, places in found.items()}


def _texts(stage: Stage) -> Iterator[tuple[str, str]]:
    for entry in stage.writer.entries:
        if stage.gate.is_late:
            stage.note(PRIVACY, NOT_READ.format(entry.path), hint=PRIVATE_HINT)
            return
        if not entry.path.startswith(OWN_WORDS):
            text = text_of(files.head_of(inside(stage.root, entry.path)))
            if text is not None:
                yield entry.path, text


def refuse(gate: secrecy.Gate) -> None:
    """End a capture that is to hold no secret at all.

    Args:
        gate: It looked at what would be sealed.

    Raises:
        SecretsError: One was met; it names all, and what would let all through.
    """
    refuse_leaks(gate, "sealed", advising.advice(gate.leaks), pasted=_way_through(gate))


def _way_through(gate: secrecy.Gate) -> str:
    """What a person types who knows that nothing of what was met is a secret."""
    return f"if none of it is a secret: {' '.join(f'--allow {one}' for one in gate.arguments)}"


def refuse_published(bundle: VerifiedBundle, allow: Iterable[str] = ()) -> tuple[str, ...]:
    """Make sure that a sealed bundle holds no secret before others can read it; also by the rules of detect-secrets.

    Args:
        bundle: The bundle; wheels that come from an index are not looked at.
        allow: What is let through beside what the bundle says was allowed at capture, each as ``RULE:PATH``.

    Returns:
        What of `allow` was needed, as it was given.

    Raises:
        SecretsError: It holds one; the error names all.
        UnavailableError: detect-secrets is not installed, or the search took too long, so that some of it is not known.
    """
    earlier = _allowed(bundle)
    known = (*earlier, *secrecy.allowances(allow))
    gate = look_at(bundle, secrecy.Gate(known, further=library_rules(), seconds=PUBLISH_SECONDS))
    hint = f"{advising.advice(gate.leaks)}; then capture again"
    refuse_leaks(gate, "published", hint, pasted=_way_through(gate))
    if gate.is_late and gate.unsearched:
        message = f"the bundle could not be searched for secrets in {PUBLISH_SECONDS:.0f} seconds: {unsearched(gate)}"
        raise UnavailableError(message, hint="take out of it what is packed in a file and takes so long, or try again")
    return tuple(
        f"{one.rule}:{one.path}" for one in sorted(gate.used - {*earlier}, key=lambda one: (one.rule, one.path))
    )


def leaks(bundle: VerifiedBundle) -> tuple[secrecy.Leak, ...]:
    """The secrets in a sealed bundle that its manifest does not allow, by this program's own rules."""
    return look_at(bundle, secrecy.Gate(_allowed(bundle))).leaks


def look_at(bundle: VerifiedBundle, gate: secrecy.Gate) -> secrecy.Gate:
    """Let a gate look at all of a bundle but the wheels that come from an index; gives the gate."""
    paths = [entry.path for entry in bundle.manifest.files if not _is_public(entry.path, bundle.manifest)]
    files.look_at(bundle.path, paths, gate)
    cleaned(bundle.manifest, gate, "")  # for what the gate is told
    gate.settle()
    return gate


def _allowed(bundle: VerifiedBundle) -> tuple[secrecy.Allowance, ...]:
    return bundle.manifest.secrecy.allowed if bundle.manifest.secrecy else ()


def _is_public(path: str, manifest: Manifest) -> bool:
    """Whether a file is a wheel of what an index offers to all."""
    if not path.startswith(files.WHEELS):
        return False
    name = canonicalize_name(path.rpartition("/")[2].partition("-")[0])
    found = [one for one in manifest.environment.distributions if canonicalize_name(one.name) == name]
    return all(one.origin.kind in PUBLIC and one.edited is None for one in found)


def refuse_leaks(gate: secrecy.Gate, doing: str, hint: str, *, pasted: str = "") -> None:
    """Refuse what a gate met.

    Args:
        gate: It looked at everything.
        doing: What would be done to the secrets.
        hint: The way out.
        pasted: What lets it through, as it is typed.

    Raises:
        SecretsError: There is something; it names all.
    """
    leaks = gate.leaks
    if leaks:
        places = len({one.path.partition("/")[0] if one.path.startswith(HOME) else one.path for one in leaks})
        message = f"{counted(len(leaks), 'secret')} would be {doing}, in {counted(places, 'file')}"
        raise SecretsError(message, findings=tuple(map(secrecy.told, leaks)), hint=hint, pasted=pasted)
