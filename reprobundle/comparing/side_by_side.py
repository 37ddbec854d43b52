"""Two models' weights beside each other, each pair of tensors read once, however many names lead to it."""

from __future__ import annotations

from dataclasses import dataclass, field

from reprobundle.changes import TensorChange
from reprobundle.comparing import weight_files
from reprobundle.comparing.measuring import Sums, measure
from reprobundle.comparing.weight_files import WeightFiles

Stored = tuple[str, str]


@dataclass(frozen=True)
class SideBySide:
    """The open files of two models.

    Attributes:
        ours: The first one's.
        theirs: The second one's.
        equal: What was found equal or not, by the names under which both tensors are stored.
        measured: What was measured, by the same names.
    """

    ours: WeightFiles
    theirs: WeightFiles
    equal: dict[Stored, bool] = field(default_factory=dict)
    measured: dict[Stored, tuple[TensorChange, Sums]] = field(default_factory=dict)

    def has_both(self, name: str) -> bool:
        """Whether both models have a tensor of this name."""
        return name in self.ours.places and name in self.theirs.places

    def are_equal(self, name: str) -> bool:
        """Whether the two have the same dtype, shape and bytes."""
        stored = self._stored(name)
        if stored not in self.equal:
            self.equal[stored] = weight_files.are_equal(name, self.ours, self.theirs)
        return self.equal[stored]

    def measure(self, name: str) -> tuple[TensorChange, Sums]:
        """How far the two are apart."""
        stored = self._stored(name)
        if stored not in self.measured:
            self.measured[stored] = measure(name, self.ours, self.theirs)
        change, sums = self.measured[stored]
        return change.model_copy(update={"name": name}), sums

    def _stored(self, name: str) -> Stored:
        return self.ours.places[name].name, self.theirs.places[name].name
