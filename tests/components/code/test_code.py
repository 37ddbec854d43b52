"""The source that ran, captured from real processes and real git repositories."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reprobundle import records
from reprobundle.components import code
from reprobundle.components.interface import Source, Stage
from reprobundle.errors import UsageError
from reprobundle.store import Writer, inside, list_files

pytestmark = pytest.mark.slow  # each starts processes; all together take half a minute

ROOT = Path(code.__file__).parents[3]
DRIVER = '''
import json
import os
from pathlib import Path

from reprobundle import records
from reprobundle.components import code
from reprobundle.components.interface import Begun, Source, Stage
from reprobundle.store import Writer, list_files


def capture(model, out=None, **fields):
    """Capture the code alone, and leave what came of it beside the bundle."""
    folder = Path(out or os.environ["OUT"])
    folder.mkdir(parents=True)
    writer = Writer(folder)
    stage = Stage(writer)
    section = code.capture(Source(model=model, **fields), stage)
    assert tuple(entry.path for entry in writer.entries) == tuple(listed.path for listed in list_files(folder))
    notes = [[note.message, note.hint] for note in stage.notes]
    answer = {"section": records.to_bytes(section).decode(), "notes": notes}
    folder.with_name(folder.name + ".json").write_text(json.dumps(answer))


def begun():
    commit, sources = code.state()
    return Begun(commit=commit, sources=sources, splits={})
'''
SCRIPT = """
from driving import capture

class Model:
    pass

if __name__ == "__main__":
    capture(Model())
"""


@dataclass
class Captured:
    """What a capture in another process came to."""

    section: code.Section
    notes: list[tuple[str, str | None]]
    root: Path

    def text(self, path: str) -> str:
        return inside(self.root, path).read_text(encoding="utf-8")

    @property
    def files(self) -> list[str]:
        return [listed.path for listed in list_files(self.root)]

    @property
    def messages(self) -> list[str]:
        return [message for message, _ in self.notes]


@dataclass
class Place:
    """A project in a folder of its own, with a program beside it that captures its code."""

    root: Path
    driver: Path

    def write(self, path: str, text: str = "", *, within: Path | None = None) -> Path:
        file = (within or self.root) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        return file

    def git(self, *arguments: str, cwd: Path | None = None) -> str:
        return git(cwd or self.root, *arguments)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "one")

    def environment(self) -> dict[str, str]:
        path = os.pathsep.join([str(self.driver), str(ROOT)])
        out = str(self.root.parent / "bundle")
        return {**os.environ, **PERSON, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "OUT": out}

    def run(self, *arguments: str, cwd: Path | None = None, **variables: str) -> str:
        command = [sys.executable, *(arguments or ("train.py",))]
        environment = {**self.environment(), **variables}
        done = subprocess.run(
            command, cwd=cwd or self.root, capture_output=True, text=True, env=environment, check=False
        )

        assert done.returncode == 0, done.stderr
        return done.stdout

    def captured(self, name: str = "bundle") -> Captured:
        folder = self.root.parent / name
        answer = json.loads(folder.with_name(f"{name}.json").read_text(encoding="utf-8"))
        section = records.from_bytes(code.Section, answer["section"].encode(), name="code")
        return Captured(section, [(message, hint) for message, hint in answer["notes"]], folder)

    def capture(self, *arguments: str, cwd: Path | None = None, **variables: str) -> Captured:
        self.run(*arguments, cwd=cwd, **variables)
        return self.captured()


PERSON = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "protocol.file.allow=always", *arguments]
    environment = {**os.environ, **PERSON}
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, env=environment).stdout


@pytest.fixture
def place(tmp_path):
    """A project without a repository whose script captures itself."""
    driver = tmp_path / "driver" / "site-packages"
    driver.mkdir(parents=True)
    (driver / "driving.py").write_text(DRIVER, encoding="utf-8")
    made = Place(tmp_path / "project", driver)
    made.write("train.py", SCRIPT)
    return made


@pytest.fixture
def repository(place):
    """The same, committed on the branch main."""
    place.git("init", "--quiet", "--initial-branch=main")
    place.commit()
    return place


def import_again(captured: Captured, statement: str) -> str:
    """What a fresh process prints that has only the bundle's import roots."""
    lines = [f"sys.path.append({str(captured.root / root)!r})" for root in captured.section.import_roots]
    program = "; ".join(["import sys", *lines, statement])
    return subprocess.run(
        [sys.executable, "-I", "-B", "-c", program], cwd="/", capture_output=True, text=True, check=True
    ).stdout.strip()


def test_clean_repository(repository):
    """A clean commit on a branch: its facts, its files, no patch, no note."""
    captured = repository.capture()
    commit, tree = repository.git("rev-parse", "HEAD", "HEAD^{tree}").split()

    assert captured.section == code.Section(
        repository=code.Repository(commit=commit, tree=tree, branch="main", remote=None, dirty=False, shallow=False),
        patch=None,
        import_roots=("code/source",),
        modules=(code.ImportedModule(name="train", path="code/source/train.py"),),
        left_out=(),
        changed_since_start=(),
        main_guard="present",
    )
    assert captured.files == ["code/git.json", "code/source/train.py"]
    assert captured.notes == []


def test_a_checkpoint_in_git_is_packed_and_named(repository):
    """A pickle is as the commit has it, and a reader is told that loading it runs what it says."""
    (repository.root / "old.bin").write_bytes(b"\x80\x04N.")
    repository.commit()
    captured = repository.capture()
    [(message, hint)] = captured.notes

    assert "code/source/old.bin" in captured.files
    assert message == "1 source file is a pickle, and whoever loads a pickle runs what it says: 'old.bin'"
    assert "git rm --cached" in hint


def test_git_file(repository):
    """code/git.json tells a person the commands that bring the same source."""
    repository.git("remote", "add", "origin", "https://user:s3cr3t@example.org/group/project.git?k=s3cr3t")
    repository.write("train.py", SCRIPT + "# more\n")
    captured = repository.capture()
    document = records.from_bytes(code.GitFile, captured.text("code/git.json").encode(), name="code/git.json")

    assert document.steps == (
        "git clone https://example.org/group/project.git source",
        "cd source",
        f"git checkout --detach {captured.section.repository.commit}",
        "git apply --binary BUNDLE/code/uncommitted.patch",
    )
    assert not [path for path in captured.files if "s3cr3t" in captured.text(path)]


def test_detached(repository):
    """Without a branch, the branch is None."""
    repository.git("checkout", "--quiet", "--detach")

    assert repository.capture().section.repository.branch is None


def test_shallow(repository):
    """A clone of a part of the history says so."""
    repository.write("more.txt")
    repository.commit()
    clone = repository.root.parent / "clone"
    git(repository.root.parent, "clone", "--quiet", "--depth=1", repository.root.as_uri(), str(clone))
    captured = repository.capture(cwd=clone)

    assert captured.section.repository.shallow
    assert captured.section.repository.remote is None


def test_dirty(repository):
    """What was changed is captured as it is, and the patch brings a clean clone to the same state, bytes and all."""
    repository.write("old.txt", "old\n")
    (repository.root / "image.bin").write_bytes(bytes(range(256)))
    (repository.root / "crlf.txt").write_bytes(b"a\r\nb\r\n")
    repository.commit()
    (repository.root / "image.bin").write_bytes(bytes(range(255, -1, -1)))
    (repository.root / "crlf.txt").write_bytes(b"a\r\nc\r\n\xff")
    (repository.root / "old.txt").unlink()
    repository.write("staged.txt", "new\n")
    repository.git("add", "staged.txt")
    captured = repository.capture()
    clone = repository.root.parent / "clone"
    git(repository.root.parent, "clone", "--quiet", str(repository.root), str(clone))
    git(clone, "apply", "--binary", str(captured.root / "code/uncommitted.patch"))

    assert captured.section.repository.dirty
    assert captured.section.patch == "code/uncommitted.patch"
    names = ["crlf.txt", "image.bin", "staged.txt", "train.py"]
    assert [path for path in captured.files if "source" in path] == [f"code/source/{name}" for name in names]
    for name in names:
        assert (clone / name).read_bytes() == (captured.root / "code/source" / name).read_bytes()
    assert not (clone / "old.txt").exists()


def test_patch_is_the_same_under_any_settings(repository):
    """A person's own settings of git do not change a byte of the patch."""
    repository.write("train.py", SCRIPT + "# more\n")
    plain = repository.capture().text("code/uncommitted.patch")
    (repository.root.parent / "bundle").rename(repository.root.parent / "first")
    for name, value in {
        "diff.noprefix": "true", "diff.context": "9", "color.ui": "always", "diff.external": "false",
        "diff.algorithm": "histogram", "core.pager": "false", "diff.relative": "true", "diff.renames": "copies",
    }.items():  # fmt: skip
        repository.git("config", name, value)

    assert repository.capture().text("code/uncommitted.patch") == plain


def test_large_patch_is_left_out(repository, monkeypatch):
    """A patch over the limit is left out with a note; the files are captured all the same."""
    monkeypatch.setattr("reprobundle.components.code.patch.MAX_PATCH_BYTES", 100)
    repository.write("train.py", SCRIPT + "# more\n" * 100)
    bundle = repository.root.parent / "bundle"
    bundle.mkdir()
    stage = Stage(Writer(bundle))
    section = code.capture(Source(model=None, project=repository.root), stage)

    assert section.patch is None
    assert section.repository.dirty
    assert ("code/uncommitted.patch: left out: it is larger than 0 MiB", "commit the changes, then capture again") in [
        (note.message, note.hint) for note in stage.notes
    ]


def test_secrets_stay_out(repository):
    """Files that hold secrets by their name are neither copied nor in the patch, even when they are deleted."""
    for name in (".env", "deploy/server.pem", "gone.key"):
        repository.write(name, "s3cr3t-old\n")
    repository.commit()
    repository.write(".env", "s3cr3t-new\n")
    (repository.root / "gone.key").unlink()
    captured = repository.capture()

    assert not [path for path in captured.files if "s3cr3t" in captured.text(path)]
    assert captured.section.patch is None
    assert captured.section.left_out == tuple(
        code.LeftOut(path=path, reason="by its name it holds secrets")
        for path in (".env", "deploy/server.pem", "gone.key")
    )
    assert captured.messages == [
        (
            "3 source files left out: '.env' by its name it holds secrets, "
            "'deploy/server.pem' by its name it holds secrets, 'gone.key' by its name it holds secrets"
        )
    ]


def test_salts_stay_out(repository):
    """A file that holds the salt of a private split is neither copied nor in the patch, wherever the salt was in it."""
    salt = bytes(range(100, 132))
    told = f"salt\n{salt.hex()}\n"
    repository.write("train.py", SCRIPT.replace("Model())", f"Model(), secrets=(bytes.fromhex({'00' * 32!r}), SALT))"))
    given = SCRIPT.replace("Model())", "Model(), secrets=(bytes(32), bytes(range(100, 132))))")
    repository.write("train.py", f"import loaded\n{given}")
    repository.write("kept.txt", told.upper().replace("\n", "\r\n"))
    repository.write("gone.txt", told)
    repository.write("edited.txt", told)
    (repository.root / "raw.bin").write_bytes(b"\0\n" + salt + b"\n")
    repository.commit()
    repository.write("edited.txt", "salt\n")
    repository.write("kept.py", "print()\n")
    repository.git("add", "kept.py")
    (repository.root / "gone.txt").unlink()
    (repository.root / "raw.bin").write_bytes(b"\0\n")
    repository.write("loaded.py", f"KEY = '{salt.hex()}'\n")
    captured = repository.capture()
    files = [(captured.root / path).read_bytes() for path in captured.files]

    assert not [content for content in files if salt in content or salt.hex().encode() in content.lower()]
    assert captured.text("code/source/edited.txt") == "salt\n"
    assert captured.text("code/uncommitted.patch").count("diff --git") == 1
    assert [module.name for module in captured.section.modules] == ["train"]
    assert [(left.path, left.reason) for left in captured.section.left_out] == [
        ("edited.txt", "is not in the patch: its change tells the salt of a private split"),
        ("gone.txt", "is not in the patch: its change tells the salt of a private split"),
        ("kept.txt", "holds the salt of a private split"),
        ("loaded.py", "holds the salt of a private split"),
        ("raw.bin", "is not in the patch: its change tells the salt of a private split"),
    ]
    assert captured.notes[-1] == (
        "the salt of a private split stands in the source: what holds it is left out of the bundle",
        (
            "name another file in private=, which makes a new salt, and take the old one out of git: "
            "who has it can try samples against every bundle recorded under it"
        ),
    )


def test_unfit_files_are_listed(repository):
    """Links, pointers of git-lfs, illegal names and names that clash stay out, each with its reason."""
    (repository.root / "link").symlink_to("train.py")
    repository.write("weights.bin", f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12\n")
    repository.write("aux.txt")
    repository.write("readme")
    repository.write("README")
    Path(os.fsdecode(os.fsencode(repository.root) + b"/b\xffd")).touch()
    repository.commit()
    section = repository.capture().section

    assert [(left.path, left.reason) for left in section.left_out] == [
        ("aux.txt", "has the component 'aux.txt', which is not a legal name on Windows"),
        ("b\\udcffd", "is not valid Unicode"),
        ("link", "is a symbolic link"),
        ("readme", "has the same name as 'code/source/README' where case is ignored"),
        ("weights.bin", "is a pointer of git-lfs, not the file itself: git lfs pull"),
    ]


def test_large_file_is_listed(repository):
    """A file over 50 MiB stays out, and is not read to find that out."""
    with (repository.root / "large.bin").open("wb") as file:
        file.truncate(50 * 2**20 + 1)
    repository.git("add", "--intent-to-add", "large.bin")
    captured = repository.capture()

    assert captured.section.left_out == (code.LeftOut(path="large.bin", reason="is larger than 50 MiB"),)
    assert captured.section.patch is None


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file_is_listed(repository):
    """A file that may not be read stays out."""
    repository.write("closed.txt")
    repository.commit()
    (repository.root / "closed.txt").chmod(0)

    assert repository.capture().section.left_out[0].reason == "cannot be read: Permission denied"


def test_submodule(repository):
    """A submodule's files are copied, its commit stands in git.json; one that is not checked out is listed."""
    other = repository.root.parent / "other"
    repository.write("helper.py", "VALUE = 7\n", within=other)
    git(other, "init", "--quiet", "--initial-branch=main")
    git(other, "add", "--all")
    git(other, "commit", "--quiet", "--message", "one")
    for name in ("vendored", "empty"):
        repository.git("submodule", "--quiet", "add", str(other), name)
    repository.commit()
    repository.git("submodule", "--quiet", "deinit", "empty")
    captured = repository.capture()
    document = records.from_bytes(code.GitFile, captured.text("code/git.json").encode(), name="code/git.json")
    commit = git(other, "rev-parse", "HEAD").strip()

    assert captured.text("code/source/vendored/helper.py") == "VALUE = 7\n"
    assert document.submodules == (code.Submodule(path="vendored", commit=commit, remote=None),)
    assert captured.section.left_out == (
        code.LeftOut(path="empty", reason="is a submodule that is not checked out: git submodule update --init"),
    )


def test_untracked_imports(repository):
    """A loaded module that git does not track is captured, an unrelated untracked file is not."""
    repository.write("local/__init__.py")
    repository.write("local/part.py", "VALUE = 7\n")
    repository.write("unrelated.py")
    repository.write("train.py", "import local.part\n" + SCRIPT)
    captured = repository.capture()

    assert [module.name for module in captured.section.modules] == ["local", "local.part", "train"]
    assert "code/source/unrelated.py" not in captured.files
    assert import_again(captured, "import local.part; print(local.part.VALUE)") == "7"


def test_import_roots(repository):
    """Modules are importable again under their names: src layout, script folder, namespace package, outside folder."""
    outside = repository.root.parent / "elsewhere"
    repository.write("src/package/__init__.py")
    repository.write("src/package/deep/model.py", "A = 1\n")
    repository.write("scripts/beside.py", "B = 2\n")
    repository.write("shared/lib/tool.py", "C = 3\n", within=outside)
    text = f"import sys\nsys.path[1:1] = [{str(repository.root / 'src')!r}, {str(outside / 'shared')!r}]\n"
    imports = "import beside, lib.tool, package.deep.model\n"
    repository.write("scripts/train.py", text + imports + SCRIPT)
    repository.commit()
    captured = repository.capture("scripts/train.py")

    assert captured.section.import_roots == ("code/source/scripts", "code/source/src", "code/outside")
    assert captured.text("code/outside/lib/tool.py") == "C = 3\n"
    program = "import beside, lib.tool, package.deep.model as m; print(m.A, beside.B, lib.tool.C)"
    assert import_again(captured, program) == "1 2 3"


def test_package_run_with_m(repository):
    """A module run with -m keeps its name, and the folder above its package is the root."""
    repository.write("pkg/__init__.py")
    repository.write("pkg/train.py", SCRIPT)
    repository.commit()
    captured = repository.capture("-m", "pkg.train")

    assert captured.section.import_roots == ("code/source",)
    assert code.ImportedModule(name="pkg.train", path="code/source/pkg/train.py") in captured.section.modules
    found = import_again(captured, "import importlib.util as u; print(u.find_spec('pkg.train').origin)")
    assert found == str(captured.root / "code/source/pkg/train.py")


def test_repository_that_is_a_package(repository):
    """A repository whose top folder is itself the package is importable all the same."""
    repository.write("__init__.py")
    repository.write("part.py", "VALUE = 7\n")
    repository.commit()
    parent = str(repository.root.parent)
    search = os.pathsep.join([parent, repository.environment()["PYTHONPATH"]])
    captured = repository.capture("-c", "import driving, project.part; driving.capture(None)", PYTHONPATH=search)

    assert import_again(captured, "import project.part; print(project.part.VALUE)") == "7"


def test_linked_module(repository):
    """A module imported through a symbolic link is captured with the bytes that were imported."""
    target = repository.write("shared.py", "VALUE = 7\n", within=repository.root.parent / "elsewhere")
    (repository.root / "linked.py").symlink_to(target)
    repository.write("train.py", "import linked\n" + SCRIPT)
    repository.commit()
    captured = repository.capture()

    assert captured.text("code/source/linked.py") == "VALUE = 7\n"
    assert captured.section.left_out == ()


def test_project_in_a_subfolder(repository):
    """A project below its repository's top keeps its path in the repository, and the whole repository is captured."""
    repository.write("sub/model/train.py", SCRIPT)
    repository.write("shared.txt", "x")
    repository.commit()
    captured = repository.capture(cwd=repository.root / "sub" / "model")

    assert captured.section.import_roots == ("code/source/sub/model",)
    assert "code/source/shared.txt" in captured.files
    assert captured.section.modules == (code.ImportedModule(name="train", path="code/source/sub/model/train.py"),)


def test_too_many_files(repository, monkeypatch):
    """Of a repository too large for a bundle only the project's own folder is captured."""
    monkeypatch.setattr("reprobundle.components.code.gathering.MAX_TRACKED_FILES", 2)
    for name in ("a.txt", "b.txt", "sub/c.txt"):
        repository.write(name)
    repository.commit()
    bundle = repository.root.parent / "bundle"
    bundle.mkdir()
    stage = Stage(Writer(bundle))
    code.capture(Source(model=None, project=repository.root / "sub"), stage)
    source = [entry.path for entry in stage.writer.entries if entry.path.startswith("code/source/")]

    assert source == ["code/source/sub/c.txt"]
    message = (
        "git tracks 4 files, more than 2 or 2 GiB: only what lies in 'sub' and the modules that were loaded were copied"
    )
    assert message in [note.message for note in stage.notes]


def test_no_repository(place):
    """Outside a repository the loaded modules are captured, and a note says how to have the commit."""
    place.write("helper.py", "VALUE = 7\n")
    place.write("data.txt")
    place.write("train.py", "import helper\n" + SCRIPT)
    captured = place.capture()

    assert captured.section.repository is None
    assert captured.files == ["code/source/helper.py", "code/source/train.py"]
    assert captured.notes == [
        (
            "no commit recorded, only the modules that were loaded: the project lies in no git repository",
            "git init, git add, git commit: then the commit is known",
        )
    ]


def test_no_commit(place):
    """A repository without a commit is as good as none."""
    place.git("init", "--quiet")
    captured = place.capture()

    assert captured.section.repository is None
    assert captured.messages == [
        "no commit recorded, only the modules that were loaded: the git repository has no commit yet"
    ]


def test_no_git(repository):
    """Without the program git the loaded modules are captured."""
    captured = repository.capture(PATH="/nowhere")

    assert captured.notes == [
        ("no commit recorded, only the modules that were loaded: git is not there", "install git, or put it on PATH")
    ]


def test_redirected_git(repository):
    """Where a variable points git elsewhere, nothing is recorded of a repository that may be another one."""
    captured = repository.capture(GIT_DIR=str(repository.root / ".git"))

    assert captured.notes == [
        (
            (
                "no commit recorded, only the modules that were loaded: "
                "the variable GIT_DIR is set and could name another one"
            ),
            "unset GIT_DIR",
        )
    ]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a folder away")
def test_dubious_ownership(repository):
    """A repository of another user is refused by git; the note says how to allow it."""
    os.chown(repository.root, 12345, 12345)
    captured = repository.capture()

    assert captured.notes == [
        (
            (
                "no commit recorded, only the modules that were loaded: "
                "git refuses it, because the folder belongs to another user"
            ),
            "own the folder, or allow it: git config --global --add safe.directory FOLDER",
        )
    ]


def test_repository_of_others(place):
    """A repository around the project that tracks none of its files is not the project's."""
    above = place.root.parent
    place.write(".bashrc", within=above)
    git(above, "init", "--quiet")
    git(above, "add", ".bashrc")
    git(above, "commit", "--quiet", "--message", "dot files")
    captured = place.capture()

    assert captured.files == ["code/source/train.py"]
    assert captured.messages == [
        (
            "no commit recorded, only the modules that were loaded: "
            "the git repository around the project tracks none of its files"
        ),
    ]


def test_own_output_is_not_captured(repository):
    """A bundle made inside the project does not capture itself, whatever git tracks."""
    repository.write("train.py", SCRIPT.replace("capture(Model())", "capture(Model(), out='.mine.partial-0123abcd')"))
    repository.write(".other.partial-89abcdef/leftover.txt")
    repository.commit()
    repository.run()
    files = list_files(repository.root / ".mine.partial-0123abcd")

    assert [listed.path for listed in files] == ["code/git.json", "code/source/train.py"]


def test_no_main_guard(repository):
    """A script that captures at import is explained, when the model's class lives in it."""
    repository.write("train.py", "from driving import capture\n\nclass Model: pass\n\ncapture(Model())\n")
    captured = repository.capture()

    assert captured.section.main_guard == "missing"
    assert captured.notes[0] == (
        "train.py, line 5: runs when the file is imported: rebuilding the model would train again",
        "put the training code into 'def main():' and end the file with the lines "
        "'if __name__ == \"__main__\":' and '    main()'; or move the model's class to a module of its own",
    )
    assert code.why_not_importable(captured.section)


def test_guard_not_needed(repository):
    """A script without a guard does no harm when the model's class lives in a module."""
    repository.write("model.py", "class Model: pass\n")
    repository.write("train.py", "from driving import capture\nfrom model import Model\n\ncapture(Model())\n")
    captured = repository.capture()

    assert captured.section.main_guard == "not a script"
    assert code.why_not_importable(captured.section) is None


def test_script_without_a_module_name(repository):
    """A script whose name no import can find is captured, with a note."""
    repository.write("my-train.py", SCRIPT)
    repository.commit()
    captured = repository.capture("my-train.py")

    assert "code/source/my-train.py" in captured.files
    assert captured.notes == [
        (
            "module 'my-train.py' was loaded from 'my-train.py': no import finds it there by that name",
            "give the file the module's name and import it by it",
        )
    ]


def test_shadowing(repository):
    """A module with the name of a standard or installed one is noted: at a replay that one is found first."""
    (repository.driver / "wheel_of_fortune.py").touch()
    repository.write("wheel_of_fortune.py")
    repository.write("chunk.py" if sys.version_info < (3, 13) else "this.py")
    name = "chunk" if sys.version_info < (3, 13) else "this"
    repository.write("train.py", f"import {name}, wheel_of_fortune\n" + SCRIPT)
    captured = repository.capture()

    assert [note for note in captured.notes if "has the name" in note[0]] == [
        (f"module {module!r} has the name of an installed or standard module, which a replay finds first", "rename it")
        for module in (name, "wheel_of_fortune")
    ]


def test_changed_since_the_process_began(repository):
    """A module edited while the process ran is listed and noted."""
    repository.write("helper.py", "VALUE = 7\n")
    edit = "import helper, pathlib, time\ntime.sleep(0.3)\npathlib.Path(helper.__file__).write_text('VALUE = 8')\n"
    repository.write("train.py", edit + SCRIPT)
    captured = repository.capture()

    assert captured.section.changed_since_start == ("helper.py",)
    assert captured.notes == [
        (
            "changed after this process began, what ran may differ: 'helper.py'",
            "restart the process, train and capture without editing in between",
        )
    ]


def test_compared_with_the_beginning(repository):
    """A file or commit changed since begin() is listed and noted, a file that is new is not."""
    repository.write("helper.py", "VALUE = 7\n")
    repository.write("gone.py")
    repository.commit()
    before = repository.git("rev-parse", "HEAD").strip()
    text = """
        import os, subprocess
        from driving import begun, capture
        run = begun()
        open("helper.py", "a").write("# more")
        open("new.py", "w").close()
        os.unlink("gone.py")
        subprocess.run(["git", "commit", "--quiet", "--all", "--message", "two"], check=True)
        capture(None, run=run)
    """
    repository.write("train.py", text)
    repository.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    before = repository.git("rev-parse", "HEAD").strip()
    captured = repository.capture()

    assert captured.section.changed_since_start == ("gone.py", "helper.py")
    assert captured.notes == [
        (
            f"the commit changed since begin(): then {before}, now {captured.section.repository.commit}",
            "check out the commit that was trained, then capture again",
        ),
        (
            "changed since begin(), what ran may differ: 'gone.py', 'helper.py'",
            "restore these files as they were when training began",
        ),
    ]


def test_python_c(place):
    """What was given with -c is written as a module, like a notebook's cells."""
    program = "import math, driving\nclass Model:\n    def f(self): return math.pi\nif 1: driving.capture(Model())"
    captured = place.capture("-c", program)

    assert captured.section.import_roots == ("code/source",)
    assert captured.text("code/source/notebook_main.py") == (
        '"""What the notebook defined and its model needs, written by capture."""\n\n'
        "import math\n\nclass Model:\n    def f(self): return math.pi\n"
    )
    assert import_again(captured, "from notebook_main import Model; print(Model().f() > 3)") == "True"


def test_ipython(place):
    """A notebook's cells, magics and all, become a module with what the model needs; the rest is named."""
    pytest.importorskip("IPython")
    session = [
        "import os, driving",
        "%time N = 1",
        "%%time\nWIDTH = 3",
        "for i in range(3):\n    LOST = i",
        "class Model:\n    width = WIDTH\n    def f(self):\n        return LOST",
        "driving.capture(Model())",
    ]
    program = """
        import json, sys
        from IPython.core.interactiveshell import InteractiveShell
        shell = InteractiveShell.instance()
        sys.modules["__main__"] = shell.user_module
        for cell in json.loads(sys.argv[1]):
            shell.run_cell(cell, store_history=True).raise_error()
    """
    runner = place.write("runner.py", program, within=place.driver)
    environment = {"IPYTHONDIR": str(place.root.parent / "ipython"), "HOME": str(place.root.parent)}
    captured = place.capture(str(runner), json.dumps(session), **environment)

    assert captured.text("code/source/notebook_main.py").endswith(
        "WIDTH = 3\n\nclass Model:\n    width = WIDTH\n    def f(self):\n        return LOST\n"
    )
    assert captured.notes[0] == (
        "notebook: cannot carry over 'LOST', which the model's code reads",
        "define them by a plain assignment at the top level of a cell, or move the code to a module",
    )


def test_notebook(place, tmp_path):
    """In a real kernel, in a project's sub-folder, the notebook's class is importable again from the bundle."""
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    cells = ["import math\n!true", "class Model:\n    def f(self):\n        return math.tau", "model = Model()"]
    cells += ["import os, driving\n" + f"driving.capture(model, out={str(tmp_path / 'bundle')!r})"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    place.git("init", "--quiet")
    place.commit()
    kernel = nbclient.NotebookClient(notebook, resources={"metadata": {"path": str(place.root)}}, timeout=60)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in place.environment().items():
            patch.setenv(name, value)
        kernel.execute()
    captured = place.captured()

    assert captured.section.import_roots == ("code/source",)
    assert captured.section.modules == ()
    assert captured.files == ["code/git.json", "code/source/notebook_main.py", "code/source/train.py"]
    assert import_again(captured, "from notebook_main import Model; print(Model().f() > 6)") == "True"


def test_prompt(place):
    """What was typed at a prompt is not known afterwards, and the note says what to do."""
    command = [sys.executable, "-i", "-q"]
    typed = "import driving\nclass Model: pass\n\ndriving.capture(Model())\n"
    at = {"cwd": place.root, "env": place.environment()}
    subprocess.run(command, input=typed, text=True, check=True, capture_output=True, **at)

    assert place.captured().notes[0] == (
        "the source of 'Model' is not known: it was typed at a prompt",
        "put it into a module or a script, or run it in a notebook",
    )


def test_same_state_same_bytes(repository):
    """Two captures of the same state give the same bytes, whatever lies beside."""
    repository.write("helper.py", "VALUE = 7\n")
    twice = SCRIPT.replace("capture(Model())", "capture(Model()); capture(Model(), out='inside/bundle')")
    repository.write("train.py", "import helper\n" + twice)
    captured = repository.capture()
    other = repository.root / "inside"

    assert (other / "bundle.json").read_bytes() == (repository.root.parent / "bundle.json").read_bytes()
    for path in captured.files:
        assert inside(other / "bundle", path).read_bytes() == inside(captured.root, path).read_bytes()
    assert not [path for path in captured.files if str(repository.root.parent) in captured.text(path)]


def test_repository_is_not_touched(repository):
    """Capture leaves every byte of the repository's own folder as it was."""
    repository.write("train.py", SCRIPT + "# more\n")

    def state() -> dict[str, Any]:
        files = (path for path in (repository.root / ".git").rglob("*") if path.is_file())
        return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}

    before = state()
    repository.capture()

    assert state() == before


def test_project_that_is_no_folder(tmp_path):
    """A project that is not there is a wrong argument."""
    with pytest.raises(UsageError) as caught:
        code.capture(Source(model=None, project=tmp_path / "nowhere"), Stage(Writer(tmp_path)))

    assert str(caught.value) == f"project {str(tmp_path / 'nowhere')!r}: is not a folder"
