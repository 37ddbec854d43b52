"""Claims: the numbers a person says the model reaches, each with what is needed to hold it against a computed one."""

from reprobundle.components.claims.checking import Wanted, check, results, wanted
from reprobundle.components.claims.contradicting import Contradiction, contradiction, contradictions
from reprobundle.components.claims.counting import rows_of
from reprobundle.components.claims.recording import capture
from reprobundle.components.claims.section import NAME, Claim, Section

__all__ = [
    "NAME",
    "Claim",
    "Contradiction",
    "Section",
    "Wanted",
    "capture",
    "check",
    "contradiction",
    "contradictions",
    "results",
    "rows_of",
    "wanted",
]
