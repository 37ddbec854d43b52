"""Two bundles that differ in their cards: told answer by answer, and once."""

from __future__ import annotations

from pathlib import Path

import pytest
from forging import refit
from tiny import tiny_bundle

import reprobundle
from reprobundle import finishing
from reprobundle.report import Finding, Status


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """A bundle, and the same with another card."""
    first = tiny_bundle(tmp_path / "first")
    (tmp_path / "card.yaml").write_text(
        'title: "Counting"\nauthors: ["Ada"]\nethics:\n  misuse: "none that three people could think of"\n'
    )
    made = finishing.document(first, tmp_path / "card.yaml", out=tmp_path / "second")
    assert made is not None
    return first, made.path


def _of_card(findings: tuple[Finding, ...]) -> dict[str, tuple[str | None, str | None]]:
    differing = (one for one in findings if one.kind == "documentation" and one.status is Status.DIFFERS)
    return {one.message: (one.expected, one.found) for one in differing}


def test_what_was_answered_is_told_field_by_field(two: tuple[Path, Path]) -> None:
    """Each answer with both its values; gaps, and the file itself, would only say it again."""
    told = _of_card(reprobundle.compare(*two))

    assert told["the card's title differs"][1] == '"Counting"'
    assert told["the card's authors differs"] == ("(open)", '[{"name": "Ada"}]')
    assert told["the card's ethics.misuse differs"] == ("(open)", '"none that three people could think of"')
    assert not [message for message in told if "gaps" in message or "known" in message or "card.yaml" in message]


def test_other_marks_alone_are_another_file(two: tuple[Path, Path], tmp_path: Path) -> None:
    """Where no answer differs but the bytes of the card do, the file is named as any other."""
    changed = two[1].rename(tmp_path / "changed")
    written = changed / "documentation/card.yaml"
    written.write_text(written.read_text() + "# a remark\n")
    refit(changed)
    (tmp_path / "again.yaml").write_text((tmp_path / "card.yaml").read_text())
    same = finishing.document(two[0], tmp_path / "again.yaml", out=tmp_path / "same")
    assert same is not None

    assert list(_of_card(reprobundle.compare(same.path, changed))) == ["documentation/card.yaml: content differs"]


def test_a_card_of_another_form_is_another_file(two: tuple[Path, Path]) -> None:
    """What cannot be read as a card is compared by its bytes."""
    (two[1] / "documentation/card.yaml").write_text("titel: x\n")
    refit(two[1])

    assert "documentation/card.yaml: content differs" in _of_card(reprobundle.compare(*two))
