"""Controls of a replay: the model on other inputs, with other weights, and on the recorded ones again, in random order.

`plan` chooses the runs and writes their files, `judge` says what each shows, `outcome` what they come to together. Where
`is_unsteady`, `beginnings` chooses further processes.
"""

from reprobundle.controlling.beginning import Beginning, Begun, beginnings, begun
from reprobundle.controlling.judging import is_unsteady, judge, outcome, probed, refuses_all
from reprobundle.controlling.planning import Decoy, Plan, plan

__all__ = [
    "Beginning",
    "Begun",
    "Decoy",
    "Plan",
    "beginnings",
    "begun",
    "is_unsteady",
    "judge",
    "outcome",
    "plan",
    "probed",
    "refuses_all",
]
