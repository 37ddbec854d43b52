"""What a card says first, and what it says is not there: use that nobody described, preprocessing that is not packed."""

from __future__ import annotations

import re

from tiny import tiny_manifest

from reprobundle.components import claims, preprocessing
from reprobundle.components.code.section import ImportedModule
from reprobundle.components.documentation.card import Card, Use
from reprobundle.exports import environment_section
from reprobundle.exports.card import card


def test_use_that_nobody_described_is_said_to_be_open():
    """A reader sees at the top what is not known of the use, and nothing of what is."""
    none, some = (
        card(tiny_manifest(), Card()),
        card(tiny_manifest(), Card(use=Use(intended="Read digits.", limitations="8."))),
    )

    assert "Nobody has said yet: what it is for; what it must not be used for; what it is bad at." in none
    assert "Nobody has said yet: what it must not be used for." in some


def test_preprocessing_that_is_not_packed_is_said():
    """Neither silence nor a person's words stand for a function or a fitted part."""
    words = preprocessing.Section(configuration="preprocessing/configuration.json")

    packed = card(tiny_manifest(preprocessing=preprocessing.Section(transform="net:prepare")), Card())

    assert "**No preprocessing was given to capture**: what makes the model's inputs" in card(tiny_manifest(), Card())
    assert "**No preprocessing was given to capture**, only what is said of it here: what makes" in (
        card(tiny_manifest(preprocessing=words), Card())
    )
    assert "was given to capture" not in packed


def test_source_that_may_make_inputs_is_pointed_at():
    """The source may hold what makes inputs though nobody said so: its folder is named, and the files that compute claims."""
    whole = tiny_manifest()
    module = ImportedModule(name="evaluate", path="code/source/evaluate.py")
    claim = whole.claims.claims[0].model_copy(update={"entry": "evaluate:right"})
    made, bare = (
        card(tiny_manifest(code=whole.code.model_copy(update=told), claims=claims.Section(claims=(claim,))), Card())
        for told in ({"modules": (module,)}, {"import_roots": ()})
    )

    assert (
        "what makes the model's inputs from raw samples may stand in `code/source/`; the claims are computed by "
        "`code/source/evaluate.py`. The recorded inputs, which a replay uses, are ready for the model.\n" in made
    )
    assert "capture**: nothing in this bundle makes the model's inputs from raw samples. The recorded" in bare


def test_packages_are_those_that_the_source_imports(tmp_path):
    """Names are read off the lines of the source; modules are matched with their distributions."""
    folder = tmp_path / "code" / "source"
    folder.mkdir(parents=True)
    text = "import os, numpy.linalg as la\nif True:\n\tfrom sklearn.svm import SVC\n# import scipy\nfrom . import x\nimport\n"
    (folder / "net.py").write_text(text)
    section = tiny_manifest().environment
    origin = section.distributions[0].origin
    more = [type(section.distributions[0])(name=name, version="1", origin=origin, imported=True)
            for name in ("scikit-learn", "scipy", "tqdm")]  # fmt: skip
    found = tiny_manifest(
        code=tiny_manifest().code.model_copy(
            update={"modules": (ImportedModule(name="net", path="code/source/net.py"),)}
        ),
        environment=section.model_copy(update={"distributions": (*section.distributions, *more)}),
    )
    imports = environment_section.imports_of(found, tmp_path)
    made = card(found, Card(), imports=imports)

    assert imports == {"os", "numpy", "sklearn"}
    assert re.findall(r"^\| `(.*)` \| `.*` \|$", made.partition("| package")[2].partition("##")[0], re.MULTILINE) == [
        "torch", "scikit-learn", "numpy",
    ]  # fmt: skip
    assert "These are what the model's source and that of its claims import, of 5 packages in all." in made


def test_packages_of_claims_are_named_as_well(tmp_path):
    """What a claim's function stands in was loaded by no process, and its imports are the source's all the same."""
    folder = tmp_path / "code" / "source"
    folder.mkdir(parents=True)
    (folder / "evaluate.py").write_text("import measures\n")
    (folder / "measures.py").write_text("def f():\n    import scipy.stats\n")
    claim = tiny_manifest().claims.claims[0].model_copy(update={"entry": "evaluate:accuracy"})
    section = tiny_manifest().claims.model_copy(update={"claims": (claim,)})

    assert environment_section.imports_of(tiny_manifest(claims=section), tmp_path) == {"scipy"}
