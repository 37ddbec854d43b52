"""What a project says of itself beside its source: its packaging, its citation, its git history."""

from __future__ import annotations

import datetime
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reprobundle.components.documentation.card import Author
from reprobundle.components.documentation.filling import Fact
from reprobundle.errors import RefusedInputError
from reprobundle.initialising.places import Places
from reprobundle.initialising.project import Tell, read_whole, tell_nobody
from reprobundle.initialising.readme import readme_facts
from reprobundle.yaml_reading import read_yaml

PYPROJECT = "pyproject.toml"
MOST_AUTHORS = 20
ROBOT = "[bot]"  # how forges call programs that commit
_ORCID = re.compile(r"(https://orcid\.org/)?\d{4}-\d{4}-\d{4}-\d{3}[\dX]")
_DOI = re.compile(r"10\.\d{4,9}/\S+")


def project_facts(folder: Path, places: Places, tell: Tell = tell_nobody) -> Iterator[Fact]:
    """Answers of ``CITATION.cff``, ``README.md``, ``pyproject.toml`` and the git history, in this order.

    Args:
        folder: The project.
        places: What lies in it.
        tell: Told of a page that could not be read.
    """
    for name in places.citations[:1]:
        yield from _cited(folder / name, name)
    yield from readme_facts(folder, tell)
    if PYPROJECT in places.requirements:
        yield from _packaged(folder / PYPROJECT)
    yield from _recorded(folder)


def _cited(place: Path, name: str) -> Iterator[Fact]:
    try:
        value = read_yaml(read_whole(place), name=name).value
    except (OSError, RefusedInputError):  # a citation that nobody can read tells nothing
        return
    if not isinstance(value, dict):
        return
    for field, path in (("title", "title"), ("abstract", "description"), ("version", "version")):
        yield Fact(path, _text(value.get(field)), (name,))
    doi = _text(value.get("doi"))
    yield Fact("doi", doi if _DOI.fullmatch(doi) else "", (name,))
    yield Fact("released", _day(value.get("date-released")), (name,))
    people = value.get("authors")
    yield Fact("authors", tuple(filter(None, map(_author, people if isinstance(people, list) else ()))), (name,))


def _author(author: object) -> Author | None:
    """A person with the parts of the name as a card has them, or an organisation; None for what is neither."""
    if not isinstance(author, dict):
        return None
    part = {
        field: _text(author.get(field)) for field in ("family-names", "given-names", "name-particle", "name-suffix")
    }
    family = " ".join(filter(None, (part["name-particle"], part["family-names"])))
    whole = ", ".join(filter(None, (family, part["name-suffix"], part["given-names"])))
    name = whole or _text(author.get("alias")) or _text(author.get("name"))
    orcid = _text(author.get("orcid"))
    entity = not whole and not _text(author.get("alias"))
    return (
        Author(
            name=name,
            orcid=orcid if _ORCID.fullmatch(orcid) else None,
            affiliation=_text(author.get("affiliation")) or None,
            kind="organisation" if entity else None,
        )
        if name
        else None
    )


def _day(value: object) -> str:
    """A day as a card has it; nothing for one that no calendar knows."""
    text = _text(value)
    try:
        return datetime.date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


def _packaged(place: Path) -> Iterator[Fact]:
    project = _pyproject(place).get("project")
    if not isinstance(project, dict):
        return
    for field, path in (("name", "title"), ("description", "description"), ("version", "version")):
        yield Fact(path, _text(project.get(field)), (PYPROJECT,))
    people = project.get("authors")
    names = [_text(one.get("name")) for one in (people if isinstance(people, list) else ()) if isinstance(one, dict)]
    yield Fact("authors", tuple(filter(None, names)), (PYPROJECT,))
    words = project.get("keywords")
    yield Fact("tags", tuple(_text(word) for word in words) if isinstance(words, list) else (), (PYPROJECT,))


def _pyproject(place: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        from pip._vendor import tomli as tomllib
    try:
        return tomllib.loads(read_whole(place).decode("utf-8"))
    except (OSError, ValueError):  # a file that nobody can read tells nothing
        return {}


def _recorded(folder: Path) -> Iterator[Fact]:
    """Who committed, and what is checked out; no addresses."""
    import git

    try:
        with git.Repo(folder, search_parent_directories=True) as repository:
            names = dict.fromkeys(str(commit.author.name or "") for commit in repository.iter_commits(max_count=1000))
            commit = repository.head.commit.hexsha
    except (git.exc.GitError, ValueError, OSError):  # no repository, or one without a commit
        return
    people = [name for name in names if name and not name.endswith(ROBOT)]
    yield Fact("authors", tuple(people[:MOST_AUTHORS]), ("git log",))
    yield Fact("version", f"git {commit[:12]}", ("git rev-parse HEAD",))


def _text(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""
