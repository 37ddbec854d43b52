"""Numbers in people's own sentences beside the recorded ones: metrics here, what was chosen and counted in the rooms beside.

Nothing is told unless none of the numbers that a text gives for a thing agrees: a baseline beside it is no contradiction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from reprobundle.components.claims import Claim
from reprobundle.linting.counting import counts
from reprobundle.linting.group_numbers import PATHS as GROUP_PATHS
from reprobundle.linting.group_numbers import group_numbers, is_of_group
from reprobundle.linting.hyperparameters import hyperparameters
from reprobundle.linting.lints import Lint
from reprobundle.linting.metrics import METRIC, agrees_with, words_of
from reprobundle.linting.prose import NUMBER, readings, sentences
from reprobundle.linting.rules import in_card
from reprobundle.linting.subject import Subject
from reprobundle.phrases import some

PATHS = ("description", "evaluation.metrics", "evaluation.uncertainty", "evaluation.runs")
NEAR = 40  # characters between the name of a metric and its number
BEFORE = 30  # characters before it that may tell of what it is
LONGEST = 200  # characters of the sentence before it

_FIRST = re.compile(rf"(?P<number>{NUMBER})\s*(?P<percent>%|percent\b|per cent\b)?")
_BETWEEN = re.compile(  # what makes a number behind a metric another thing than its value
    r"\b(deviation|std|errors?|intervals?|confidence|ci|variance|var(y|ies|ied)|within|by|chang\w*|differ\w*|improv\w*|drop\w*|f[ae]ll\w*"
    r"|los[et]s?|gain\w*|points?|threshold|above|below|under|over|than|least|most|rotat\w*|noise|shift\w*|baseline|previous|earlier|chance"
    r"|random|for|among|of (?!about\b)\w|in|weights?|functions?|terms?|scal\w*|factors?|coefficients?|curves?|rates?|human|each|per|for class|when|if|only|between|top|no|not|was not|weighted|\d+ of)\b|±|\+/-|[<>≤≥]",
    re.IGNORECASE,
)
_BEHIND = re.compile(  # what makes it so from behind: a count, a bound, an error bar
    r"\s*(?:(?:-\s?)?(?:(?:\w+\s+){0,2}(?:samples|examples|images|pictures|rows|runs|seeds|classes|epochs|folds|times|splits|cases|people"
    r"|writers|digits|values|groups|tasks|languages|sentences|documents)|(?:confidence |credible )?(?:interval|limit|level|ci|quantile"
    r"|percentile)|points?|classes)\b|st\b|nd\b|rd\b|th\b)",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"\b((sub-?)?groups?|class|average|baseline|previous|earlier|human|chance|random|majority|top-?\d+|worst|best|lowest|highest|per-?(class|group)|class-?wise|balanced|mean"
    r"|relative|minimum|maximum|target|required|original|published|teacher|paper|loses?|drop (in|of)|change (in|of)|gain (in|of)|standard"
    r"|numerical|floating|half|single|double|mixed)\s+(\w+\s+)?$",
    re.IGNORECASE,
)
_SPLITS = {
    "train": re.compile(r"\btrain(ing)?\s+(\w+\s+)?$", re.IGNORECASE),
    "val": re.compile(r"\b(val|validation|dev|development)\s+(\w+\s+)?$", re.IGNORECASE),
    "test": re.compile(r"\b(test|held-?out)\s+(\w+\s+)?$", re.IGNORECASE),
}
_ON = re.compile(r"^[^.;]{0,24}\b(?:on|for|in)\s+(?:the\s+)?(train|val|test|dev)", re.IGNORECASE)
_OF_WHAT = re.compile(
    r"[^.;,]{0,24}?\b(?:on|for|among|in|under|with|against)\s+(?:(?:the|a|an|our|its)\s+)?(?!(?:the|an?|our|its)\b)([\w-]+)",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"\b(beats?|exceed\w*|surpass\w*|outperform\w*|reported|state of the art|sota|others?|theirs?|attack\w*|adversar\w*|corrupt\w*"
    r"|lowers?|lowered|reduc\w*|decreas\w*|degrad\w*|without)\b",
    re.IGNORECASE,
)
_HELD_BACK = re.compile(r"held-?(back|out)|held|hold-?out|test\w*|unseen|all|whole|full|both|same|data|new|own")
_FREE = re.compile(
    r"(?:\s*(?:=|:|\bof\b|\bis\b|\bwas\b|\bat\b|\breach\w*\b|\bto\b))?\s*(?:\babout\b)?\s*$", re.IGNORECASE
)
_END = re.compile(
    r"\s*(?:$|[.,;:)(]|±|\+/-|\b(?:and|or|on|in|at|for|over|with|after|against|where|while|but)\b)", re.IGNORECASE
)


def contradictions(subject: Subject) -> Iterator[Lint]:
    """Everything that a text says otherwise than it was recorded."""
    if subject.manifest is None:
        return
    claims = subject.manifest.claims.claims
    for path in dict.fromkeys((*PATHS, *GROUP_PATHS)):
        yield from group_numbers(subject, path, claims) if path in GROUP_PATHS else ()
        yield from _metrics(subject, path, claims) if path in PATHS else ()
    yield from counts(subject, subject.manifest)
    yield from hyperparameters(subject, subject.manifest)


def _metrics(subject: Subject, path: str, claims: tuple[Claim, ...]) -> Iterator[Lint]:
    text = sentences(subject, path)
    for metric in dict.fromkeys(found[0].casefold() for found in METRIC.finditer(text)):
        recorded = [claim for claim in claims if metric in words_of(claim)]
        said = list(_said(text, metric, recorded)) if recorded else []
        if said and not any(agrees_with(*number, claim) for number in said for claim in recorded):
            told = some([f"{claim.id} {claim.value:.6g}" for claim in recorded])
            number, percent = said[0]
            message = f"{path} says {metric} {number}{percent}, recorded is {told}"
            hint = "correct the text, or leave the numbers to the claims"
            yield in_card(subject, "metrics-differ", path, message, hint=hint)


def _said(text: str, metric: str, recorded: list[Claim]) -> Iterator[tuple[str, str]]:
    """The number behind each mention of the metric that is of a recorded one, up to the next metric or the end of the sentence."""
    for mention in (found for found in METRIC.finditer(text) if found[0].casefold() == metric):
        before = re.split(r"[;!?,(]|\.(?!\d)", text[max(mention.start() - BEFORE, 0) : mention.start()])[-1]
        rest = re.split(r"[;!?]|\.(?!\d)", text[mention.end() : mention.end() + NEAR])[0]
        behind = text[mention.end() :]
        following = METRIC.search(rest)
        found = _FIRST.search(rest[: following.start()] if following else rest)
        if (
            found is None
            or not readings(found["number"])
            or _OTHER.search(before)
            or not _is_of(before, rest, recorded)
        ):
            continue
        between = rest[: found.start()]
        if _BETWEEN.search(between) or _BEHIND.match(behind[found.end() :]):
            continue
        sentence = re.split(r"[;!?]|\.(?!\d)", text[max(mention.start() - LONGEST, 0) : mention.start()])[-1]
        if _ELSEWHERE.search(sentence) or not _is_on_recorded(sentence, recorded):
            continue
        if not _is_on_recorded(between, recorded) or not _is_on_recorded(behind[found.end() :][:NEAR], recorded):
            continue
        after, percent = behind[found.end() :], found["percent"] or ""
        if is_of_group(f"{sentence}{mention[0]}{between}", found["number"], percent, after, recorded):
            continue  # of these `group_numbers` judges
        if _is_value(found, between, after, recorded):
            yield found["number"], percent


def _is_of(before: str, rest: str, recorded: list[Claim]) -> bool:
    """Whether a mention that names a split, names one that a recorded number is of."""
    named = next((name for name, pattern in _SPLITS.items() if pattern.search(before)), None)
    on = _ON.match(rest)
    named = named or (on[1].casefold().replace("dev", "val") if on is not None else None)
    words = " ".join(f"{claim.id} {claim.text} {claim.split or ''}" for claim in recorded).casefold()
    return named is None or named in words or (named == "val" and "dev" in words)


def _is_on_recorded(words: str, recorded: list[Claim]) -> bool:
    """Whether what a number is said to be on, or for, is nothing else than what a recorded one was measured on."""
    found = _OF_WHAT.match(words)
    if found is None:
        return True
    known = " ".join(f"{claim.id} {claim.text} {claim.split or ''}" for claim in recorded).casefold()
    what = found[1].casefold()
    return _HELD_BACK.fullmatch(what) is not None or re.search(rf"\b{re.escape(what)}\b", known) is not None


def _is_value(found: re.Match[str], between: str, behind: str, recorded: list[Claim]) -> bool:
    """Whether a number can be the metric's: of a share, a percentage or a fraction, else one that nothing is counted by."""
    if found["percent"]:
        return True
    shares = all(-1 <= claim.value <= 1 for claim in recorded)
    fraction = any(symbol in found["number"] for symbol in ".,") and (not shares or max(readings(found["number"])) <= 1)
    return fraction or (_FREE.fullmatch(between) is not None and _END.match(behind) is not None)
