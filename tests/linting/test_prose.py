"""Numbers in sentences: what agrees with the manifest, or is of something else, is left alone; what contradicts it is named."""

from __future__ import annotations

import datetime
import re
from functools import cache

import pytest
from lint_cards import CARD, card, claim, split
from tiny import tiny_manifest

from reprobundle.components import claims, data, hyperparameters
from reprobundle.components.documentation.card import card_of
from reprobundle.linting import hyperparameters as hyperparameters_in_prose
from reprobundle.linting.contradicting import PATHS, contradictions
from reprobundle.linting.counting import OF_CLASSES, OF_PARAMETERS, OF_SPLITS
from reprobundle.linting.prose import NUMBER, readings
from reprobundle.linting.subject import Subject

CHOSEN = {
    "epochs": 30,
    "batch_size": 64,
    "optimizer": {"lr": 0.001, "weight_decay": 0.01, "momentum": 0.9},
    "seed": 42,
    "dropout": 0.1,
    "hidden": 128,
    "layers": 4,
}
FIELDS = sorted({*PATHS, *OF_SPLITS, *OF_CLASSES, *OF_PARAMETERS, *hyperparameters_in_prose.PATHS})
LABELS = tuple(data.section.LabelCount(label=number, count=135) for number in range(10))
LEAVES = (
    data.section.Leaf(name="0", dtype="F32", shape=(64,)),
    data.section.Leaf(name="1", dtype="I64", shape=()),
)
NUMBERS = (
    claim(value=0.973),
    claim(id="test-loss", text="cross-entropy loss on the test split", value=0.112),
    claim(id="rmse", text="RMSE of the angle, degrees", value=3.42),
)


@cache
def trained():
    """A model of 1.2 million parameters, trained on 1,347 samples and measured on 450."""
    full = tiny_manifest()
    splits = (split("train", 1347, labels=LABELS, leaves=LEAVES), split("test", 450, labels=LABELS, leaves=LEAVES))
    return full.model_copy(
        update={
            "hyperparameters": hyperparameters.Section(values=CHOSEN, seeds={"torch": 42}),
            "model": full.model.model_copy(update={"parameters": 1_203_466}),
            "claims": claims.Section(claims=NUMBERS),
            "data": data.Section(splits=splits),
        }
    )


def said_of(path, text):
    """What is said of one sentence in one field, beside that model."""
    value = card_of(card(**{path.replace(".", "__"): text}), name="card")
    subject = Subject(value, CARD, datetime.date(2026, 1, 1), manifest=trained())
    return [(lint.rule, lint.message) for lint in contradictions(subject) if lint.path == path]


HONEST = [
    ("training.procedure", "Adam at a constant rate for 30 epochs, batch size 64."),
    ("training.procedure", "Trained for 30 epochs; early stopping after 3 epochs without a gain was never needed."),
    ("training.procedure", "A warm-up of 5 epochs, then 25 epochs at the full rate."),
    ("training.procedure", "The encoder was frozen for the first 10 epochs."),
    ("training.procedure", "The rate is halved every 10 epochs, down to 1e-5."),
    ("training.procedure", "Validation loss was looked at every 2 epochs with patience 5."),
    ("training.procedure", "SGD with a learning rate of 1e-3, momentum 0.9 and weight decay of 0.01."),
    ("training.procedure", "SGD with a learning rate of 10⁻³ and batches of 64 pictures."),
    ("training.procedure", "The learning rate decays to 0.0001 by a cosine."),
    ("training.procedure", "Mixed precision, 16 bits; gradients were clipped at 1.0."),
    ("training.procedure", "An effective batch size of 512, gathered over 8 steps."),
    ("training.procedure", "Thirty epochs of Adam, lr=1e-3, on one device."),
    ("training.procedure", "Trained with torch 2.13.0 until the loss no longer fell, nearly 20 epochs."),
    ("training.hyperparameters", "Learning rates of 0.1, 0.01 and 0.001 were tried; 0.001 was kept."),
    ("training.hyperparameters", "chosen among 16, 32 and 64 hidden units on a fifth of the training data"),
    ("training.hyperparameters", "batch size among 16, 32 and 128 by a sweep, dropout 0.1"),
    ("training.hyperparameters", "hidden=128, layers 2 and 3 share their weights"),
    ("training.hyperparameters", "n/a: 3 parameters were tuned by hand"),
    ("training.regularisation", "Dropout of 0.1; 10% of the labels were smoothed."),
    ("training.regularisation", "Early stopping with a patience of 5 epochs."),
    ("training.architecture", "Four linear layers with 1.2M parameters, 64, 128 and 10 units wide."),
    ("training.architecture", "A student of a 7B-parameter teacher, distilled from a 340M parameter BERT."),
    ("training.architecture", "1,203,466 trainable parameters in all, of which the head has 1,290 parameters."),
    ("training.architecture", "Each layer has 16,512 parameters; 4 of them are used."),
    ("description", "Tells apart ten digits. 3 parameters of the sampler were tuned."),
    ("description", "A classifier of 10 classes with 97.3% accuracy on 450 test pictures."),
    ("description", "Only 1,100 training images were seen by two people."),
    ("description", "Learned from 1,347 training images of 64 features; version 2.0 of 3 models."),
    ("evaluation.metrics", "Accuracy on 450 test pictures and on each of ten digits."),
    (
        "evaluation.metrics",
        "Training accuracy of 99.9%, test accuracy of 97.3%, a baseline reaches an accuracy of 91%.",
    ),
    ("evaluation.metrics", "Accuracy falls to 50% when pictures are turned by 30 degrees."),
    ("evaluation.metrics", "Human accuracy is 98.5%; the accuracy was measured 5 times."),
    ("evaluation.metrics", "RMSE is 3.42 degrees, within 3 classes of angles."),
    ("evaluation.uncertainty", "For the accuracy a 95% interval of Wilson, 0.958 to 0.986."),
    ("evaluation.uncertainty", "The accuracy has a standard deviation of 0.004 over 5 runs."),
    ("evaluation.uncertainty", "Accuracy ± 0.8 points, loss ± 0.01, from 1,000 bootstrap samples."),
    ("evaluation.runs", "5 runs with seeds 0 to 4; the seed 42 is the one published."),
    ("evaluation.runs", "3 runs: seed 1, seed 2 and seed 3; 30 epochs each."),
    ("evaluation.runs", "one run with seed 42"),
    ("training_data.statistics", "1,797 samples of ten classes: 1,347 for training and 450 for testing; 64 features."),
    ("training_data.statistics", "1,797 rows, about 180 examples for each class; 12 rows were dropped as duplicates."),
    ("training_data.statistics", "The original collection had 5,620 samples; 1,797 samples are used."),
    ("training_data.statistics", "Two classes are rarer than the others; the smallest has 135 samples."),
    ("training_data.statistics", "1\u202f797 samples, 0,5 grey on average, ranging from 0 to 16"),
    ("data_preparation.splitting", "450 test samples were held back by seed 0, 1347 training samples remain."),
    ("compute.time", "30 epochs in 2 minutes on 1 processor"),
]


@pytest.mark.parametrize(("path", "text"), HONEST, ids=[text[:50] for _, text in HONEST])
def test_an_honest_sentence_is_left_alone(path, text):
    """What agrees, is rounded, or is of a part, another model, a search or an error bar contradicts nothing."""
    assert said_of(path, text) == []


ANYWHERE = """
Trained on 8 GPUs for 3 days with batch size 64 per device.
Fine-tuned for 30 epochs from bert-base-uncased (110M parameters).
We trained 5 models with different seeds and report the mean accuracy.
The accuracy on the 3 rarest classes is 81%.
Top-5 accuracy is 99.6%, top-1 accuracy 97.3%.
Validation accuracy peaked at 98.1% in epoch 27.
Loss weights of 0.3 and 0.7 were used.
The loss fell from 2.3 to 0.112.
Accuracy (test): 97.3 +/- 0.8
The seed of the split is 0.
Batch normalisation with momentum 0.1 after each layer.
The learning rate was multiplied by 0.1 after 20 epochs.
Learning rate found by a range test between 1e-5 and 1.
Cosine schedule, peak learning rate 1e-3, 500 warm-up steps.
Gradient accumulation over 4 steps gives a batch size of 256 in effect.
Evaluated with a batch size of 1.
10-fold cross-validation, mean accuracy 96.8%.
A random forest baseline has 95% accuracy.
It maps 64 features to 10 classes.
Out of 64 features 12 are constant.
About 1,200 training samples and 300 validation samples were used in tuning.
Images of 8 by 8 pixels, 16 grey levels.
In total 5,620 people-written digits were reduced to 1,797.
Each class has between 135 and 180 samples.
Training stopped at epoch 30 of at most 100.
At most 100 epochs, early stopping.
Trained for a maximum of 100 epochs with early stopping.
100 epochs were enough in every run, 30 are used.
Precision 32 bit, recall not measured.
Accuracy 97.3 % (438 of 450).
438 of 450 test samples are right.
Errors: 12 test samples, accuracy 0.973.
A second model with 3 classes was made for teaching.
ResNet-18 has 11.7M parameters; ours is ten times smaller.
The optimizer state takes 2.4 MB for 1.2 M weights.
Adam (lr 0.001, betas 0.9 and 0.999), weight decay 0.01.
Adam(lr=1e-3, betas=(0.9, 0.999), eps=1e-8)
torch.manual_seed(42); numpy's seed is 0.
Seeds: 42
F1 of 0.97 is claimed nowhere.
seed=42, split seed=0
We ran 3 seeds (0, 1, 2).
accuracy of 0.97 (95% CI 0.958-0.986)
The test accuracy is over 90%.
accuracy > 0.9 on all groups
Accuracy for women 96.8%, for men 97.9%.
Group accuracy: 0.95 (A), 0.99 (B)
It takes 30 s per epoch, 15 minutes for 30 epochs.
2 epochs of fine-tuning on new data are enough for users.
10 epochs suffice; we used 30.
The first stage has 10 epochs, the second stage 20 epochs.
batch_size: 64, epochs: 30, lr: 1.0e-3
Batch size 64 (training), 256 (evaluation).
batch size = 64/128 (train/test)
Trained on 80% of 1,797 samples.
A dropout of 10% and label smoothing of 0.1.
dropout 0.1/0.1/0.2
Hidden size 128, 4 layers, 8 heads.
momentum of 90%
weight decay: 1e-2
No dropout, 2 layers of 128 units.
Loss: cross-entropy. RMSE: 3.4°.
RMSE of 3.42 (validation 3.61).
Accuracy of 97.3% on 10,000 other pictures is not expected.
On SVHN it reaches an accuracy of 61%.
Accuracy on SVHN is 61%.
Accuracy 61% on SVHN.
A recall of 0.9, precision not measured, accuracy in the dark 40%.
accuracy 99% under the old protocol
Accuracy: see the claims, 5 tasks.
mAP of 0.4 is not applicable here.
It beats an accuracy of 95% reported by others.
The state of the art has 99.6% accuracy.
Accuracy is rounded to 1 digit.
Accuracy is a number from 0 to 1.
Accuracy, 0 to 100.
Accuracy (0-1, higher is better) on test.
""".strip().splitlines()


@pytest.mark.parametrize("text", ANYWHERE, ids=[text[:50] for text in ANYWHERE])
def test_an_honest_sentence_may_stand_anywhere(text):
    """None of these contradicts anything, in whichever field it is written."""
    assert [found for path in FIELDS for found in said_of(path, text)] == []


RATE = "recorded is learning rate 0.001"
FALSE = [
    ("training.procedure", "Adam for 70 epochs.", "says '70 epochs', recorded is epochs 30"),
    ("training.procedure", "Trained over fifty epochs on one device.", "says 'fifty epochs', recorded is epochs 30"),
    ("training.procedure", "SGD, lr 1e-2, momentum 0.9.", f"says 'lr 1e-2', {RATE}"),
    ("training.procedure", "Adam with a learning rate of 3·10⁻⁴.", f"says 'learning rate of 3·10^-4', {RATE}"),
    ("training.procedure", "A batch size of 128 on one device.", "says 'batch size of 128', recorded is batch size 64"),
    ("training.procedure", "Batches of 32 pictures, 30 epochs.", "says 'Batches of 32', recorded is batch size 64"),
    ("training.procedure", "batch size 100,, shuffled", "says 'batch size 100', recorded is batch size 64"),
    ("training.regularisation", "Dropout of 0.5 before the head.", "says dropout 0.5, recorded is 0.1"),
    ("training.regularisation", "weight decay 0.1", "says weight_decay 0.1, recorded is 0.01"),
    ("training.hyperparameters", "hidden=256, found by hand", "says hidden 256, recorded is 128"),
    ("evaluation.runs", "one run, 70 epochs, seed 7", "says '70 epochs', recorded is epochs 30"),
    ("evaluation.runs", "one run with seed 7", "says 'seed 7', recorded is seed 42"),
    ("evaluation.metrics", "Accuracy on the test split is 99.1%.", "says accuracy 99.1%, recorded is test-accuracy 0.973"),
    ("evaluation.metrics", "test accuracy: 0.981", "says accuracy 0.981, recorded is test-accuracy 0.973"),
    ("evaluation.metrics", "An RMSE of 2.9 degrees.", "says rmse 2.9, recorded is rmse 3.42"),
    ("evaluation.runs", "5 runs with a mean loss of 0.05", None),
    ("description", "It reaches an accuracy of 99%.", "says accuracy 99%, recorded is test-accuracy 0.973"),
    ("description", "A net with 1.4M parameters for digits.", "says '1.4M parameters', the model has 1,203,466"),
    ("training.architecture", "5,800 parameters in two layers", "says '5,800 parameters', the model has 1,203,466"),
    ("description", "Digits, in 12 classes, from pictures.", "says '12 classes', recorded is classes 10"),
    ("training_data.statistics", "12,345 samples of ten classes", "says '12,345 samples', recorded is train 1,347, test 450"),
    ("training_data.statistics", "1,797 rows with 30 features", "says '30 features', recorded is features 1, 2, 64, 65"),
    ("description", "Learned from 60k training images.", "says '60k training images', recorded is train 1,347"),
    ("data_preparation.splitting", "A test set of 500 samples was held back.", "says 'test set of 500 samples', recorded is test 450"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "text", "expected"), FALSE, ids=[text[:50] for _, text, _ in FALSE])
def test_a_false_sentence_is_named(path, text, expected):
    """A number that is another than every recorded one of its kind is told beside them, once."""
    messages = [message.removeprefix(f"{path} ") for _, message in said_of(path, text)]

    assert messages[:1] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("64,, and 32", [(64.0,), (32.0,)]),
        ("1,797 samples", [(1797.0, 1.797)]),
        ("12,345,678", [(12345678.0,)]),
        ("1.234", [(1234.0, 1.234)]),
        ("0,001", [(0.001,)]),
        ("97,3 %", [(97.3, 97.0, 3.0)]),
        ("torch 2.13.0", [()]),
        ("v1.2", []),
        ("1e-3, 10^-3", [(0.001,), (0.001,)]),
        ("-0.5", [(-0.5,)]),
        ("1e999", [()]),
        ("9" * 50, [()]),
        ("10^999", [()]),
    ],
)
def test_numbers(text, expected):
    """A number ends where it ends, and is read in every way that it may be meant; a version is none."""
    assert [pytest.approx(readings(found[0])) for found in re.finditer(NUMBER, text)] == expected
