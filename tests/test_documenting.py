"""A card that was mended after the capture gets into a new bundle, and nothing else changes."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import planted
import pytest
from tiny import tiny_bundle

from reprobundle import cli, finishing
from reprobundle.bundle import VerifiedBundle, verify
from reprobundle.components.documentation.card import Card, read_card
from reprobundle.errors import RefusedInputError, SecretsError, UsageError
from reprobundle.report import Finding, Status

TOKEN = planted.drawn("card")["hub-token"]


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sealed bundle."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "100")
    return tiny_bundle(tmp_path / "tiny")


def card(folder: Path, text: str) -> Path:
    """A card of this text beside the bundle."""
    path = folder / "card.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def documented(bundle: VerifiedBundle) -> Card:
    """The card in a bundle."""
    return read_card((bundle.path / bundle.manifest.documentation.path).read_bytes())


def test_card_and_readme_are_the_new_ones(bundle: Path, tmp_path: Path) -> None:
    """The new bundle has the new card and a README.md of it; it names the earlier one, which stays."""
    before = verify(bundle)
    text = 'title: "Counting"\nethics:\n  misuse: "none that we know of after asking three people"\n'
    made = finishing.document(bundle, card(tmp_path, text))
    assert made is not None
    after = verify(made.path)

    assert (made.path.name, made.previous, after.manifest.previous) == ("tiny-documented", before.id, (before.id,))
    assert documented(after).title == "Counting"
    assert documented(after).ethics.misuse == "none that we know of after asking three people"
    assert (made.path / "README.md").read_text(encoding="utf-8").partition("\n# ")[2].startswith("Counting\n")
    assert verify(bundle).id == before.id


def test_all_but_the_card_and_its_views_stays(bundle: Path, tmp_path: Path) -> None:
    """Weights, source, inputs and outputs are the same files, and the proof is as it was."""
    made = finishing.document(bundle, card(tmp_path, 'title: "Counting"\n'), out=tmp_path / "new")
    assert made is not None
    before, after = verify(bundle).manifest, verify(tmp_path / "new").manifest
    told = {entry.path for entry in before.files} - {*before.views, before.documentation.path}

    assert {entry for entry in before.files if entry.path in told} <= set(after.files)
    assert after.proof == before.proof


def test_notes_on_the_earlier_card_go_with_it(tmp_path: Path) -> None:
    """What capture said of answers that it could not take is no longer so; what it said of anything else stays."""
    lost = Finding(kind="documentation", status=Status.NOTE, message="use.intendet: there is no such field")
    other = Finding(kind="code", status=Status.NOTE, message="no commit recorded")
    bundle = tiny_bundle(tmp_path / "noted", notes=(lost, other))
    made = finishing.document(bundle, card(tmp_path, 'title: "Counting"\n'))
    assert made is not None

    assert verify(made.path).manifest.notes == (other,)


def test_the_same_card_makes_nothing(bundle: Path, tmp_path: Path) -> None:
    """Where the bundle has this card already, no bundle is made."""
    made = finishing.document(bundle, card(tmp_path, 'title: "Counting"\n'))
    assert made is not None

    assert finishing.document(made.path, tmp_path / "card.yaml") is None
    assert not (tmp_path / "tiny-documented-documented").exists()


def test_a_secret_in_the_card_is_refused(bundle: Path, tmp_path: Path) -> None:
    """A card that holds a token makes no bundle; the error names rule, file and line, never the token."""
    path = card(tmp_path, f'title: "Counting"\ndescription: "run it with {TOKEN}"\n')
    with pytest.raises(SecretsError) as raised:
        finishing.document(bundle, path)

    assert str(raised.value).startswith("1 secret would be sealed, in 1 file: documentation/card.yaml, line ")
    assert TOKEN not in "".join(raised.value.findings)
    assert sorted(place.name for place in tmp_path.iterdir()) == ["card.yaml", "tiny"]


def test_a_card_that_is_not_there_is_wrong_usage(bundle: Path, tmp_path: Path) -> None:
    """The error says how one gets a card to begin with."""
    with pytest.raises(UsageError) as raised:
        finishing.document(bundle, tmp_path / "none.yaml")

    assert str(raised.value).endswith("none.yaml': cannot be read: No such file or directory")
    assert raised.value.hint == "reprobundle init --bundle BUNDLE writes one to begin with"


def test_a_card_of_another_form_is_refused(bundle: Path, tmp_path: Path) -> None:
    """An unknown field is named."""
    with pytest.raises(RefusedInputError, match="titel"):
        finishing.document(bundle, card(tmp_path, 'titel: "Counting"\n'))


def test_verb_says_what_is_open(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The screen names the new bundle, how much is answered, and what to do next."""
    code = cli.main(["document", str(bundle), str(card(tmp_path, 'title: "Counting"\n')), "--quiet"])
    again = cli.main(["document", str(bundle), str(tmp_path / "card.yaml"), "--out", str(tmp_path / "b"), "--json"])
    told = json.loads(capsys.readouterr().out)

    assert (code, again) == (0, 0)
    assert told["path"] == str(tmp_path / "b")
    assert told["documentation"]["gaps"]
    assert cli.main(["document", str(tmp_path / "b"), str(tmp_path / "card.yaml")]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("b has this card already; nothing was made")


def test_what_publish_will_refuse_is_told_with_the_line_of_the_file(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bundle is made, and the screen names file and line in what the person wrote, not in the bundle's copy."""
    wrong = card(tmp_path, 'title: "Counting"\n\n# mine\nlicense: "notalicence"\n')
    assert cli.main(["document", str(bundle), str(wrong)]) == 0
    told = capsys.readouterr().out
    assert cli.main(["document", str(tmp_path / "tiny-documented"), str(wrong), "--json"]) == 0
    (error,) = json.loads(capsys.readouterr().out)["errors"]

    assert told.splitlines()[0] == "DOCUMENTED, NOT READY TO PUBLISH"
    assert f"\nPublish will refuse it\n  licence-invalid  {wrong}:4\n" in told
    assert (error["rule"], error["file"], error["line"]) == ("licence-invalid", str(wrong), 4)


def test_the_next_free_name_is_told_where_the_usual_one_is_taken(bundle: Path, tmp_path: Path) -> None:
    """Whoever mends a card twice gets a name to go on with; one that was chosen is theirs to change."""
    for text in ("Counting", "Counting on"):
        path = card(tmp_path, f'title: "{text}"\n')
        with pytest.raises(UsageError) if text == "Counting on" else contextlib.nullcontext() as raised:
            finishing.document(bundle, path)
    (tmp_path / "tiny-documented-2").mkdir()
    with pytest.raises(UsageError) as again:
        finishing.document(bundle, path)
    with pytest.raises(UsageError) as chosen:
        finishing.document(bundle, path, out=tmp_path / "tiny-documented")

    assert raised is not None
    assert raised.value.hint == f"name another one, such as --out {tmp_path / 'tiny-documented-2'}"
    assert again.value.hint == f"name another one, such as --out {tmp_path / 'tiny-documented-3'}"
    assert chosen.value.hint == "name another folder"
