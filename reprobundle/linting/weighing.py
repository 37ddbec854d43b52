"""Does an answer answer? What stands for an answer without being one is named as such."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from reprobundle.components.documentation.unanswered import MOST_CHARACTERS, plainly
from reprobundle.linting.placeholders import placeholder
from reprobundle.phrases import counted

Credit = Literal[0, 1, 2]  # halves of a full answer
NONE: Credit = 0
HALF: Credit = 1
FULL: Credit = 2

_WORD = re.compile(r"[^\W_]+(?:['\u2019.\-/@][^\W_]+)*")
_UNSPACED = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f]"
)  # scripts that put no blanks between words
_UNSPACED_WORD = 2  # characters
MARK = re.compile(r"\[left out: [\w-]{1,60}\]")  # as `secrecy.values.marker` writes it
LONGEST = 80  # characters of an answer that is told as a whole
_BARE = re.compile(
    r"(n\s?/?\s?a|none|no|yes|nil|nothing|not applicable|not relevant|irrelevant|unknown|not known|not available|null|undefined)"
)


@dataclass(frozen=True)
class Weakness:
    """Why an answer does not count in full.

    Attributes:
        rule: The rule that it breaks.
        words: What is wrong, in words.
        credit: What it counts, in halves.
        hint: The way out.
    """

    rule: Literal["placeholder", "left-out", "weak", "repeated"]
    words: str
    credit: Credit
    hint: str


def weigh(answer: str, *, path: str, asks: str, least: int) -> Weakness | None:
    """What is weak in an answer; None where it answers.

    Args:
        answer: The answer, not blank.
        path: The field.
        asks: The question.
        least: Fewest words of an answer that says enough.
    """
    mark = MARK.search(answer[:MOST_CHARACTERS])
    if mark is not None:
        words = f"{mark[0]!r} stands where a secret stood"
        return Weakness("left-out", words, NONE, f"write it again without the secret; asked is: {asks}")
    plain = plainly(answer)
    stands_for = placeholder(answer, path)
    if stands_for is not None:
        return Weakness("placeholder", f"{_told(answer, stands_for)} is a placeholder", NONE, f"answer: {asks}")
    if not plain or _BARE.fullmatch(plain[:MOST_CHARACTERS]):
        hint = f"say why, as in 'n/a: no people are in the data'; asked is: {asks}"
        return Weakness("weak", f"{_shown(answer)} gives no reason", NONE, hint)
    if plain in {plainly(asks), plainly(path), plainly(path.rpartition(".")[2])}:
        return Weakness("repeated", f"{_shown(answer)} repeats the question", NONE, f"answer: {asks}")
    found = words_of(answer)
    if found < least:
        words = f"{_shown(answer)} has {counted(found, 'word')}, too few to say it"
        return Weakness("weak", words, HALF, f"at least {least} are asked for: {asks}")
    return None


def words_of(text: str) -> int:
    """How many words a text has; where a script puts no blanks between words, two characters count as one."""
    unspaced = len(_UNSPACED.findall(text))
    return len(_WORD.findall(_UNSPACED.sub(" ", text))) + unspaced // _UNSPACED_WORD


def same_words(text: str) -> str:
    """What two answers have in common that say the same in the same words."""
    return plainly(text)


def _told(answer: str, piece: str) -> str:
    """The answer; where that is long, the piece of it."""
    return _shown(answer if len(answer) <= LONGEST else piece.strip())


def _shown(answer: str) -> str:
    return f"{' '.join(answer.split())!r:.80}"
