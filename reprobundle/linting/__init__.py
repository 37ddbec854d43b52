"""The documentation as a stranger would read it: is it complete, does it answer, does it contradict itself or what was captured?

A bundle is verified first; nothing of it is run and no network is reached. A card that is in no bundle yet can be looked at by
itself: what capture will fill in is then left out of the score.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reprobundle import withholding
from reprobundle.bundle import VerifiedBundle, verify
from reprobundle.exports import archives
from reprobundle.linting.advisories import advisories as known_advisories
from reprobundle.linting.claims import contradicted
from reprobundle.linting.contradicting import contradictions
from reprobundle.linting.details import details
from reprobundle.linting.evidence import evidence
from reprobundle.linting.gaps import gaps
from reprobundle.linting.given import card_bytes_of, is_packed, refuse_elsewhere
from reprobundle.linting.licences import licences
from reprobundle.linting.lints import LEVELS, Lint, LintReport
from reprobundle.linting.own_card import in_project
from reprobundle.linting.people import people
from reprobundle.linting.preparation import preparation
from reprobundle.linting.rules import of_leak, refuse_unknown
from reprobundle.linting.scoring import score
from reprobundle.linting.subject import Subject, of_bundle, of_card
from reprobundle.private_folders import private_folder
from reprobundle.version import version

__all__ = ["Lint", "LintReport", "lint", "lint_bundle"]


def lint(
    path: str | os.PathLike[str],
    *,
    advisories: str | None = None,
    allow: Iterable[str] = (),
    fail_under: int = 0,
    say: Callable[[str], None] | None = None,
) -> LintReport:
    """Look at the documentation of a bundle, or at a card before capture.

    Args:
        path: The bundle, a file that `pack` wrote of one, or a file such as ``documentation/card.yaml``.
        advisories: Address of an index of advisories with OSV's interface, which is asked for known vulnerabilities of what a
            bundle pins; None: no network is reached.
        allow: Names of rules that may be broken: what they find is told as allowed. Nothing remembers them.
        fail_under: The score below which the model is not ready, 0 to 100.
        say: Called with a line where a packed bundle is unpacked into a temporary folder.

    Returns:
        The score, and what is missing, weak or contradicts something else, each with its place and the way out.

    Raises:
        UsageError: The address is neither HTTPS nor on this machine, there is no rule of such a name, or what is to be looked
            at lies elsewhere.
        RefusedInputError: It is no bundle or differs from its manifest, or the file is no strict YAML.
    """
    asked = Asked(tuple(allow), fail_under)
    refuse_elsewhere(path)
    place = Path(path)
    if not place.is_file():
        return lint_bundle(verify(place), advisories=advisories, allow=asked.allow, fail_under=fail_under)
    if is_packed(place):
        with private_folder() as folders:
            bundle = verify(archives.unfolded(place, folders, say or (lambda _: None)))
            return lint_bundle(bundle, advisories=advisories, allow=asked.allow, fail_under=fail_under)
    name = place.as_posix()
    subject = of_card(card_bytes_of(place), name=name, today=_today())
    return _report(subject, name=name, asked=asked)


def lint_bundle(
    bundle: VerifiedBundle,
    *,
    secrets: bool = True,
    advisories: str | None = None,
    allow: Iterable[str] = (),
    fail_under: int = 0,
) -> LintReport:
    """Look at the documentation of a verified bundle, and for secrets in all of it.

    Args:
        bundle: The bundle.
        secrets: Whether to look for secrets; `publish` does so by more rules.
        advisories: As for `lint`.
        allow: As for `lint`.
        fail_under: As for `lint`.

    Raises:
        UsageError: As of `lint`.
    """
    asked = Asked(tuple(allow), fail_under)
    met = [*map(of_leak, withholding.leaks(bundle))] if secrets else []
    if advisories is not None:
        met += known_advisories(bundle.manifest, advisories)
    report = _report(
        of_bundle(bundle, today=_today()), met, name=bundle.manifest.name, bundle_id=bundle.id, asked=asked
    )
    return in_project(report, bundle)


def _today() -> datetime.date:
    """Today anywhere on earth: a date of a person further east is not yet the future."""
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=14)).date()


@dataclass(frozen=True)
class Asked:
    """What a look is measured by.

    Attributes:
        allow: Names of rules that may be broken.
        fail_under: The score below which the model is not ready.
    """

    allow: tuple[str, ...] = ()
    fail_under: int = 0

    def __post_init__(self) -> None:
        """Make sure that there are such rules.

        Raises:
            UsageError: There are not.
        """
        refuse_unknown(self.allow)

    def judged(self, report: LintReport) -> LintReport:
        """The report with what is let go marked, and whether the rest is in the way."""
        lints = tuple(
            lint.model_copy(update={"allowed": True}) if lint.rule in self.allow else lint for lint in report.lints
        )
        marked = report.model_copy(update={"lints": lints, "fail_under": self.fail_under})
        return marked.model_copy(update={"ready": marked.exit_code() == 0})


def _report(
    subject: Subject, met: Sequence[Lint] = (), *, name: str, bundle_id: str | None = None, asked: Asked = Asked()
) -> LintReport:
    scored = score(subject)
    found = (
        *met,
        *details(subject),
        *licences(subject),
        *evidence(subject),
        *contradicted(subject),
        *contradictions(subject),
        *gaps(subject),
        *preparation(subject),
        *people(subject),
        *scored.lints,
    )
    report = LintReport(
        reprobundle=version(),
        bundle_id=bundle_id,
        name=name,
        score=scored.score,
        unanswered=tuple(path for path, rule in scored.unanswered.items() if rule not in asked.allow),
        sections=scored.sections,
        lints=tuple(sorted(dict.fromkeys(_once(found)), key=_order)),
    )
    return asked.judged(report)


def _once(found: tuple[Lint, ...]) -> tuple[Lint, ...]:
    """A missing answer is told once: by the rule that says why it matters, where there is one."""
    told = {lint.path for lint in found if lint.rule not in {"missing", "weak"} and lint.file is not None}
    return tuple(lint for lint in found if not (lint.rule == "missing" and lint.path in told))


def _order(lint: Lint) -> tuple[int, str, int, str]:
    return LEVELS.index(lint.level), lint.file or "", lint.line or 0, lint.rule
