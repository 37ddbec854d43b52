"""Which licences a model meets: of its data, of the model it was made from, of its code, and where each is said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reprobundle.components.data.roles import is_held_back
from reprobundle.components.data.section import Split
from reprobundle.components.model.opening.folder_files import ORIGINAL
from reprobundle.errors import RefusedInputError
from reprobundle.linting.spdx import canonical
from reprobundle.linting.subject import Subject
from reprobundle.records import Json
from reprobundle.yaml_reading import read_yaml

FAMILY_NAMES = (  # models whose whole family has one licence, by their names on the Hub
    (re.compile(r"meta-llama/.+", re.IGNORECASE), "LicenseRef-llama"),
    (re.compile(r"google/gemma-?[1-3]?[^/]*", re.IGNORECASE), "LicenseRef-gemma"),
    (re.compile(r"bigscience/bloom[^/]*", re.IGNORECASE), "LicenseRef-bigscience-bloom-rail-1.0"),
    (re.compile(r"(CompVis|runwayml)/stable-diffusion[^/]*", re.IGNORECASE), "LicenseRef-creativeml-openrail-m"),
)
UNSAID = frozenset({"other", "unknown"})  # what the Hub writes where there is no name
_FRONT = re.compile(r"\A---\s*\n(.*?)\n---\s*(\n|\Z)", re.DOTALL)
_NAMED = re.compile(r"SPDX-License-Identifier:\s*([A-Za-z0-9.+-]+)")
_TEXTS = (  # by words that stand in the licence's own text, the more particular first
    (r"GNU AFFERO GENERAL PUBLIC LICENSE\s+Version 3", "AGPL-3.0-only"),
    (r"GNU LESSER GENERAL PUBLIC LICENSE\s+Version 3", "LGPL-3.0-only"),
    (r"GNU LESSER GENERAL PUBLIC LICENSE\s+Version 2\.1", "LGPL-2.1-only"),
    (r"GNU GENERAL PUBLIC LICENSE\s+Version 3", "GPL-3.0-only"),
    (r"GNU GENERAL PUBLIC LICENSE\s+Version 2", "GPL-2.0-only"),
    (r"Apache License\s+Version 2\.0", "Apache-2.0"),
    (r"Mozilla Public License,?\s+[Vv]ersion 2\.0", "MPL-2.0"),
    (r"Attribution-NonCommercial-ShareAlike 4\.0", "CC-BY-NC-SA-4.0"),
    (r"Attribution-NonCommercial-NoDerivatives 4\.0", "CC-BY-NC-ND-4.0"),
    (r"Attribution-NonCommercial 4\.0", "CC-BY-NC-4.0"),
    (r"Attribution-ShareAlike 4\.0", "CC-BY-SA-4.0"),
    (r"Attribution 4\.0 International", "CC-BY-4.0"),
    (r"CC0 1\.0 Universal", "CC0-1.0"),
    (r"Permission is hereby granted, free of charge, to any person obtaining a copy", "MIT"),
    (r"Redistribution and use in source and binary forms(?=.*Neither the name)", "BSD-3-Clause"),
    (r"Redistribution and use in source and binary forms", "BSD-2-Clause"),
    (r"This is free and unencumbered software released into the public domain", "Unlicense"),
)


@dataclass(frozen=True)
class Said:
    """A licence as it is said somewhere.

    Attributes:
        of: What it covers, in words, such as ``data split 'train'``.
        expression: The licence: canonical, where it is an expression of SPDX.
        path: Where it is said: a field of the card, a place in the manifest, or a file of the bundle.
        trains: Whether the model learned from it; held-back data was only measured on.
    """

    of: str
    expression: str
    path: str
    trains: bool = True


@dataclass(frozen=True)
class Original:
    """The README that came with the weights.

    Attributes:
        path: Its file in the bundle.
        licence: The licence in its front matter; None where it has none.
        bases: The models it says it was made from.
        fault: Why its front matter cannot be read; None where it can.
    """

    path: str
    licence: str | None = None
    bases: tuple[str, ...] = ()
    fault: str | None = None


def of_splits(subject: Subject) -> Iterator[Said]:
    """The licences that the recorded splits carry."""
    splits = subject.manifest.data.splits if subject.manifest is not None else ()
    for number, split in enumerate(splits):
        licence = split.provenance.licence if split.provenance is not None else None
        if licence is not None:
            yield Said(
                _called(split), licence, f"data.splits[{number}].provenance.licence", not is_held_back(split.name)
            )


def _called(split: Split) -> str:
    return f"data split {split.name!r}"


def original_of(subject: Subject) -> Original | None:
    """What the README says that came with the weights; None where none did."""
    for path in subject.listed(rf"{ORIGINAL}/README(\.md)?"):
        front = _FRONT.match(subject.read(path) or "")
        if front is None:
            return Original(path)
        try:
            value = read_yaml(front[1].encode("utf-8"), name=path).value
        except RefusedInputError as error:
            return Original(path, fault=str(error))
        if not isinstance(value, dict):
            return Original(path, fault=f"{path}: its front matter is no mapping")
        return Original(path, _licence(value), _names(value.get("base_model")))
    return None


def _licence(front: Mapping[str, Json]) -> str | None:
    said = front.get("license")
    if isinstance(said, str) and said.casefold() in UNSAID:
        said = front.get("license_name")
    return (canonical(said) or said) if isinstance(said, str) and said.strip() else None


def _names(said: object) -> tuple[str, ...]:
    listed = said if isinstance(said, list) else [said]
    return tuple(name for name in listed if isinstance(name, str))


def of_bases(subject: Subject, original: Original | None) -> Iterator[Said]:
    """The licences of what the model was made from, as far as files of the bundle or the names of models tell them."""
    if original is not None and original.licence is not None:
        yield Said("the model whose README came with the weights", original.licence, original.path)
    names = dict.fromkeys((*subject.card.base_model, *(original.bases if original is not None else ())))
    for name in names:
        known = next((licence for pattern, licence in FAMILY_NAMES if pattern.fullmatch(name)), None)
        if known is not None:
            yield Said(f"the base model {name!r}", known, "base_model")


def of_code(subject: Subject) -> Said | None:
    """The licence whose text, or whose identifier, the code's licence file has; None where none is recognised."""
    for path in subject.listed(r"code/source/(LICEN[CS]E|COPYING)[^/]*"):
        recognised = recognise(subject.read(path) or "")
        if recognised is not None:
            return Said("the code", recognised, path)
    return None


def recognise(text: str) -> str | None:
    """The identifier of a licence, from its own text; None where it is none of the common ones."""
    named = _NAMED.search(text)
    if named is not None:
        return canonical(named[1])
    words = " ".join(text.split())
    return next((name for pattern, name in _TEXTS if re.search(pattern, words)), None)
