"""What must not travel in a bundle: keys and passwords, and, as a warning, what tells who somebody is.

`rules` and `assignments` say what a secret looks like, `decoding` what else a file's bytes may say, `searching` finds them
in bytes. `Gate` remembers what was found, and what a person allowed. `values` and `files` take it out of what is sealed.
`names` and `holding` know files by their name, and known secrets by their bytes. Nothing here prints a secret, keeps one or
asks a network.

Reading a manifest needs the section alone; the rest, hundreds of patterns that take time to build, is imported when it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprobundle.deferring import deferred
from reprobundle.secrecy.section import Allowance, Leak, Section

if TYPE_CHECKING:
    from reprobundle.secrecy.allowing import allowances
    from reprobundle.secrecy.gate import Gate, plain_path, reason, told

__all__ = ["Allowance", "Gate", "Leak", "Section", "allowances", "plain_path", "reason", "told"]

__getattr__ = deferred(
    __name__,
    {
        "allowances": "allowing",
        "Gate": "gate",
        "plain_path": "gate",
        "reason": "gate",
        "told": "gate",
    },
)
