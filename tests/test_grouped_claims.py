"""A claim by groups in a ``reprobundle.yaml``: what stands in files is read, and it reaches the record."""

from __future__ import annotations

import numpy as np

from reprobundle.components import claims
from reprobundle.components.interface import Source, Stage
from reprobundle.specification.resolving import Resolving
from reprobundle.store import Writer


def test_samples_and_groups_come_from_files(tmp_path):
    """Files of arrays are read for ``per_sample`` and for each named column; all else stays as it is written."""
    np.save(tmp_path / "right.npy", np.array([True, False, True]))
    np.save(tmp_path / "who.npy", np.array(["a", "b", "b"]))
    given = {"text": "accuracy", "per_sample": "right.npy", "group": {"who": "who.npy"}, "split": "test"}
    resolved = Resolving(tmp_path).claim("claims.0", given)
    (claim,) = claims.capture(
        Source(model=None, claims=(resolved,), splits={"test": None}), Stage(Writer(tmp_path))
    ).claims

    assert [(one.name, one.value, one.count) for one in claim.groups] == [("a", 1.0, 1), ("b", 0.5, 2)]
    assert (claim.value, claim.group, claim.split) == (2 / 3, "who", "test")
    assert Resolving(tmp_path).claim("claims.1", {"text": "x", "value": 1, "group": "who"}) == {
        "text": "x",
        "value": 1,
        "group": "who",
    }
