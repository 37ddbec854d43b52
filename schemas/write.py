"""Writes the JSON Schemas of every document from the types that read it; ``--check`` only says whether they are stale.

A field's description is its line in the ``Attributes:`` section of the record's docstring, so that there is one text.
"""

from __future__ import annotations

import argparse
import inspect
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from reprobundle.components.documentation.card import Card
from reprobundle.drifts import DriftReport
from reprobundle.linting.lints import LintReport
from reprobundle.manifest import Manifest
from reprobundle.records import Record
from reprobundle.report import Report
from reprobundle.specification import Specification

HERE = Path(__file__).parent
DIALECT = "https://json-schema.org/draft/2020-12/schema"
DOCUMENTS: Mapping[str, tuple[type[Record], str]] = {
    "documentation": (Card, "documentation/card.yaml of a bundle"),
    "drift": (DriftReport, "drift.json of a comparison with new data"),
    "lint": (LintReport, "what reprobundle lint --json prints"),
    "manifest": (Manifest, "manifest.json of a bundle"),
    "report": (Report, "report.json of a replay"),
    "specification": (Specification, "reprobundle.yaml of a project"),
}

_FIELD = re.compile(r"^    (\w+): (.*)$")


class Described(GenerateJsonSchema):
    """Moves what a docstring says of each field to that field."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """The schema of one record, its summary and its fields described in the docstring's words."""
        made = super().model_schema(schema)
        docstring = inspect.cleandoc(schema["cls"].__doc__ or "")
        summary, _, attributes = docstring.partition("\nAttributes:\n")
        made["description"] = _one_line(summary)
        for name, text in _fields(attributes):
            if name in made.get("properties", {}):
                made["properties"][name]["description"] = text
        return made


def _fields(attributes: str) -> Iterator[tuple[str, str]]:
    name, lines = "", list[str]()
    for line in [*attributes.splitlines(), "    end: "]:
        begins = _FIELD.match(line)
        if begins is None:
            lines.append(line)
            continue
        if name:
            yield name, _one_line("\n".join(lines))
        name, lines = begins[1], [begins[2]]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def schema(name: str) -> bytes:
    """The bytes of one schema file: the same for the same types."""
    kind, title = DOCUMENTS[name]
    made: dict[str, Any] = kind.model_json_schema(schema_generator=Described)
    head = {"$schema": DIALECT, "$id": f"urn:reprobundle:{name}:1", "title": title}
    text = json.dumps(
        {**head, **{key: made[key] for key in sorted(made) if key != "title"}}, indent=2, ensure_ascii=False
    )
    return text.encode("utf-8") + b"\n"


def place(name: str) -> Path:
    """Where the schema of a document stands."""
    return HERE / f"{name}.schema.json"


def stale() -> list[str]:
    """Names of the documents whose file is missing or differs from what the types say."""
    return [name for name in DOCUMENTS if not place(name).is_file() or place(name).read_bytes() != schema(name)]


def main() -> int:
    """Write the stale files, or with ``--check`` name them and end with 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 if a file is stale")
    check = parser.parse_args().check
    found = stale()
    for name in found:
        print(f"{place(name).name}: {'stale, run: make schemas' if check else 'written'}")
        if not check:
            place(name).write_bytes(schema(name))
    return 1 if check and found else 0


if __name__ == "__main__":
    sys.exit(main())
