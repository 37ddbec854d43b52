"""The Python blocks of a page as one script, those left out whose libraries are not here."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
QUICK = """
import functools

import reprobundle

reprobundle.capture = functools.partial(reprobundle.capture, proof=False, budget=0, quiet=True)
"""

_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: Path) -> list[str]:
    """The Python blocks of a page, in their order."""
    return _BLOCK.findall(page.read_text("utf-8"))


def runnable(block: str) -> bool:
    """Whether all libraries that a block imports are here."""
    nodes = ast.walk(ast.parse(block))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in ast.walk(ast.parse(block)) if isinstance(node, ast.ImportFrom) and node.module}
    return all(importlib.util.find_spec(name.partition(".")[0]) for name in names)


def run(page: Path, folder: Path) -> list[str]:
    """Run the blocks of a page as one script in a folder; captures without their proofs, which take longest.

    Returns:
        The first lines of the blocks that were left out.
    """
    chosen = [block for block in blocks(page) if runnable(block)]
    (folder / "page.py").write_text(QUICK + "\n\n".join(chosen), "utf-8")
    argv = [sys.executable, "page.py"]
    finished = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    assert finished.returncode == 0, finished.stderr
    return [block.splitlines()[0] for block in blocks(page) if block not in chosen]
