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
    ],
)
def test_another_number_of_a_group(path, text, told):
    """Where none of the numbers given for a group is its own, that is a contradiction, told once and by the group's name."""
    (message,) = said_of(path, text)

    assert message.startswith(f"{path} says {told}, recorded of s")


def test_a_number_without_its_metric_is_a_warning():
    """What a bare number beside a group is can only be guessed, and a guess refuses nothing."""
    (guessed,) = found_of("ethics.bias", "We looked at male 0.95 and female 0.981.")
    (sure,) = found_of("ethics.bias", "Accuracy: male 0.95, female 0.981.")

    assert (guessed.level, sure.level) == ("warning", "error")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("evaluation.metrics", "Accuracy by sex: male 0.853, female 0.981."),
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


def test_a_hostile_group_takes_no_time():
    """Many groups with long names in a long text are read in time that grows with their length alone."""
    groups = tuple(GroupValue(name=f"male {'a ' * 200}{number}", value=0.5) for number in range(50))
    text = ("accuracy " * 3 + groups[0].name + " is is is is ") * 40
    began = time.monotonic()
    said_of("evaluation.metrics", text, (claim(groups=groups, group="g"),))
    said_of("evaluation.metrics", "male " * 2000 + "accuracy", NUMBERS)
    said_of("evaluation.metrics", "male. " * 2000, NUMBERS)
    said_of("evaluation.metrics", "at " * 3000, (claim(groups=(GroupValue(name="at", value=0.5),), group="word"),))

    assert time.monotonic() - began < 3
