"""Hyperparameters in people's own sentences beside the recorded ones: epochs, learning rate, batch size, seed, and any by name.

Nothing is told unless none of the numbers that a text gives for a thing agrees. A mention that is of a part (a warm-up of 5
epochs), of another model or of a search is no statement about the whole, and is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from reprobundle.linting.lints import Lint
from reprobundle.linting.prose import NUMBER, WORDS, readings, sentences
from reprobundle.linting.rules import in_card
from reprobundle.linting.subject import Subject
from reprobundle.manifest import Manifest
from reprobundle.phrases import some
from reprobundle.records import Json

PATHS = (
    "description", "training.hyperparameters", "training.procedure", "training.regularisation", "training.architecture",
    "evaluation.runs", "compute.time",
)  # fmt: skip
NAMED_PATHS = ("training.hyperparameters", "training.procedure", "training.regularisation")
MOST_VALUES, MOST_DEPTH = 1_000, 8
MOST_SEED = 2**32  # torch's own first seed is larger: nobody chose it
SHOWN = 3
HINT = "correct the text, or leave the value out"
PLAIN = frozenset(
    {"dropout", "momentum", "weight_decay", "alpha", "gamma", "temperature", "eps"}
)  # named without = or :

_IS = r"\s*(?:=|:|,|\(|\b(?:of|is|was|were|at|to|set to|set at|fixed at|fixed to|kept at|constant at|starts? at|starting at|value)\b)?"
_IS += r"\s*(?:\babout\b|\baround\b|~)?\s*"
_MORE = rf"(?P<more>(?:\s*(?:,|/|\bor\b|\band\b|\bto\b|\u2013|-)\s*{NUMBER})*)"
_OTHERS = (
    r"baseline|previous|earlier|pre-?train|original|paper|teacher|tried|compared|\bsearch|among|grid|sweep|chosen from|instead|ablation"
    r"|default|unlike|not\b|never|n't"
)
_LIST = re.compile(rf"{NUMBER}\s*(?:\bor\b|\band\b|\bto\b|,|/|\u2013)\s*$")
_CLAUSE = re.compile(r"[.;:,!?](?!\d)|\bthen\b")


@dataclass(frozen=True)
class Quantity:
    """A number that sentences name in a way of their own.

    Attributes:
        name: What it is called.
        mention: How it is mentioned, the number as the group ``number``, further ones of a list as ``more``.
        keys: Which hyperparameters are it, by their name in small letters.
        before: Words before a mention, in its clause, by which it is of something else.
        after: Words right behind it, likewise.
        paths: Where it is looked for.
    """

    name: str
    mention: re.Pattern[str]
    keys: re.Pattern[str]
    before: re.Pattern[str]
    after: re.Pattern[str]
    paths: tuple[str, ...] = PATHS


def _ignoring_case(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


QUANTITIES = (
    Quantity(
        "epochs",
        _ignoring_case(rf"(?P<number>{NUMBER}|\b(?:{'|'.join(WORDS)})\b)(?:\s+(?:full|training|whole|complete))?[\s-]+epochs?\b(?P<more>)"
                       rf"|\b(?:n_|num_|max_)?epochs\s*(?:=|:)\s*(?P<other>{NUMBER})"),
        re.compile(r"(n|num|number_of|max|train|training|num_train|total|nb)?_?epochs?|last_epoch|t_max"),
        _ignoring_case(rf"warm|patience|fro[sz]e|freez|first|last|initial|every|each|\bper\b|early|without|after|until|before|best|stop"
                       rf"|plateau|decay|halv|drop|reduc|anneal|restart|cycle|wait|another|further|additional|more than|less than|fewer"
                       rf"|than\b|up to|at least|at most|max\b|maximum|limit|budget|between|within|checkpoint|\bsav|evaluat|validat|monitor|burn|one epoch|by epoch"
                       rf"|at epoch|from epoch|nearly|about|around|roughly|some\b|{_OTHERS}"),
        _ignoring_case(r"\s*(of (warm|patience|cool|pre-?train|frozen|fine)|without|later|each|per\b|before|with no|in a row|frozen|apart"
                       r"|earlier|ago|on the|of the (head|first|encoder)|warm|for the (head|first|encoder|backbone)|to (warm|wait)|took|takes"
                       r"|(was|were|is|are) (tried|enough|too|not|worse|better))"),
    ),
    Quantity(
        "batch size",
        _ignoring_case(rf"\bbatch[\s_-]?sizes?{_IS}(?P<number>{NUMBER}){_MORE}|\bbatches of (?P<other>{NUMBER})(?!\s*batches)"),
        re.compile(r"(.*_)?(batch_?size|bs)(_.*)?|batch|.*per_device.*batch.*"),
        _ignoring_case(rf"\beval|valid|\btest|inference|predict|measur|timed|{_OTHERS}"),
        _ignoring_case(r"\s*(at|for|in|during) (inference|evaluation|test|validation|prediction)"),
    ),
    Quantity(
        "learning rate",
        _ignoring_case(rf"\b(?:learning[\s_-]?rates?|lr|step[\s-]size){_IS}(?P<number>{NUMBER}){_MORE}(?P<other>)"),
        re.compile(r"(.*_)?(lr|learning_?rate|lrs|step_?size)s?(_.*)?"),
        _ignoring_case(rf"decay|final|\bmin|\bend|warm|drop|lower|higher|discriminat|layer-?wise|\bhead|encoder|decoder|backbone|embedding"
                       rf"|fine-?tun|divid|multipl|reduc|halv|factor|range|between|finder|peak|{_OTHERS}"),
        _ignoring_case(r"\s*(%|percent|times\b|x\b|for the (head|encoder|decoder|backbone|bias|first|last)|at the end|in the end)"),
    ),
    Quantity(
        "seed",
        _ignoring_case(rf"(?<![\w-])(?:random[\s_-])?(?:seed|random[\s_-]state){_IS}(?P<number>{NUMBER}){_MORE}(?P<other>)"),
        re.compile(r"(.*_)?seeds?(_.*)?|random_state"),
        _ignoring_case(rf"other|another|second|different|each|split|sampl|shuffl|augment|drawn?|bootstrap|fold|held|quarter|strat|{_OTHERS}"),
        _ignoring_case(r"\s*(for (the )?(split|bootstrap|sampl|shuffl|augment)|was tried|to split)"),
        tuple(path for path in PATHS if path != "compute.time"),
    ),
)  # fmt: skip
_NOT_THIS = _ignoring_case(rf"norm|average|\bema\b|second|other|{_OTHERS}")
_SEVERAL = _ignoring_case(
    r"\bseeds\b|\b(?:[2-9]|\d{2,}|two|three|four|five|six|seven|eight|nine|ten|twenty|several|many)\s+(?:\w+\s+)?(?:runs|times|repeats|repetitions)\b"
)
_MULTIPLIED = re.compile(r"accumulat|per_device|per_gpu|micro|world_size|devices|gpus|ranks")
_WHOLE = _ignoring_case(r"effective|total|global|overall|accumulat|gpus?\b|devices")


def hyperparameters(subject: Subject, manifest: Manifest) -> Iterator[Lint]:
    """Everything that a text says otherwise of how the model was trained."""
    values = list(islice(_flat(manifest.hyperparameters.values), MOST_VALUES))
    for quantity in QUANTITIES:
        known = tuple(dict.fromkeys(_known(quantity, values, manifest)))
        for path in quantity.paths if known else ():
            yield from _compared(subject, path, quantity, known, _agreement(quantity, values))
    for path in NAMED_PATHS:
        yield from _by_name(subject, path, values)


def _flat(values: Mapping[str, Json], depth: int = 0) -> Iterator[tuple[str, float]]:
    """Every number among the values, by its own name."""
    for name, value in values.items():
        if isinstance(value, dict) and depth < MOST_DEPTH:
            yield from _flat(value, depth + 1)
        elif isinstance(value, list):
            yield from (
                (name, float(one)) for one in value if isinstance(one, int | float) and not isinstance(one, bool)
            )
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield name, float(value)


def _known(quantity: Quantity, values: Iterable[tuple[str, float]], manifest: Manifest) -> Iterator[float]:
    """What was recorded of it, wherever it stands."""
    section = manifest.hyperparameters
    own = [value for name, value in values if quantity.keys.fullmatch(name.casefold())]
    yield from own
    if quantity.name == "learning rate":
        groups = [dict(group.options) for one in section.optimizers for group in one.groups]
        for options in (*groups, *(one.values for one in section.schedulers)):
            yield from (value for name, value in _flat(options) if quantity.keys.fullmatch(name.casefold()))
    if quantity.name == "epochs" and own:
        for one in section.schedulers:
            yield from (value for name, value in _flat(one.values) if quantity.keys.fullmatch(name.casefold()))
    if quantity.name == "seed":
        seeds = (*section.seeds.values(), *section.seeds_at_begin.values())
        yield from (float(seed) for seed in seeds if isinstance(seed, int) and seed < MOST_SEED)
        if section.seeding is not None:
            yield float(section.seeding.seed)
        splitting = manifest.data.splitting
        if splitting is not None and splitting.seed is not None:
            yield float(splitting.seed)


def _agreement(quantity: Quantity, values: Iterable[tuple[str, float]]) -> Callable[[float, float, str], bool]:
    """When a number said is the recorded one: a batch of several steps or devices is a multiple."""
    multiplied = quantity.name == "batch size" and any(_MULTIPLIED.search(name.casefold()) for name, _ in values)

    def agrees(said: float, known: float, before: str) -> bool:
        whole = quantity.name == "batch size" and (multiplied or _WHOLE.search(before) is not None)
        return is_value(said, known) or (whole and known > 0 and said % known == 0)

    return agrees


def is_value(said: float, known: float) -> bool:
    """Whether two numbers are the same one."""
    return abs(said - known) <= 1e-9 * max(abs(known), 1e-9) + 1e-15


def _compared(
    subject: Subject,
    path: str,
    quantity: Quantity,
    known: tuple[float, ...],
    agrees: Callable[[float, float, str], bool],
) -> Iterator[Lint]:
    text = sentences(subject, path)
    if quantity.name == "seed" and _SEVERAL.search(text):
        return  # further runs are no other statement about this one
    if _is_there(text, known) or (quantity.name == "epochs" and _is_sum(quantity.mention.finditer(text), known)):
        return
    other: str | None = None
    for found in quantity.mention.finditer(text):
        before = _CLAUSE.split(text[: found.start()][-80:])[-1]
        numbers = [found["number"] or found["other"], *re.findall(NUMBER, (found.groupdict().get("more") or ""))]
        meant = [value for number in numbers for value in readings(number)]
        if not meant or any(agrees(value, one, before) for value in meant for one in known):
            if meant:
                return
            continue
        if quantity.before.search(before) or quantity.after.match(text[found.end() :]) or _LIST.search(before):
            continue
        other = other or found[0].strip(" ,(")
    if other is not None:
        told = some([f"{value:.12g}" for value in known], SHOWN)
        message = f"{path} says {other!r}, recorded is {quantity.name} {told}"
        yield in_card(subject, "hyperparameters-differ", path, message, hint=HINT)


def _is_there(text: str, known: tuple[float, ...]) -> bool:
    """Whether the recorded number stands in the text at all, whatever the sentence is made like: `10 would do, 30 were used`."""
    return any(
        is_value(value, one) for found in re.finditer(NUMBER, text) for value in readings(found[0]) for one in known
    )


def _is_sum(mentions: Iterable[re.Match[str]], known: tuple[float, ...]) -> bool:
    """Whether phases that are told one by one make the whole."""
    said = [readings(found["number"] or found["other"]) for found in mentions]
    return any(is_value(sum(values[0] for values in said if values), one) for one in known)


def _by_name(subject: Subject, path: str, values: Iterable[tuple[str, float]]) -> Iterator[Lint]:
    """Further hyperparameters, called by the very name they were recorded under."""
    text = sentences(subject, path)
    plain = _spelled_plainly(text)
    known: dict[str, list[float]] = {}
    for name, value in values:
        if (
            len(name) > 1
            and _spelled_plainly(name) in plain
            and not any(quantity.keys.fullmatch(name.casefold()) for quantity in QUANTITIES)
        ):
            known.setdefault(name, []).append(value)
    for name, recorded in known.items():
        spelled = re.escape(name).replace("_", r"[\s_-]")
        between = r"(?:=|:|\bof\b|\bis\b|\bwas\b)?" if name in PLAIN or "_" in name else r"(?:=|:)"
        pattern = rf"(?<![\w.-]){spelled}\s*{between}\s*({NUMBER})(?!\s*%)"
        mentions = [found for found in re.finditer(pattern, text, re.IGNORECASE) if not _is_other(text, found)]
        said = [found[1] for found in mentions]
        meant = [value for number in said for value in readings(number)]
        if meant and not _is_there(text, tuple(recorded)):
            told = some([f"{value:.12g}" for value in dict.fromkeys(recorded)], SHOWN)
            message = f"{path} says {name} {said[0]}, recorded is {told}"
            yield in_card(subject, "hyperparameters-differ", path, message, hint=HINT)


def _spelled_plainly(text: str) -> str:
    """Small letters, the same sign wherever a name may have a blank, a hyphen or an underscore: to find it fast."""
    return re.sub(r"[\s_-]", "_", text.casefold())


def _is_other(text: str, found: re.Match[str]) -> bool:
    """Whether a mention is of another layer's, model's or run's setting of the same name."""
    before = _CLAUSE.split(text[: found.start()][-80:])[-1]
    return _NOT_THIS.search(before) is not None
