"""What was met at the gate: each secret by its rule and place, never itself."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from reprobundle.phrases import some
from reprobundle.secrecy.allowing import SOURCE, Allowance
from reprobundle.secrecy.decoding import MAX_BYTES
from reprobundle.secrecy.searching import Further, Hit, search
from reprobundle.secrecy.section import Leak, Section

SHOWN = 20
IN_NAME = "a name"


@dataclass
class Gate:
    """Looks at bytes before they go into a bundle, and remembers what it met.

    Attributes:
        allowed: What the person lets through.
        further: More rules, of another library.
        used: The allowances that let something through.
        seconds: How long it may search in all: what comes later is not searched, and told as such.
        unsearched: How many bytes were not searched, by path.
    """

    allowed: tuple[Allowance, ...] = ()
    further: Sequence[Further] = ()
    used: set[Allowance] = field(default_factory=set)
    seconds: float = float("inf")
    unsearched: dict[str, int] = field(default_factory=dict)
    _met: dict[Leak, None] = field(default_factory=dict)
    _spent: float = 0.0

    @property
    def leaks(self) -> tuple[Leak, ...]:
        """What was met and not allowed, by path, line and rule."""
        return tuple(sorted(self._met, key=lambda leak: (leak.path, leak.line or 0, leak.rule)))

    @property
    def section(self) -> Section | None:
        """What the manifest says of it; None where there is nothing to say."""
        if not (self.used or self._met):
            return None
        allowed = tuple(sorted(self.used, key=lambda one: (one.rule, one.path)))
        return Section(allowed=allowed, left_out=self.leaks)

    def look(self, path: str, content: bytes, *, size: int | None = None) -> tuple[Hit, ...]:
        """The secrets in some bytes that are not allowed, remembered under a path.

        Args:
            path: The file as a person is told of it; source files go by their path in the project.
            content: Its bytes, or the first of them.
            size: How many it has in all, where that is more.
        """
        late = self._spent > self.seconds
        beyond = (size or len(content)) - (0 if late else min(len(content), MAX_BYTES))
        if beyond > 0:
            self.unsearched[path] = beyond
        return () if late else tuple(hit for hit in self._search(path, content) if self.meets(hit, path))

    def _search(self, path: str, content: bytes) -> tuple[Hit, ...]:
        begun = time.monotonic()
        try:
            return search(content, path, further=self.further)
        finally:
            self._spent += time.monotonic() - begun

    def meets(self, hit: Hit, path: str, *, line: int | None = None) -> bool:
        """Whether a secret is not allowed, and then remember it.

        Args:
            hit: What was found.
            path: Where it is told to stand.
            line: The line, where the hit does not know it.
        """
        covering = next((one for one in self.allowed if one.covers(hit.rule, path)), None)
        if covering is not None:
            self.used.add(covering)
            return False
        self._met[Leak(rule=hit.rule, path=path, line=hit.line if line is None else line)] = None
        return True

    def name_leaks(self, path: str) -> bool:
        """Whether a path itself holds a secret that is not allowed; it is remembered without it."""
        hits = search(path.encode("utf-8", "surrogateescape"), "name.txt", further=self.further)
        met = [self.meets(hit, shown_name(path, hits)) for hit in hits]  # each is remembered
        return any(met)


def shown_name(path: str, hits: Sequence[Hit]) -> str:
    """A path with what was found in it cut out."""
    for hit in sorted(hits, key=lambda hit: hit.start or 0, reverse=True):
        path = IN_NAME if hit.start is None else f"{path[: hit.start]}…{path[hit.end :]}"
    return path


def reason(hits: Sequence[Hit]) -> str:
    """Why a file stays out: which lines hold which secrets, such as ``holds secrets: line 3 (hub-token)``."""
    told = [f"line {hit.line} ({hit.rule})" if hit.line else f"({hit.rule})" for hit in hits]
    return f"holds secrets: {some(list(dict.fromkeys(told)), SHOWN)}"


def told(leak: Leak) -> str:
    """A finding in one line, such as ``train.py, line 3: hub-token``."""
    return f"{leak.path}, line {leak.line}: {leak.rule}" if leak.line else f"{leak.path}: {leak.rule}"


def plain_path(path: str) -> str:
    """A path of a bundle as the person knows it: source files by their path in the project."""
    return path.removeprefix(SOURCE)
