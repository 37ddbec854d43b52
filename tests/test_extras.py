"""How to get what is missing, from wherever the program was installed."""

from __future__ import annotations

from reprobundle.extras import how_to_install


def test_libraries_are_named_one_by_one():
    """Those of an extra that this extra stands on, too; the command needs no published reprobundle."""
    command = how_to_install("demo")

    assert command.startswith("python -m pip install ")
    assert '"scikit-learn>=1.5"' in command
    assert '"torch>=2.6"' in command
    assert "reprobundle" not in command


def test_what_the_metadata_does_not_know_is_had_from_the_source():
    """A folder of source, or an older installation, names its own folder."""
    assert how_to_install("no-such-extra") == 'python -m pip install ".[no-such-extra]", in the folder of its source'
