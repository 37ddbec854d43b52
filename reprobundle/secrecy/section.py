"""What a manifest says of the secrets that were met at capture: where, and by which rule, never what."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from reprobundle.records import Record

AS_COMMITTED = " as committed"  # of a line that is in the patch because it is gone
SOURCE = "code/source/"
PATCH = "code/uncommitted.patch"
CUT_OUT = "…"  # stands in a path where the path itself holds a secret
_MEANT_OTHERWISE = re.compile(r"[*?\[]")  # by a pattern; in brackets each stands for itself


class Allowance(Record):
    """One thing that is let through.

    Attributes:
        rule: The rule's name.
        path: The file it may stand in, as the finding names it; ``*`` and ``?`` stand for any letters.
    """

    rule: str
    path: str

    def covers(self, rule: str, path: str) -> bool:
        """Whether it lets a rule's finding in a file through; a source file goes by its path in the project, too."""
        plain = path.removesuffix(AS_COMMITTED)
        return self.rule == rule and any(
            fnmatchcase(one, self.path) for one in (path, plain, plain.removeprefix(SOURCE))
        )


def pattern(rule: str, path: str) -> str:
    """What lets a finding through, as ``RULE:PATH``: a file as it is and as it was committed go by one name."""
    return f"{rule}:{_MEANT_OTHERWISE.sub(lambda found: f'[{found[0]}]', path.removesuffix(AS_COMMITTED))}"


class Leak(Record):
    """A secret that was met.

    Attributes:
        rule: The rule that knows it.
        path: The file, by its path in the project or in the bundle; a value of the manifest by its JSON pointer after
            ``manifest.json``.
        line: The line, from 1; None where there is none to name.
    """

    rule: str
    path: str
    line: int | None = None


class Section(Record):
    """Secrets that were met at capture.

    Attributes:
        allowed: What the person let through.
        left_out: What is not in the bundle: the file that holds it, or the value.
    """

    allowed: tuple[Allowance, ...] = ()
    left_out: tuple[Leak, ...] = ()
