"""A replay as one would type it again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reprobundle import hosting, sandbox
from reprobundle.comparison.policy import Policy, Tolerance
from reprobundle.components.environment.rebuilding import rebuild
from reprobundle.diagnosing import proposing
from reprobundle.options import Options
from reprobundle.report import Rung
from reprobundle.retyping import retype


def typed(**given: Any) -> str:
    """The command of a replay with these options."""
    return proposing.command(retype(Path("my model"), Options(**given)))


def with_wish(**given: Any) -> str:
    """The command of a replay in such an environment."""
    return typed(wish=hosting.Wish(**given))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, ""),
        ({"require": Rung.SAME_DECISIONS}, " --require same-decisions"),
        ({"sandbox": "none"}, " --sandbox none"),
        ({"data": {"test": "a b.csv", "train": Path("t.npz")}}, " --data 'test=a b.csv' --data train=t.npz"),
        ({"salts": {"test": Path("salt")}}, " --salt test=salt"),
        ({"policy": Policy(own=Tolerance(1e-3, 0.0))}, " --rtol 0.001"),
        ({"policy": Policy(own=Tolerance(0.0, 0.0), envelopes=False)}, " --rtol 0 --atol 0 --no-envelope"),
        ({"probe": Path("mine.safetensors")}, " --probe mine.safetensors"),
        ({"controls": False, "search_seconds": 0}, " --no-controls --search 0"),
    ],
)
def test_what_was_asked_for_is_repeated(given: dict[str, Any], told: str) -> None:
    """Each option that is not as usual stands in the command, quoted for a shell; nothing else does."""
    assert typed(**given) == f"reprobundle replay 'my model'{told}"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"env": "current"}, "--env current"),
        ({"env": Path("/venv/bin/python"), "sync": True}, "--env /venv/bin/python --sync"),
        ({"timeout": 60.0, "devices": True}, "--gpu --timeout 60"),
        ({"limits": sandbox.Limits(memory=3 * 2**30)}, "--memory 3G"),
        ({"packages": rebuild.Options(offline=True, allow_build=True)}, "--offline --allow-build"),
        ({"packages": rebuild.Options(find_links=(Path("wheels"),))}, "--find-links wheels"),
    ],
)
def test_the_environment_is_repeated(given: dict[str, Any], told: str) -> None:
    """Where it is run, and where packages come from."""
    assert with_wish(**given) == f"reprobundle replay 'my model' {told}"


def test_no_secret_is_repeated() -> None:
    """Addresses stand without what opens them: the command goes into a report that is shown to others."""
    told = with_wish(packages=rebuild.Options(index_urls=("https://me:hidden@example.org/simple",)))
    told += typed(data={"test": "https://me:hidden@example.org/a.csv?signature=hidden&row=1"})

    assert "hidden" not in told
    assert "--index-url https://example.org/simple" in told


def test_what_cannot_be_typed_is_left_out() -> None:
    """A split that is an object of Python has no words."""
    assert typed(data={"test": [1, 2]}) == "reprobundle replay 'my model'"


def test_the_recorded_environment_takes_the_place_of_another() -> None:
    """All else stays as it was typed."""
    wish = hosting.Wish(env=Path("/venv/bin/python"), sync=True)
    words = retype(Path("b"), Options(sandbox="none", wish=wish))

    assert proposing.in_recorded_environment(words) == "reprobundle replay b --sandbox none --env rebuild"
