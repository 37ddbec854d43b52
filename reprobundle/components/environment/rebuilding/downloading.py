"""How this program's own pip is told to fetch wheels: it can start nothing, so nothing that it fetches is ever built."""

from __future__ import annotations

from pathlib import Path

from reprobundle.components.environment.installers import pip_folder

ALONE = Path(__file__).with_name("pip_alone.py")


def download_command(python: Path) -> list[str | Path]:
    """The words before the options that say what to fetch.

    Args:
        python: The interpreter that the wheels are to fit; it is started.

    Raises:
        UnavailableError: pip is not installed beside this program.
    """
    return [python, "-I", ALONE, pip_folder().parent, "download", "--only-binary", ":all:", "--progress-bar", "off"]
