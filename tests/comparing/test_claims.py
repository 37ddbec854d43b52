from __future__ import annotations

from tiny import tiny_manifest

from reprobundle.comparing import compare_manifests
from reprobundle.components import claims
from reprobundle.components.claims.section import GroupValue
from reprobundle.report import Status

GROUPS = (GroupValue(name="x", value=0.5), GroupValue(name="y", value=0.6), GroupValue(name="z", value=0.7))
ACCURACY = claims.Claim(id="acc", text="accuracy", value=0.97, split="test", groups=GROUPS)
RECALL = claims.Claim(id="rec", text="recall", value=0.5)


def _differing(first, second, **members):
    sides = (claims.Section(claims=first), claims.Section(claims=second, **members))
    found = compare_manifests(*(tiny_manifest(claims=side) for side in sides))
    return [(item.message, item.expected, item.found) for item in found if item.status is Status.DIFFERS]


def test_a_claim_of_one_side_is_told_in_words():
    """Text, number, split and how many groups; no dump of what stands in the manifest."""
    told = "acc: accuracy 0.97 on test, 3 groups"

    assert _differing((ACCURACY, RECALL), (RECALL,)) == [("claim 'acc' is not in both", told, None)]
    assert _differing((RECALL,), (RECALL, ACCURACY)) == [("claim 'acc' is not in both", None, told)]


def test_what_parts_in_a_claim_is_one_finding():
    """Each part with both values, and groups counted."""
    other = (GROUPS[0], GROUPS[1].model_copy(update={"value": 0.65}), GroupValue(name="w", value=0.7))
    changed = ACCURACY.model_copy(update={"value": 0.95, "split": None, "groups": other})

    assert _differing((ACCURACY,), (changed,)) == [
        (
            "claim 'acc' differs in value (0.97 → 0.95), split (\"test\" → null), 3 of 4 groups",
            "acc: accuracy 0.97 on test, 3 groups",
            "acc: accuracy 0.95, 3 groups",
        )
    ]


def test_order_and_members_are_compared_too():
    """Claims and groups in another order, and where the members stand."""
    turned = ACCURACY.model_copy(update={"groups": GROUPS[::-1]})

    assert _differing((ACCURACY, RECALL), (RECALL, ACCURACY)) == [
        ("the claims stand in another order", "acc, rec", "rec, acc")
    ]
    assert [message for message, *_ in _differing((ACCURACY,), (turned,))] == [
        "claim 'acc' differs in the order of its groups"
    ]
    assert _differing((ACCURACY,), (ACCURACY,), members="replay/groups.safetensors") == [
        ("members differs", "null", '"replay/groups.safetensors"')
    ]
