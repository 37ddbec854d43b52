import dataclasses

import numpy as np
import pytest
import torch

from reprobundle import tensors
from reprobundle.answers import Answer
from reprobundle.components import preprocessing
from reprobundle.components.interface import Site, Source, Stage
from reprobundle.components.preprocessing import Preprocessing, configuration, pairs, running
from reprobundle.records import from_bytes, to_bytes
from reprobundle.report import Status
from reprobundle.store import Writer
from reprobundle.worker import importing, transforms


def halved(samples):
    return samples / 2


def in_place(samples):
    samples["x"] += 1
    return [samples["x"], 0.5, "text"]


def failing(samples):
    raise ZeroDivisionError("no\n  scale")


def strange(samples):
    return object()


def to_numpy(samples):
    return {"x": samples["x"].numpy(), "n": np.float32(2)}


@pytest.fixture
def stage(tmp_path):
    folder = tmp_path / "bundle"
    folder.mkdir()
    return Stage(Writer(folder))


def take(stage, given):
    return preprocessing.capture(Source(model=None, preprocessing=given), stage)


def notes(stage):
    return [note.message for note in stage.notes]


def answer(transformed, nesting, error=None):
    return Answer(stage="done", error=None, outputs=None, arrays={}, transformed=transformed, nesting=nesting, digests={}, device=None, facts={},
                  distributions={}, log="", transform_error=error)  # fmt: skip


def checked(section, stage, transformed, error=None, nesting=None):
    recorded = section.pairs.expected.structure if section.pairs else None
    site = Site(root=stage.root, answer=answer(transformed, nesting or recorded, error))
    return [(finding.status, finding.message) for finding in preprocessing.check(section, site)]


@dataclasses.dataclass
class Settings:
    mean: float = 0.5
    hook: object = None


def test_nothing_given(stage):
    """Without preprocessing there is an empty section and no file."""
    assert take(stage, None) == preprocessing.Section()
    assert (stage.notes, stage.writer.entries) == ([], ())


@pytest.mark.parametrize("given", [{"mean": 0.5, "hook": None}, Settings(), Preprocessing({"mean": 0.5, "hook": None})])
def test_a_configuration(stage, given):
    """A mapping or a dataclass is written as strict JSON."""
    section = take(stage, given)

    content = (stage.root / "preprocessing/configuration.json").read_bytes()
    assert section.configuration == "preprocessing/configuration.json"
    assert content == b'{\n  "mean": 0.5,\n  "hook": null\n}\n'


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("c.yaml", "mean: 1.0e-3", []),
        ("c.json", '{"mean": 0.001}', []),
        ("c.yaml", "mean: 1e-3", ["c.yaml: line 1: mean: '1e-3' is text to YAML 1.1, not a number: write it like "
                                  "1.0e-3 or 1.0e+3, or quote it"]),
        ("c.yaml", "mean: *x", ["the configuration is left out: c.yaml: line 1: mean: the alias *x is not allowed"]),
        ("c.json", '{"mean": NaN}', ["the configuration is left out: c.json: holds NaN, which is not JSON: numbers must "
                                     "be finite"]),
        ("absent", None, ["configuration 'absent': cannot be read: No such file or directory"]),
    ],
)  # fmt: skip
def test_a_configuration_file(stage, tmp_path, name, content, told):
    """A YAML or JSON file is read strictly; a fault is a note that names no folder."""
    if content is not None:
        (tmp_path / name).write_text(content)
    section = take(stage, tmp_path / name)

    left_out = any("left out" in message or "cannot" in message for message in told)
    assert notes(stage) == told
    assert (section.configuration is None) == left_out


def test_values_that_json_cannot_hold(stage):
    """A function in the configuration is named, the rest is kept."""
    section = take(stage, Settings(hook=len))

    assert section.configuration is not None
    assert notes(stage) == ["configuration: hook: builtin_function_or_method is not saved: JSON cannot hold it"]


def test_a_transform_runs_once_and_is_recorded(stage):
    """Raw samples and results are stored with their structure, the function by name."""
    raw = torch.tensor([[1.0, 2.0]], dtype=torch.bfloat16)
    section = take(stage, Preprocessing(transform=halved, samples=raw))

    recorded = tensors.read_arrays(stage.root / section.pairs.raw.file)["value"]
    expected = tensors.read_arrays(stage.root / section.pairs.expected.file)["value"]
    assert section.transform.endswith("test_recording:halved")
    assert (recorded.tolist(), expected.tolist()) == ([[1.0, 2.0]], [[0.5, 1.0]])
    assert (section.pairs.raw.library, section.pairs.raw.structure) == ("torch", {"kind": "tensor", "name": "value"})
    assert from_bytes(preprocessing.Section, to_bytes(section), name="section") == section


def test_a_transform_in_place_spoils_nothing(stage):
    """What is recorded as raw is what was given, and bare floats of the result are tensors."""
    section = take(stage, Preprocessing(transform=in_place, samples={"x": np.zeros(2)}))

    raw = tensors.read_arrays(stage.root / section.pairs.raw.file)
    expected = tensors.read_arrays(stage.root / section.pairs.expected.file)
    assert raw["x"].tolist() == [0, 0]
    assert (expected["0"].tolist(), expected["1"].tolist()) == ([1, 1], 0.5)
    assert section.pairs.raw.library == "numpy"


@pytest.mark.parametrize("transform", [halved, to_numpy, in_place])
def test_the_worker_gives_the_recorded_result(stage, tmp_path, monkeypatch, transform):
    """What the worker's own way of running the function leaves behind is compared bitwise."""
    samples = torch.ones(3) if transform is halved else {"x": torch.ones(3)}
    section = take(stage, Preprocessing(transform=transform, samples=samples))
    monkeypatch.setattr(importing, "resolve", lambda entry: transform)
    transforms.run(running.job(section, lambda path: stage.root / path), str(tmp_path / "out.safetensors"))
    found = checked(section, stage, tensors.read_arrays(tmp_path / "out.safetensors"))

    assert {status for status, _ in found} == {Status.SAME}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (Preprocessing(transform=halved), ["no samples given, so no replay can compare the preprocessing"]),
        (Preprocessing(samples=[1]), ["no transform given, so no replay can compare the preprocessing"]),
        (halved, ["no samples given, so no replay can compare the preprocessing"]),
        (
            Preprocessing(transform=failing, samples=1),
            ["the transform fails on the samples: ZeroDivisionError: no scale"],
        ),
        (
            Preprocessing(transform=strange, samples=1),
            [
                "the transform's result cannot be recorded: UnknownLeaf: at 'value': a object is no tensor or plain value"
            ],
        ),
        (
            Preprocessing(transform=halved, samples=object()),
            ["the samples cannot be recorded: UnknownLeaf: at 'value': a object is no tensor or plain value"],
        ),
        (3, ["the configuration is left out: found int, expected a mapping"]),
    ],
)
def test_what_is_missing_is_a_note(stage, given, told):
    """Whatever is wrong, the capture goes on, says why, and leaves no half pair."""
    section = take(stage, given)

    assert notes(stage) == told
    assert section.pairs is None
    assert stage.writer.entries == ()


def test_a_function_without_a_name(stage):
    """A lambda's results are recorded, and a note says that no replay can run it."""
    section = take(stage, Preprocessing(transform=lambda x: x * 2, samples=np.ones(1)))

    assert section.transform is None
    assert section.pairs is not None
    assert [message.partition(":")[0] for message in notes(stage)] == ["the transform cannot be found again by name"]
    assert checked(section, stage, None) == [
        (Status.NOT_RUN, "preprocessing was not compared: the function has no name by which it can be found again")
    ]


@pytest.mark.parametrize(
    ("produced", "status", "message"),
    [
        ([0.5, 1.0], Status.SAME, "preprocessed 'value': bitwise"),
        (
            [0.5, 1.0 + 2e-7],
            Status.SAME,
            "preprocessed 'value': close: not bitwise: largest difference 2.38e-07, all 2 elements within the tolerance",
        ),
        (
            [0.5, 1.1],
            Status.DIFFERS,
            "preprocessed 'value': different: 1 of 2 elements lie outside the tolerance, largest difference 0.1",
        ),
        (
            [0.5, np.nan],
            Status.DIFFERS,
            "preprocessed 'value': different: holds NaN in 1 of 2 elements, the record has none",
        ),
        ([0.5], Status.DIFFERS, "preprocessed 'value': different: shape differs: recorded (2,), produced (1,)"),
    ],
)
def test_results_are_compared(stage, produced, status, message):
    """NaN and shape come first, then bitwise, then close."""
    section = take(stage, Preprocessing(transform=halved, samples=np.array([1, 2], np.float32)))

    assert checked(section, stage, {"value": np.array(produced, np.float32)}) == [(status, message)]


def test_missing_and_additional_results(stage):
    """A result that was not produced, and one that is not recorded, differ."""
    section = take(stage, Preprocessing(transform=halved, samples=np.array([1.0])))

    assert checked(section, stage, {"other": np.zeros(1)}) == [
        (Status.DIFFERS, "preprocessed 'value': different: is recorded but was not produced"),
        (Status.DIFFERS, "preprocessed 'other': different: was produced but is not recorded"),
    ]


def test_what_was_not_run(stage):
    """Without an answer, or with one that ended early, nothing is compared and the reason is told."""
    section = take(stage, Preprocessing(transform=halved, samples=np.array([1.0])))
    nothing = [finding.message for finding in preprocessing.check(section, Site(root=stage.root))]

    assert nothing == ["preprocessing was not compared: nothing was run"]
    assert checked(section, stage, None, "ImportError: x") == [
        (Status.NOT_RUN, "preprocessing was not compared: ImportError: x")
    ]
    assert checked(preprocessing.Section(), stage, None) == [
        (Status.NOT_RUN, "preprocessing was not compared: no pairs of raw samples and model inputs are recorded")
    ]


def test_limits(stage, tmp_path, monkeypatch):
    """Samples and configurations beyond the limits are left out with a note."""
    monkeypatch.setattr(pairs, "MAX_SAMPLE_BYTES", 8)
    monkeypatch.setattr(configuration, "MAX_DOCUMENT_BYTES", 8)
    (tmp_path / "big.yaml").write_text("a: 123456789")
    section = take(stage, Preprocessing(tmp_path / "big.yaml", halved, np.zeros(2)))

    assert (section.configuration, section.pairs) == (None, None)
    assert notes(stage) == [
        "configuration 'big.yaml': is larger than 8 bytes and is left out",
        "the samples: 16 bytes, at most 8 are recorded",
    ]


def test_a_function_by_name(stage):
    """The function may be given as module:name."""
    section = take(stage, Preprocessing(transform="math:sqrt", samples=4))

    assert tensors.read_arrays(stage.root / section.pairs.expected.file)["value"].tolist() == 2.0
    assert section.transform == "math:sqrt"


def test_a_result_without_tensors_is_compared_by_its_plain_values(stage):
    """A result that holds no tensor has its nesting and plain values, which must agree."""
    section = take(stage, Preprocessing(transform="operator:neg", samples=4))

    assert checked(section, stage, {}) == [(Status.SAME, "preprocessed: every plain value as recorded")]


def test_a_result_with_nan_is_not_run(stage):
    """A recorded NaN proves nothing."""
    section = take(stage, Preprocessing(transform=halved, samples=np.array([np.nan])))

    ((status, _),) = checked(section, stage, {"value": np.array([np.nan])})
    assert status is Status.NOT_RUN


def test_a_plain_value_of_the_result_that_changed_is_a_difference(stage):
    """Token ids as a list of numbers hold no tensor, and must agree all the same."""
    section = take(stage, Preprocessing(transform=plainly, samples=np.ones(2)))
    other = {"kind": "list", "items": [{"kind": "plain", "value": 1}, {"kind": "plain", "value": 3}]}

    assert [status for status, _ in checked(section, stage, {})] == [Status.SAME]
    assert [status for status, _ in checked(section, stage, {}, nesting=other)] == [Status.DIFFERS]


def plainly(raw):
    """What a tokenizer gives."""
    return [1, 2]


def outcome(section, stage, transformed, error=None, nesting=None):
    recorded = section.pairs.expected.structure if section.pairs else None
    site = Site(root=stage.root, answer=answer(transformed, nesting or recorded, error))
    found = preprocessing.outcome(section, site)
    return found.state, found.reason


def test_what_it_comes_to_in_a_word(stage):
    """Close counts as agreeing; another value, another nesting and an error do not; nothing compared says nothing."""
    section = take(stage, Preprocessing(transform=halved, samples=np.array([1, 2], np.float32)))
    apart = {"kind": "list", "items": []}

    assert outcome(section, stage, {"value": np.array([0.5, 1 + 2e-7], np.float32)}) == ("agrees", None)
    assert outcome(section, stage, {"value": np.array([0.5, 3], np.float32)}) == (
        "differs",
        "'value': 1 of 2 elements lie outside the tolerance, largest difference 2",
    )
    assert outcome(section, stage, {"value": np.array([0.5, 1], np.float32)}, nesting=apart) == (
        "differs",
        "the nesting or a plain value of its result is another one",
    )
    assert outcome(section, stage, None, "ImportError: x") == ("failed", "ImportError: x")
    assert outcome(preprocessing.Section(), stage, None) == ("none", None)
    assert preprocessing.outcome(section, Site(root=stage.root)).state == "none"


@pytest.mark.parametrize(
    ("inputs", "feeds"),
    [
        (np.array([0.5, 1.0]), True),
        ((torch.tensor([0.5, 1.0], dtype=torch.float64),), True),
        (np.array([0.5, 1.0], np.float32), False),
        (np.array([[0.5, 1.0]]), False),
        ((np.array([0.5, 1.0]), np.zeros(1)), False),
        (None, False),
        (object(), False),
    ],
)
def test_results_that_are_the_models_inputs_are_a_chain(stage, inputs, feeds):
    """The same arrays in the same order, bit for bit, whatever they are nested in."""
    given = Preprocessing(transform=halved, samples=np.array([1.0, 2.0]))
    section = preprocessing.capture(Source(model=None, inputs=inputs, preprocessing=given), stage)

    assert section.pairs.feeds_model is feeds


@pytest.mark.parametrize(
    ("inputs", "why"),
    [
        (np.array([0.5, 1.0]), None),
        (np.array([0.5, 9.0]), "of the same shape and dtype, with other values"),
        (np.array([0.5, 1.0], np.float32), "'value' is float64, the input float32"),
        (np.array([0.5, 1.0, 2.0]), None),
        (None, None),
        (object(), None),
    ],
)
def test_results_that_are_nearly_the_inputs_are_told(stage, inputs, why):
    """Results of the inputs' shapes were meant to be them: that they are not is said, and the way out."""
    given = Preprocessing(transform=halved, samples=np.array([1.0, 2.0]))
    preprocessing.capture(Source(model=None, inputs=inputs, preprocessing=given), stage)
    message = f"the results for the samples are not the model's sample inputs: {why}; a replay compares the two apart"

    assert notes(stage) == ([] if why is None else [message])


def test_known_parts_of_the_configuration(stage):
    """The four parts that a card asks for are known in any spelling, with what is said of them; all other keys stay."""
    given = {
        "outliers": {"doc": "values beyond\n 5 IQR are dropped", "limit": 5},
        "Feature-Selection": ["a", "b"],
        "trainTestSplit": {"doc": ""},
        "standardization": {"doc": "zero mean", "mean": [0.1]},
        "tokeniser": "none",
    }
    section = take(stage, given)

    assert [(one.topic, one.key, one.doc) for one in section.described] == [
        ("splitting", "trainTestSplit", None),
        ("standardisation", "standardization", "zero mean"),
        ("feature selection", "Feature-Selection", None),
        ("outlier filters", "outliers", "values beyond 5 IQR are dropped"),
    ]
    assert b'"tokeniser": "none"' in (stage.root / "preprocessing/configuration.json").read_bytes()


def restless(samples):
    return samples + np.random.default_rng().random(2)


def seeded(samples):
    return samples + np.random.random(2) + torch.rand(2).numpy()


class Point(dict):
    __getattr__ = dict.__getitem__


def by_attribute(samples):
    return samples.x


@pytest.mark.parametrize(
    ("transform", "samples", "told"),
    [
        (restless, np.ones(2), ["the transform gives something else for the same samples a second time, so no replay can compare it"]),
        (by_attribute, Point(x=np.ones(1)), ["the transform fails on the samples as they are recorded: AttributeError: 'dict' "
                                             "object has no attribute 'x'"]),
        (seeded, np.ones(2), []),
        (in_place, {"x": np.zeros(2)}, []),
        (halved, np.array([np.nan, 1]), []),
    ],
    ids=["restless", "another class", "seeded", "in place", "NaN"],
)  # fmt: skip
def test_what_no_replay_can_give_again_is_not_recorded(stage, transform, samples, told):
    """The recorded samples go through a second time; the generators that everybody draws from are seeded."""
    section = take(stage, Preprocessing(transform=transform, samples=samples))

    assert notes(stage) == told
    assert (section.pairs is None) == bool(told)
