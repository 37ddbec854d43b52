from __future__ import annotations

import pytest
from tiny import tiny_bundle, tiny_manifest

from reprobundle.comparing import compare, compare_manifests
from reprobundle.components import hyperparameters, model
from reprobundle.errors import RefusedInputError
from reprobundle.report import Status


def _differing(first, second):
    found = compare_manifests(first, second)
    return [(item.kind, item.message, item.expected, item.found) for item in found if item.status is Status.DIFFERS]


def _values(**values):
    return tiny_manifest(hyperparameters=hyperparameters.Section(values=values))


def test_equal_manifests_have_one_finding_a_section():
    """Nothing differs, and every section says so."""
    found = compare_manifests(tiny_manifest(), tiny_manifest())

    assert {item.status for item in found} == {Status.SAME}
    assert [item.kind for item in found][:4] == ["bundle", "previous", "proof", "environment"]


@pytest.mark.parametrize(
    ("first", "second", "differing"),
    [
        ({"a": 1}, {"a": 2}, [("values.a differs", "1", "2")]),
        ({"a": 1}, {"a": True}, [("values.a differs", "1", "true")]),
        ({"a": 1}, {"a": 1.0}, [("values.a differs", "1", "1.0")]),
        ({"a": 1}, {}, [("values.a stands only in the first", "1", None)]),
        ({}, {"a": None}, [("values.a stands only in the second", None, "null")]),
        ({"a": [1, 2]}, {"a": [1, 3]}, [("values.a differs", "[1, 2]", "[1, 3]")]),
        ({"a": ["x", "y"]}, {"a": ["y", "z"]}, [
            ("values.a['x'] stands only in the first", '"x"', None),
            ("values.a['z'] stands only in the second", None, '"z"'),
        ]),
        ({"a": ["x", "y"]}, {"a": ["y", "x"]}, [("values.a (order) differs", '''["'x'", "'y'"]''', '''["'y'", "'x'"]''')]),
        ({"a": ["x", "x"]}, {"a": ["x", "y"]}, [("values.a[1] differs", '"x"', '"y"')]),
        ({"a": {"b": 1}}, {"a": [1]}, [("values.a differs", '{"b": 1}', "[1]")]),
        ({"a": [{"name": "n", "v": 1}]}, {"a": [{"name": "n", "v": 2}]}, [("values.a['n'].v differs", "1", "2")]),
        ({"a": [{"v": 1}]}, {"a": [{"v": 2}]}, [("values.a[0].v differs", "1", "2")]),
    ],
)  # fmt: skip
def test_every_kind_of_difference_has_its_place(first, second, differing):
    """Mappings are compared by key, named things by name, words as sets, numbers as one value, the rest by position."""
    expected = [("hyperparameters", *item) for item in differing]

    assert _differing(_values(**first), _values(**second)) == expected


def test_tensors_are_compared_by_name():
    """A tensor that was trained further is named, with both digests."""
    section = tiny_manifest().model
    changed = section.tensors[0].model_copy(update={"xxh3_128": "f" * 32})
    other = tiny_manifest(model=section.model_copy(update={"tensors": (changed,)}))

    assert _differing(tiny_manifest(), other) == [
        ("model", "tensors['w'].xxh3_128 differs", '"0123456789abcdef0123456789abcdef"', f'"{"f" * 32}"')
    ]


def test_long_values_are_cut():
    """A value of any length stays one line of a finding."""
    ((_, _, expected, _),) = _differing(_values(a="x" * 1000), _values(a="y"))

    assert expected == '"' + "x" * 198 + "…"


def test_both_bundles_are_verified(tmp_path):
    """A bundle that differs from its manifest is refused, on either side."""
    good, bad = tiny_bundle(tmp_path / "good"), tiny_bundle(tmp_path / "bad")
    (bad / "extra").write_text("x")

    for pair in ((good, bad), (bad, good)):
        with pytest.raises(RefusedInputError) as caught:
            compare(*pair)
        assert str(caught.value) == "extra: is not listed in the manifest"
    assert isinstance(tiny_manifest().model, model.Section)
