"""What the source of claims names counts as imported, whether or not the process of the capture has loaded it."""

from __future__ import annotations

import sys
import time

from tiny import tiny_manifest

from reprobundle.components import claims
from reprobundle.components.environment.recording import record
from reprobundle.components.environment.snapshot.distributions import Installed
from reprobundle.components.environment.snapshot.named import with_named
from reprobundle.components.interface import Source, Stage
from reprobundle.store import Writer

FILES = {
    "near": ["near.py"],
    "shared-a": ["space/a/__init__.py"],
    "shared-b": ["space/b/x.so"],
    "py-far": ["far/__init__.py", "far/in.py"],
}


def installed(folder):
    """Distributions whose lists of files are on the disk, none of which is imported; one lists no files."""
    made = []
    for name, files in {**FILES, "old": []}.items():
        metadata = folder / f"{name}-1.dist-info"
        metadata.mkdir()
        (metadata / "top_level.txt").write_text("old_module\n")
        if files:
            (metadata / "RECORD").write_text("".join(f"{file},,\n" for file in files))
        made.append(Installed(name=name, version="1", site=folder, metadata=metadata, origin="index", imported=False))
    return made


def imported(folder, source, **changed):
    """Which count as imported where a claim's function stands in this source."""
    place = folder / "bundle" / "code" / "source" / "evaluate.py"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(source)
    claim = claims.Claim(**{"id": "a", "text": "a", "value": 1.0, "entry": "evaluate:f", **changed})
    sections = {"code": tiny_manifest().code, "claims": claims.Section(claims=(claim,))}
    found = with_named(installed(folder), sections, folder / "bundle")
    return {one.name for one in found if one.imported}


def test_distributions_are_found_by_their_files(tmp_path):
    """A module is matched with who brings it: in a shared package by its longest name, without a list by its top modules."""
    assert imported(tmp_path, "import near, far.inner, old_module, json\nfrom space import b\n") == {
        "near", "py-far", "old", "shared-b",
    }  # fmt: skip


def test_what_several_bring_is_nobodys(tmp_path):
    """The bare name of a package that several share says nothing of any of them."""
    assert imported(tmp_path, "import space\n") == set()


def test_a_command_counts_as_well(tmp_path):
    """The script that a claim's command runs is read like a function's file; what no claim runs is not."""
    assert imported(tmp_path, "import near\n", entry=None, command=("python", "evaluate.py")) == {"near"}


def test_without_claims_nothing_is_read(tmp_path):
    """Source that nothing of the bundle runs marks nothing."""
    assert imported(tmp_path, "import near\n", entry=None) == set()


def test_the_record_and_the_lock_for_other_platforms_have_it(tmp_path, monkeypatch):
    """The section marks it, and the portable lock names it; the process has never loaded it."""
    site = tmp_path / "site-packages"
    site.mkdir()
    for one in installed(site):
        (one.metadata / "METADATA").write_text(f"Name: {one.name}\nVersion: 1\n")
        (one.metadata / "INSTALLER").write_text("pip\n")
    monkeypatch.setattr(sys, "path", [*(place for place in sys.path if "-packages" not in place), str(site)])
    folder = tmp_path / "bundle"
    (folder / "code" / "source").mkdir(parents=True)
    (folder / "code" / "source" / "evaluate.py").write_text("def f():\n    import near\n")
    claim = claims.Claim(id="a", text="a", value=1.0, entry="evaluate:f")
    sections = {"code": tiny_manifest().code, "claims": claims.Section(claims=(claim,))}
    stage = Stage(writer=Writer(folder), deadline=time.monotonic(), sections=sections)
    section = record(Source(model=None, budget=0), stage)

    assert {one.name for one in section.distributions if one.imported and one.name in {*FILES, "old"}} == {"near"}
    assert section.portable is not None
    assert "near==1" in (folder / section.portable).read_text()
