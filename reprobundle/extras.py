"""How to get what an extra brings, wherever this program was installed from."""

from __future__ import annotations

from collections.abc import Iterator

PROGRAM = "reprobundle"


def how_to_install(extra: str) -> str:
    """A command that installs the libraries of an extra.

    They are named one by one, as this installation's own metadata names them, so that the command is the same for a copy
    from an index, from a clone and from an archive.
    """
    from importlib import metadata

    try:
        wanted = sorted(set(_libraries(extra)))
    except metadata.PackageNotFoundError:
        wanted = []
    if not wanted:  # it runs from a folder of source and was never installed
        return f'python -m pip install ".[{extra}]", in the folder of its source'
    return "python -m pip install " + " ".join(f'"{library}"' for library in wanted)


def _libraries(extra: str) -> Iterator[str]:
    """Requirements of an extra, those of extras it stands on included."""
    from importlib import metadata

    from packaging.requirements import Requirement

    for text in metadata.requires(PROGRAM) or ():
        required = Requirement(text)
        if required.marker is None or not required.marker.evaluate({"extra": extra}):
            continue
        if required.name == PROGRAM:
            for inner in sorted(required.extras):
                yield from _libraries(inner)
        else:
            yield f"{required.name}{required.specifier}"
