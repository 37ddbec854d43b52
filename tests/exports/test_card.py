from __future__ import annotations

import re

import pytest
import yaml
from tiny import tiny_manifest

from reprobundle.components import claims, code, documentation, hyperparameters, model, preprocessing
from reprobundle.components.claims.section import GroupValue
from reprobundle.components.code.section import Repository
from reprobundle.components.documentation.card import Author, Card, Ethics, Training, Use
from reprobundle.exports import by_hand, views
from reprobundle.exports.card import card
from reprobundle.manifest import Manifest, Proof
from reprobundle.report import Finding, Status
from reprobundle.store import Writer

EVIL = "</p><script>x</script> ![a](https://evil.example/x.png) `|` \x1b[31m\u202e\n# heading\n---\n"


def _front_matter(text):
    return yaml.safe_load(text.split("---\n")[1])


def test_the_hub_reads_the_front_matter():
    """huggingface_hub's own parser finds licence, library, tags and each claim as a result on its split."""
    from huggingface_hub import ModelCard

    written = Card(title="Tiny", license="Apache-2.0", tags=("digits",), datasets=("Optical digits",))
    data = ModelCard(card(tiny_manifest(), written), ignore_metadata_errors=False).data
    (result,) = data.eval_results

    assert (data.license, data.library_name, data.tags) == ("apache-2.0", "pytorch", ["reprobundle", "digits"])
    assert (data.model_name, result.dataset_name, result.dataset_type) == ("Tiny", "Optical digits", "optical-digits")
    assert result.dataset_split == "test"
    assert (result.metric_type, result.metric_name, result.metric_value) == ("accuracy", "test accuracy", 0.97)


def _of_model(**changed):
    """The front matter of a bundle whose model differs in some fields."""
    whole = tiny_manifest()
    other = whole.model_copy(update={"model": whole.model.model_copy(update=changed)})
    return _front_matter(card(other, Card()))


def test_the_hub_reads_how_a_model_is_loaded():
    """The mixin's own tags, and of transformers the library with what the class is for."""
    entry = "transformers.models.bert.modeling_bert:BertForSequenceClassification"

    assert _of_model(mixin=True)["tags"] == ["reprobundle", "model_hub_mixin", "pytorch_model_hub_mixin"]
    assert "pipeline_tag" not in _of_model(entry=entry)
    made = _of_model(loader="for_transformers", entry=entry)
    assert (made["library_name"], made["pipeline_tag"]) == ("transformers", "text-classification")


def test_leakage_is_not_told_as_missing():
    """What two splits share stands beside the data; what could not be looked for, and all else, is what is missing."""
    told = [
        "leakage: 1 of 4 of data split 'test' stand in 'train', too",
        "data split 'train': 2 of 12 repeat an earlier one",
        "leakage was not looked for between 'a' and 'b' (why)",
    ]
    notes = tuple(Finding(kind="data", status=Status.NOTE, message=message) for message in told)
    noted = card(tiny_manifest().model_copy(update={"notes": notes}), Card()).partition("## What capture noted")[2]

    assert [words in noted for words in ("1 of 4", "2 of 12", "not looked for")] == [False, False, True]


def test_licences_the_hub_does_not_know_are_named():
    """A licence that is not on the Hub's list becomes ``other`` with its name, which the Hub accepts."""
    made = _front_matter(card(tiny_manifest(), Card(license="MIT OR Apache-2.0")))

    assert (made["license"], made["license_name"]) == ("other", "MIT OR Apache-2.0")


def test_the_card_tells_how_to_load_and_how_to_replay():
    """Both stand in the card as commands that can be copied."""
    made = card(tiny_manifest(), Card())

    assert "\n\n# tiny\n\n## What it is\n\n" in made
    assert (
        """\
```python
import sys

sys.dont_write_bytecode = True  # a bundle with other files in it is refused
sys.path.append('code/source')

from safetensors.torch import load_model

from net import Net

model = Net(hidden=8)
load_model(model, 'model.safetensors')
model.eval()
```"""
        in made
    )
    assert "With reprobundle 0.1.0 or newer installed, in this folder:" in made
    assert "```sh\nreprobundle replay .\n```" in made
    assert "a fresh process reloaded it and its outputs agreed: **bitwise**" in made


def test_objects_are_written_as_the_calls_that_make_them():
    """Arguments that are dataclasses stand as calls of their classes, which are imported."""
    init = model.Arguments(
        args=({"size": 1}, [{"size": 2}]),
        kwargs={"cfg": {"in/ner": {"size": 3}, "names": ["a"]}},
        objects={
            "/args/0": "net:Leaf",
            "/args/1/0": "other.place:Leaf.Inner",
            "/kwargs/cfg": "net:Config",
            "/kwargs/cfg/in~1ner": "net:Leaf",
        },
    )
    made = card(tiny_manifest(model=tiny_manifest().model.model_copy(update={"init": init})), Card())

    assert "\nfrom net import Config, Leaf, Net\nfrom other.place import Leaf\n" in made
    assert (
        "model = Net(Leaf(size=1), [Leaf.Inner(size=2)], "
        "cfg=Config(**{'in/ner': Leaf(size=3), 'names': ['a']}))\n" in made
    )


def test_the_card_shows_every_section():
    """Environment, splits, hyperparameters, claims, notes and gaps are there."""
    made = card(tiny_manifest(), Card(use=Use(intended="Read digits."), ethics=Ethics(privacy="No people.")))

    assert "cpython 3.11.7 on Linux x86\\_64, glibc 2.36." in made
    assert (
        "These are what the model's source and that of its claims import, of 2 packages in all. The lock, "
        "`environment/requirements.txt`, names them all, "
        "with the hashes of its archives."
    ) in made
    assert "| `torch` | `2.13.0+cpu` |" in made
    assert "| `train` | array | 12 | 192 bytes | `0123456789abcdef0123456789abcdef` |" in made
    assert "| `layers.hidden` | `8` |" in made
    assert "| test accuracy | 0.97 | ███████████▋ | `test` | nothing: it is stated |" in made
    assert "**Intended.** Read digits." in made
    assert "**Privacy.** No people." in made
    assert "- code: no git repository" in made
    assert (
        "10 of 42 questions of the card are answered, 8 of them by capture. Still open:\n\n- the model: title, description, "
        in made
    )
    assert "- ethics: bias, consent, intellectual property, robustness, misuse\n" in made


def test_a_field_alone_has_its_heading_for_a_name():
    """Where one answer is all a section asks, its name does not stand twice."""
    made = card(tiny_manifest(), Card(training=Training(architecture="Two layers.", weights="From scratch.")))

    assert "## Architecture\n\nTwo layers.\n" in made
    assert "## Weights\n\nFrom scratch.\n" in made


def test_a_column_that_says_nothing_is_left_out():
    """Neither bars of numbers that are no shares, nor intervals and counts that nobody gave, take room."""
    groups = (GroupValue(name="a", value=3.4), GroupValue(name="b", value=2.1))
    one = claims.Claim(id="rmse", text="RMSE", value=3.0, groups=groups, group="site")
    made = card(tiny_manifest(claims=claims.Section(claims=(one,))), Card())

    assert "| claim | value | split | computed by |\n" in made
    assert "| group | value |\n| --- | --- |\n| `a` | 3.4 |\n" in made


@pytest.mark.parametrize(
    ("proof", "words"),
    [
        (
            Proof(status="failed", why="at load: *boom*"),
            r"**Unproven**: the reload before the seal failed: at load: \*boom\*.",
        ),
        (Proof(status="not run"), "**Unproven**: the reload before the seal was not run."),
    ],
)
def test_an_unproven_bundle_says_so(proof, words):
    """A proof that failed or was not run is said where people read how to replay."""
    assert words in card(tiny_manifest(proof=proof), Card())


def test_claims_on_data_have_their_command():
    """A replay computes such a claim only where it is told of the data: each split is named once, quoted for a shell."""
    on = [claims.Claim(id=name, text=name, value=1.0, split=split, entry="net:f") for name, split in (("a", "test"), ("b", "test"), ("c", "a b"))]  # fmt: skip
    stated = claims.Claim(id="d", text="d", value=1.0, split="val")
    made = card(tiny_manifest(claims=claims.Section(claims=(*on, stated))), Card())

    assert "It computes 3 claims more where it is told of the data; put the path of your own copy" in made
    assert "\n```sh\nreprobundle replay . --data 'a b'=PATH --data test=PATH\n```\n" in made
    assert "--data" not in card(tiny_manifest(claims=claims.Section(claims=(stated,))), Card())


def test_nothing_of_a_bundle_becomes_markup():
    """Hostile text in any field makes no heading, picture, link, HTML or second front matter."""
    commit = "0" * 40
    hostile = tiny_manifest(
        name=EVIL,
        proof=Proof(status="failed", why=EVIL),
        code=tiny_manifest().code.model_copy(
            update={
                "repository": Repository(
                    commit=commit, tree=commit, branch=EVIL, remote=EVIL, dirty=True, shallow=False
                )
            }
        ),
        hyperparameters=hyperparameters.Section(values={EVIL: {EVIL: EVIL}, "list": [EVIL]}),
        model=tiny_manifest().model.model_copy(
            update={"framework": EVIL, "init": model.Arguments(args=(EVIL,), kwargs={EVIL: EVIL})}
        ),
        claims=claims.Section(claims=(claims.Claim(id="x", text=EVIL, value=1.0, split=EVIL, entry="net:f"),)),
        documentation=documentation.Section(path="documentation/card.yaml", filled=0, fields=1, gaps=(EVIL,), known=()),
        notes=(Finding(kind=EVIL, status=Status.NOTE, message=EVIL),),
    )
    written = Card(title=EVIL, description=EVIL, authors=(Author(name=EVIL, affiliation=EVIL),), version=EVIL,
                   contact=EVIL, tags=(EVIL,), citation=EVIL, ethics=Ethics(bias=EVIL))  # fmt: skip
    made = card(hostile, written)
    body = made.split("\n---\n", 1)[1]
    outside = re.sub(r"(?ms)^(`{3,}).*?^\1$|(?<!\\)(`+)(?!`).*?(?<!`)\2(?!`)", "", body)

    assert "\x1b" not in made
    assert "\u202e" not in made
    assert "<" not in outside
    assert "://" not in outside
    assert "](" not in outside.replace("\\](", "")
    assert "\n# heading" not in body
    assert "\n---" not in body
    assert _front_matter(made)["model-index"][0]["name"].startswith("</p><script>x</script> ![a]")


def test_a_plain_function_and_a_nameless_model_have_cards():
    """Models without torch, and models that cannot be imported, are described as what they are."""
    function = model.Section(loader="for_callable", framework=None, entry="net:predict", init=model.Arguments())
    nameless = model.Section(loader="for_torch", framework="torch 2.13.0", entry=None, init=None)

    assert "from net import predict\n\noutputs = predict(inputs)" in card(tiny_manifest(model=function), Card())
    assert "cannot be loaded from this folder alone" in card(tiny_manifest(model=nameless), Card())


def test_sharded_weights_are_loaded_together():
    """Several files are read into one state."""
    sharded = tiny_manifest().model.model_copy(update={"files": ("a.safetensors", "b.safetensors")})

    assert "model.load_state_dict({**load_file('a.safetensors'), **load_file('b.safetensors')})" in card(
        tiny_manifest(model=sharded), Card()
    )


def test_views_are_written_and_named(tmp_path):
    """Capture gets the card always and the citation where it can be made, and twice the same bytes."""
    made = []
    for name, text in (
        ("one", '"title": "T"\n'),
        ("two", '"title": "T"\n"authors": ["A"]\n'),
        ("three", '"title": "T"\n"authors": ["A"]\n'),
    ):
        writer = Writer(tmp_path / name)
        (tmp_path / name).mkdir()
        writer.write("documentation/card.yaml", text.encode())
        made.append((views.write(tiny_manifest(), writer), (tmp_path / name / "README.md").read_bytes()))

    alone = by_hand.files(tiny_manifest())
    assert made[0][0] == ("README.md", *sorted(alone), "ro-crate-metadata.json")
    assert made[1] == made[2]
    assert made[1][0] == ("CITATION.cff", "README.md", *sorted(alone), "ro-crate-metadata.json")


def test_a_repository_is_named():
    """Commit, remote and uncommitted changes stand beside the source."""
    commit = "0" * 40
    repository = Repository(
        commit=commit, tree=commit, branch="main", remote="example.org/a/b", dirty=True, shallow=False
    )
    section = code.Section(**{**dict(tiny_manifest().code), "repository": repository})

    assert isinstance(tiny_manifest(), Manifest)
    assert f"`code/`, commit `{commit}` of `example.org/a/b`, with uncommitted changes" in card(
        tiny_manifest(code=section), Card()
    )


def test_long_tables_are_cut_and_say_so():
    """Of more rows than people read, the first are shown and the rest counted."""
    values = {f"value-{number}": number for number in range(60)}
    many = claims.Section(claims=tuple(claims.Claim(id=f"c{n}", text=f"claim {n}", value=float(n)) for n in range(60)))
    notes = tuple(Finding(kind="code", status=Status.NOTE, message=f"note {n}") for n in range(60))
    section = hyperparameters.Section(values=values)
    made = card(tiny_manifest(hyperparameters=section, claims=many, notes=notes), Card())

    assert made.count("And 10 more in `manifest.json`.") == 2
    assert made.count("And 10 more notes in `manifest.json`.") == 1
    assert "| claim 49 | 49 | not named | nothing: it is stated |" in made


def test_the_preprocessing_is_named():
    """The function, its settings, and that its results are checked."""
    section = preprocessing.Section(configuration="preprocessing/configuration.json", transform="net:prepare")
    made = card(tiny_manifest(preprocessing=section), Card())

    assert "The function `net:prepare` makes the model's inputs from raw samples." in made
    assert "Its settings are in `preprocessing/configuration.json`." in made


def test_a_placeholder_is_nothing_that_is_said():
    """Where only a placeholder stands the card shows nothing, and tells that nobody has answered."""
    said = Card(title="TBD", contact="to be determined", authors=(Author(name="Your Name"),), tags=("text",),
                use=Use(intended="TODO", limitations="Fails on tilted digits."))  # fmt: skip
    made = card(tiny_manifest(), said)

    assert "\n# tiny\n" in made
    assert not {"TBD", "determined", "Your Name", "TODO", "## Contact"} & set(
        re.findall(r"TBD|determined|Your Name|TODO|## Contact", made)
    )
    assert "Nobody has said yet: what it is for; what it must not be used for." in made
    assert "- the model: title, description, authors, version, license, " in made
    assert _front_matter(made)["tags"] == ["reprobundle", "text"]
