from __future__ import annotations

import pytest

from reprobundle.components.data.statistics.form import Feature, Statistics, ValueCount
from reprobundle.drifting.soundness import refuse_unsound
from reprobundle.errors import RefusedInputError

NAME = "data/test.statistics.json"


def _with(**changed) -> Statistics:
    parts = {"name": "x", "kind": "number", "dtype": "F64", "count": 10, "sampled": 10, **changed}
    return Statistics(samples=10, features=(Feature(**parts),))


def _values(*pairs) -> tuple[ValueCount, ...]:
    return tuple(ValueCount(value=value, count=count) for value, count in pairs)


@pytest.mark.parametrize(("changed", "fault"), [
    ({"missing": 6, "nan": 5}, "11 values are missing, NaN or infinite of 10"),
    ({"sampled": 11}, "its quantiles are of 11 values, there are 10"),
    ({"std": -1.0}, "its standard deviation is negative: -1.0"),
    ({"minimum": 2.0, "maximum": 1.0}, "its minimum 2.0 is above its maximum 1.0"),
    ({"quantiles": (1.0, 2.0)}, "it has 2 quantiles, expected 201, 101, 51 or 21"),
    ({"quantiles": (*[1.0] * 200, 0.5)}, "quantile 200 is below the one before it: 0.5 after 1.0"),
    ({"values": _values((1, 6), (2, 5))}, "its values occur 11 times, there are 10"),
    ({"values": _values((1, 2), (1, 2))}, "one of its values is listed twice"),
    ({"values": _values((1, 2), (2, 0))}, "one of its values never occurs"),
    ({"values": _values((2, 2), (1, 2))}, "its values do not ascend"),
    ({"values": _values((1, 2), ("a", 2))}, "a text stands among its numbers"),
    ({"values": _values((2**65, 2))}, "one of its values is beyond 64 bits"),
    ({"kind": "category", "values": _values(*((one, 1) for one in range(257))), "count": 300},
     "it lists 257 values, at most 256 are listed"),
    ({"kind": "category", "common": _values(*((one, 1) for one in range(201))), "count": 300},
     "it lists 201 common values, at most 200 are listed"),
])  # fmt: skip
def test_numbers_that_contradict_each_other_are_refused(changed, fault):
    """What no data can look like is refused with the feature and both numbers."""
    with pytest.raises(RefusedInputError) as caught:
        refuse_unsound(_with(**changed), name=NAME)

    assert str(caught.value) == f"{NAME}: feature 'x', value: {fault}"


@pytest.mark.parametrize("points", [201, 101, 51, 21])
def test_quantiles_may_be_fewer_in_a_wide_document(points):
    """Each number of quantiles that a capture writes is taken, and one more is not."""
    refuse_unsound(_with(quantiles=tuple(float(one) for one in range(points))), name=NAME)

    with pytest.raises(RefusedInputError):
        refuse_unsound(_with(quantiles=tuple(float(one) for one in range(points + 1))), name=NAME)


def test_the_new_datas_fault_has_a_way_out_of_its_own():
    """The hint on a stranger's bundle is not given on the person's own data."""
    with pytest.raises(RefusedInputError) as caught:
        refuse_unsound(_with(std=-1.0), name="the new data", hint="give it one form")

    assert str(caught.value) == "the new data: feature 'x', value: its standard deviation is negative: -1.0"
    assert caught.value.hint == "give it one form"


def test_more_features_than_are_ever_described_are_refused():
    """No more than 4,096 are looked at."""
    features = tuple(_with(name=str(one)).features[0] for one in range(4097))

    with pytest.raises(RefusedInputError, match="holds 4097 features, at most 4096 are described"):
        refuse_unsound(Statistics(samples=10, features=features), name=NAME)
