"""What was met at the gate: each secret by its rule and place, never itself."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import xxhash

from reprobundle.phrases import some
from reprobundle.secrecy.allowing import argument
from reprobundle.secrecy.searching import Further, Hit, Marker, search
from reprobundle.secrecy.section import AS_COMMITTED, CUT_OUT, PATCH, SOURCE, Allowance, Leak, Section
from reprobundle.secrecy.unpacking import MAX_BYTES, Packed

SHOWN = 20


@dataclass
class Gate:
    """Looks at bytes before they go into a bundle, and remembers what it met.

    Attributes:
        allowed: What the person lets through.
        further: More rules, of another library.
        used: The allowances that let something through.
        seconds: How long it may search in all: what comes later is not searched, and told as such.
        unsearched: How many bytes were not searched, by path; 0 where something within a packed file was not read.
    """

    allowed: tuple[Allowance, ...] = ()
    further: Sequence[Further] = ()
    used: set[Allowance] = field(default_factory=set)
    seconds: float = float("inf")
    unsearched: dict[str, int] = field(default_factory=dict)
    _met: dict[Leak, set[bytes | None]] = field(default_factory=dict, repr=False)
    _let: dict[bytes, Allowance] = field(default_factory=dict, repr=False)
    _marker: Marker = field(default_factory=Marker, repr=False)
    _known: dict[tuple[str, bytes], tuple[Hit, ...]] = field(default_factory=dict, repr=False)
    _cut: set[tuple[str, bytes]] = field(default_factory=set, repr=False)
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

    @property
    def arguments(self) -> tuple[str, ...]:
        """What would let all through that was met, for a shell: a secret that stands in many places is named once."""
        found: dict[str, None] = {}
        seen: set[bytes | None] = set()
        for leak, marks in self._met.items():
            if None in marks or not marks <= seen:
                found[argument(leak.rule, leak.path)] = None
                seen |= marks
        return tuple(found)

    def ahead(self) -> Gate:
        """A gate that looks at the same things first: it knows the same secrets, and remembers for itself what it meets."""
        return replace(self, used=set(), unsearched={}, _met={})

    def share_time(self, other: Gate) -> None:
        """Count the time that another gate has taken since it came from this one."""
        self._spent = max(self._spent, other._spent)

    def settle(self) -> None:
        """Forget what is allowed elsewhere, for a gate that has looked at everything and left nothing out."""
        self._met = {leak: marks for leak, marks in self._met.items() if None in marks or not marks <= {*self._let}}

    def look(self, path: str, content: bytes, *, size: int | None = None) -> tuple[Hit, ...]:
        """The secrets in some bytes that are not allowed, remembered under a path.

        Args:
            path: The file as a person is told of it; source files go by their path in the project.
            content: Its bytes, or the first of them.
            size: How many it has in all, where that is more.
        """
        late = self.is_late
        beyond = (size or len(content)) - (0 if late else min(len(content), MAX_BYTES))
        if beyond > 0:
            self.unsearched[path] = beyond
        found = () if late else self.search(path, content)
        if _key(path, content) in self._cut:
            self.unsearched.setdefault(path, 0)
        return tuple(hit for hit in found if self.meets(hit, path))

    @property
    def is_late(self) -> bool:
        """Whether the time for searching is over."""
        return self._spent > self.seconds

    def search(self, path: str, content: bytes) -> tuple[Hit, ...]:
        """The secrets in some bytes, allowed or not; the time it takes is counted, and the same bytes are searched once.

        Args:
            path: What they are called: the ending tells code from configuration.
            content: The bytes.
        """
        key = _key(path, content)
        found = self._known.get(key)
        if found is None:
            packed = Packed()
            with self.timed():
                found = search(content, path, further=self.further, marker=self._marker, packed=packed)
            self._known[key] = found
            if packed.is_cut:
                self._cut.add(key)
        return found

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Count what is done here as searching."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self._spent += time.monotonic() - begun

    def meets(self, hit: Hit, path: str, *, line: int | None = None) -> bool:
        """Whether a secret is not allowed, here or in any place before, and then remember it.

        Args:
            hit: What was found.
            path: Where it is told to stand.
            line: The line, where the hit does not know it.
        """
        covering = next((one for one in self.allowed if one.covers(hit.rule, path)), None)
        covering = covering or self._let.get(hit.mark or b"")
        if covering is None:
            leak = Leak(rule=hit.rule, path=path, line=hit.line if line is None else line)
            self._met.setdefault(leak, set()).add(hit.mark)
            return True
        self.used.add(covering)
        if path.endswith(AS_COMMITTED):  # when the bundle is looked at later, only the patch has it
            self.used.add(Allowance(rule=hit.rule, path=PATCH))
        if hit.mark is not None:
            self._let.setdefault(hit.mark, covering)
        return False

    def name_leaks(self, path: str) -> bool:
        """Whether a path itself holds a secret that is not allowed; it is remembered without it."""
        hits = self.search("name.txt", path.encode("utf-8", "surrogateescape"))
        shown = shown_name(path, hits)
        met = [self.meets(replace(hit, line=None), shown) for hit in hits]  # each is remembered
        return any(met)


def _key(path: str, content: bytes) -> tuple[str, bytes]:
    return path.rpartition("/")[2], xxhash.xxh3_128_digest(content)


def shown_name(path: str, hits: Sequence[Hit]) -> str:
    """A path with what was found in it cut out."""
    for hit in sorted(hits, key=lambda hit: hit.start or 0, reverse=True):
        path = CUT_OUT if hit.start is None else f"{path[: hit.start]}{CUT_OUT}{path[hit.end :]}"
    return path


def reason(hits: Sequence[Hit]) -> str:
    """Why a file stays out: which lines hold which secrets, such as ``holds secrets: line 3 (hub-token)``."""
    told = [f"line {hit.line} ({hit.rule})" if hit.line else f"({hit.rule})" for hit in hits]
    return f"holds secrets: {some(list(dict.fromkeys(told)), SHOWN)}"


def told(leak: Leak) -> str:
    """A finding in one line, such as ``train.py, line 3: hub-token``."""
    if leak.line:
        return f"{leak.path}, line {leak.line}: {leak.rule}"
    return f"{leak.path}: {leak.rule}{', in its name' if CUT_OUT in leak.path else ''}"


def plain_path(path: str) -> str:
    """A path of a bundle as the person knows it: source files by their path in the project."""
    return path.removeprefix(SOURCE)
