"""The documentation as a stranger would read it: is it complete, does it answer, does it contradict itself or what was captured?

A bundle is verified first; nothing of it is run and no network is reached. A card that is in no bundle yet can be looked at by
itself: what capture will fill in is then left out of the score.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence
from pathlib import Path

from reprobundle import withholding
from reprobundle.bundle import VerifiedBundle, verify
from reprobundle.linting.advisories import advisories as known_advisories
from reprobundle.linting.contradicting import contradictions
from reprobundle.linting.details import details
from reprobundle.linting.evidence import evidence
from reprobundle.linting.licences import licences
from reprobundle.linting.lints import LEVELS, Lint, LintReport
from reprobundle.linting.people import people
from reprobundle.linting.rules import of_leak
from reprobundle.linting.scoring import score
from reprobundle.linting.subject import Subject, of_bundle, of_card
from reprobundle.version import version

__all__ = ["Lint", "LintReport", "lint", "lint_bundle"]


def lint(path: str | os.PathLike[str], *, advisories: str | None = None) -> LintReport:
    """Look at the documentation of a bundle, or at a card before capture.

    Args:
        path: The bundle, or a file such as ``documentation/card.yaml``.
        advisories: Address of an index of advisories with OSV's interface, which is asked for known vulnerabilities of what a
            bundle pins; None: no network is reached.

    Returns:
        The score, and what is missing, weak or contradicts something else, each with its place and the way out.

    Raises:
        UsageError: The address is neither HTTPS nor on this machine.
        RefusedInputError: It is no bundle or differs from its manifest, or the file is no strict YAML.
    """
    place = Path(path)
    if not place.is_file():
        return lint_bundle(verify(place), advisories=advisories)
    name = place.as_posix()
    subject = of_card(place.read_bytes(), name=name, today=_today())
    return _report(subject, name=name)


def lint_bundle(bundle: VerifiedBundle, *, secrets: bool = True, advisories: str | None = None) -> LintReport:
    """Look at the documentation of a verified bundle, and for secrets in all of it.

    Args:
        bundle: The bundle.
        secrets: Whether to look for secrets; `publish` does so by more rules.
        advisories: As for `lint`.
    """
    met = [*map(of_leak, withholding.leaks(bundle))] if secrets else []
    if advisories is not None:
        met += known_advisories(bundle.manifest, advisories)
    return _report(of_bundle(bundle, today=_today()), met, name=bundle.manifest.name, bundle_id=bundle.id)


def _today() -> datetime.date:
    """Today anywhere on earth: a date of a person further east is not yet the future."""
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=14)).date()


def _report(subject: Subject, met: Sequence[Lint] = (), *, name: str, bundle_id: str | None = None) -> LintReport:
    scored = score(subject)
    found = (
        *met,
        *details(subject),
        *licences(subject),
        *evidence(subject),
        *contradictions(subject),
        *people(subject),
        *scored.lints,
    )
    return LintReport(
        reprobundle=version(),
        bundle_id=bundle_id,
        name=name,
        score=scored.score,
        sections=scored.sections,
        lints=tuple(sorted(dict.fromkeys(_once(found)), key=_order)),
    )


def _once(found: tuple[Lint, ...]) -> tuple[Lint, ...]:
    """A missing answer is told once: by the rule that says why it matters, where there is one."""
    told = {lint.path for lint in found if lint.rule not in {"missing", "weak"} and lint.file is not None}
    return tuple(lint for lint in found if not (lint.rule == "missing" and lint.path in told))


def _order(lint: Lint) -> tuple[int, str, int, str]:
    return LEVELS.index(lint.level), lint.file or "", lint.line or 0, lint.rule
