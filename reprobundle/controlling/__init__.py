"""Controls of a replay: the model on other inputs, with other weights, and on the recorded ones again, in random order.

`plan` chooses the runs and writes their files, `judge` says what each shows, `outcome` what they come to together.
"""

from reprobundle.controlling.judging import judge, outcome, probed
from reprobundle.controlling.planning import Decoy, Plan, plan

__all__ = ["Decoy", "Plan", "judge", "outcome", "plan", "probed"]
