"""What a look at a bundle's documentation found: the same document in every rendering."""

from __future__ import annotations

from typing import Annotated, Literal

import pydantic

from reprobundle.phrases import counted, some
from reprobundle.records import Record

LINT_SCHEMA: Literal[1] = 1
CARD_HOME = "documentation/"  # where the card lies in a bundle, and often in a project
UNPROVEN = "proof-missing"  # the rule: a bundle that nobody has reloaded is not called ready without that word

Level = Literal["error", "warning", "advice"]
LEVELS: tuple[Level, ...] = ("error", "warning", "advice")
Percent = Annotated[int, pydantic.Field(ge=0, le=100)]
Count = Annotated[int, pydantic.Field(ge=0)]


class Lint(Record):
    """One thing that is missing, weak or contradicts another.

    Attributes:
        rule: Stable name of the rule, as ``docs/linting.md`` lists it.
        level: ``error``: what is said cannot be so, or must not be published so; ``warning``: a reader is misled or left alone;
            ``advice``: it would be better otherwise.
        section: Section of the score, such as ``ethics``, or the section of the manifest it comes from.
        message: What was found, in one line.
        hint: The way out.
        file: The file it stands in, within the bundle or as it was given.
        line: Line of that file, from 1; None where it has no lines, or nothing stands there yet.
        path: Where in that file, such as ``ethics.privacy``.
        within: What the file lies in: the ``bundle``, or the ``project``, where an answer is better mended.
        allowed: Whether the rule was let go by name: then it refuses nothing.
    """

    rule: str
    level: Level
    section: str
    message: str
    hint: str | None = None
    file: str | None = None
    line: Annotated[int, pydantic.Field(ge=1)] | None = None
    path: str | None = None
    within: Literal["bundle", "project"] = "bundle"
    allowed: bool = False

    @property
    def place(self) -> str:
        """File and line as programs write them, such as ``documentation/card.yaml:12``; empty where there is none."""
        return ":".join(str(part) for part in (self.file, self.line) if part is not None)

    @property
    def home(self) -> str:
        """``the bundle's`` before a file that a project has, too, at the same place; else empty."""
        return "the bundle's " if self.within == "bundle" and (self.file or "").startswith(CARD_HOME) else ""


class SectionScore(Record):
    """How far one section of the checklist is answered.

    Attributes:
        name: The section.
        weight: Its share of the whole score, in hundredths.
        score: How far it is answered, in hundredths; None where nothing is asked before capture.
        answered: Questions that a person answered in full.
        captured: Questions that captured facts answer.
        weak: Questions whose answer says too little.
        missing: Questions without an answer.
    """

    name: str
    weight: Percent
    score: Percent | None
    answered: Count = 0
    captured: Count = 0
    weak: Count = 0
    missing: Count = 0


class LintReport(Record):
    """How complete and how free of contradictions the documentation of a model is.

    Attributes:
        lint_schema: Version of this form.
        reprobundle: Version of the program that looked.
        bundle_id: The bundle; None for a card that is in none yet.
        name: What the model is called, or the card's file.
        ready: Whether nothing is in the way: no error that was not let go, no question without an answer that a reader needs
            first, and the score that was asked for.
        score: Completeness, 0 to 100; 100 only where nothing is missing or weak.
        fail_under: The score that was asked for.
        unanswered: Questions without an answer that a reader needs first, by path: those whose absence is a warning.
        sections: The score by section.
        lints: What was found: errors first, then warnings, then advice.
    """

    lint_schema: Literal[1] = LINT_SCHEMA
    reprobundle: str
    bundle_id: str | None = None
    name: str
    ready: bool = False
    score: Percent
    fail_under: Percent = 0
    unanswered: tuple[str, ...] = ()
    sections: tuple[SectionScore, ...]
    lints: tuple[Lint, ...] = ()

    def of(self, level: Level) -> tuple[Lint, ...]:
        """What was found at this level, without what was let go."""
        return tuple(lint for lint in self.lints if lint.level == level and not lint.allowed)

    @property
    def let_go(self) -> tuple[Lint, ...]:
        """What was found and let go by the name of its rule."""
        return tuple(lint for lint in self.lints if lint.allowed)

    def exit_code(self, *, fail_under: int = 0) -> int:
        """What the command line ends with: 0 where it is ready, else 1: for errors, open questions or too low a score."""
        in_the_way = self.of("error") or self.unanswered
        return 1 if in_the_way or self.score < max(fail_under, self.fail_under) else 0

    @property
    def verdict(self) -> str:
        """In capitals whether it is ready, and what is in the way: the first line of what a person reads."""
        errors = len(self.of("error"))
        why = [counted(errors, "error")] if errors else []
        if self.unanswered:
            why.append(f"no answer to {some(self.unanswered, len(self.unanswered))}")
        if self.score < self.fail_under:
            why.append(f"score {self.score}, under the {self.fail_under} asked for")
        if why:
            return f"NOT READY: {'; '.join(why)}"
        warnings = len(self.of("warning"))
        told = f" ({counted(warnings, 'warning')})" if warnings else ""
        unproven = ", UNPROVEN" if any(lint.rule == UNPROVEN for lint in self.lints) else ""
        return f"READY TO {'PUBLISH' if self.bundle_id is not None else 'CAPTURE'}{unproven}{told}"
