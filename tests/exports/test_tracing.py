"""Every number of a card stands in the manifest, in the person's card or in a split's statistics, or is counted from them."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import jsonschema
import pytest
import yaml
from digits import captured_digits
from tracing import NUMBER, places, shown_card, untraced

from reprobundle.bundle import verify
from reprobundle.components.claims.section import Claim, GroupValue
from reprobundle.components.claims.section import Section as Claims
from reprobundle.components.code.section import Repository
from reprobundle.components.documentation.card import Author, Card, Evaluation, Result, read_card
from reprobundle.exports import views
from reprobundle.exports.card import card
from reprobundle.exports.citation import citation
from reprobundle.initialising import CARD, init

CFF = (
    Path(__file__).parent / "cff-1.2.0.schema.json"
)  # of github.com/citation-file-format/citation-file-format, CC-BY-4.0


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """The demo's project with its bundle."""
    return captured_digits(tmp_path_factory)


@pytest.fixture(scope="module")
def shown(digits, tmp_path_factory):
    """The bundle's manifest with groups, and a card with all that init knows and a person's own words and numbers."""
    project = tmp_path_factory.mktemp("shown") / "digits"
    shutil.copytree(digits.project, project)
    init(project, bundle=digits.bundle)
    verified = verify(digits.bundle)
    whole = next(split.count for split in verified.manifest.data.splits if split.name == "test")
    groups = (
        GroupValue(name="left", value=0.8125, count=32, low=0.6471, high=0.9111, method="wilson"),
        GroupValue(name="right", value=0.8125, count=whole - 32),
    )
    claim = Claim(
        id="g",
        text="accuracy by hand",
        value=0.8125,
        decimals=2,
        split="test",
        entry="net:Net",
        group="hand",
        groups=groups,
    )
    manifest = verified.manifest.model_copy(update={"claims": Claims(claims=(*verified.manifest.claims.claims, claim))})
    written = read_card((project / CARD).read_bytes())
    result = Result(
        dataset="USPS", metric="accuracy", value=0.7123, uncertainty=0.0171, runs=3, task="image-classification"
    )
    evaluation = written.evaluation.model_copy(update={"results": (result,)})
    return manifest, written.model_copy(update={"evaluation": evaluation, "doi": "10.5281/zenodo.77"})


@pytest.mark.slow
def test_every_number_of_the_card_has_its_place(digits, shown):
    """Each number on the page is traced to a path of the manifest, the card or the statistics."""
    manifest, written = shown
    text = shown_card(digits.bundle, manifest, written)
    known = places(digits.bundle, manifest.model_dump(mode="json"), written)

    assert untraced(text, known) == []
    assert untraced(f"{text} 0.98765", known) == ["0.98765"]
    assert len(set(NUMBER.findall(text))) > 80
    assert any(path.endswith(".groups[0].low") for path in known["0.65"])


@pytest.mark.slow
def test_the_hub_reads_all_of_it(shown):
    """huggingface_hub parses the front matter, and writes it out again as the same results."""
    from huggingface_hub import ModelCard

    data = ModelCard(card(*shown), ignore_metadata_errors=False).data
    again = ModelCard(f"---\n{data.to_yaml()}\n---\n", ignore_metadata_errors=False).data
    results = [(one.task_type, one.dataset_name, one.metric_name, one.metric_value) for one in data.eval_results]

    assert (data.license, data.library_name, data.pipeline_tag) == ("apache-2.0", "pytorch", "image-classification")
    assert results[-1] == ("image-classification", "USPS", "accuracy", 0.7123)
    assert len(results) == 3
    assert again.to_dict() == data.to_dict()


@pytest.mark.slow
def test_groups_stand_in_the_card(shown):
    """Each group has its value, its bar, its interval and its count."""
    text = card(*shown)

    assert "**accuracy by hand** by `hand`:" in text
    assert "| `left` | 0.8125 | █████████▊ | 0.65 to 0.91 | 32 |" in text
    assert "| USPS | image-classification | accuracy | 0.7123 | ████████▌ | ± 0.0171 | 3 |" in text


@pytest.mark.slow
def test_the_sections_come_in_the_order_of_the_checklist(shown):
    """What a reader must know, how to use it, then the checklist from environment to citation."""
    headings = re.findall(r"^## (.*)$", card(*shown), flags=re.MULTILINE)

    assert headings == [
        "What it is", "Intended use and limitations", "Results", "How to load it", "How to replay it", "Environment",
        "Training data", "Preprocessing", "Architecture", "Training", "Weights",
        "Examples and demo", "Compute and energy", "Citation", "What capture noted", "Open questions",
    ]  # fmt: skip


@pytest.mark.slow
def test_a_bundle_shows_what_it_says(digits):
    """The view that stands in the bundle is made of nothing but the bundle."""
    verified = verify(digits.bundle)

    assert views.render(verified.manifest, verified.path)["README.md"] == (digits.bundle / "README.md").read_text(
        "utf-8"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"version": "git 0123456789ab", "license": "MIT OR Apache-2.0", "doi": "10.5281/zenodo.77", "tags": ("a", "b")},
        {
            "authors": (
                Author(name="Lovelace, Ada", orcid="0000-0002-1825-0097", affiliation="London"),
                Author(name="Team"),
            )
        },
        {"title": "no: &a *b #c", "description": "Reads digits.", "evaluation": Evaluation(runs="1")},
        {
            "authors": (
                Author(name="Ludwig van Beethoven Jr."),
                Author(name="Lab", kind="organisation", orcid="0000-0002-1825-0097"),
            ),
            "released": "2026-02-28",
        },
    ],
)
def test_the_citation_is_valid(changes):
    """CITATION.cff keeps the standard's own schema, version 1.2.0."""
    repository = Repository(
        commit="0" * 40, tree="1" * 40, branch=None, remote="forge.example/a/b.git", dirty=False, shallow=False
    )
    made = citation(Card(**{"title": "Digits", "authors": (Author(name="demo"),), **changes}), repository)

    faults = jsonschema.Draft7Validator(json.loads(CFF.read_bytes())).iter_errors(yaml.safe_load(made or ""))

    assert [fault.message for fault in faults] == []
