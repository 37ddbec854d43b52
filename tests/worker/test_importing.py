"""Where the worker imports from."""

from __future__ import annotations

import importlib
import sys
import types
from importlib.machinery import ModuleSpec

import pytest

from reprobundle.worker import importing
from reprobundle.worker.importing import HiddenSource, arrange, is_hidden, refuse_hidden, resolve


@pytest.fixture
def clean(monkeypatch):
    """A path and finders that a test may change."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))


@pytest.fixture
def folders(tmp_path):
    """The original source, a bundle within it, and the worker's own folder."""
    for name in ("project", "project/bundle/source", "project2", "worker"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def test_path_is_environment_then_bundle(clean, folders):
    """The bundle's folders come last, so that they shadow nothing; the current and the worker's folder leave."""
    before = [place for place in sys.path if place]
    sys.path[:] = ["", str(folders / "worker"), *before]
    arrange([str(folders / "project"), str(folders / "project2")], [], str(folders / "worker"))

    assert sys.path == [*before, str(folders / "project"), str(folders / "project2")]


def test_worker_s_folder_leaves_however_it_is_spelled(clean, folders, monkeypatch):
    """A relative or linked spelling of the worker's folder leaves too."""
    monkeypatch.chdir(folders)
    (folders / "link").symlink_to("worker")
    sys.path[:0] = ["worker", "./worker/", str(folders / "link"), str(folders / "worker") + "/"]
    before = len(sys.path)
    arrange([], [], str(folders / "worker"))

    assert len(sys.path) <= before - 4
    assert not any(
        "worker" in place or "link" in place for place in sys.path if str(folders) in place or place[0] == "."
    )


def test_hidden_folder_leaves_the_path(clean, folders):
    """The original source and what lies below it are not searched; a folder of a longer name is."""
    sys.path[:0] = [str(folders / "project"), str(folders / "project" / "src"), str(folders / "project2")]
    arrange([str(folders / "project" / "bundle" / "source")], [str(folders / "project")], "nowhere")

    assert str(folders / "project") not in sys.path
    assert str(folders / "project" / "src") not in sys.path
    assert str(folders / "project2") in sys.path
    assert sys.path[-1] == str(folders / "project" / "bundle" / "source")


def test_hidden_follows_links(folders):
    """A link into a hidden folder is hidden."""
    (folders / "link").symlink_to("project")

    assert is_hidden(str(folders / "link" / "x.py"), [str(folders / "project")], [])
    assert is_hidden(str(folders / "project" / "x.py"), [str(folders / "link")], [])


def test_bundle_inside_the_project_is_not_hidden(folders):
    """A bundle that is made inside the project can be imported from, its neighbours cannot."""
    roots = [str(folders / "project" / "bundle" / "source")]
    hidden = [str(folders / "project")]

    assert not is_hidden(str(folders / "project" / "bundle" / "source" / "net.py"), hidden, roots)
    assert is_hidden(str(folders / "project" / "bundle" / "other.py"), hidden, roots)
    assert is_hidden(str(folders / "project" / "net.py"), hidden, roots)


def test_environment_inside_the_project_is_not_hidden():
    """Standard library and installed packages count as themselves, even in a hidden folder."""
    import hypothesis

    assert not is_hidden(str(hypothesis.__file__), ["/"], [])
    assert not is_hidden(str(types.__file__), ["/"], [])
    assert is_hidden("/somewhere/net.py", ["/"], [])


class EditableFinder:
    """A finder like those of editable installs: it knows where a project lies."""

    __module__ = "__editable___project_finder"

    def __init__(self, places):
        self.places = places

    def find_spec(self, name, path=None, target=None):
        """The module's place."""
        return ModuleSpec(name, None, origin=str(self.places[name])) if name in self.places else None


def test_editable_install_finds_nothing_hidden(clean, folders):
    """An editable install's finder no longer finds the original source, but still everything else."""
    finder = EditableFinder({"hidden_one": folders / "project" / "x.py", "free": folders / "project2" / "x.py"})
    sys.meta_path.insert(0, finder)
    others = sys.meta_path[1:]
    arrange([], [str(folders / "project")], "nowhere")

    assert sys.meta_path[0].find_spec("hidden_one") is None
    assert sys.meta_path[0].find_spec("free").origin == str(folders / "project2" / "x.py")
    assert sys.meta_path[0].find_spec("unknown") is None
    assert sys.meta_path[1:] == others


def test_editable_install_works_where_nothing_is_hidden(clean, folders):
    """Without hidden folders finders stay as they are."""
    finder = EditableFinder({})
    sys.meta_path.insert(0, finder)
    arrange([], [], "nowhere")

    assert sys.meta_path[0] is finder


def test_module_from_the_original_source_is_refused(folders, monkeypatch):
    """A module that came from a hidden folder all the same is named."""
    module = types.ModuleType("sneaked_in")
    module.__file__ = str(folders / "project" / "sneaked_in.py")
    monkeypatch.setitem(sys.modules, "sneaked_in", module)
    refuse_hidden([], [])
    refuse_hidden([str(folders / "project2")], [])
    refuse_hidden([str(folders / "project")], [str(folders / "project")])
    with pytest.raises(HiddenSource) as caught:
        refuse_hidden([str(folders / "project")], [])

    assert str(caught.value) == "module 'sneaked_in' came from the original source, it is not in the bundle"


def test_names_are_resolved_through_classes():
    """A name may lead through classes."""
    assert resolve("collections:OrderedDict.fromkeys")([1]) == {1: None}
    assert resolve("os.path:join") is importlib.import_module("os.path").join


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        ("no_such_module_anywhere:x", ModuleNotFoundError),
        ("collections:NoSuchName", AttributeError),
        ("collections:OrderedDict.nothing", AttributeError),
    ],
)
def test_unknown_names_raise(entry, error):
    """A name that is not there is Python's own error."""
    with pytest.raises(error):
        resolve(entry)


def test_distributions_are_named():
    """Every installed distribution is listed with its version."""
    found = importing.distributions()

    assert found["numpy"] == importlib.import_module("numpy").__version__
    assert all(found.values())


def test_broken_distribution_is_no_error(clean, tmp_path):
    """A folder that only looks like a distribution is left out."""
    (tmp_path / "broken-1.0.dist-info").mkdir()
    sys.path.append(str(tmp_path))

    assert not {"broken", None, ""} & set(importing.distributions())


def test_first_of_two_distributions_counts(clean, tmp_path):
    """Of two folders of one distribution the first on the path is the one that is imported."""
    for number in (1, 2):
        place = tmp_path / str(number) / "twice-1.0.dist-info"
        place.mkdir(parents=True)
        (place / "METADATA").write_text(f"Metadata-Version: 2.1\nName: twice\nVersion: {number}\n")
        sys.path.append(str(tmp_path / str(number)))

    assert importing.distributions()["twice"] == "1"
