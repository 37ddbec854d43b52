"""The override of pip-compile: the hashes of wheels' own links, and its own way where pip-tools has changed."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from reprobundle.components.environment.locking import compiling


class Repository:
    """The part of pip-tools' repository that the override touches."""

    def __init__(self, links: list[Any]) -> None:
        self.links = links

    def _get_matching_candidates(self, requirement: object) -> list[Any]:
        return [SimpleNamespace(name="a", link=link) for link in self.links]

    def _get_hashes_from_pypi(self, requirement: object) -> dict[str, str]:
        return {"stock": "stock"}

    def _get_file_hash(self, link: Any) -> str:
        return f"sha256:of {link.filename}"

    def find_all_candidates(self, name: str) -> list[Any]:
        return []


def link(
    url: str,
    name: str | None,
    value: str | None,
    file: str = "a-1-py3-none-any.whl",
    *,
    page: str = "p",
    yanked: bool = False,
) -> SimpleNamespace:
    """An archive as an index page links it."""
    return SimpleNamespace(url=url, hash_name=name, hash=value, filename=file, comes_from=page, is_yanked=yanked)


def adapted(
    links: list[Any], repository: type[Any] = Repository, resolver: Any = None, finder: Any = None
) -> tuple[Any, compiling.Told]:
    """A repository with the override in place, and what it tells."""
    told, changed = compiling.Told(), copy_of(repository)
    assert compiling.adapt(changed, resolver or copy_of(Resolver), finder or copy_of(Finder), told)
    return changed(links), told


class Resolver:
    """The part of pip-tools' resolver that the override touches."""

    constraints = ("second", "first", "second")

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
    return SimpleNamespace(req=text, name=text.partition("==")[0])


def test_the_links_own_sha256_is_used() -> None:
    """Only sha256 counts; a link without one is left to pip-compile, which hashes the file."""
    repository, told = adapted([link("u1", "sha256", "ab"), link("u2", "md5", "cd"), link("u3", None, None)])

    assert repository._get_hashes_from_pypi(requirement("a==1")) == {"u1": "sha256:ab"}
    assert told.files == {"sha256:ab": "a-1-py3-none-any.whl"}


def test_a_hash_is_spelled_as_the_lock_spells_it() -> None:
    """Some pages write large letters."""
    repository, told = adapted([link("u1", "sha256", "AB")])

    assert repository._get_hashes_from_pypi(requirement("a==1")) == {"u1": "sha256:ab"}
    assert set(told.files) == {"sha256:ab"}


def test_a_wheel_for_elsewhere_without_a_hash_is_passed_over() -> None:
    """It would be downloaded to be hashed, and uv does not tell it at all; one that fits is hashed."""
    links = [link("u1", None, None), link("u2", None, None, FOREIGN), link("u3", "sha256", "ab", FOREIGN)]
    repository, _ = adapted(links)

    assert [one.link.url for one in repository._get_matching_candidates(requirement("a==1"))] == ["u1", "u3"]


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
    repository, _ = adapted([link(str(number), "sha256", "ab", file) for number, file in enumerate(files)])

    assert repository._get_hashes_from_pypi(requirement("a==1")) == {str(number): "sha256:ab" for number in urls}
    assert [one.link.url for one in repository._get_matching_candidates(requirement("a==1"))] == [str(n) for n in urls]


def test_nothing_is_resolved() -> None:
    """What is installed is the solution, even where one distribution's requirements are broken."""
    resolver = copy_of(Resolver)
    adapted([], resolver=resolver)

    assert resolver().resolve(max_rounds=10) == ["first", "second"]


def test_only_links_of_the_wanted_version_are_looked_at() -> None:
    """A page's other releases are passed over; a page that names none such is looked at whole."""
    finder = copy_of(Finder)
    repository, _ = adapted([], finder=finder)
    repository._get_matching_candidates(requirement("a==1.0"))
    names = ["a-1.0.whl", "a-2.0.whl"]

    assert finder().evaluate_links(None, [SimpleNamespace(filename=name) for name in names]) == ["a-1.0.whl"]
    assert finder().evaluate_links(None, [SimpleNamespace(filename="a-2.0.whl")]) == ["a-2.0.whl"]


class Empty(Repository):
    """Pages without the release, as pip-tools fails on them."""

    def _get_matching_candidates(self, requirement: object) -> list[Any]:
        raise IndexError(requirement)


class Answering(Empty):
    """The same, of an index that answers."""

    def find_all_candidates(self, name: str) -> list[Any]:
        return [name]


def test_a_release_that_is_not_offered_is_named() -> None:
    """While nothing shows that any index answers, the first such release is the end, in pip's own words."""
    repository, _ = adapted([], Empty)

    with pytest.raises(SystemExit, match=r"^No matching distribution found for a==1\.0$"):
        repository._get_hashes_from_pypi(requirement("a==1.0"))


def test_what_an_index_that_answers_does_not_know_is_told() -> None:
    """One private release does not stop the look-up of the others."""
    repository, told = adapted([], Answering)

    assert repository._get_hashes_from_pypi(requirement("a==1.0")) == {}
    assert json.loads(told.content()) == {"files": {}, "unknown": ["a"], "yanked": []}


def test_of_several_places_those_count_that_offer_a_wheel_that_fits() -> None:
    """uv passes over a place without one, so pip-compile does as well; all wheels of the others count."""
    fitting, foreign = "a-1-py3-none-any.whl", "a-1-cp27-cp27m-win32.whl"
    files = {"u1": ("one", foreign), "u2": ("two", foreign), "u3": ("two", fitting)}
    repository, told = adapted([link(url, "sha256", url, file, page=page) for url, (page, file) in files.items()])

    assert repository._get_hashes_from_pypi(requirement("a==1")) == {"u2": "sha256:u2", "u3": "sha256:u3"}
    assert told.files == {"sha256:u3": fitting}


def test_a_yanked_release_is_told() -> None:
    """Its index still hands it out, and advises against it."""
    repository, told = adapted([link("u", "sha256", "ab", yanked=True)])
    repository._get_hashes_from_pypi(requirement("a==1"))

    assert told.yanked == {"a"}


def test_a_file_that_pip_tools_hashes_itself_is_named_as_well() -> None:
    """Folders and plain pages of archives carry no hashes."""
    repository, told = adapted([])
    repository._get_file_hash(link("u", None, None))

    assert told.files == {"sha256:of a-1-py3-none-any.whl": "a-1-py3-none-any.whl"}


def test_a_changed_pip_tools_is_left_as_it_is() -> None:
    """When a private method is gone, stock pip-compile runs."""
    changed, resolver = type("Changed", (), {}), copy_of(Resolver)
    can = compiling.adapt(changed, resolver, copy_of(Finder), compiling.Told())

    assert not can
    assert vars(changed).keys() & {compiling.HASH_METHOD, compiling.CANDIDATES_METHOD} == set()
    assert resolver().resolve(max_rounds=10) == {"searched"}
