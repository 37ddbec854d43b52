"""How splits were made of one whole: recorded with a function, seed and indices, made again and compared."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reprobundle import tensors
from reprobundle.answers import Answer
from reprobundle.components import data
from reprobundle.components.data import splitting
from reprobundle.components.data.given import DataSplit, Splitting
from reprobundle.components.interface import Site, Source, Stage
from reprobundle.report import Status
from reprobundle.store import Writer

ROWS = np.arange(40, dtype=np.float32).reshape(20, 2)
CALLS = []


def cut(count, seed, share=0.75):
    order = np.random.default_rng(seed).permutation(count)
    edge = int(count * share)
    return {"train": order[:edge], "test": order[edge:].tolist()}


def from_global(count):
    return {"train": np.random.permutation(count)}


def changing(count):
    CALLS.append(count)
    return {"train": [len(CALLS)]}


def failing(count):
    raise KeyError("seed")


@pytest.fixture
def stage(tmp_path):
    folder = tmp_path / "bundle"
    folder.mkdir()
    return Stage(Writer(folder))


def take(stage, splits, given=None):
    return data.capture(Source(model=None, splits=splits, splitting=given), stage)


def halves(seed=0):
    return {name: ROWS[np.asarray(rows)] for name, rows in cut(20, seed).items()}


def notes(stage):
    return [note.message for note in stage.notes if "splitting" in note.message]


def told(section, stage, given=None, indices=None, error=None):
    answer = Answer(stage="done", error=None, outputs=None, arrays={}, transformed=None, nesting=None, digests={}, device=None,
                    facts={}, distributions={}, log="", indices=indices, splitting_error=error)  # fmt: skip
    site = Site(root=stage.root, answer=answer, data={} if given is None else {"all": given})
    return [(found.status, found.message) for found in splitting.check(section.splitting, section.splits, site)]


def test_a_function_is_recorded_with_seed_and_indices(stage):
    """The whole by its digest, the function by name, and the indices of each split."""
    section = take(stage, halves(), Splitting(cut, ROWS, seed=0, arguments={"share": 0.75}))
    recorded = tensors.read_arrays(stage.root / section.splitting.indices)

    assert notes(stage) == []
    assert section.splitting.function.endswith("test_splitting:cut")
    assert (section.splitting.whole, section.splitting.count, section.splitting.seed) == ("all", 20, 0)
    assert section.splitting.arguments == {"share": 0.75}
    assert section.splitting.ordered == data.digests({"whole": ROWS})["whole"]
    assert {name: rows.tolist() for name, rows in recorded.items()} == {
        name: list(rows) for name, rows in cut(20, 0).items()
    }


def test_splits_of_another_seed_do_not_fit(stage):
    """What the function gives is compared with the splits as they were given."""
    take(stage, halves(seed=1), Splitting(cut, ROWS, seed=0))

    assert notes(stage) == [
        "splitting: the samples at its indices are not data split 'train' as it was given",
        "splitting: the samples at its indices are not data split 'test' as it was given",
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (Splitting(failing, ROWS), "splitting: is left out: the function fails: KeyError: 'seed'"),
        (Splitting(cut, object(), seed=0), "splitting: is left out: 'all' cannot be read: "),
        (lambda count: {}, "splitting: is left out: expected a Splitting, found function"),
        (Splitting("no_such_module:cut", ROWS), "splitting: is left out: the function fails: UsageError: entry "),
    ],
)
def test_what_cannot_be_recorded_is_a_note(stage, given, message):
    """A capture goes on without it."""
    section = take(stage, halves(), given)

    assert notes(stage)[0].startswith(message)
    assert section.splitting is None


def test_a_function_that_draws_anew_each_time(stage):
    """Its indices are recorded, but no replay is promised them."""
    section = take(stage, {"train": ROWS[[1]]}, Splitting(changing, ROWS))

    assert notes(stage) == [
        "splitting: the function gives other indices each time it is called, so a replay cannot make them again"
    ]
    assert section.splitting.function is None


def test_the_global_generators_are_seeded(stage):
    """A function that draws from numpy's own generator gives the same in every process."""
    section = take(stage, {"train": ROWS}, Splitting(from_global, ROWS))

    assert section.splitting.function.endswith(":from_global")


def test_a_lambda_has_its_indices_recorded(stage):
    """And the person is told why no replay can call it."""
    section = take(stage, {"a": ROWS[:2]}, Splitting(lambda count: {"a": [0, 1]}, ROWS))

    assert notes(stage)[0].startswith("splitting: only the indices are recorded: ")
    assert section.splitting.function is None


def test_what_the_function_leaves_out_is_told(stage):
    """A split without indices cannot be made again."""
    take(stage, {**halves(), "extra": ROWS[:1]}, Splitting(cut, ROWS, seed=0))

    assert notes(stage) == ["splitting: gives no indices of data split 'extra'"]


def test_a_private_whole_has_none(stage, tmp_path):
    """Its plain digest would let anybody try samples, though no split is private; and no salt is made for it."""
    whole = DataSplit(ROWS, private=tmp_path / "salt")
    section = take(stage, {"train": ROWS[:15]}, Splitting(cut, whole, seed=0, name="people"))

    assert section.splitting is None
    assert (
        "splitting: is left out: the whole, 'people', is private, and digests of the whole would tell what is in it"
        in notes(stage)
    )
    assert not (tmp_path / "salt").exists()


def test_private_splits_have_none(stage, tmp_path):
    """Digests of the whole would tell what is in them."""
    private = DataSplit(ROWS[:15], private=tmp_path / "salt")
    section = take(stage, {"train": private}, Splitting(cut, ROWS, seed=0))

    assert section.splitting is None
    assert "splitting: is left out: a split is private, and digests of the whole would tell what is in it" in notes(
        stage
    )


def test_subsets_of_one_parent(stage):
    """Their indices are recorded without a function; a subset of a subset leads to the first parent."""
    parent = torch.utils.data.TensorDataset(torch.as_tensor(ROWS), torch.arange(20))
    outer = torch.utils.data.Subset(parent, range(12))
    splits = {"train": torch.utils.data.Subset(outer, [3, 1, -1]), "test": torch.utils.data.Subset(parent, [19, 12])}
    section = take(stage, splits)
    recorded = tensors.read_arrays(stage.root / section.splitting.indices)

    assert (section.splitting.function, section.splitting.count, section.splitting.whole) == (None, 20, "all")
    assert recorded["train"].tolist() == [3, 1, 11]
    assert recorded["test"].tolist() == [19, 12]
    assert section.splitting.ordered == data.digests({"whole": parent})["whole"]


def test_subsets_that_are_the_whole_need_no_second_read(stage):
    """The digests of the whole are those of its parts, put where they belong."""
    reads = []

    class Counted(torch.utils.data.Dataset):
        def __len__(self):
            return 20

        def __getitem__(self, index):
            reads.append(index)
            return ROWS[index]

    parent = Counted()
    first, second = torch.utils.data.random_split(parent, [12, 8], torch.Generator().manual_seed(1))
    section = take(stage, {"first": first, "second": second})
    seen = len(reads)

    assert section.splitting.ordered == data.digests({"whole": ROWS})["whole"]
    assert seen == 20 + 12 + 8  # each sample once, and up to 16 of each part again to see whether they are random


@pytest.mark.parametrize("which", ["arrays", "two parents", "another kind"])
def test_what_is_no_subset_has_no_splitting(stage, which):
    """Nothing is made up."""
    subset = torch.utils.data.Subset
    splits = {
        "arrays": {"a": ROWS[:2], "b": ROWS[2:]},
        "two parents": {"a": subset(ROWS.tolist(), [0]), "b": subset(ROWS.tolist(), [1])},
        "another kind": {"a": subset(ROWS, [0]), "b": ROWS},
    }[which]

    assert take(stage, splits).splitting is None


def test_indices_made_again_are_compared(stage):
    """Equal ones are said to be equal; others are counted by split."""
    section = take(stage, halves(), Splitting(cut, ROWS, seed=0))
    right = {name: np.array(rows) for name, rows in cut(20, 0).items()}
    swapped = {**right, "test": right["test"][::-1].copy()}
    name = section.splitting.function

    assert told(section, stage, indices=right)[0] == (
        Status.SAME,
        f"splitting: {name!r} gives the recorded indices again (test 5, train 15)",
    )
    assert told(section, stage, indices=swapped)[0] == (
        Status.DIFFERS,
        f"splitting: {name!r} gives other splits: 'test': 4 of 5 indices",
    )
    assert told(section, stage, indices={"train": right["train"][:3], "other": right["test"]})[0][1].endswith(
        "gives other splits: 'other' is not recorded, 'test' is not made, 'train' has 3 indices, recorded 15"
    )
    assert told(section, stage, error="ValueError: no")[0] == (
        Status.NOT_RUN,
        f"splitting: {name!r}: not made again: ValueError: no",
    )


def test_the_reviewers_whole_is_cut_again(stage):
    """All splits as recorded; another sample names the split it stands in; another number of samples is told first."""
    section = take(stage, halves(), Splitting(cut, ROWS, seed=0))
    other = ROWS.copy()
    other[cut(20, 0)["test"][0]] += 1

    assert told(section, stage, ROWS)[1:] == [
        (Status.SAME, "data splits made again from the whole, 'all': all 2 as recorded (train 15, test 5)")
    ]
    assert told(section, stage, other)[1:] == [
        (Status.DIFFERS, "the whole, 'all': is another one"),
        (Status.DIFFERS, "data split 'test' made again from the whole, 'all': differs"),
    ]
    assert told(section, stage, ROWS[1:])[1:] == [(Status.DIFFERS, "the whole, 'all': has another number of samples")]
    ((status, message),) = told(section, stage, object())[1:]
    assert status is Status.NOT_RUN
    assert message.startswith("the whole, 'all': no split was made again from it: it cannot be read: ")


def test_what_is_not_given_stands_in_one_line(stage):
    """The whole stands for all splits that were cut of it, and for no other."""
    extra = ROWS[:1] + 1
    section = take(stage, {**halves(), "extra": extra}, Splitting(cut, ROWS, seed=0))

    def told(**given):
        found = data.check(section, Site(root=stage.root, data=given))
        return [(one.message, one.hint) for one in found if "no data was given" in one.message]

    assert told() == [
        (
            "3 data splits and the whole, 'all', were not compared: no data was given (train, test, extra)",
            "--data train=PATH, --data all=PATH",
        )
    ]
    assert told(all=ROWS) == [("1 data split was not compared: no data was given (extra)", "--data extra=PATH")]
    assert told(all=ROWS, extra=extra) == []
    assert told(**halves(), extra=extra) == [
        ("the whole, 'all', was not compared: no data was given", "--data all=PATH")
    ]


def test_indices_of_a_stranger(stage):
    """Indices that lie outside the whole, or are no indices, are a split that differs, never an error."""
    section = take(stage, {"train": ROWS[:2]}, Splitting(lambda count: {"train": [0, 1]}, ROWS))
    for rows in (np.array([0, 20]), np.array([-1, 0]), np.array([0.0, 1.0]), np.array([[0, 1]])):
        (stage.root / section.splitting.indices).unlink()
        tensors.write(Writer(stage.root), section.splitting.indices, {"train": tensors.of_array(rows)})

        assert told(section, stage, ROWS)[1:] == [
            (Status.DIFFERS, "data split 'train' made again from the whole, 'all': differs")
        ]
