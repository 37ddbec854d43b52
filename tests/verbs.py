"""The command line as tests call it, for whichever folder of tests needs it."""

from __future__ import annotations

import pytest

from reprobundle import cli


@pytest.fixture
def call(capsys, monkeypatch):
    """Run the command line, 100 columns wide; gives exit code, standard output and standard error."""
    monkeypatch.setenv("COLUMNS", "100")

    def run(*argv):
        code = cli.main([str(part) for part in argv])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run
