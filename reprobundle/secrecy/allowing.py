"""What a person allows to travel although a rule calls it a secret: ``RULE:PATH``."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from difflib import get_close_matches

from reprobundle.errors import UsageError
from reprobundle.secrecy import assignments
from reprobundle.secrecy.rules import RULES
from reprobundle.secrecy.section import Allowance, pattern

LIBRARY = "library-"  # names of rules of another library begin so
NAMES = (*(rule.name for rule in RULES), assignments.NAME)


def argument(rule: str, path: str) -> str:
    """What lets a finding through when it is typed after ``--allow``, with quotes where a shell needs them."""
    return shlex.quote(pattern(rule, path))


def allowances(texts: Iterable[str]) -> tuple[Allowance, ...]:
    """Read what a person typed, sorted, each once.

    Raises:
        UsageError: One is not of the form ``RULE:PATH``, or there is no such rule.
    """
    return tuple(sorted({_allowance(text) for text in texts}, key=lambda one: (one.rule, one.path)))


def _allowance(text: str) -> Allowance:
    rule, colon, path = text.partition(":")
    if not colon or not rule or not path:
        raise UsageError(
            f"allow: expected RULE:PATH, found {text!r}", hint="as a finding names both: hub-token:train.py"
        )
    if rule not in NAMES and not rule.startswith(LIBRARY):
        near = get_close_matches(rule, NAMES, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"the rules are {', '.join(NAMES)}"
        raise UsageError(f"allow: there is no rule {rule!r}", hint=hint)
    return Allowance(rule=rule, path=path)
