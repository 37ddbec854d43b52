"""Whether importing a script would train again."""

from __future__ import annotations

import textwrap

import pytest

from reprobundle.components.code.guard import missing_guard

GUARDED = {
    "under the guard": "if __name__ == '__main__':\n    rb.capture('x')",
    "the other way round": "if '__main__' == __name__:\n    capture('x')",
    "with a further condition": "if __name__ == '__main__' and True:\n    capture('x')",
    "in a function": "def main():\n    capture('x')",
    "in a class": "class A:\n    def go(self): capture('x')",
    "in a lambda": "go = lambda: capture('x')",
    "a call under the guard": "def main():\n    capture('x')\nif __name__ == '__main__':\n    main()",
    "another function": "def main():\n    pass\nmain()",
    "only imported": "from reprobundle import capture",
    "a method of the function's name": "def train():\n    capture('x')\nmodel.train()",
    "no Python": "capture('x'",
}

UNGUARDED = {
    "at the top": ("import x\nreprobundle.capture('x')", 2),
    "by name": ("capture('x')", 1),
    "in a loop": ("for i in range(3):\n    pass\nelse:\n    capture('x')", 4),
    "inside with": ("with open('x') as f:\n    y = capture('x')", 2),
    "as an argument": ("print(capture('x'))", 1),
    "in another condition": ("if __name__ != 'x':\n    capture('x')", 2),
    "in the other branch": ("if __name__ == '__main__':\n    pass\nelse:\n    capture('x')", 4),
    "through a function": ("def main():\n    capture('x')\nmain()", 3),
    "through two functions": ("def a():\n    capture('x')\ndef main():\n    a()\n\nmain()", 6),
}


@pytest.mark.parametrize("case", GUARDED)
def test_present(tmp_path, case):
    """What only runs when asked, or when the file is the script, does no harm at import."""
    path = tmp_path / "train.py"
    path.write_text(GUARDED[case], encoding="utf-8")

    assert missing_guard(path) is None


@pytest.mark.parametrize("case", UNGUARDED)
def test_missing(tmp_path, case):
    """A capture that runs at import is found, with its line."""
    source, line = UNGUARDED[case]
    path = tmp_path / "train.py"
    path.write_text(textwrap.dedent(source), encoding="utf-8")

    assert missing_guard(path) == line


def test_no_file(tmp_path):
    """A script that is gone has no line to name."""
    assert missing_guard(tmp_path / "train.py") is None
