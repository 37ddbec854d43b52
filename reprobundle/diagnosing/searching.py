"""Look for the setting that gives the recorded outputs back bit for bit: each by itself, then together, within a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reprobundle import replies
from reprobundle.answers import Answer
from reprobundle.components import outputs
from reprobundle.components.interface import Site
from reprobundle.diagnosing.asking import Asking
from reprobundle.diagnosing.candidates import Candidate, joined
from reprobundle.errors import ReproBundleError
from reprobundle.guest import Question
from reprobundle.report import Rung, Trial

if TYPE_CHECKING:
    import numpy as np

TOGETHER = "all that differs from the record, together"
FEWER = "whether all of them are needed"


@dataclass
class Search:
    """What was tried, and what came of it.

    Attributes:
        asking: Asks the worker again.
        site: Where outputs are compared.
        trials: One for each that was tried.
        restoring: What gave every recorded output bit for bit; None: nothing did so far.
        unfinished: Whether the time was over before all was tried.
    """

    asking: Asking
    site: Site
    trials: list[Trial] = field(default_factory=list)
    restoring: Candidate | None = None
    unfinished: bool = False

    def run(self, candidates: Sequence[Candidate]) -> None:
        """Try each by itself until one restores the outputs: settings in one process, variables in one each."""
        settings = [one for one in candidates if not one.needs_process]
        rounds: list[Sequence[Candidate]] = [[one] for one in candidates if one.needs_process]
        if settings:
            rounds.insert(min(candidates.index(settings[0]), 1), settings)  # all of them for the price of one process
        for tried in rounds:
            if self.restoring is not None or self._is_over():
                return
            if tried is settings:
                self._try_in_one_process(settings)
            else:
                self._try(tried[0])

    def run_together(self, candidates: Sequence[Candidate]) -> None:
        """Try all at once; where that restores the outputs, leave out what is not needed."""
        if self.restoring is not None or len(candidates) < 2 or self._is_over():
            return
        self._try(joined(candidates, TOGETHER))
        if self.restoring is None:
            return
        needed = list(candidates)
        for one in candidates:
            rest = [other for other in needed if other is not one]
            if not rest or self._is_over():
                break
            fewer = joined(rest, FEWER)
            if fewer.words == joined(needed, FEWER).words or self._rung_of(fewer) is Rung.BITWISE:
                needed = rest
        self.restoring = joined(needed, TOGETHER)

    def _is_over(self) -> bool:
        self.unfinished = self.unfinished or self.asking.seconds_left <= 0
        return self.unfinished

    def _try(self, candidate: Candidate) -> None:
        if self._rung_of(candidate) is Rung.BITWISE:
            self.restoring = candidate

    def _rung_of(self, candidate: Candidate) -> Rung:
        """Run once with it, in a process of its own, and note the trial."""
        self.asking.say(f"running the model with {', '.join(candidate.words)}")
        try:
            answer = self.asking.ask(
                variables=candidate.variables, without=candidate.without, settings=candidate.settings
            )
        except ReproBundleError:
            return self._note(candidate, None)
        return self._note(candidate, None if answer.error is not None else answer)

    def _try_in_one_process(self, candidates: Sequence[Candidate]) -> None:
        """Ask for a run with each of the settings, one process for all."""
        self.asking.say(f"running the model with {len(candidates)} other settings")
        questions = [Question(name=f"run-{place}", settings=one.settings) for place, one in enumerate(candidates)]
        try:
            answer: Answer | None = self.asking.ask(questions)
        except ReproBundleError:
            answer = None
        for question, candidate in zip(questions, candidates, strict=True):
            run = None if answer is None else answer.runs.get(question.name)
            if answer is None or run is None or run.error is not None:
                self._note(candidate, None)
                continue
            as_answer = dataclasses.replace(answer, outputs=run.outputs, arrays=run.arrays)
            if self._note(candidate, as_answer) is Rung.BITWISE and self.restoring is None:
                self.restoring = candidate

    def _note(self, candidate: Candidate, answer: Answer | None) -> Rung:
        rung, apart = (Rung.NOT_RUN, None) if answer is None else reached(self.asking, self.site, answer)
        self.trials.append(Trial(settings=candidate.words, why=candidate.why, rung=rung, max_relative=apart))
        return rung


def reached(asking: Asking, site: Site, answer: Answer) -> tuple[Rung, float | None]:
    """The rung of another run's outputs, and the largest difference relative to the recorded outputs' root mean square."""
    section = asking.manifest.outputs
    rung, _ = replies.weakest(outputs.compare(section, dataclasses.replace(site, answer=answer)))
    recorded = outputs.recorded(section, site.root)
    pairs = [(array, answer.arrays[name]) for name, array in recorded.items() if name in answer.arrays]
    apart = [distance for distance in (_relative(*pair) for pair in pairs) if distance is not None]
    return rung, max(apart, default=None)


def _relative(recorded: np.ndarray[Any, Any], found: np.ndarray[Any, Any]) -> float | None:
    """Largest difference over the root mean square of the record; None where the two cannot be subtracted."""
    import numpy as np

    if recorded.shape != found.shape or not recorded.size or recorded.dtype.kind not in "fiubV":
        return None
    old, new = recorded.astype(np.float64), found.astype(np.float64)
    apart, size = float(np.abs(new - old).max()), float(np.sqrt(np.mean(old * old)))
    return apart / size if size and np.isfinite(apart) and np.isfinite(size) else None
