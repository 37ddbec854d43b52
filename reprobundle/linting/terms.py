"""What licences ask of whoever shares something made from what they cover; ``docs/linting.md`` has the same table.

These are the few properties in which licences of models, data and code can contradict each other, read from the texts that
are named as sources. They are no legal advice, and a licence that is not here is told as unknown rather than guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

CREATIVE = "https://creativecommons.org/licenses/"
GNU = "https://www.gnu.org/licenses/"
SPDX_PAGES = "https://spdx.org/licenses/"


@dataclass(frozen=True)
class Terms:
    """What a licence asks.

    Attributes:
        attribution: The source must be named.
        non_commercial: Only uses that are not commercial are allowed.
        no_derivatives: Nothing changed may be shared.
        family: What is made from it must carry a licence of this family; empty: any.
        restrictions: Uses that are forbidden must stay forbidden in what is made from it.
        source: Where the text stands.
    """

    attribution: bool = True
    non_commercial: bool = False
    no_derivatives: bool = False
    family: str = ""
    restrictions: bool = False
    source: str = ""


@dataclass(frozen=True)
class Family:
    """Licences that ask the same.

    Attributes:
        name: What the page calls them.
        pattern: Which identifiers, small letters, ``LicenseRef-`` taken off.
        terms: What they ask.
    """

    name: str
    pattern: str
    terms: Terms


FAMILIES = (
    Family(
        "public domain",
        r"cc0-1\.0|unlicense|0bsd|pddl-1\.0|mit-0|wtfpl|cc-pddc",
        Terms(attribution=False, source=SPDX_PAGES + "CC0-1.0.html"),
    ),
    Family(
        "permissive",
        r"mit|apache-(1\.1|2\.0)|bsd-[123]-clause(-clear)?|bsd|isc|zlib|bsl-1\.0|ncsa|postgresql|artistic-2\.0|ecl-2\.0|afl-3\.0"
        r"|python-2\.0|psf-2\.0|cdla-permissive-[12]\.0|odc-by-1\.0|etalab-2\.0|blueoak-1\.0\.0",
        Terms(source=SPDX_PAGES + "Apache-2.0.html"),
    ),
    Family("CC-BY", r"cc-by-\d\.\d(-\w+)?", Terms(source=CREATIVE + "by/4.0/")),
    Family("CC-BY-SA", r"cc-by-sa-\d\.\d(-\w+)?", Terms(family="CC-BY-SA", source=CREATIVE + "by-sa/4.0/")),
    Family("CC-BY-NC", r"cc-by-nc-\d\.\d(-\w+)?", Terms(non_commercial=True, source=CREATIVE + "by-nc/4.0/")),
    Family(
        "CC-BY-NC-SA",
        r"cc-by-nc-sa-\d\.\d(-\w+)?",
        Terms(non_commercial=True, family="CC-BY-NC-SA", source=CREATIVE + "by-nc-sa/4.0/"),
    ),
    Family("CC-BY-ND", r"cc-by-nd-\d\.\d(-\w+)?", Terms(no_derivatives=True, source=CREATIVE + "by-nd/4.0/")),
    Family(
        "CC-BY-NC-ND",
        r"cc-by-nc-nd-\d\.\d(-\w+)?",
        Terms(non_commercial=True, no_derivatives=True, source=CREATIVE + "by-nc-nd/4.0/"),
    ),
    Family("AGPL", r"agpl-[13]\.0(-only|-or-later|\+)?", Terms(family="AGPL", source=GNU + "agpl-3.0.html")),
    Family("GPL", r"gpl-[123]\.0(-only|-or-later|\+)?", Terms(family="GPL", source=GNU + "gpl-3.0.html")),
    Family(
        "weak copyleft",
        r"lgpl-\d\.\d(-only|-or-later|\+)?|mpl-\d\.\d.*|epl-\d\.\d|eupl-1\.[12]|cddl-1\.[01]|osl-3\.0|lppl-1\.3c|ms-pl|ofl-1\.1"
        r"|a?gpl-\d\.\d(-only|-or-later|\+)? with .+",
        Terms(source="https://www.mozilla.org/en-US/MPL/2.0/FAQ/"),
    ),
    Family("ODbL", r"odbl-1\.0", Terms(family="ODbL", source="https://opendatacommons.org/licenses/odbl/1-0/")),
    Family("CDLA-Sharing", r"cdla-sharing-1\.0", Terms(family="CDLA-Sharing", source="https://cdla.dev/sharing-1-0/")),
    Family(
        "OpenRAIL",
        r"(\w+-)*(open)?rail(\+\+|-\w+)?(-m)?(-v?\d[\d.]*)?",
        Terms(restrictions=True, source="https://www.licenses.ai/ai-licenses"),
    ),
    Family(
        "Llama",
        r"(meta-)?llama-?\d?(\.\d)?(-community)?(-license)?",
        Terms(restrictions=True, family="Llama", source="https://www.llama.com/llama3_1/license/"),
    ),
    Family("Gemma", r"gemma", Terms(restrictions=True, source="https://ai.google.dev/gemma/terms")),
)
ACCEPTED = {  # a family that asks for itself, and the others that may follow it, by the licences' own words
    "CC-BY-SA": frozenset({"GPL"}),  # CC-BY-SA 4.0 to GPL-3.0, one way
    "GPL": frozenset({"AGPL"}),  # section 13 of GPL-3.0
}
_REFERENCE = re.compile(r"^licenseref-", re.IGNORECASE)


def family_of(identifier: str) -> Family | None:
    """The family of one licence, such as ``MIT``, ``cc-by-nc-4.0`` or ``LicenseRef-llama3.1``; None where it is unknown."""
    name = _REFERENCE.sub("", identifier).casefold()
    return next((family for family in FAMILIES if re.fullmatch(family.pattern, name)), None)


def together(families: Iterable[Family]) -> tuple[Family, ...]:
    """The families, each once, in the order of the table."""
    given = set(families)
    return tuple(family for family in FAMILIES if family in given)


def dropped(upstream: Family, model: tuple[Family, ...]) -> tuple[str, ...]:
    """Which terms of what it is made from a model's licences leave out, such as ``non-commercial`` or ``share-alike``."""
    asked, kept = upstream.terms, [family.terms for family in model]
    found = {
        "no-derivatives": asked.no_derivatives,
        "non-commercial": asked.non_commercial and not any(terms.non_commercial for terms in kept),
        "share-alike": bool(asked.family) and not any(_follows(asked.family, terms.family) for terms in kept),
        "use restrictions": asked.restrictions and not any(terms.restrictions for terms in kept),
        "attribution": asked.attribution and not any(terms.attribution for terms in kept),
    }
    return tuple(name for name, lost in found.items() if lost)


def _follows(asked: str, given: str) -> bool:
    return given == asked or given in ACCEPTED.get(asked, frozenset())
