"""The override of pip-compile: the hashes of wheels' own links, and its own way where pip-tools has changed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from reprobundle.components.environment import compiling


class Repository:
    """The part of pip-tools' repository that the override touches."""

    def __init__(self, links: list[Any]) -> None:
        self.links = links

    def _get_matching_candidates(self, requirement: object) -> list[Any]:
        return [SimpleNamespace(link=link) for link in self.links]

    def _get_hashes_from_pypi(self, requirement: object) -> dict[str, str]:
        return {"stock": "stock"}


def link(url: str, name: str | None, value: str | None, file: str = "a-1-py3-none-any.whl") -> SimpleNamespace:
    """An archive as an index page links it."""
    return SimpleNamespace(url=url, hash_name=name, hash=value, filename=file)


class Resolver:
    """The part of pip-tools' resolver that the override touches."""

    constraints = ("pin",)

    def resolve(self, max_rounds: int) -> set[str]:
        """Search as pip-tools does."""
        return {"searched"}


class Finder:
    """The part of pip's finder that the override touches."""

    def evaluate_links(self, link_evaluator: object, links: list[Any]) -> list[str]:
        """Look closely at every link."""
        return [one.filename for one in links]


def copy_of(kind: type[Any]) -> Any:
    """A class of its own that may be changed."""
    return type(kind.__name__, (kind,), dict(vars(kind)))


def requirement(text: str) -> SimpleNamespace:
    """A requirement as pip-tools passes it on."""
    return SimpleNamespace(req=text)


def test_the_links_own_sha256_is_used() -> None:
    """Only sha256 counts; a link without one is left to pip-compile, which hashes the file."""
    adapted = copy_of(Repository)
    can = compiling.adapt(adapted, copy_of(Resolver), copy_of(Finder))
    repository = adapted([link("u1", "sha256", "ab"), link("u2", "md5", "cd"), link("u3", None, None)])

    assert can
    assert repository._get_hashes_from_pypi(requirement("a==1")) == {"u1": "sha256:ab"}


FOREIGN = "a-1-cp27-cp27m-win32.whl"


@pytest.mark.parametrize(
    ("files", "urls"),
    [
        (["a-1.tar.gz", "a-1-py3-none-any.whl", FOREIGN], [1, 2]),
        (["a-1.tar.gz", "a-1.zip"], []),
        (["a-1.tar.gz", FOREIGN], []),
        (["a-1.tar.gz", "a-1-any.whl"], []),
    ],
)
def test_only_wheels_count_and_one_of_them_has_to_fit(files: list[str], urls: list[int]) -> None:
    """All wheels of a release are hashed if this machine can use one; source archives and useless wheels never are."""
    adapted = copy_of(Repository)
    compiling.adapt(adapted, copy_of(Resolver), copy_of(Finder))
    repository = adapted([link(str(number), "sha256", "ab", file) for number, file in enumerate(files)])

    assert repository._get_hashes_from_pypi(requirement("a==1")) == {str(number): "sha256:ab" for number in urls}
    assert [one.link.url for one in repository._get_matching_candidates(requirement("a==1"))] == [str(n) for n in urls]


def test_nothing_is_resolved() -> None:
    """What is installed is the solution, even where one distribution's requirements are broken."""
    resolver = copy_of(Resolver)
    compiling.adapt(copy_of(Repository), resolver, copy_of(Finder))

    assert resolver().resolve(max_rounds=10) == {"pin"}


def test_only_links_of_the_wanted_version_are_looked_at() -> None:
    """A page's other releases are passed over; a page that names none such is looked at whole."""
    adapted, finder = copy_of(Repository), copy_of(Finder)
    compiling.adapt(adapted, copy_of(Resolver), finder)
    adapted([])._get_matching_candidates(requirement("a==1.0"))
    names = ["a-1.0.whl", "a-2.0.whl"]

    assert finder().evaluate_links(None, [SimpleNamespace(filename=name) for name in names]) == ["a-1.0.whl"]
    assert finder().evaluate_links(None, [SimpleNamespace(filename="a-2.0.whl")]) == ["a-2.0.whl"]


def test_a_release_that_is_not_offered_is_named() -> None:
    """The reason ends with the pin, in pip's own words."""

    class Empty(Repository):
        def _get_matching_candidates(self, requirement: object) -> list[Any]:
            raise IndexError(requirement)  # as pip-tools fails where a page has no such release

    compiling.adapt(Empty, copy_of(Resolver), copy_of(Finder))

    with pytest.raises(SystemExit, match=r"^No matching distribution found for a==1\.0$"):
        Empty([])._get_hashes_from_pypi(requirement("a==1.0"))


def test_a_changed_pip_tools_is_left_as_it_is() -> None:
    """When a private method is gone, stock pip-compile runs."""
    changed, resolver = type("Changed", (), {}), copy_of(Resolver)
    can = compiling.adapt(changed, resolver, copy_of(Finder))

    assert not can
    assert vars(changed).keys() & {compiling.HASH_METHOD, compiling.CANDIDATES_METHOD} == set()
    assert resolver().resolve(max_rounds=10) == {"searched"}
