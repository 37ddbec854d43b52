from __future__ import annotations

import sys
from types import ModuleType

from reprobundle.components.code import modules


class Pretending:
    """As the libraries that cffi puts among the modules."""

    __slots__ = ()

    @property
    def __class__(self):
        return ModuleType


def test_what_only_claims_to_be_a_module_is_passed_over(monkeypatch):
    """Extension libraries stand in ``sys.modules`` with the class of a module and without its dictionary."""
    before = modules.imported()
    monkeypatch.setitem(sys.modules, "pretending", Pretending())

    assert isinstance(sys.modules["pretending"], ModuleType)
    assert modules.imported() == before
