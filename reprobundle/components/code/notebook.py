"""From a notebook's executed cells to a module with just the definitions that some names need.

A cell is taken apart into statements. Each that defines names (an import, a function, a class, an assignment, an ``if``
or ``try`` around only such) can be carried over; what loops, ``with`` blocks and magics bind cannot. From the wanted
names the needed statements are followed: names read while a statement runs mean their last definition before it, names
read inside a function mean their last definition of all.
"""

from __future__ import annotations

import builtins
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from reprobundle.components.code.statements import Statement, statements_of

MODULE_NAMES = frozenset({"__name__", "__file__", "__doc__", "__spec__", "__package__", "__loader__", "__builtins__"})


@dataclass
class _Walk:
    statements: Sequence[Statement]
    needed: set[int] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    visited: set[tuple[int, int]] = field(default_factory=set)

    def name(self, name: str, before: int, *, required: bool) -> None:
        """Follow one name, as it was defined before a statement."""
        binders = [index for index in range(before) if name in self.statements[index].binds]
        if not binders:
            later = any(name in statement.binds for statement in self.statements)
            self._absent(name, required=required and not later)
            return
        if not self.statements[binders[-1]].carried:
            self.missing.add(name)
        carried = [index for index in binders if self.statements[index].carried]
        for index in self._since_last_whole(name, carried):
            self.statement(index, before)

    def statement(self, index: int, moment: int) -> None:
        """Follow what a statement needs when its functions are called at a moment, and in the end."""
        for when in (moment, len(self.statements)):
            if (index, when) not in self.visited:
                self.visited.add((index, when))
                self.needed.add(index)
                self._names_of(self.statements[index], index, when)

    def _names_of(self, statement: Statement, index: int, when: int) -> None:
        for name in sorted(statement.eager):
            self.name(name, index if self._bound_before(name, index) else len(self.statements), required=True)
        for name in sorted(statement.deferred):
            self.name(name, when if self._bound_before(name, when) else len(self.statements), required=True)
        for name in sorted(statement.annotations):  # a missing one may never be looked at
            self.name(name, index if self._bound_before(name, index) else len(self.statements), required=False)

    def _since_last_whole(self, name: str, binders: Sequence[int]) -> Sequence[int]:
        """The last statement that defines the name anew, with those after it that add to it."""
        whole = [index for index in binders if name not in self.statements[index].adds_to]
        return [index for index in binders if not whole or index >= whole[-1]]

    def _bound_before(self, name: str, index: int) -> bool:
        return any(name in statement.binds for statement in self.statements[:index])

    def _absent(self, name: str, *, required: bool) -> None:
        from_star = any(statement.is_star for statement in self.statements)
        if required and not from_star and name not in MODULE_NAMES and not hasattr(builtins, name):
            self.missing.add(name)


def definitions(cells: Sequence[str], wanted: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """The source of a module that defines the wanted names, and the names that could not be carried over.

    Args:
        cells: The cells in the order they were executed, as Python; lines that IPython made of magics are skipped.
        wanted: Names of classes and functions that the module must define.

    Returns:
        The statements needed, in their original order and spelling; and the missing names, sorted.
    """
    statements = [statement for cell in cells for statement in statements_of(cell)]
    walk = _Walk(statements)
    for name in sorted(wanted):
        walk.name(name, len(statements), required=True)
    kept = [statement for index, statement in enumerate(statements) if index in walk.needed or statement.is_star]
    future = dict.fromkeys(statement.text for statement in statements if statement.is_future)
    blocks = [*future, *(statement.text for statement in kept if not statement.is_future)]
    return ("\n\n".join(blocks) + "\n" if blocks else ""), tuple(sorted(walk.missing))
