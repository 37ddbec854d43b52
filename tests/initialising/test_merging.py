"""A specification that a person wrote, and a card with a person's comments: init adds to them and takes nothing away."""

from __future__ import annotations

import json

import pytest

from reprobundle import cli, specification
from reprobundle.components.documentation.card import read_card
from reprobundle.errors import RefusedInputError
from reprobundle.initialising import CARD, SPECIFICATION, init

MINE = """\
# ours, do not touch
name: "penguins"   # as in the paper
model: {factory: "net:Other", weights: best.pt}
claims:
  # table 2
  - {text: accuracy, value: 0.91, split: test}
vendor: all
"""
NET = "from torch import nn\n\nHPARAMS = {'lr': 0.1}\n\n\nclass Net(nn.Module):\n    'Reads.'\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project with a model and its weights, and an empty capture log."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    project = tmp_path / "project"
    project.mkdir()
    (project / "net.py").write_text(NET)
    (project / "weights.pt").write_bytes(b"x")
    return project


def _forced(folder, text):
    (folder / SPECIFICATION).write_bytes(text.encode())
    return init(folder, force=True), (folder / SPECIFICATION).read_bytes().decode()


def test_what_a_person_wrote_stays_to_the_letter(folder):
    """Name, claims, comments and order stay; what the file does not say is added below, and told."""
    made, text = _forced(folder, MINE)
    written, _ = specification.read(folder / SPECIFICATION)

    assert text.startswith(MINE)
    assert (written.name, written.model.factory, written.claims[0].value) == ("penguins", "net:Other", 0.91)
    assert written.hyperparameters == {"lr": 0.1}
    assert made.added == ("hyperparameters", "documentation")
    assert set(made.specified) == {"name", "model", "claims", "vendor", "hyperparameters", "documentation"}
    assert list(made.missing) == ["inputs", "preprocessing", "splits"]
    assert (folder / f"{SPECIFICATION}.before").read_text() == MINE


def test_a_second_time_nothing_changes(folder):
    """What was added stands, and its questions are not asked twice in the file."""
    _, once = _forced(folder, MINE)
    again = init(folder, force=True)

    assert (folder / SPECIFICATION).read_bytes().decode() == once
    assert (again.added, again.kept) == ((), ())


def test_an_answer_takes_the_place_of_its_question(folder):
    """Where init asked and a file is there by now, the answer stands where the question stood."""
    (folder / "weights.pt").unlink()
    first = init(folder)
    (folder / "weights.pt").write_bytes(b"x")
    (folder / "samples.npy").write_bytes(b"x")
    again = init(folder, force=True)
    text = (folder / SPECIFICATION).read_text()

    assert list(first.missing) == ["model", "inputs", "preprocessing", "splits", "claims"]
    assert again.added == ("model", "inputs")
    assert "none was found" not in text
    assert text.index("model:") < text.index('inputs: "samples.npy"') < text.index("hyperparameters:")


def test_lines_of_windows_stay_so(folder):
    """A file whose lines end in two characters is not mixed."""
    _, text = _forced(folder, MINE.replace("\n", "\r\n"))

    assert text.count("\n") == text.count("\r\n") > MINE.count("\n")


def test_a_file_in_braces_takes_no_lines_and_stays(folder, capsys):
    """What cannot be added to without writing it anew is left as it is; what was found is told."""
    (folder / SPECIFICATION).write_text('{name: penguins, model: {factory: "net:Net", weights: weights.pt}}\n')
    code = cli.main(["init", str(folder), "--force"])

    assert code == 0
    assert (folder / SPECIFICATION).read_text().startswith("{name: penguins")
    assert (
        "reprobundle.yaml takes no further lines as it is written; found for it: hyperparameters, documentation"
        in " ".join(capsys.readouterr().out.split())
    )


@pytest.mark.parametrize("text", ["name: [", "- a\n", "a: 1\na: 2\n"])
def test_a_file_that_nobody_can_read_is_not_written_over(folder, text):
    """It is refused with the way out, and stays; so does the card."""
    (folder / SPECIFICATION).write_text(text)
    with pytest.raises(RefusedInputError) as raised:
        init(folder, force=True)

    assert raised.value.hint == "mend it, or move it away and type init again"
    assert (folder / SPECIFICATION).read_text() == text
    assert not (folder / CARD).exists()


def test_documentation_in_the_specification_is_the_persons(folder, capsys):
    """Answers in reprobundle.yaml go to the card, too, and a person learns that capture would read one of them only."""
    made, _ = _forced(folder, f"{MINE}documentation: {{title: Penguins, ethics: {{privacy: No people.}}, more: 1}}\n")
    card = read_card((folder / CARD).read_bytes())
    cli.main(["init", str(folder), "--force"])

    assert (card.title, card.ethics.privacy, made.inline) == ("Penguins", "No people.", True)
    assert 'put documentation: "documentation/card.yaml" in its place' in " ".join(capsys.readouterr().out.split())


def test_a_persons_comments_in_the_card_stay_above_their_fields(folder):
    """Own lines, remarks behind an answer and those at the end are kept; questions and sources are written anew."""
    init(folder)
    before = (folder / CARD).read_text()
    place = folder / CARD
    place.write_text(
        before.replace("title: null", '# ask Ada first\ntitle: "Tom # 1"  # the short one')
        .replace("  privacy: null", "  # asked the board\n  privacy: |\n    # no comment\n    None.\n  # and this")
        .replace("description: ", "description: ", 1)
        + "# the end\n"
    )
    init(folder, force=True)
    after = place.read_text()
    init(folder, force=True)

    assert '# ask Ada first\n# the short one\ntitle: "Tom # 1"\n' in after
    assert '  # asked the board\n  privacy: "# no comment\\nNone.\\n"\n  # and this\n' in after
    assert after.endswith("# the end\n")
    assert after.count("# which tasks, people and settings was it made for?") == 1
    assert place.read_text() == after
    assert (folder / f"{CARD}.before").exists()


def test_what_the_script_says_wrongly_ends_nothing(folder):
    """Documentation in a script that has another form than the card's is left out."""
    call = "import reprobundle\nreprobundle.capture('x', documentation={'titel': 'a', 'license': 'MIT License', 'x': {'y': 'z'}, " \
           "'title': 'T', 'authors': 'Ada'})\n"  # fmt: skip
    (folder / "train.py").write_text(call)
    made = init(folder)
    card = read_card((folder / CARD).read_bytes())

    assert (card.title, card.license, [author.name for author in card.authors]) == ("T", None, ["Ada"])
    assert made.captured["title"] == ("train.py:2",)


def test_the_document_tells_who_told_each_answer(folder, capsys):
    """Bundle, files and person are told apart, and what may be checked stands beside."""
    (folder / "train.py").write_text("from sklearn.datasets import load_iris\nload_iris()\n")
    assert cli.main(["init", str(folder), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)

    assert set(document["card"]["told"].values()) == {"files"}
    assert document["card"]["unasked"] == len(document["card"]["told"])
    assert document["card"]["check"].keys() == {"training_data.license"}
    assert "  # check: CC-BY-4.0, under which UCI offers" in (folder / CARD).read_text()


def test_lines_that_end_in_a_carriage_return_stay_so(folder):
    """A file of an old Mac is not mixed either."""
    _, text = _forced(folder, MINE.replace("\n", "\r"))

    assert "\n" not in text
    assert text.count("\r") > MINE.count("\n")


def test_a_byte_order_mark_is_taken_off(folder):
    """What Windows puts before the first line hinders neither file."""
    init(folder)
    (folder / CARD).write_bytes(b"\xef\xbb\xbf# mine\ntitle: Mine\n")
    made, text = _forced(folder, f"\ufeff{MINE}")

    assert text.startswith(MINE)
    assert made.told["title"] == "person"
    assert "# mine\n" in (folder / CARD).read_text()


@pytest.mark.parametrize("text", ["", "# mine\n", "# mine\nuse:\ntitle: Mine\nauthors:\n"])
def test_a_card_with_nothing_under_a_key_has_no_answer_yet(folder, text):
    """An empty card, or an empty section of it, is filled in like any other; comments stay."""
    init(folder)
    (folder / CARD).write_text(text)
    init(folder, force=True)
    after = (folder / CARD).read_text()

    assert read_card(after.encode()).use.intended is None
    assert ("# mine" in after) is ("# mine" in text)
    assert (read_card(after.encode()).title == "Mine") is ("Mine" in text)


def test_a_key_with_nothing_beside_it_says_nothing(folder):
    """It is asked like one that is not there, or takes what was found in its place, the comment behind it kept."""
    made, text = _forced(folder, "name: a\nhyperparameters:  # which?\ninputs: null\nsplits: ~\n")

    assert made.specified == ("name", "model", "hyperparameters", "documentation")
    assert made.added == ("model", "hyperparameters", "documentation")
    assert {"inputs", "splits"} <= set(made.missing)
    assert '# which?\nhyperparameters:\n  "lr": 0.1\ninputs: null\n' in text


def test_numbers_are_asked_once(folder):
    """The block of claims is not written again when a file gives other numbers, nor beside claims or metrics of a person."""
    (folder / "metrics.json").write_text('{"accuracy": 0.5}')
    init(folder)
    (folder / "metrics.json").write_text('{"accuracy": 0.6}')
    init(folder, force=True)

    assert (folder / SPECIFICATION).read_text().count("# claims:") == 1
    assert "claims:" not in _forced(folder, "metrics: {accuracy: 0.5}\n")[1]
