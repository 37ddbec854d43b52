"""A number that a sentence gives for a group is compared with the group's own."""

from __future__ import annotations

import datetime
import time

import pytest
from lint_cards import CARD, card, claim, sound
from tiny import tiny_manifest

from reprobundle.components import claims
from reprobundle.components.claims.section import GroupValue
from reprobundle.components.documentation.card import card_of
from reprobundle.linting.contradicting import contradictions
from reprobundle.linting.subject import Subject

BY_SEX = (GroupValue(name="male", value=0.853, count=120), GroupValue(name="female", value=0.981, count=130))
BY_SITE = (GroupValue(name="Site A", value=3.42), GroupValue(name="7", value=2.1), GroupValue(name="x", value=1.0))
NUMBERS = (
    claim(value=0.92, groups=BY_SEX, group="sex"),
    claim(id="rmse", text="RMSE of the angle, degrees", value=3.0, groups=BY_SITE, group="site"),
)


def found_of(path, text, numbers=NUMBERS):
    """What is found in one sentence in one field, beside these claims."""
    value = card_of(card(**{path.replace(".", "__"): text}), name="card")
    manifest = tiny_manifest(**sound(claims=claims.Section(claims=numbers)))
    subject = Subject(value, CARD, datetime.date(2026, 1, 1), manifest=manifest)
    return [lint for lint in contradictions(subject) if lint.path == path]


def said_of(path, text, numbers=NUMBERS):
    """The messages of it."""
    return [lint.message for lint in found_of(path, text, numbers)]


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        ("evaluation.metrics", "Accuracy by sex: male 0.95, female 0.981.", "male 0.95"),
        ("evaluation.metrics", "male 0.95", "male 0.95"),
        ("evaluation.metrics", "Test accuracy is 0.92 (male: 0.92, female: 0.98).", "male 0.92"),
        ("ethics.bias", "We looked at both groups: male 0.85, female 0.91", "female 0.91"),
        ("ethics.bias", "The accuracy for male patients is 95%, for female patients 98%.", "male 95%"),
        ("ethics.bias", "An accuracy of 0.95 for male and of 0.98 for the female group.", "male 0.95"),
        ("description", "Reads digits with an accuracy of 0.97 on male writers.", "male 0.97"),
        ("use.limitations", "Accuracy among female: 90 percent.", "female 90percent"),
        ("evaluation.metrics", "The RMSE at Site A is 5.", "site a 5"),
        ("evaluation.metrics", "| group | accuracy | | male | 0.95 | | female | 0.981 |", "male 0.95"),
        ("evaluation.metrics", "The accuracy is 0.95 on male, 0.981 on female.", "male 0.95"),
        ("evaluation.metrics", "Accuracy: 0.95 (male), 0.981 (female).", "male 0.95"),
        ("evaluation.metrics", "Accuracy by sex: **male** is **0.95**, `female` is `0.981`.", "male 0.95"),
        ("evaluation.metrics", "Accuracy (male): 0.95. Accuracy (female): 0.981.", "male 0.95"),
        ("evaluation.metrics", "It has an accuracy of 0.95 among males and of 0.981 among females.", "male 0.95"),
        ("evaluation.metrics", "Accuracy: 95 % male, 98.1 % female.", "male 95%"),
        ("evaluation.metrics", "Accuracy of male patients is as high as 0.95.", "male 0.95"),
        ("evaluation.metrics", "The accuracy among male patients is about 0.95.", "male 0.95"),
        ("evaluation.metrics", "Accuracy on male patients (n = 120): 0.95", "male 0.95"),
        ("evaluation.metrics", "Male patients see an accuracy of 0.95", "male 0.95"),
        (
            "evaluation.metrics",
            "| sex | n | accuracy |\n|---|---|---|\n| male | 120 | 0.95 |\n| female | 130 | 0.981 |",
            "male 0.95",
        ),
    ],
)
def test_another_number_of_a_group(path, text, told):
    """Where none of the numbers given for a group is its own, that is a contradiction, told once and by the group's name."""
    (message,) = said_of(path, text)

    assert message.startswith(f"{path} says {told}, recorded of s")


@pytest.mark.parametrize(
    "text",
    [
        "The ensemble has an accuracy of 0.90 on male.",
        "On a second cohort (n = 80), accuracy was 0.81 for male and 0.90 for female.",
        "Smith et al. report an accuracy of 0.90 on male.",
        "Models with an accuracy of 0.99 on male exist.",
        "Accuracy for white male is 0.90.",
        "ResNet-50: accuracy on male 0.88; ours: 0.853.",
    ],
)
def test_a_word_that_may_say_of_what_else_a_number_is_leaves_a_doubt(text):
    """Only sentences of plain words refuse a release; what may be about something else is a warning."""
    assert {lint.level for lint in found_of("ethics.bias", text)} <= {"warning"}


@pytest.mark.parametrize(
    "text",
    [
        "ECE: male 0.031, female 0.02.",
        "Cohen's kappa: male 0.70",
        "Brier: male 0.11",
        "a BMI of 26.3 for male, 24.1 for female",
    ],
)
def test_without_a_metric_that_is_known_no_number_is_judged(text):
    """A quantity that this program does not know of is not the recorded one."""
    assert said_of("ethics.bias", text) == []


def test_names_as_programs_write_them_are_names():
    """An underscore joins words in names of metrics, and of groups."""
    joined = (claim(value=0.86, groups=(GroupValue(name="young_male", value=0.88),), group="who"),)

    assert said_of("ethics.bias", "accuracy_young_male: 0.95", joined)
    assert said_of("ethics.bias", "accuracy_male: 0.95")
    assert not said_of("ethics.bias", "accuracy_young_male: 0.88", joined)


LANGUAGES = (
    claim(value=0.86, groups=(GroupValue(name="de", value=0.88), GroupValue(name="II", value=0.79)), group="of"),
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("L'accuracy de 0.86 est bonne.", []),
        ("In phase II the accuracy was 0.7.", []),
        ("Accuracy: de 0.88, II 0.79", []),
        ("Accuracy by language: de: 0.95", ["de 0.95"]),
        ("Accuracy: 0.95 (de), 0.79 (II)", ["de 0.95"]),
    ],
)
def test_a_name_that_is_a_word_too_is_a_groups_only_where_it_is_marked(text, told):
    """Two letters are words of many languages, and numerals."""
    said = said_of("ethics.bias", text, LANGUAGES)

    assert [message.removeprefix("ethics.bias says ").partition(",")[0] for message in said] == told


def test_a_number_without_its_metric_is_a_warning():
    """What a bare number beside a group is can only be guessed, and a guess refuses nothing."""
    (guessed,) = found_of("ethics.bias", "We looked at male 0.95 and female 0.981.")
    (sure,) = found_of("ethics.bias", "Accuracy: male 0.95, female 0.981.")

    assert (guessed.level, sure.level) == ("warning", "error")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("evaluation.metrics", "Accuracy by sex: male 0.853, female 0.981."),
        (
            "evaluation.metrics",
            "| sex | n | accuracy |\n|---|---|---|\n| male | 120 | 0.853 |\n| female | 130 | 0.981 |",
        ),
        ("evaluation.metrics", "Accuracy (male/female): 0.853/0.981"),
        ("evaluation.metrics", "0.853 vs. 0.981 accuracy for male and female"),
        ("evaluation.metrics", "Accuracy rises from 0.80 to 0.853 on male after augmentation."),
        ("evaluation.metrics", "Accuracy of 0.92 on a test set that is 48.5 % male."),
        ("evaluation.metrics", "Accuracy of 0.92, with 48 % male and 52 % female samples."),
        ("ethics.bias", "Equal opportunity: male 0.81, female 0.83 true positives."),
        ("evaluation.metrics", "It reaches an accuracy of 92 % (85.3 % male, 98.1 % female)."),
        ("evaluation.metrics", "Accuracy 0,92 (male 0,853; female 0,981)."),
        ("evaluation.metrics", "Accuracy of 0.92 (male: 0.853)"),
        ("evaluation.metrics", "Accuracy on female and male samples is 0.981 and 0.853, respectively."),
        ("evaluation.metrics", "Accuracy for male was 0.75 in the first version; it is 0.853 now."),
        ("evaluation.metrics", "male 0.853 female 0.981"),
        ("evaluation.metrics", "Attacks on male voices lower the accuracy to 0.2."),
        ("ethics.bias", "Selection rate: male 0.41, female 0.37."),
        ("ethics.bias", "The error rate is 0.147 for male and 0.019 for female."),
        ("ethics.bias", "False positive rate of male 0.12, of female 0.03."),
        ("ethics.bias", "Calibration error: male 0.03, female 0.02; mean age: male 41.5, female 40.9."),
        ("evaluation.metrics", "Accuracy: male 85%, female 98 %, overall 0.92."),
        ("evaluation.metrics", "Accuracy by sex: male 0.85 ± 0.06, female 0.98 ± 0.02."),
        ("evaluation.metrics", "A baseline has an accuracy of 0.75 for male and 0.80 for female."),
        ("evaluation.metrics", "120 male and 130 female samples; 0.92 accuracy."),
        ("evaluation.metrics", "The gap between male and female is 0.128."),
        ("evaluation.metrics", "Precision for male 0.91, recall 0.88."),
        ("evaluation.metrics", "RMSE at site 7 and at site x was not looked at; RMSE 3.0 in all."),
        ("ethics.bias", "67% of the patients are male; female 33%."),
        ("ethics.bias", "The data is 48% male and 52% female."),
        ("ethics.bias", "Accuracy for male before reweighting was 0.70."),
        ("ethics.bias", "Accuracy is 0.128 lower for male than for female."),
        ("ethics.bias", "A test gave p = 0.03 for male and p = 0.20 for female."),
        ("ethics.bias", "A p-value of 0.03 for male."),
        ("ethics.bias", "It takes for male 0.3 s per image."),
        ("ethics.bias", "We looked at male (0.95 quantile) only; male 0.95 confidence."),
        ("ethics.bias", "The 95% interval for male is 0.78 to 0.91."),
        ("training_data.bias", "male 0.48, female 0.52"),
        ("training_data.bias", "The set holds male 48.5 and female 51.5 per cent."),
        ("use.limitations", "Do not use it for male patients under 18.5 years."),
        ("description", "A model for male and female writers, version 2.0."),
        ("ethics.robustness", "Accuracy for male falls to 0.60 when pictures are turned."),
        ("evaluation.uncertainty", "Intervals of Wilson: male 0.78 to 0.91, accuracy 0.853."),
    ],
)
def test_an_honest_sentence_of_a_group(path, text):
    """What agrees, counts, is of another metric, model or time, or compares groups contradicts nothing."""
    assert said_of(path, text) == []


BY_DIGIT = (GroupValue(name="5", value=0.978), GroupValue(name="9", value=0.956))
WHOLE = (
    claim(value=0.79, groups=(GroupValue(name="male", value=0.95), GroupValue(name="female", value=0.63)), group="sex"),
)
DIGITS = (claim(value=0.9933, groups=BY_DIGIT, group="labels"),)


@pytest.mark.parametrize(
    ("text", "numbers", "told"),
    [
        ("The accuracy is 0.95.", WHOLE, "accuracy 0.95"),
        ("Test accuracy 0.95 on held-out data.", WHOLE, "accuracy 0.95"),
        ("The accuracy is 95%, the best we had.", WHOLE, "accuracy 95%"),
        ("Accuracy 0.95 overall, male 0.95, female 0.63.", WHOLE, "accuracy 0.95"),
        ("The accuracy is 0.95. Accuracy for male: 0.95, for female: 0.63.", WHOLE, "accuracy 0.95"),
        ("The accuracy is 0.95; male accuracy is 0.95.", WHOLE, "accuracy 0.95"),
        ("It reads digits with an accuracy of 0.956, after 9 epochs.", DIGITS, "accuracy 0.956"),
    ],
)
def test_a_groups_number_is_not_the_whole(text, numbers, told):
    """A number that only a group has is false of the whole, whether or not the group's own number stands beside it."""
    (message,) = said_of("description", text, numbers)

    assert message.startswith(f"description says {told}, recorded is ")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("The accuracy is 0.79.", WHOLE),
        ("The accuracy is 0.79, for male 0.95.", WHOLE),
        ("The accuracy is 0.95 for male and 0.63 for female.", WHOLE),
        ("Male reach an accuracy of 0.95, female one of 0.63.", WHOLE),
        ("Male accuracy: 0.95; female accuracy: 0.63.", WHOLE),
        ("The accuracy of 0.95 and 0.63 for male and female was measured once.", WHOLE),
        ("Accuracy by sex: 0.95, 0.63.", WHOLE),
        ("| sex | accuracy | | --- | --- | | male | 0.95 | | female | 0.63 |", WHOLE),
        ("| sex | accuracy |\n| --- | --- |\n| all | 0.79 |\n| male | 0.95 |\n| female | 0.63 |", WHOLE),
        ("The accuracy of the worst group is 0.63.", WHOLE),
        ("Lowest accuracy: 0.956, of digit 9; accuracy of digit 5 is 0.978.", DIGITS),
        ("Accuracy: 9: 0.956, 5: 0.978.", DIGITS),
        ("An accuracy of 0.956 (9).", DIGITS),
    ],
)
@pytest.mark.parametrize("path", ["description", "evaluation.metrics", "evaluation.runs"])
def test_a_groups_number_beside_its_name(path, text, numbers):
    """Where its sentence names the group, or speaks of groups, its number is the group's, and no other number of the whole."""
    assert said_of(path, text, numbers) == []


@pytest.mark.parametrize(
    "text", ["The accuracy is 0.79, male accuracy 0.91.", "The accuracy is 0.79; for male 0.91 accuracy."]
)
def test_a_wrong_number_beside_a_groups_name(text):
    """A right number of the whole excuses no wrong one of a group."""
    (message,) = said_of("evaluation.metrics", text, WHOLE)

    assert message.startswith("evaluation.metrics says male 0.91, recorded of sex 'male' is ")


def test_both_may_be_wrong():
    """Each is told by itself: the whole, and the group."""
    told = said_of("evaluation.metrics", "The accuracy is 0.95. Accuracy for female: 0.95.", WHOLE)

    assert [message.partition(",")[0] for message in told] == [
        "evaluation.metrics says female 0.95",
        "evaluation.metrics says accuracy 0.95",
    ]


def test_a_hostile_group_takes_no_time():
    """Many groups with long names in a long text are read in time that grows with their length alone."""
    groups = tuple(GroupValue(name=f"male {'a ' * 200}{number}", value=0.5) for number in range(50))
    text = ("accuracy " * 3 + groups[0].name + " is is is is ") * 40
    began = time.process_time()
    said_of("evaluation.metrics", text, (claim(groups=groups, group="g"),))
    said_of("evaluation.metrics", "male " * 2000 + "accuracy", NUMBERS)
    said_of("evaluation.metrics", "male. " * 2000, NUMBERS)
    many = tuple(claim(id=f"accuracy-{number}", groups=groups, group="worst") for number in range(40))
    said_of("description", "worst accuracy 0.1. " * 1000, many)
    said_of("description", f"accuracy 0.1 {groups[0].name}. " * 100, many)
    said_of("evaluation.metrics", "at " * 3000, (claim(groups=(GroupValue(name="at", value=0.5),), group="word"),))

    assert time.process_time() - began < 3
