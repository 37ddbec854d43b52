"""The arguments of a model's constructor as Python writes them."""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from typing import cast

from reprobundle.components.recipes.form import Arguments, step
from reprobundle.entries import Entry, parse_entry
from reprobundle.records import Json

MODULES = {"dtype": "torch", "device": "torch", "size": "torch", "bytes": "base64", "path": "pathlib"}


def written(init: Arguments) -> str:
    """What stands between the brackets of the call."""
    given = [_value(value, f"/args/{index}", init) for index, value in enumerate(init.args)]
    if init.kwargs:
        given.append(_keywords(init.kwargs, "/kwargs", init))
    return ", ".join(given)


def entries_of(init: Arguments) -> list[Entry]:
    """Classes and functions that the call names, by what they are imported as."""
    named = [entry for place, entry in init.objects.items() if init.kinds.get(place) != "coded"]
    named += [str(_at(init, place)) for place, kind in init.kinds.items() if kind == "entry"]
    return [parse_entry(entry) for entry in named]


def modules_of(init: Arguments) -> list[str]:
    """Modules that the call names whole, sorted."""
    return sorted({MODULES[kind] for kind in init.kinds.values() if kind in MODULES})


def _at(init: Arguments, place: str) -> Json:
    found: Json = {"args": list(init.args), "kwargs": init.kwargs}
    for part in place.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        found = found[int(key)] if isinstance(found, list) else cast("dict[str, Json]", found)[key]
    return found


def _value(value: Json, place: str, init: Arguments) -> str:
    """A value as Python writes it, an object as the call that makes it."""
    kind, made_by = init.kinds.get(place), init.objects.get(place)
    if kind == "enum" and made_by is not None:
        return f"{parse_entry(made_by).name}[{value!r}]"
    if kind == "entry":
        return parse_entry(str(value)).name
    if isinstance(value, list):
        return _sequence([_value(part, f"{place}/{index}", init) for index, part in enumerate(value)], kind)
    if isinstance(value, dict):
        if made_by is not None:
            return f"{parse_entry(made_by).name}({_keywords(value, place, init)})"
        return f"{{{', '.join(f'{name!r}: {part}' for name, part in _parts(value, place, init))}}}"
    if (
        kind == "dtype" and isinstance(value, str) and value.isidentifier()
    ):  # else a text, so that no call is ever written
        return f"torch.{value}"
    return CALLS[kind].format(f"{value!r}") if kind in CALLS else repr(value)


CALLS = {
    "float": "float({})",
    "bytes": "base64.b64decode({})",
    "path": "pathlib.Path({})",
    "device": "torch.device({})",
}


def _sequence(items: list[str], kind: str | None) -> str:
    inside = ", ".join(items)
    if kind == "tuple":
        return f"({inside},)" if len(items) == 1 else f"({inside})"
    whole = f"[{inside}]"
    calls = {"set": f"set({whole})", "frozenset": f"frozenset({whole})", "size": f"torch.Size({whole})"}
    return f"complex({inside})" if kind == "complex" else calls.get(kind or "", whole)


def _keywords(values: Mapping[str, Json], place: str, init: Arguments) -> str:
    """Values by name as they stand in a call."""
    parts = _parts(values, place, init)
    if all(name.isidentifier() and not keyword.iskeyword(name) for name in values):
        return ", ".join(f"{name}={part}" for name, part in parts)
    return f"**{{{', '.join(f'{name!r}: {part}' for name, part in parts)}}}"


def _parts(values: Mapping[str, Json], place: str, init: Arguments) -> list[tuple[str, str]]:
    return [(name, _value(part, f"{place}/{step(name)}", init)) for name, part in values.items()]
