"""What is still to be given is told from an answer that happens to hold the same words."""

from __future__ import annotations

import pytest
from lint_cards import bundle, card

import reprobundle
from reprobundle.linting.weighing import weigh

STANDS_FOR = [
    "XX",
    "xxx",
    "Accuracy is XX%.",
    "An accuracy of XX.X% on test data.",
    "0.XX on the test split",
    "about XX hours on one device",
    "Collected by the university in 20XX.",
    "to be filled in",
    "To be filled in later.",
    "The numbers are still to be added.",
    "Energy is yet to be measured and to be added later.",
    "The owner is to be announced.",
    "coming soon",
    "Details are coming soon.",
    "A demo will be here, more details to follow.",
    "n.n.",
    "N. N.",
    "Written by N.N.",
    "?",
    "???",
    "Licence: ??",
    "lorem ipsum",
    "Lorem ipsum dolor sit amet, consectetur.",
    "<your name>",
    "Written by <your name> and others.",
    "[your name], [your institute]",
    "{insert the licence}",
    "insert the text here",
    "Insert a description of the model here.",
    "(describe the data here)",
    "TBA",
    "tbd",
    "Runs: TBA",
    "The number of runs is TBD.",
    "It took tbd hours; energy is tbd.",
    "TODO: ask the university",
    "more information needed",
    "YOUR_NAME",
]
ANSWERS = [
    "Chromosomes XX and XY are told apart by their length.",
    "Lines that begin with a mark such as TODO: were dropped.",
    "Films rated XXX were left out of the training data.",
    "T-shirts of size XXL are read as the largest class.",
    "Missing values had to be filled in by the median.",
    "Every positive finding is to be confirmed by a doctor.",
    "Labels to be added by hand are marked as such.",
    "Reviews of films that are coming soon to cinemas.",
    "The delay of trains that come soon after each other.",
    "N. N. Taleb's books are part of the text.",
    "Questions that end in ? are kept as they are.",
    "What happens with two classes? Nothing was found.",
    "Tags such as TODO in scanned pages are read as words.",
    "Comments marked TODO or FIXME were removed first.",
    "The solvent was TBA, measured in 12 probes.",
    "The catalyst TBD makes the reaction fast enough.",
    "A to-do application's notes were not used.",
    "Elements such as <name> and <title> were parsed from XML.",
    "x < 3 and y > 4 were cut off first",
    "We describe here what was seen in ten runs.",
    "The data is described here: https://archive.ics.uci.edu/dataset/80",
    "Samples were put into two groups; here is why it matters.",
    "Text that students write here in the winter is harder.",
    "Typesetting samples with Lorem are not part of it, nor is ipsum.",
    "More information is needed to tell twins apart than pictures give.",
    "Details follow from the paper of 2019 that is cited.",
    "Your own pictures should be 8 by 8 pixels and grey.",
    "A model of [CLS] and [SEP] tokens, as usual.",
    "The string is cut after 512 characters of text.",
    "Names were replaced by the word 'XXX' before training.",
    'The tag "TBD" stands in 3 rows, which were kept.',
    "20 XX-large machines of the cloud were used.",
    "Brackets [a, b] are intervals; {0, 1} is a set of labels.",
]


@pytest.mark.parametrize("answer", STANDS_FOR)
def test_what_stands_for_an_answer(answer):
    """A template's text or a hole, alone or at the end of a sentence, counts nothing."""
    found = weigh(answer, path="ethics.bias", asks="what was found?", least=1)

    assert found is not None
    assert (found.rule, found.credit) == ("placeholder", 0)


@pytest.mark.parametrize("answer", ANSWERS)
def test_what_is_an_answer(answer):
    """The same words in a sentence that says something are left alone."""
    assert weigh(answer, path="ethics.bias", asks="what was found?", least=1) is None


def test_a_command_may_name_what_a_reader_types():
    """In an example ``<your picture>`` is what stands there for the reader."""
    command = "python predict.py <your picture>"

    assert weigh(command, path="examples", asks="how?", least=3) is None
    assert weigh(command, path="use.intended", asks="what for?", least=3) is not None


def test_a_long_answer_is_told_by_its_piece():
    """Of a long answer the message shows the piece that is missing."""
    answer = "The pictures were taken from forms that people filled in by hand, an accuracy of XX% was reached on them."
    found = weigh(answer, path="use.intended", asks="what for?", least=3)

    assert found is not None
    assert found.words == "'XX%' is a placeholder"


def test_fields_that_are_not_scored_are_read(tmp_path):
    """A placeholder in a field without a score is an error there, too."""
    report = reprobundle.lint(bundle(tmp_path / "b", card(datasets=["TODO"], base_model=["<your model>"])))

    assert [(lint.rule, lint.path, lint.message) for lint in report.of("error")] == [
        ("placeholder", "datasets[0]", "datasets[0]: 'TODO' is a placeholder"),
        ("placeholder", "base_model[0]", "base_model[0]: '<your model>' is a placeholder"),
    ]
    assert report.score == 100
