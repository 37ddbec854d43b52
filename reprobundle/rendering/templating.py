"""The pages to be filled in: whatever is put into one is escaped."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from reprobundle.rendering.escaping import SHOWN_PROSE_CHARACTERS, escape, prose

if TYPE_CHECKING:
    import jinja2

ESCAPED_CHARACTERS = 10 * SHOWN_PROSE_CHARACTERS + 1  # an escaped text must not be cut a second time


def template(name: str) -> jinja2.Template:
    """One of the pages to be filled; whatever is put in is escaped."""
    return _environment().get_template(name)


def ready() -> None:
    """Read every page, so that none is waited for when it is filled; may be called from a thread of its own."""
    environment = _environment()
    for name in environment.list_templates(extensions=("html",)):
        environment.get_template(name)


@functools.cache
def _environment() -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("reprobundle.rendering"),
        autoescape=True,
        finalize=_shown,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["prose"] = prose
    return environment


def _shown(value: Any) -> Any:
    """Whatever a template prints passes the escaper, even where its author forgot; markup made here is left alone."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return escape(value, limit=ESCAPED_CHARACTERS)
    return value
