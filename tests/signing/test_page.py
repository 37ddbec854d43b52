"""What docs/signing.md says can be typed is typed, with a key that openssl makes."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tiny import tiny_bundle

PAGE = (Path(__file__).parents[2] / "docs" / "signing.md").read_text("utf-8")
COMMANDS = re.findall(r"^\$ (.*)$", PAGE, re.MULTILINE)
OPENSSL = shutil.which("openssl")


def run(*argv, stdin=None):
    """Run a program in the current folder; it ends well."""
    ended = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False, input=stdin)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture
def typed(tmp_path, monkeypatch, call):
    """Type a command of the page in a folder that holds a bundle; gives what it prints."""
    tiny_bundle(tmp_path / "my-model")
    monkeypatch.chdir(tmp_path)

    def type_in(command):
        program, *arguments = shlex.split(command)
        if program != "reprobundle":
            return run({"python": sys.executable}.get(program, program), *arguments)
        code, out, err = call(*arguments)
        assert (code, err) == (0, "")
        return out

    return type_in


def those(beginning):
    """The page's commands that begin so."""
    return [command for command in COMMANDS if command.startswith(beginning)]


@pytest.mark.skipif(OPENSSL is None, reason="needs openssl")
def test_the_first_commands_of_the_page(typed):
    """A key, a signature and a check; and the library's own command says the same."""
    commands = COMMANDS[:4]
    printed = [typed(command) for command in commands]
    (theirs,) = those("python -m model_signing verify key")

    assert [command.split()[0] for command in commands] == ["openssl", "openssl", "reprobundle", "reprobundle"]
    assert printed[3].splitlines()[0] == "intact, signed, signature good"
    assert typed(theirs) == "Verification succeeded\n"


@pytest.mark.skipif(OPENSSL is None, reason="needs openssl")
def test_a_key_that_openssl_encrypted_signs(typed, call, monkeypatch):
    """In the form that openssl writes, with the password from the environment."""
    typed(COMMANDS[0])
    run("openssl", "ec", "-aes256", "-in", "key.pem", "-out", "locked.pem", "-passout", "pass:sesame")
    monkeypatch.setenv("REPROBUNDLE_KEY_PASSWORD", "sesame")

    assert call("sign", "my-model", "--key", "locked.pem")[0] == 0


def test_the_roots_that_came_with_sigstore_are_a_file_that_is_taken(typed, tmp_path, call, keys, monkeypatch):
    """As the page makes it, without a network; a key's signature is then refused for what it is, by those roots."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (made,) = those("python -c")
    program = shlex.split(made.partition(" > ")[0])[2].replace("production()", "production(offline=True)")
    Path("roots.json").write_text(run(sys.executable, "-c", program))
    call("sign", "my-model", "--key", keys / "ada.key")
    (checked,) = those(
        "reprobundle verify my-model --identity ada@example.org --issuer https://accounts.google.com --trust"
    )
    code, _, err = call(*shlex.split(checked)[1:])

    assert code == 2
    assert err.endswith("it was made with a bare key: check it with the public key\n")
