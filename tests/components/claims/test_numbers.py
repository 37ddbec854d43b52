"""A claimed number beside a computed one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprobundle.components.claims import Claim
from reprobundle.components.claims.numbers import agrees, rule_of

TABLE = [  # claimed, more of the claim, computed, the rule in words, whether they agree
    (0.97, {}, 0.9712, "to 2 decimals", True),
    (0.97, {}, 0.975, "to 2 decimals", True),
    (0.97, {}, 0.965, "to 2 decimals", True),
    (0.97, {}, 0.9750001, "to 2 decimals", False),
    (0.97, {}, 0.9649999, "to 2 decimals", False),
    (0.97, {"decimals": 3}, 0.9712, "to 3 decimals", False),
    (0.97, {"decimals": 3}, 0.97049, "to 3 decimals", True),
    (97.0, {}, 97.5, "to a whole number", True),
    (97.0, {}, 97.6, "to a whole number", False),
    (97.0, {"decimals": 1}, 97.05, "to 1 decimal", True),
    (-3.25, {}, -3.254, "to 2 decimals", True),
    (-3.25, {}, 3.25, "to 2 decimals", False),
    (0.5, {"tolerance": 0.01}, 0.51, "within 0.01", True),
    (0.5, {"tolerance": 0.01}, 0.5100001, "within 0.01", False),
    (0.5, {"tolerance": 0.0}, 0.5, "within 0", True),
    (0.1, {"tolerance": 0.2}, 0.30000000000000004, "within 0.2", False),
    (0.5, {"tolerance": 0.01, "decimals": 4}, 0.505, "within 0.01", True),
    (0.9712345, {}, 0.9712300, "within 1e-05 of it", True),
    (0.9712345, {}, 0.9712200, "within 1e-05 of it", False),
    (1e-07, {}, 1.4e-07, "to 7 decimals", True),
    (1e300, {}, 1.1e300, "to a whole number", False),
    (0.0, {}, 0.4, "to a whole number", True),
    (0.97, {}, float("nan"), "to 2 decimals", False),
    (0.8374999761581421, {}, 0.83751, "to 4 decimals", True),  # a float32, which is 0.8375
    (0.838, {}, 0.8374999761581421, "to 3 decimals", True),
    (123456.789, {"decimals": 3}, 123456.7890625, "to 3 decimals", True),  # of which a person printed more digits
    (0.97, {"tolerance": 1e300}, float("inf"), "within 1e+300", False),
]


@pytest.mark.parametrize(("value", "more", "got", "rule", "expected"), TABLE)
def test_table(value, more, got, rule, expected):
    """A number agrees within its tolerance, to its decimals, or to the digits it is given with."""
    claim = Claim(id="a", text="a", value=value, **more)

    assert rule_of(claim) == rule
    assert agrees(claim, got) is expected


@given(st.floats(-1e9, 1e9, allow_nan=False), st.integers(0, 8))
def test_a_rounded_number_agrees_with_what_was_rounded(number, decimals):
    """What a person prints of a number agrees with the number, whichever way they round."""
    claim = Claim(id="a", text="a", value=float(f"{number:.{decimals}f}"), decimals=decimals)

    assert agrees(claim, number) or abs(number) > 2**52 / 10**decimals


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_agrees_with_itself(number):
    """Whatever the rule."""
    assert agrees(Claim(id="a", text="a", value=number), number)
