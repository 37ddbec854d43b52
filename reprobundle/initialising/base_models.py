"""What a model was made from: a name on the Hub where the source shows that it is one, else a question.

``from_pretrained`` takes names on the Hub, folders and checkpoints alike. A name counts as the Hub's where it has the form
``owner/name``, or is one of the few that the Hub keeps without an owner, the class that loads it is of a library that loads
from the Hub, and no such folder lies in the project.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reprobundle.initialising.project import Module, keyword, literal

LIBRARIES = frozenset({"diffusers", "peft", "sentence_transformers", "transformers"})
NO_MODELS = ("Config", "Tokenizer", "TokenizerFast", "Processor", "ProcessorFast", "FeatureExtractor", "Scheduler")
OWNERLESS = frozenset(
    """
    albert-base-v2 bert-base-cased bert-base-chinese bert-base-german-cased bert-base-multilingual-cased
    bert-base-multilingual-uncased bert-base-uncased bert-large-cased bert-large-uncased camembert-base ctrl
    distilbert-base-cased distilbert-base-multilingual-cased distilbert-base-uncased distilgpt2 distilroberta-base gpt2
    gpt2-large gpt2-medium gpt2-xl openai-gpt roberta-base roberta-large t5-base t5-large t5-small transfo-xl-wt103
    xlm-roberta-base xlm-roberta-large xlnet-base-cased xlnet-large-cased
    """.split()  # noqa: SIM905  thirty quotes would hide the names
)
OWN = re.compile(
    r"(artefacts?|artifacts?|checkpoints?|ckpts?|exp|experiments?|logs?|models?|outputs?|results?|runs?|saved?|tmp|weights)"
    r"([-_].*)?$",
    re.IGNORECASE,
)
_ON_HUB = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
_STEP = re.compile(r"checkpoint-\d+$|(epoch|step)[-_=]?\d+", re.IGNORECASE)


@dataclass(frozen=True)
class Base:
    """Something that a model is loaded from.

    Attributes:
        name: What stands in the call.
        place: Where, as ``train.py:12``.
        sure: Whether it is a name on the Hub.
    """

    name: str
    place: str
    sure: bool


def bases_of(modules: Sequence[Module], folder: Path) -> Iterator[Base]:
    """What the source loads models from, in the order of the lines.

    Args:
        modules: The project.
        folder: Its folder.
    """
    for module in modules:
        for call in module.calls():
            full = module.full_name(call.func)
            name = _named(call)
            if full.endswith(".from_pretrained") and name is not None and not _is_no_model(full):
                yield Base(name, module.at(call), sure=_is_library(full) and _is_hubs(name, module, folder))


def _named(call: ast.Call) -> str | None:
    given = call.args[0] if call.args else keyword(call, "pretrained_model_name_or_path")
    name = literal(given)
    return name if isinstance(name, str) and name else None


def _is_no_model(full: str) -> bool:
    return full.removesuffix(".from_pretrained").endswith(NO_MODELS)


def _is_library(full: str) -> bool:
    return full.partition(".")[0] in LIBRARIES


def _is_hubs(name: str, module: Module, folder: Path) -> bool:
    """Whether a name can be the Hub's alone: by its form, and as nothing of that name lies in the project."""
    beside = (folder / module.path).parent
    if (folder / name).exists() or (beside / name).exists():
        return False
    if name in OWNERLESS:
        return True
    owner, _, rest = name.partition("/")
    return bool(_ON_HUB.fullmatch(name)) and not OWN.match(owner) and not _STEP.search(rest)
