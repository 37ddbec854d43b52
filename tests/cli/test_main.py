from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from tiny import tiny_bundle

import reprobundle
from reprobundle import cli
from reprobundle.cli import screen
from reprobundle.errors import RefusedInputError, UnavailableError

SLOW_VERB = """
import sys, time
from pathlib import Path
from reprobundle import cli
from reprobundle.store import staging

@cli.cli.command("wait")
def wait():
    with staging(Path(sys.argv[2])) as folder:
        (folder / "half").write_text("written")
        print("ready", flush=True)
        time.sleep(60)

cli.VERBS += (cli.Verb("wait", "x:x", "Wait."),)
cli._load = lambda verb: wait
sys.exit(cli.main(["wait"]))
"""


def test_help_names_every_verb(capsys):
    """Help lists the verbs with what they do, and loads none of them."""
    code = cli.main(["--help"])
    shown = " ".join(capsys.readouterr().out.split())

    assert code == 0
    assert all(f"{verb.name} {verb.help}" in shown for verb in cli.VERBS)


def test_without_a_word_the_help_is_shown(capsys):
    """Bare ``reprobundle`` prints the help as it is, on standard error, and ends with 2."""
    code = cli.main([])
    printed = capsys.readouterr()

    assert (code, printed.out) == (2, "")
    assert printed.err.startswith("Usage: reprobundle [OPTIONS] VERB [ARGS]...\n\n  Is this model reproduced")


def test_help_loads_click_alone():
    """Nobody waits for pydantic or numpy to read the help."""
    program = (
        "import sys; from reprobundle import cli; cli.main(['--help']); "
        "print(sorted({'pydantic', 'numpy', 'torch', 'git', 'jinja2', 'yaml', 'rich'} & set(sys.modules)))"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert finished.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("verb", cli.VERBS, ids=lambda verb: verb.name)
def test_every_verb_has_json_and_quiet(verb):
    """The table's help is the command's own, and each verb takes ``--json`` and ``--quiet``."""
    command = cli.cli.get_command(click.Context(cli.cli), verb.name)

    assert command is not None
    assert (command.help or "").splitlines()[0] == verb.help
    assert {"--json", "--quiet"} <= {option for parameter in command.params for option in parameter.opts}


def test_version(capsys):
    """The version is that of the installed distribution."""
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"reprobundle {reprobundle.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["replai"], "reprobundle: there is no verb 'replai'\nhint: did you mean 'replay'?\n"),
        (
            ["zzz"],
            f"reprobundle: there is no verb 'zzz'\nhint: the verbs are {', '.join(verb.name for verb in cli.VERBS)}\n",
        ),
        (["verify"], "reprobundle: Missing argument 'BUNDLE'.\nhint: reprobundle verify --help\n"),
        (["verify", "a", "b"], "reprobundle: Got unexpected extra argument (b)\nhint: reprobundle verify --help\n"),
        (
            ["capture", "no.yaml"],
            "reprobundle: no file 'no.yaml'\nhint: give the path of a reprobundle.yaml, or write one\n",
        ),
        (
            ["capture", __file__],
            "reprobundle: 'test_main.py': expected a YAML file, found a Python script\n"
            "hint: a script captures by calling reprobundle.capture at its end; or describe it in a reprobundle.yaml\n",
        ),
        (
            ["export"],
            "reprobundle: Missing argument '{card|citation|bagit|rocrate|datacite}'. "
            "Choose from: card, citation, bagit, rocrate, datacite\n"
            "hint: reprobundle export --help\n",
        ),
        (
            ["verify", "\x1b[31m"],
            "reprobundle: '\\x1b[31m' is not a bundle: expected a folder, found nothing there\n"
            "hint: a bundle is the folder that capture made\n",
        ),
    ],
)
def test_wrong_usage_is_one_line_and_the_way_out(arguments, complaint, capsys):
    """A wrong call ends with 2, says what is wrong in one escaped line, and prints nothing else."""
    code = cli.main(arguments)
    printed = capsys.readouterr()

    assert (code, printed.out, printed.err) == (2, "", complaint)


@pytest.mark.parametrize(
    ("error", "code"),
    [(RefusedInputError("x: is bad", hint="do y"), 2), (UnavailableError("x: is bad", hint="do y"), 3)],
)
def test_errors_decide_the_exit_code(error, code, capsys, monkeypatch):
    """An error of the library is one line with its hint, and its own exit code."""

    @click.command()
    def fail():
        raise error

    monkeypatch.setattr(cli, "_load", lambda verb: fail)

    assert cli.main(["verify"]) == code
    assert capsys.readouterr().err == "reprobundle: x: is bad\nhint: do y\n"


def test_unexpected_errors_keep_their_traceback(monkeypatch):
    """A fault of this program is not dressed up as one of the person's."""

    @click.command()
    def fail():
        raise ZeroDivisionError

    monkeypatch.setattr(cli, "_load", lambda verb: fail)

    with pytest.raises(ZeroDivisionError):
        cli.main(["verify"])


@pytest.mark.parametrize(
    ("error", "complaint"),
    [
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "a\x1bb"), "a\\x1bb: No such file or directory"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (OSError("no number"), "no number"),
        (MemoryError(), "there is not enough memory"),
        (
            MemoryError("Unable to allocate 1 TiB"),
            "there is not enough memory: Unable to allocate 1 TiB",
        ),
        (
            RecursionError("maximum recursion depth exceeded"),
            "what was given is nested too deeply: maximum recursion depth exceeded",
        ),
    ],
)
def test_the_machine_s_limits_are_one_line(error, complaint, monkeypatch, capsys):
    """What the machine refuses and no verb expected ends with 3 and one escaped line, without a traceback."""

    @click.command()
    def fail():
        raise error

    monkeypatch.setattr(cli, "_load", lambda verb: fail)

    assert cli.main(["verify"]) == 3
    assert capsys.readouterr().err == f"reprobundle: {complaint}\n"


def test_an_interrupt_ends_with_130(monkeypatch, capsys):
    """Ctrl-C ends with 130, one word and no traceback."""

    @click.command()
    def fail():
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_load", lambda verb: fail)

    assert cli.main(["verify"]) == 130
    assert capsys.readouterr().err == "\nreprobundle: interrupted\n"  # after the terminal's own ^C


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_a_signal_leaves_nothing_behind(tmp_path, number, code):
    """A program that is asked to end removes what is half written and ends with 128 + the signal."""
    command = [sys.executable, "-c", SLOW_VERB, "-", str(tmp_path / "bundle")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert len(list(tmp_path.iterdir())) == 1
        time.sleep(0.1)
        process.send_signal(number)
        _, complaint = process.communicate(timeout=30)

    assert process.returncode == code
    assert list(tmp_path.iterdir()) == []
    assert "Traceback" not in complaint


def test_handlers_of_the_caller_are_restored():
    """A program that calls `main` keeps its own handlers."""
    before = signal.getsignal(signal.SIGTERM)
    cli.main(["--version"])

    assert signal.getsignal(signal.SIGTERM) is before


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    """``reprobundle show … | head`` ends quietly, as other programs do, with what a shell reports for SIGPIPE."""
    bundle = tiny_bundle(tmp_path / "bundle")
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "reprobundle", "show", str(bundle)]
    finished = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    os.close(writer)

    assert (finished.returncode, finished.stderr) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_output_is_one_line(tmp_path):
    """Output that cannot be written ends with 3 and says so."""
    bundle = tiny_bundle(tmp_path / "bundle")
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "reprobundle", "show", str(bundle)]
        finished = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)

    assert finished.returncode == 3
    assert finished.stderr == "reprobundle: standard output: cannot be written: No space left on device\n"


def test_a_terminal_without_unicode_gets_escapes(tmp_path):
    """Characters that the terminal's encoding lacks are spelled out, never an error."""
    bundle = tiny_bundle(tmp_path / "bundle", name="naïve→漢")
    command = [sys.executable, "-m", "reprobundle", "verify", str(bundle)]
    variables = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    finished = subprocess.run(command, capture_output=True, env=variables, timeout=60, check=True)

    assert "bundle       naïve\\u2192\\u6f22 ".encode("latin-1") in finished.stdout


@pytest.mark.parametrize(
    ("terminal", "variables", "coloured"),
    [(True, {}, True), (True, {"NO_COLOR": "1"}, False), (True, {"TERM": "dumb"}, False), (False, {}, False)],
)
def test_colours_only_where_they_are_wanted(terminal, variables, coloured, monkeypatch):
    """Colours need a terminal that has them and a person who did not switch them off."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert screen.colours() is coloured


@pytest.mark.parametrize(
    ("terminal", "quiet", "told"), [(True, False, "· a\\x1bb\n"), (True, True, ""), (False, False, "")]
)
def test_progress_is_for_people_at_a_terminal(terminal, quiet, told, monkeypatch, capsys):
    """Progress goes to standard error, escaped, and only where somebody is watching who did not ask for quiet."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    screen.progress(quiet=quiet)("a\x1bb")

    assert capsys.readouterr().err == told


HIDDEN = {"name": "a\x7fb\x9bc\u202ed\u2028e\U000e0041f", "kept": "naïve→漢😀\\"}


def test_documents_hide_nothing_at_a_terminal(monkeypatch, capfdbinary):
    """What could command a terminal or turn the reading direction is spelled out there; the document says the same."""
    content = json.dumps(HIDDEN, indent=2, ensure_ascii=False).encode() + b"\n"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    screen.document(content)
    shown = capfdbinary.readouterr().out

    assert b'"a\\u007fb\\u009bc\\u202ed\\u2028e\\udb40\\udc41f"' in shown
    assert '"naïve→漢😀\\\\"'.encode() in shown
    assert json.loads(shown) == HIDDEN


def test_documents_are_whole_elsewhere(capfdbinary):
    """A program that reads the output gets the document's own bytes."""
    content = json.dumps(HIDDEN, ensure_ascii=False).encode()
    screen.document(content)

    assert capfdbinary.readouterr().out == content
