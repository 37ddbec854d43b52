"""What a manifest says of the secrets that were met at capture: where, and by which rule, never what."""

from __future__ import annotations

from reprobundle.records import Record
from reprobundle.secrecy.allowing import Allowance


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
