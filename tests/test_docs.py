"""What the pages say can be typed, can be typed; what they say runs, runs; where they point, something is."""

from __future__ import annotations

import ast
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

ROOT = Path(__file__).parent.parent
PAGES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "examples").rglob("*.md")),
)
OTHER_PROGRAMS = {"cd", "git", "openssl", "python", "rm", ".venv/bin/python"}

_BLOCK = re.compile(r"^([ ]*)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: Path
    language: str
    text: str

    def __str__(self) -> str:
        """Name it in a test's id."""
        return f"{self.page.relative_to(ROOT).as_posix()}: {self.text.strip().splitlines()[0]}"


def _blocks(language: str) -> Iterator[Block]:
    for page in PAGES:
        for _, found, text in _BLOCK.findall(page.read_text("utf-8")):
            if found == language:
                yield Block(page, language, text)


def _commands() -> Iterator[tuple[Path, str]]:
    for block in _blocks("console"):
        for line in block.text.splitlines():
            if line.startswith("$ "):
                yield block.page, line.removeprefix("$ ")


def _page_name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize(("page", "command"), list(_commands()), ids=lambda value: str(value).replace(str(ROOT), ""))
def test_commands_of_the_pages_exist(page: Path, command: str) -> None:
    """Each command shown is a target of the Makefile, a verb with options that it has, or a known program."""
    program, *arguments = shlex.split(command)

    if program == "make":
        targets = {line.partition(":")[0] for line in (ROOT / "Makefile").read_text("utf-8").splitlines()}
        assert {argument for argument in arguments if "=" not in argument} <= targets
    elif program == "reprobundle":
        _refuse_unknown(arguments)
    else:
        assert program in OTHER_PROGRAMS, page


def _refuse_unknown(arguments: list[str]) -> None:
    """Parse a command line as the program does, without looking for the files it names."""
    from reprobundle.cli import cli

    verb, *rest = arguments
    context = click.Context(cli)
    command = cli.get_command(context, verb)
    assert command is not None, verb
    options, left, _ = command.make_parser(click.Context(command, info_name=verb, parent=context)).parse_args(rest)
    missing = [
        parameter.name
        for parameter in command.params
        if parameter.required and options.get(parameter.name or "") in (None, ())
    ]

    assert left == []
    assert missing == []


@pytest.mark.parametrize("block", list(_blocks("python")), ids=str)
def test_python_of_the_pages_compiles(block: Block) -> None:
    """Each block of Python is Python."""
    assert ast.parse(block.text).body != []


def test_the_example_of_a_specification_says_all_that_can_be_said() -> None:
    """It is read without a warning, holds every key of the form, and so does its other kind of model."""
    from reprobundle.specification import ModelSpecification, PreprocessingSpecification, read_specification
    from reprobundle.yaml_reading import read_yaml

    (block,) = [block for block in _blocks("yaml") if block.page.name == "capturing.md"]
    specification, warnings = read_specification(block.text.encode(), name="reprobundle.yaml")
    said = read_yaml(block.text.encode(), name="reprobundle.yaml").value

    assert warnings == ()
    assert isinstance(said, dict)
    assert set(said) == set(type(specification).model_fields)
    others = {"function", "folder", "file"}
    assert {*said["model"], *others} == set(ModelSpecification.model_fields)
    assert all(f"# model:\n#   {other}: " in block.text for other in others)
    assert set(said["preprocessing"]) == set(PreprocessingSpecification.model_fields)


@pytest.mark.parametrize("page", PAGES, ids=_page_name)
def test_links_of_the_pages_lead_somewhere(page: Path) -> None:
    """Each relative link names a file or folder of the project."""
    links = [link.partition("#")[0] for link in _LINK.findall(page.read_text("utf-8")) if "://" not in link]
    dead = [link for link in links if link and not (page.parent / link).exists()]

    assert dead == []


@pytest.mark.parametrize("page", PAGES, ids=_page_name)
def test_pages_stay_within_their_width(page: Path) -> None:
    """Lines have at most 120 characters outside tables and blocks, so that a change shows as what it is."""
    prose = _BLOCK.sub("", page.read_text("utf-8"))
    long = [line for line in prose.splitlines() if len(line) > 125 and not line.startswith("|")]

    assert long == []


@pytest.mark.slow
def test_the_example_of_the_readme_runs(tmp_path: Path) -> None:
    """The README's own lines, in a script of a project, leave a bundle that is proven, verifies and fits the schema."""
    pytest.importorskip("torch")
    import jsonschema

    import reprobundle

    block = next(block for block in _blocks("python") if block.page.name == "README.md")
    (tmp_path / "train.py").write_text(block.text, "utf-8")
    argv = [sys.executable, "train.py"]
    finished = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    verified = reprobundle.verify(tmp_path / "my-model")
    schema = json.loads((ROOT / "schemas" / "manifest.schema.json").read_text("utf-8"))
    jsonschema.validate(json.loads((tmp_path / "my-model" / "manifest.json").read_text("utf-8")), schema)

    assert verified.manifest.proof.status == "bitwise"
    assert len([line for line in block.text.splitlines() if line.strip()]) <= 10


def test_the_readme_shows_what_a_replay_prints() -> None:
    """The block between the README's marks is filled in from a real run."""
    readme = (ROOT / "README.md").read_text("utf-8")
    shown = readme.partition("<!-- replay output: begin -->")[2].partition("<!-- replay output: end -->")[0]

    assert "REPRODUCED" in shown
    assert "\nEnvironment difference: none\n" in shown
    assert "\nexit code    0: reproduced\n" in shown
