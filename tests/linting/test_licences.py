from __future__ import annotations

import pytest
from lint_cards import bundle, card, split

import reprobundle
from reprobundle.components import data
from reprobundle.components.documentation.filling import digest_of
from reprobundle.linting.sources import is_held_back, recognise
from reprobundle.linting.spdx import DEPRECATED, canonical, choices, deprecated_in
from reprobundle.linting.terms import FAMILIES, dropped, family_of

README = "documentation/original/README.md"


def test_deprecated_identifiers_are_those_of_spdx():
    """The table holds what SPDX's own list marks as deprecated, and each replacement is valid."""
    from packaging.licenses import _spdx

    marked = {entry["id"] for entry in _spdx.LICENSES.values() if entry["deprecated"]}

    assert set(DEPRECATED) >= marked & set(DEPRECATED)
    assert marked - set(DEPRECATED) == set()
    assert [new for new in DEPRECATED.values() if "such as" not in new and canonical(new) is None] == []


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("MIT", [{"MIT"}]),
        ("MIT OR Apache-2.0", [{"MIT"}, {"Apache-2.0"}]),
        ("MIT AND (Apache-2.0 OR CC0-1.0)", [{"MIT", "Apache-2.0"}, {"MIT", "CC0-1.0"}]),
        ("GPL-2.0-only WITH Classpath-exception-2.0", [{"GPL-2.0-only WITH Classpath-exception-2.0"}]),
        ("MIT AND MIT", [{"MIT"}]),
    ],
)
def test_choices(expression, expected):
    """OR lets a reader choose, AND holds together, brackets bind, an exception stays with its licence."""
    assert choices(expression) == tuple(map(frozenset, expected))


def test_an_expression_of_many_choices_is_bounded():
    """An expression made to explode gives a bounded number of choices, quickly."""
    assert len(choices(" AND ".join(f"(LicenseRef-a{n} OR LicenseRef-b{n})" for n in range(40)))) == 64


@pytest.mark.parametrize(
    ("upstream", "model", "expected"),
    [
        ("CC-BY-NC-4.0", "CC-BY-4.0", ("non-commercial",)),
        ("CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", ()),
        ("CC-BY-NC-SA-4.0", "CC-BY-SA-4.0", ("non-commercial", "share-alike")),
        ("CC-BY-SA-4.0", "GPL-3.0-only", ()),
        ("CC-BY-ND-4.0", "CC-BY-ND-4.0", ("no-derivatives",)),
        ("GPL-3.0-only", "AGPL-3.0-only", ()),
        ("AGPL-3.0-only", "GPL-3.0-only", ("share-alike",)),
        ("MIT", "CC0-1.0", ("attribution",)),
        ("CC0-1.0", "MIT", ()),
        ("LicenseRef-creativeml-openrail-m", "Apache-2.0", ("use restrictions",)),
        ("bigscience-bloom-rail-1.0", "openrail++", ()),
        ("llama3.1", "Apache-2.0", ("share-alike", "use restrictions")),
        ("LGPL-3.0-or-later", "MIT", ()),
    ],
)
def test_terms_that_are_dropped(upstream, model, expected):
    """What a licence asks to be kept, and the other does not keep."""
    assert dropped(family_of(upstream), (family_of(model),)) == expected


def test_a_licence_belongs_to_one_family():
    """No identifier is in two families, and an unknown one in none."""
    import re

    names = [
        "mit",
        "cc-by-4.0",
        "cc-by-nc-sa-3.0",
        "gpl-3.0-or-later",
        "agpl-3.0-only",
        "openrail",
        "llama2",
        "gemma",
        "mpl-2.0",
    ]

    assert [sum(bool(re.fullmatch(family.pattern, name)) for family in FAMILIES) for name in names] == [1] * len(names)
    assert family_of("LicenseRef-ours") is None


def test_a_choice_must_keep_the_terms_whatever_is_chosen(tmp_path):
    """A reader may choose either licence of an OR, so that each must keep what the data asks for."""
    given = {"data": data.Section(splits=(split("train", licence="CC-BY-NC-4.0"), split("test")))}
    said = card(license="CC-BY-NC-4.0 OR MIT", training_data__license=None)
    report = reprobundle.lint(bundle(tmp_path / "b", said, **given))

    assert [lint.rule for lint in report.of("error")] == ["licence-data"]


def test_a_choice_upstream_is_the_makers(tmp_path):
    """Where the data offers two licences, the model's maker takes the one that fits."""
    given = {"data": data.Section(splits=(split("train", licence="CC-BY-NC-4.0 OR CC-BY-4.0"), split("test")))}
    said = card(training_data__license=None)

    assert reprobundle.lint(bundle(tmp_path / "b", said, **given)).of("error") == ()


def test_data_that_is_only_measured_on(tmp_path):
    """The licence of a test split asks nothing of the weights."""
    given = {"data": data.Section(splits=(split("train"), split("test", licence="CC-BY-NC-4.0")))}

    assert reprobundle.lint(bundle(tmp_path / "b", **given)).lints == ()


def test_a_licence_that_nothing_is_known_of(tmp_path):
    """It is told as not compared instead of being guessed."""
    given = {"data": data.Section(splits=(split("train", licence="LicenseRef-ours"), split("test")))}
    report = reprobundle.lint(bundle(tmp_path / "b", card(training_data__license="LicenseRef-ours"), **given))

    assert [(lint.rule, lint.path, lint.message) for lint in report.lints] == [
        (
            "licence-unknown",
            "data.splits[0].provenance.licence",
            "nothing is known of the terms of 'LicenseRef-ours', the licence of data split 'train': not compared",
        )
    ]


def test_the_readme_that_came_with_the_weights(tmp_path):
    """Its licence and its base models are compared with the card's; one that cannot be read is told."""
    front = "---\nlicense: other\nlicense_name: llama3.1\nbase_model: meta-llama/Llama-3.1-8B\n---\n"
    found = reprobundle.lint(bundle(tmp_path / "b", files={README: front}))
    broken = reprobundle.lint(bundle(tmp_path / "c", files={README: "---\nlicense: &a mit\n---\n"}))

    assert [(lint.rule, lint.level) for lint in found.lints] == [
        ("licence-base", "error"),
        ("licence-base", "error"),
        ("licence-original", "warning"),
        ("base-model", "advice"),
    ]
    assert [(lint.rule, lint.level) for lint in broken.lints] == [("licence-unknown", "advice")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MIT License\n\nPermission is hereby granted, free of charge, to any person obtaining a copy\nof this", "MIT"),
        (
            "                                 Apache License\n                           Version 2.0, January 2004",
            "Apache-2.0",
        ),
        ("# SPDX-License-Identifier: mpl-2.0\n", "MPL-2.0"),
        (
            "GNU LESSER GENERAL PUBLIC LICENSE\n Version 3, 29 June 2007 GNU GENERAL PUBLIC LICENSE Version 3",
            "LGPL-3.0-only",
        ),
        ("Redistribution and use in source and binary forms ... Neither the name of", "BSD-3-Clause"),
        ("All rights reserved.", None),
    ],
)
def test_licence_texts_are_recognised(text, expected):
    """Common licences are known by their own words; anything else is not guessed."""
    assert recognise(text) == expected


def test_names_of_splits():
    """What was held back is known by its name, word by word."""
    held_back = ["test", "val", "dev_small", "held-out", "x-eval", "Validation"]
    others = ["train", "latest", "device", "interval", "all"]

    assert [is_held_back(name) for name in (*held_back, *others)] == [True] * 6 + [False] * 5


def test_deprecated_parts_are_named():
    """Each deprecated part of an expression comes with its replacement."""
    assert deprecated_in("MIT OR (GPL-2.0+ AND LGPL-3.0)") == (
        ("GPL-2.0+", "GPL-2.0-or-later"),
        ("LGPL-3.0", "LGPL-3.0-only"),
    )


REASON = "the university's data office allowed weights of ten digits to be shared freely, letter of 2026-02-03"
NC = {"data": data.Section(splits=(split("train", licence="CC-BY-NC-4.0"), split("test", licence="CC-BY-NC-4.0")))}
BASE = ["CompVis/stable-diffusion-v1-4"]


@pytest.mark.parametrize(
    ("said", "changed", "rule"),
    [
        (f"Data under CC-BY-NC-4.0, weights under apache-2.0: {REASON}.", NC, "licence-data"),
        (f"Apache-2.0 beside CreativeML-OpenRAIL-M: {REASON}.", {}, "licence-base"),
    ],
)
def test_a_reason_in_the_card_lowers_it(tmp_path, said, changed, rule):
    """Where a person names both licences and says why, it is a warning that repeats nothing of an error's way out."""
    base = BASE if rule == "licence-base" else []
    fields = {"ethics__intellectual_property": said, "training_data__license": None, "base_model": base}
    (lint,) = reprobundle.lint(bundle(tmp_path / "b", card(**fields), **changed)).lints

    assert (lint.rule, lint.level) == (rule, "warning")
    assert lint.message.endswith("; ethics.intellectual_property says why it may be so")
    assert lint.hint == "whoever publishes it answers for that reason"


@pytest.mark.parametrize(
    "said",
    [
        "Data by the university, code and weights by the authors, who asked a lawyer about it first.",
        f"The data is CC-BY-NC-4.0: {REASON}.",
        f"CC-BY-NC-4.0-extended and Apache-2.0-like: {REASON}.",
        "Weights: Apache-2.0; data: CC-BY-NC-4.0.",
        f"TODO: CC-BY-NC-4.0, Apache-2.0 and {REASON}.",
    ],
)
def test_what_is_no_reason_leaves_the_error(tmp_path, said):
    """One licence only, a longer name, no reason or a placeholder: the error stays, and its hint says what would do."""
    fields = {"ethics__intellectual_property": said, "training_data__license": None}
    report = reprobundle.lint(bundle(tmp_path / "b", card(**fields), **NC))
    (lint,) = [lint for lint in report.of("error") if lint.rule == "licence-data"]

    assert lint.hint == (
        "take a licence that keeps these terms, or name both in ethics.intellectual_property with the reason that allows it; "
        "--allow RULE lets the rule go this once"
    )


def test_what_capture_filled_in_is_no_reason(tmp_path):
    """An answer that names both licences since capture wrote it excuses nothing."""
    said = f"Code and weights: Apache-2.0; data: CC-BY-NC-4.0, {REASON}."
    mark = {"source": ["data.splits[].provenance.licence"], "digest": digest_of(said)}
    given = card(ethics__intellectual_property=said, training_data__license=None)
    place = bundle(tmp_path / "b", {**given, "captured": {"ethics.intellectual_property": mark}}, **NC)

    assert [lint.rule for lint in reprobundle.lint(place).of("error")] == ["licence-data"]


def test_a_reason_for_another_licence_than_the_originals(tmp_path):
    """The licence of the README that came with the weights may be another one, where the card says why."""
    given = card(ethics__intellectual_property=f"The weights came under MIT and are Apache-2.0 now: {REASON}.")
    (lint,) = reprobundle.lint(bundle(tmp_path / "b", given, {README: "---\nlicense: mit\n---\n"})).lints

    assert (lint.rule, lint.level, lint.hint) == ("licence-original", "advice", None)
