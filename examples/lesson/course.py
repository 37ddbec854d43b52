"""The whole course: every lesson, each bundle replayed, published, pulled and replayed again, all of it bitwise."""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path

import hub

LESSONS = {"local": (), "mixin": ("huggingface_hub",), "transformers": ("huggingface_hub", "transformers")}
SCRIPTS = {"transformers": "transformers_model.py"}
HERE = Path(__file__).parent


def run(*argv: str | Path, settings: dict[str, str], quiet: bool = False) -> None:
    """Run a Python program; the course ends where one fails."""
    words = [sys.executable, *map(str, argv)]
    stream = subprocess.DEVNULL if quiet else None
    if subprocess.run(words, env={**os.environ, **settings}, stdout=stream, check=False).returncode:
        sys.exit(f"failed: {' '.join(words)}")


def lesson(name: str, folder: Path, env: str, settings: dict[str, str]) -> None:
    """Train and capture; replay; publish, pull and replay what was pulled."""
    bundle, pulled = folder / f"{name}-bundle", folder / f"{name}-pulled"
    tool = ("-m", "reprobundle")
    replay = ("--env", env, "--require", "bitwise", "--quiet")
    started = time.monotonic()
    repository = () if name == "local" else (f"ada/{name}",)
    run(HERE / SCRIPTS.get(name, f"{name}.py"), folder, *repository, settings=settings)
    run(*tool, "replay", bundle, *replay, "--report", folder / f"{name}-replay", settings=settings)
    print("replayed: bitwise")
    run(*tool, "publish", "hub", bundle, f"ada/{name}-bundle", "--quiet", settings=settings)
    run(*tool, "pull", f"hub://ada/{name}-bundle", pulled, "--quiet", settings=settings)
    run(*tool, "replay", pulled, *replay, "--report", folder / f"{name}-pulled-replay", settings=settings)
    print(f"published, pulled and replayed: bitwise ({time.monotonic() - started:.0f} s for the lesson)", flush=True)


def main() -> None:
    """Every lesson whose libraries are here."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("out"), help="a folder to be made")
    parser.add_argument(
        "--env", default="rebuild", help="where replays run: rebuild (default), or current, which is quick"
    )
    parser.add_argument("--only", choices=LESSONS, help="one lesson")
    chosen = parser.parse_args()
    chosen.folder.mkdir()
    with hub.running() as settings:
        for name, needed in LESSONS.items():
            missing = [library for library in needed if importlib.util.find_spec(library) is None]
            if chosen.only not in {None, name}:
                continue
            print(f"\n{name}" + (f": left out, {', '.join(missing)} is not installed" if missing else ""), flush=True)
            if not missing:
                lesson(name, chosen.folder, chosen.env, settings)


if __name__ == "__main__":
    main()
