"""All that keys and tokens look like, in the order in which they are looked for.

The letters of a rule are looked for first, in lower case, which is a hundred times as fast as the pattern: an ordinary
file meets few patterns.
"""

from __future__ import annotations

from reprobundle.secrecy.logins import LOGINS
from reprobundle.secrecy.services import SERVICES

RULES = (*SERVICES, *LOGINS)
