from __future__ import annotations

import subprocess
import sys

import pytest

import reprobundle

HEAVY = "{'torch', 'numpy', 'pydantic', 'git', 'huggingface_hub', 'click', 'typing', 'yaml'}"


def test_the_import_loads_nothing():
    """Importing the package loads none of the libraries it is built on."""
    program = f"import sys; before = set(sys.modules); import reprobundle; print(sorted({HEAVY} & (set(sys.modules) - before)))"
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert finished.stdout == "[]\n"


def test_names_are_those_of_their_homes():
    """A public name is the very object of the module it lives in, and is looked up once."""
    from reprobundle.bundle import verify
    from reprobundle.report import Rung

    assert reprobundle.verify is verify
    assert reprobundle.Rung is Rung
    assert "Rung" in vars(reprobundle)


def test_all_names_have_a_home():
    """``__all__`` and the table of homes name the same things."""
    assert sorted([*reprobundle._HOMES, "__version__"]) == sorted(reprobundle.__all__)
    assert set(reprobundle.__all__) <= set(dir(reprobundle))


def test_unknown_names_are_refused():
    """A misspelt name is an AttributeError, as in any module."""
    with pytest.raises(AttributeError) as caught:
        reprobundle.captrue  # noqa: B018

    assert str(caught.value) == "module 'reprobundle' has no attribute 'captrue'"
