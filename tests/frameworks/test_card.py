"""The card of a transformers model: what the Hub reads of it, and where its numbers come from."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest
from hub_server import Hub
from support import require
from tracing import places, shown_card, untraced

require("transformers")

import torch
from transformers import BertConfig, BertForSequenceClassification

import reprobundle
from reprobundle.bundle import verify
from reprobundle.components.documentation.card import read_card

DOCUMENTATION = {
    "title": "Tiny sentiment",
    "license": "apache-2.0",
    "datasets": ["stanfordnlp/imdb", "a private set"],
    "base_model": ["google/bert_uncased_L-2_H-128_A-2"],
    "language": ["en"],
    "evaluation": {
        "results": [
            {
                "dataset": "SST-2",
                "split": "validation",
                "metric": "accuracy",
                "value": 0.81,
                "uncertainty": 0.02,
                "runs": 5,
            }
        ]
    },
}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """A classifier of two classes, captured."""
    folder = tmp_path_factory.mktemp("card")
    torch.manual_seed(0)
    size = {
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "vocab_size": 64,
    }
    model = BertForSequenceClassification(BertConfig(**size)).eval()
    words = torch.randint(0, 64, (8, 6))
    right = [1, 0, 1, 1, 1, 0, 1, 1]
    reprobundle.capture(
        folder / "bundle",
        model=model,
        inputs={"input_ids": words[:2]},
        splits={"test": (words.numpy(), np.arange(8) % 2)},
        claims=[{"text": "accuracy", "split": "test", "per_sample": right, "group": {"length": ["short", "long"] * 4}}],
        documentation=DOCUMENTATION,
        budget=0,
        proof=False,
        quiet=True,
    )
    return verify(folder / "bundle")


@pytest.mark.slow
def test_the_hub_reads_the_card(bundle):
    """Library, task, data, base model and languages are the Hub's own; a name that it would refuse stands in the text alone."""
    from huggingface_hub import ModelCard

    text = (bundle.path / "README.md").read_text("utf-8")
    found = ModelCard(text, ignore_metadata_errors=False)
    data = found.data
    results = [(one.task_type, one.dataset_name, one.dataset_split, one.metric_value) for one in data.eval_results]
    with Hub() as hub:
        threading.Thread(target=hub.serve_forever, daemon=True).start()
        _validate(found, hub.endpoint)
        hub.shutdown()

    assert (data.library_name, data.pipeline_tag, data.license) == ("transformers", "text-classification", "apache-2.0")
    assert (data.datasets, data.language) == (["stanfordnlp/imdb"], ["en"])
    assert data.base_model == ["google/bert_uncased_L-2_H-128_A-2"]
    assert results == [
        ("text-classification", "not named", "test", 0.75),
        ("text-classification", "SST-2", "validation", 0.81),
    ]
    assert "| trained on | stanfordnlp/imdb, a private set |" in text
    assert "| made from | google/bert\\_uncased\\_L-2\\_H-128\\_A-2 |" in text


def _validate(found, endpoint):
    """Ask the server, as ``card.validate()`` does, which reads its address when it is imported."""
    from huggingface_hub.utils import get_session

    body = {"repoType": "model", "content": str(found)}
    answer = get_session().post(f"{endpoint}/api/validate-yaml", json=body)

    assert answer.json() == {"errors": [], "warnings": []}


@pytest.mark.slow
def test_every_number_of_it_has_its_place(bundle):
    """As in the card of the demo, groups included."""
    written = read_card((bundle.path / bundle.manifest.documentation.path).read_bytes())
    known = places(bundle.path, json.loads(bundle.bundle.content), written)
    text = shown_card(bundle.path, bundle.manifest, written)

    assert untraced(text, known) == []
    assert "| `long` | 0.5 | ██████ | 0.15 to 0.85 | 4 |" in text
