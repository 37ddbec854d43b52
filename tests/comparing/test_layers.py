from __future__ import annotations

import pytest

from reprobundle.comparing import layers


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("head.weight", "head"),
        ("features.0.bias", "features.0"),
        ("bert.encoder.layer.3.attention.self.query.weight", "bert.encoder.layer.3"),
        ("bert.embeddings.word_embeddings.weight", "bert.embeddings.word_embeddings"),
        ("scale", "(root)"),
        ("0.weight", "0"),
        ("table.7", "table"),
    ],
)
def test_layer_is_what_a_person_would_name(name, layer):
    """A block by its number, else the module that holds the tensor; a number at the end names the tensor itself."""
    assert layers.layer_of(name) == layer


def test_what_did_not_change_is_told_as_short_as_can_be():
    """A group of layers none of which changed is one word; beside a layer that did, each stands for itself."""
    same = ["encoder.0", "encoder.1", "decoder.0", "head"]

    assert layers.untouched(same, ["decoder.1"]) == ("encoder.", "decoder.0", "head")
    assert layers.untouched([], ["head"]) == ()
