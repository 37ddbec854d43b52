"""Numbers that sentences give for a group of samples, beside the group's recorded number: ``male 0.95`` where it is 0.853.

As with other numbers nothing is told unless none that a text gives for the group agrees. A number is taken for the metric's only
where its sentence names the metric, or, as a warning, where the field asks for nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from reprobundle.components.claims import Claim
from reprobundle.components.claims.section import GroupValue
from reprobundle.linting.lints import Level, Lint
from reprobundle.linting.metrics import METRIC, agrees_with, words_of
from reprobundle.linting.prose import NUMBER, readings, sentences
from reprobundle.linting.rules import in_card
from reprobundle.linting.subject import Subject

NUMBERS_ONLY = (
    "evaluation.metrics",
    "evaluation.uncertainty",
    "ethics.bias",
)  # fields in which a fraction is the metric's
PATHS = (*NUMBERS_ONLY, "description", "use.limitations", "training_data.bias", "ethics.robustness")
MOST_GROUPS = 50
MOST_GROUPS_OF_ALL = 200
LONGEST_NUMBER = 40  # characters in front of a number in which another one stands
MOST_BETWEEN = 12  # words and blanks between a name and its number
SHORTEST = 2  # letters of a name that is looked for by itself
WORDS_TOO = (
    2  # letters of names that are words too, as "de" and "no", or numerals: only marked ones are taken for a group's
)
HINT = "correct the text, or leave the numbers to the claims"

_VALUE = rf"(?P<number>{NUMBER})\s*(?P<percent>%|percent\b|per cent\b)?"
_FREE = r"(?:\s|\(\s*n\s*=\s*\d+\s*\)|\|\s*\d+\s*(?=\|)|[:=(),|]|\b(?:is|was|at|of|reach(?:es|ed)?|achieves?|achieved|sees?|shows?|as|high|low|about|around|roughly|nearly|approximately|has|have|had|gets?|got|with|an?|the|only|now|still|group|samples?|people|users?|patients?|subjects?|participants?|cohorts?|sub-?groups?|images?|speakers?|writers?|scores?|ist|est|de)\b)"
_SENTENCE = re.compile(r"[;!?]|(?<!\bal)\.(?!\d)")
_OTHER = re.compile(  # of a sentence: its numbers are of something else
    r"\b(baseline|previous\w*|earlier|before|without|human|chance|random|original\w*|published|paper|target\w*|required|threshold"
    r"|gap|differ\w*|dispar\w*|ratio|lower|higher|less|more|fewer|than|drop\w*|f[ae]ll\w*|los[et]s?|gain\w*|between|intervals?|reweight\w*"
    r"|not|never|hop(?:e|es|ing)|expect\w*|minus|trained|noise|external\w*|independent\w*|replicat\w*|adversar\w*|attack\w*|versions?|initial\w*|formerly|used to|ago|first|respectively|train(?:ing)?|valid\w*|dev|other model|would|could|share|proportion|make[s ]up|of (?:the |all )?(?:data|samples|people|patients))\b"
    r"|±|\+/-|[<>≤≥]",
    re.IGNORECASE,
)
_QUANTITY = re.compile(  # of a sentence that names no metric: what its numbers are instead
    r"\b(rates?|means?|averages?|medians?|errors?|ages?|aged|parity|odds|calibrat\w*|probabilit\w*|scores?|deviations?|sd|std|variance"
    r"|entropy|distances?|weigh\w*|scales?|correlat\w*|costs?|prices?|incomes?|heights?|lengths?|widths?|prevalence|priors?|positives?|negatives?|opportunity)\b",
    re.IGNORECASE,
)
_COMMON = frozenset(  # words that leave no doubt whose and which a number is, beside those of metrics and groups
    """
    a about also all among amongst an and approximately are around as at be both but by compared each find for found from get gets got
    group groups had has have high in is it its looked low measured model of on only or our over overall people person reach reached
    reaches report reported result results see seen set shows still subgroup subgroups test tested the this to total users was we were
    while with achieve achieved achieves score scores cohort sample samples subject subjects participant participants patient patients
    image images recording recordings writer writers speaker speakers split data evaluation evaluated performance sex gender age site now
    """.split()  # noqa: SIM905  a hundred quotes would hide them
)
_COUNTED = re.compile(  # behind a number: it counts something, or is the end of a range
    r"[\s-]*(?:(?:m?s|sec|seconds?|min|minutes?|hours?|[kmgt]i?b|kg|quantile|percentile|level|confidence|ci|sd)\b|samples|examples|images|pictures|rows|people|patients|users|cases|records|runs|seeds|years?|points?|of\b|(?:to|-|\u2013|\u2026)\s*\d)",
    re.IGNORECASE,
)
_TEST = re.compile(
    r"\b(?:p|t|z|n|f|d|q|chi2?|alpha)[- ]*(?:values?\s*)?(?:[=:\u2248]|of|is|was)\s*$", re.IGNORECASE
)  # in front: of a test

NUMBERLESS = "\u2026"  # stands for the number itself
_CLAUSE = re.compile(rf"[,;!?]|\.(?!\d)|\d[.,]\d|{NUMBER}\s*%")  # what ends it behind a number
_LISTED = re.compile(
    rf"(?:\s*,\s*{NUMBER}\s*%?)*\s*,?\s*(?:(?:and|or|to|vs\.?|versus)\s+|/\s*){NUMBER}\s*%?"
)  # more numbers of the same names
_WORDS = re.compile(r"[^\W\d_]{2,}")
_JOINED = re.compile(r"(?<=[^\W\d_])_(?=[^\W\d_])")  # of names as programs write them
_CALLED = re.compile(r"\s*[:=|]")
_AND = re.compile(
    rf"{NUMBER}\s*%?\s*,?\s*(?:and|or|to|vs\.?|versus|/)\s*$"
)  # the second of two numbers, whose names come in one row, too
_NUMBERED = r"\b(?i:class|group|digit|label|categor(?:y|ie)|level|site|fold|number|no\.)(?:e?s)?"
_GENERAL = re.compile(  # of groups, and of none by name
    r"\b(?:sub-?groups?|groups?|worst|best|lowest|highest|weakest|strongest|minimum|maximum|(?:per|each|every|by)[\s-]+(?:\w+\s+)?class(?:es)?|class-?wise)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Said:
    """A number that a text gives for a group.

    Attributes:
        number: As it is written.
        percent: The sign or word behind it; empty where there is none.
        sure: Whether its sentence names the metric, and holds no word that may say of what else the number is.
    """

    number: str
    percent: str
    sure: bool


def group_numbers(subject: Subject, path: str, claims: Sequence[Claim]) -> Iterator[Lint]:
    """Each group for which a field gives another number than was recorded.

    Args:
        subject: The card.
        path: The field.
        claims: What was recorded.
    """
    text = _JOINED.sub(" ", sentences(subject, path))
    groups = _groups(claims) if text else {}
    for name, recorded in groups.items():
        others = [other for other in groups if other != name]
        said = [one for part in _SENTENCE.split(text) for one in _said(part, name, others, recorded, path)]
        claims_ = [claim for claim, _ in recorded]
        known = [_alone(claim, group) for claim, group in recorded]
        if said and not any(agrees_with(one.number, one.percent, claim) for one in said for claim in known):
            told = "; ".join(f"{claim.id} {group.value:.6g}" for claim, group in recorded[:3])
            message = f"{path} says {name} {said[0].number}{said[0].percent}, recorded of {_column(claims_)} {name!r} is {told}"
            level: Level = "error" if any(one.sure for one in said) else "warning"
            yield in_card(subject, "metrics-differ", path, message, hint=HINT, level=level)


def is_of_group(before: str, number: str, percent: str, behind: str, recorded: Sequence[Claim]) -> bool:
    """Whether a number is a group's: its clause names that, or speaks of groups where one of them has it.

    Args:
        before: The sentence up to the number.
        number: As it is written.
        percent: The sign or word behind it; empty where there is none.
        behind: The text behind it.
        recorded: Claims of the metric that the sentence names.
    """
    listed = _LISTED.match(behind)
    clause = f"{before} {NUMBERLESS} {_CLAUSE.split(behind[listed.end() :] if listed else behind, maxsplit=1)[0]}"
    called = _CALLED.match(behind) is not None  # then it is no value, but what a value follows
    columns = dict.fromkeys(claim.group for claim in recorded if claim.group)
    general = _GENERAL.search(clause) is not None or any(_has(clause, column) for column in columns)
    known = ((claim, group) for claim in recorded for group in claim.groups)
    for whole, group in islice(known, MOST_GROUPS_OF_ALL):
        name = group.name.strip()
        if (called and number == name) or _names(clause, name):
            return True
        if general and agrees_with(number, percent, _alone(whole, group)):
            return True
    return False


def _names(clause: str, name: str) -> bool:
    """Whether a clause names a group; one that is called by a number only where the clause says what is numbered."""
    if len(name) >= SHORTEST and re.search(r"[^\W\d_]", name):
        return _has(clause, name)
    return (
        bool(name) and re.search(rf"(?:{_NUMBERED}\s*|[|(]\s*){_word(name)}|{_word(name)}\s*[:=|]", clause) is not None
    )


def _has(clause: str, name: str) -> bool:
    folded = name.casefold()
    return folded in clause.casefold() and re.search(_word(folded), clause.casefold()) is not None


def _word(name: str, *, inflected: bool = False) -> str:
    """A pattern of a name by itself, and if asked for in the plural and in quotation marks."""
    called = rf"{re.escape(name)}(?:'?s)?[\"'\u201d\u2019]?" if inflected else re.escape(name)
    return rf"(?<![\w-]){called}(?![\w-])"


def _alone(claim: Claim, group: GroupValue) -> Claim:
    """The claim as if its group were all there is."""
    return claim.model_copy(update={"value": group.value, "groups": ()})


def _column(claims: Sequence[Claim]) -> str:
    named = next((claim.group for claim in claims if claim.group), None)
    return named or "group"


def _groups(claims: Sequence[Claim]) -> dict[str, list[tuple[Claim, GroupValue]]]:
    """Every group that a text can name, with its numbers; by a number alone none can be named."""
    found: dict[str, list[tuple[Claim, GroupValue]]] = {}
    for claim in claims:
        for group in claim.groups[:MOST_GROUPS]:
            name = _JOINED.sub(" ", group.name.strip())
            if len(name) >= SHORTEST and re.search(r"[^\W\d_]", name):
                found.setdefault(name.casefold(), []).append((claim, group))
    return found


def _said(
    text: str, name: str, others: Sequence[str], recorded: Sequence[tuple[Claim, GroupValue]], path: str
) -> Iterator[Said]:
    """Numbers that one sentence gives for a group."""
    if _OTHER.search(text) or name not in text.casefold():
        return
    metrics = {found[0].casefold() for found in METRIC.finditer(text)}
    known = {word for claim, _ in recorded for word in words_of(claim)}
    if metrics and not metrics <= known:
        return  # of which metric a number is cannot be told
    if _is_listed(text, name, others) or (not metrics and _QUANTITY.search(text)):
        return
    plain = not _foreign(text, (name, *others, *(claim.group or "" for claim, _ in recorded)))
    if not metrics and not plain:
        return  # an unknown word may be the quantity
    shares = all(-1 <= group.value <= 1 for _, group in recorded)
    for found in _found(text, name, others, metrics):
        behind_it = text[found.end("percent") if found["percent"] else found.end("number") :]
        before_it = text[: found.start("number")]
        if _COUNTED.match(behind_it) or _TEST.search(before_it) or _AND.search(before_it[-LONGEST_NUMBER:]):
            continue
        fraction = bool(re.search(r"[.,]\d", found["number"]))
        if metrics and (fraction or bool(found["percent"]) or not shares):
            yield Said(found["number"], found["percent"] or "", sure=plain)
        elif not metrics and path in NUMBERS_ONLY and fraction and not found["percent"]:
            yield Said(found["number"], "", sure=False)


def _foreign(text: str, names: Sequence[str]) -> bool:
    """Whether a sentence holds words that are neither common ones nor of metrics, groups and their columns."""
    known = {word for name in names for word in _WORDS.findall(name.casefold())}
    rest = METRIC.sub(" ", text)
    return any(
        word not in _COMMON and word.removesuffix("s") not in known and word not in known
        for word in _WORDS.findall(rest.casefold())
    )


def _is_listed(text: str, name: str, others: Sequence[str]) -> bool:
    """Whether a group stands in a row of names, whose numbers stand elsewhere: ``male/female``, ``for male and female``."""
    ends = "|".join(map(_word, sorted((other for other in others if other in text.casefold()), key=len, reverse=True)))
    row = r"\s*(?:/|&|,|,?\s*\b(?:and|or|vs\.?|versus)\b)\s*(?:(?:for|on|the)\s+)*"
    word = _word(name, inflected=True)
    found = re.search(rf"{word}{row}(?:{ends})|(?:{ends})(?:'?s)?{row}{word}", text, re.IGNORECASE) if ends else None
    return found is not None


def _found(text: str, name: str, others: Sequence[str], metrics: Collection[str]) -> list[re.Match[str]]:
    """Where a number stands for a group: in front of its name, else behind it."""
    if len(name) <= WORDS_TOO:
        marked = rf"{_word(name)}\s*[:=|][\s|]*{_VALUE}", rf"{_VALUE}\s*\(\s*{_word(name)}\s*\)"
        return [found for pattern in marked for found in re.finditer(pattern, text, re.IGNORECASE)]
    word = _word(name, inflected=True)
    metric = rf"(?:{'|'.join(map(re.escape, sorted(metrics)))})" if metrics else r"(?!)"
    ahead = rf"{_VALUE}\s*(?:{metric}\s*)?(?:(?:for|on|among|in)\s+(?:the\s+)?{word}|\(\s*{word}\s*\))"
    sure = [*re.finditer(ahead, text, re.IGNORECASE)]  # of "0.4 on A, 0.2 on B" the number before is A's
    beside = [*re.finditer(rf"{_VALUE}[\s|]*{word}", text, re.IGNORECASE)]
    if sure or not beside:
        return sure or [
            *re.finditer(rf"{word}(?:{_FREE}|\b{metric}\b){{0,{MOST_BETWEEN}}}{_VALUE}", text, re.IGNORECASE)
        ]
    row = [found for other in others for found in re.finditer(rf"{_VALUE}\s*{_word(other)}", text, re.IGNORECASE)]
    whole = {round(sum(sum(readings(found["number"])[:1]) for found in (*beside[:1], *row)), 3)} if row else {1}
    return [] if whole & {1, 100} else beside  # one alone, or shares of the whole, may be how many there are
