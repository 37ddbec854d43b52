"""How complete the card is: each question weighed, each section by its weight."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from reprobundle.components.documentation.facts import PLACES
from reprobundle.components.documentation.questions import OPTIONAL, QUESTIONS
from reprobundle.linting.lints import Lint, SectionScore
from reprobundle.linting.questions import PARTS, Part, Question
from reprobundle.linting.rules import in_card
from reprobundle.linting.subject import Subject
from reprobundle.linting.weighing import FULL, NONE, Weakness, same_words, weigh, words_of

State = Literal["answered", "captured", "weak", "missing", "left to capture"]
REPEATED_WORDS = 3  # shorter answers may well be the same twice
MOST_UNSHOWN = 90  # of 100, where answers are all there is: nothing was reloaded, or no number is ever computed again
CREDITS = {"answered": FULL, "captured": FULL, "missing": NONE, "left to capture": NONE}


@dataclass(frozen=True)
class Weighed:
    """One question with what became of it.

    Attributes:
        question: The question.
        state: How it stands.
        credit: What it counts, in halves of a full answer.
        lint: What is to be said of it, if anything.
    """

    question: Question
    state: State
    credit: int
    lint: Lint | None = None


@dataclass(frozen=True)
class Scored:
    """The score.

    Attributes:
        score: 0 to 100, rounded down, so that 100 is everything; at most 90 for a bundle that shows nothing of what it says.
        sections: By section.
        lints: What is missing or weak.
        unanswered: Questions that a reader needs answered first and are not, each with the rule that says so.
    """

    score: int
    sections: tuple[SectionScore, ...]
    lints: tuple[Lint, ...]
    unanswered: Mapping[str, str]


def score(subject: Subject) -> Scored:
    """Weigh every question; what is left to capture counts neither way."""
    first_said: dict[str, str] = {}
    weighed = {
        part.name: [_with_repeats(_weighed(subject, question), subject, first_said) for question in part.questions]
        for part in PARTS
    }
    sections = tuple(_section(part, weighed[part.name]) for part in PARTS)
    asked = [part for part, section in zip(PARTS, sections, strict=True) if section.score is not None]
    whole = sum(part.weight for part in asked)
    reached = sum((part.weight * _share(weighed[part.name]) for part in asked), Fraction())
    lints = (
        *(entry.lint for entries in weighed.values() for entry in entries if entry.lint is not None),
        *_unscored(subject),
    )
    unanswered = dict(_unanswered(entry for entries in weighed.values() for entry in entries))
    answered = int(100 * reached / whole) if whole else 0
    return Scored(min(answered, _most(subject)), sections, lints, unanswered)


def _most(subject: Subject) -> int:
    """The score that words alone can reach; a card that is in no bundle yet has nothing else."""
    manifest = subject.manifest
    if manifest is None:
        return 100
    computed = any(claim.entry is not None or claim.command for claim in manifest.claims.claims)
    return 100 if manifest.proof.proven and computed else MOST_UNSHOWN


def _unanswered(weighed: Iterable[Weighed]) -> Iterator[tuple[str, str]]:
    """What is missing, or answered so that nothing is said, where that leaves a reader alone; errors speak for themselves."""
    for entry in weighed:
        lint, essential = entry.lint, entry.question.level == "warning"
        if essential and entry.credit == NONE and lint is not None and lint.level != "error":
            yield entry.question.path, lint.rule


def _weighed(subject: Subject, question: Question) -> Weighed:
    path = question.path
    stands = subject.standing.states[path]
    if stands == "answered":
        return _answered(subject, question)
    left = stands == "open" and subject.manifest is None and path in PLACES
    state: State = "captured" if stands == "captured" else "left to capture" if left else "missing"
    if state != "missing":
        return Weighed(question, state, CREDITS[state])
    lint = in_card(subject, "missing", path, f"{path} is not answered", hint=question.asks, level=question.level)
    return Weighed(question, state, NONE, lint)


def _answered(subject: Subject, question: Question) -> Weighed:
    weak = list(_weaknesses(subject, question))
    if not weak:
        return Weighed(question, "answered", FULL)
    worst = min(weak, key=lambda found: found[1].credit)
    path, weakness = worst
    lint = in_card(subject, weakness.rule, path, f"{path}: {weakness.words}", hint=weakness.hint)
    return Weighed(question, "weak", weakness.credit, lint)


def _weaknesses(subject: Subject, question: Question) -> Iterator[tuple[str, Weakness]]:
    for path, text in subject.texts():
        if path == question.path or path.startswith(f"{question.path}["):
            if path.endswith((".orcid", ".affiliation")):
                continue
            found = weigh(text, path=question.path, asks=question.asks, least=question.words)
            if found is not None:
                yield path, found


def _unscored(subject: Subject) -> Iterator[Lint]:
    """What stands for an answer where none is asked for."""
    for path, text in subject.texts():
        outer = next((name for name in OPTIONAL if path == name or path.startswith(f"{name}[")), None)
        weak = weigh(text, path=path, asks=QUESTIONS[outer], least=0) if outer is not None else None
        if weak is not None and weak.rule in {"placeholder", "left-out"}:
            yield in_card(subject, weak.rule, path, f"{path}: {weak.words}", hint=weak.hint)


def _with_repeats(weighed: Weighed, subject: Subject, first_said: dict[str, str]) -> Weighed:
    """The same answer to a second question counts nothing."""
    path = weighed.question.path
    text = subject.text(path)
    if weighed.state != "answered" or words_of(text) < REPEATED_WORDS:
        return weighed
    earlier = first_said.setdefault(same_words(text), path)
    if earlier == path:
        return weighed
    message = f"{path} repeats the answer to {earlier}, word for word"
    lint = in_card(subject, "repeated", path, message, hint=f"answer: {weighed.question.asks}")
    return replace(weighed, state="weak", credit=NONE, lint=lint)


def _share(weighed: list[Weighed]) -> Fraction:
    asked = [entry for entry in weighed if entry.state != "left to capture"]
    return Fraction(sum(entry.credit for entry in asked), FULL * len(asked))


def _section(part: Part, weighed: list[Weighed]) -> SectionScore:
    states = [entry.state for entry in weighed]
    asked = any(state != "left to capture" for state in states)
    return SectionScore(
        name=part.name,
        weight=part.weight,
        score=int(100 * _share(weighed)) if asked else None,
        answered=states.count("answered"),
        captured=states.count("captured"),
        weak=states.count("weak"),
        missing=states.count("missing"),
    )
