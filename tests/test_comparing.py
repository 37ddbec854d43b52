from __future__ import annotations

import numpy as np
import pytest
from forging import forged
from tiny import tiny_bundle, tiny_manifest

from reprobundle import tensors
from reprobundle.bundle import Bundle
from reprobundle.comparing import compare, compare_manifests
from reprobundle.components import hyperparameters, model, outputs
from reprobundle.errors import RefusedInputError
from reprobundle.report import Grade, Status
from reprobundle.store import FileEntry, Writer


def _differing(first, second):
    found = compare_manifests(first, second)
    return [(item.kind, item.message, item.expected, item.found) for item in found if item.status is Status.DIFFERS]


def _grades(first, second):
    found = compare_manifests(first, second)
    kinds = {item.kind for item in found if item.status is Status.DIFFERS}
    return {kind: {item.grade for item in found if item.kind == kind} for kind in kinds}


def _values(**values):
    return tiny_manifest(hyperparameters=hyperparameters.Section(values=values))


def test_equal_manifests_have_one_finding_a_section():
    """Nothing differs, and every section says so."""
    found = compare_manifests(tiny_manifest(), tiny_manifest())

    assert {item.status for item in found} == {Status.SAME}
    assert [item.kind for item in found][:4] == ["bundle", "previous", "proof", "environment"]


@pytest.mark.parametrize(
    ("first", "second", "differing"),
    [
        ({"a": 1}, {"a": 2}, [("values.a differs", "1", "2")]),
        ({"a": 1}, {"a": True}, [("values.a differs", "1", "true")]),
        ({"a": 1}, {"a": 1.0}, [("values.a differs", "1", "1.0")]),
        ({"a": 1}, {}, [("values.a is not in both", "1", None)]),
        ({}, {"a": None}, [("values.a is not in both", None, "null")]),
        ({"a": [1, 2]}, {"a": [1, 3]}, [("values.a differs", "[1, 2]", "[1, 3]")]),
        ({"a": ["x", "y"]}, {"a": ["y", "z"]}, [
            ("values.a['x'] is not in both", '"x"', None),
            ("values.a['z'] is not in both", None, '"z"'),
        ]),
        ({"a": ["x", "y"]}, {"a": ["y", "x"]}, [("values.a (order) differs", '''["'x'", "'y'"]''', '''["'y'", "'x'"]''')]),
        ({"a": ["x", "x"]}, {"a": ["x", "y"]}, [("values.a[1] differs", '"x"', '"y"')]),
        ({"a": {"b": 1}}, {"a": [1]}, [("values.a differs", '{"b": 1}', "[1]")]),
        ({"a": [{"name": "n", "v": 1}]}, {"a": [{"name": "n", "v": 2}]}, [("values.a['n'].v differs", "1", "2")]),
        ({"a": [{"v": 1}]}, {"a": [{"v": 2}]}, [("values.a[0].v differs", "1", "2")]),
    ],
)  # fmt: skip
def test_every_kind_of_difference_has_its_place(first, second, differing):
    """Mappings are compared by key, named things by name, words as sets, numbers as one value, the rest by position."""
    expected = [("hyperparameters", *item) for item in differing]

    assert _differing(_values(**first), _values(**second)) == expected


def test_tensors_are_compared_by_name():
    """A tensor that was trained further is named, with both digests, and graded as what it is: another model."""
    section = tiny_manifest().model
    changed = section.tensors[0].model_copy(update={"xxh3_128": "f" * 32})
    other = tiny_manifest(model=section.model_copy(update={"tensors": (changed,)}))

    assert _differing(tiny_manifest(), other) == [
        ("model", "1 of 1 tensors differs: 'w'", "0123456789abcdef0123456789abcdef", "f" * 32)
    ]
    assert _grades(tiny_manifest(), other) == {"model": {Grade.CRITICAL}}


def test_many_tensors_are_counted():
    """Ten are named and the rest counted; other forms and tensors of one side only are told apart."""
    tensors = [model.TensorEntry(name=f"t{n:02}", dtype="F32", shape=(2,), xxh3_128="0" * 32) for n in range(14)]
    changed = [entry.model_copy(update={"xxh3_128": "1" * 32}) for entry in tensors[:12]]
    widened = tensors[12].model_copy(update={"shape": (3,), "xxh3_128": "2" * 32})
    first = tiny_manifest(model=tiny_manifest().model.model_copy(update={"tensors": tuple(tensors)}))
    second = tiny_manifest(model=first.model.model_copy(update={"tensors": (*changed, widened)}))

    assert [message for _, message, _, _ in _differing(first, second)] == [
        "12 of 13 tensors differ: 't00', 't01', 't02', 't03', 't04', 't05', 't06', 't07', 't08', 't09' and 2 more",
        "1 tensor is of another dtype or shape: 't12' (F32 (2,) → F32 (3,))",
        "1 tensor is not in both: 't13'",
    ]


def test_environments_are_graded():
    """Another version of torch weighs more than another patch of Python, and comes first; how to rebuild weighs little."""
    section = tiny_manifest().environment
    torch = section.distributions[1].model_copy(update={"version": "2.12.0+cpu"})
    python = section.interpreter.model_copy(update={"version": "3.11.9"})
    lock = section.lock.model_copy(update={"by": "uv"})
    other = section.model_copy(
        update={"distributions": (section.distributions[0], torch), "interpreter": python, "lock": lock}
    )
    found = compare_manifests(tiny_manifest(), tiny_manifest(environment=other))
    told = [(item.message, item.grade) for item in found if item.status is Status.DIFFERS]

    assert told == [
        ("torch has another version", Grade.HIGH),
        ("python.version differs", Grade.LOW),
        ("lock.by differs", Grade.LOW),
    ]


def _with_outputs(folder, value):
    """A bundle whose outputs section names two files."""
    section = outputs.Section(inputs=None, expected=outputs.Tree(file="replay/expected.safetensors", structure={}))

    def edit(place, manifest):
        arrays = {"logits": np.array([1.0, value], dtype=np.float32), "same": np.zeros(2, dtype=np.int64)}
        tensors.write(
            Writer(place), "replay/expected.safetensors", {key: tensors.of_array(item) for key, item in arrays.items()}
        )
        manifest["outputs"] = section.model_dump(mode="json")

    return forged(tiny_bundle(folder / "plain"), folder / "bundle", edit)


def _with_training(folder, value):
    """A bundle with states of a generator and of an optimizer."""
    section = hyperparameters.Section(
        values={},
        generators=hyperparameters.section.Generators(file="replay/rng.safetensors", ranks=(0,), of=1),
        resuming=hyperparameters.section.Resuming(structure="replay/resume.json", tensors="replay/resume.safetensors"),
    )

    def add(place, manifest):
        writer = Writer(place)
        words = tensors.of_array(np.full(625, value, np.uint32))
        moments = tensors.of_array(np.full(3, value, np.float32))
        tensors.write(writer, "replay/rng.safetensors", {"rank0/python": words, "rank0/numpy": words})
        tensors.write(writer, "replay/resume.safetensors", {"optimizers/0/state/0/exp_avg": moments})
        writer.write("replay/resume.json", b"[%d]\n" % value)
        manifest["hyperparameters"] = section.model_dump(mode="json")

    return forged(tiny_bundle(folder.with_name(folder.name + "-tiny")), folder, add)


def test_states_of_a_training_are_told_in_words(tmp_path):
    """They belong to how it was trained, and how far two words of a twister are apart says nothing."""
    first, second = _with_training(tmp_path / "a", 1), _with_training(tmp_path / "b", 2)

    assert [(item.kind, item.message) for item in compare(first, second) if item.status is Status.DIFFERS] == [
        (
            "hyperparameters",
            "replay/resume.json: the states to continue the training from differ in their structure or plain values",
        ),
        (
            "hyperparameters",
            "replay/resume.safetensors: the states to continue the training from differ: "
            "'optimizers/0/state/0/exp_avg'",
        ),
        (
            "hyperparameters",
            "replay/rng.safetensors: the random generators stood elsewhere: 'rank0/numpy', 'rank0/python'",
        ),
    ]


def test_outputs_are_the_same_only_with_the_same_bytes(tmp_path):
    """Two sections may agree to the letter; when the recorded outputs differ, the tensor is named and by how much."""
    first, second = _with_outputs(tmp_path / "a", 2.0), _with_outputs(tmp_path / "b", 2.25)
    (found,) = [item for item in compare(first, second) if item.status is Status.DIFFERS]

    assert (found.kind, found.message) == (
        "outputs",
        "replay/expected.safetensors: 1 of 2 tensors differs: 'logits' (by at most 0.25)",
    )
    assert found.expected != found.found
    assert {item.status for item in compare(first, first)} == {Status.SAME}


def test_without_the_files_a_digest_still_tells(tmp_path):
    """Manifests alone show that the outputs differ, not how."""
    a, b = (Bundle.open(_with_outputs(tmp_path / name, value)).manifest for name, value in (("a", 2.0), ("b", 2.25)))

    assert [(kind, message) for kind, message, _, _ in _differing(a, b)] == [
        ("outputs", "replay/expected.safetensors: content differs")
    ]


def test_code_that_was_loaded_is_critical(tmp_path):
    """A module that differs makes another model; a file beside it that was not imported weighs less."""

    def write(text):
        def edit(place, manifest):
            (place / "code" / "source").mkdir(parents=True)
            (place / "code" / "source" / "net.py").write_text(text)
            (place / "code" / "source" / "notes.txt").write_text(text)
            manifest["code"]["modules"] = [{"name": "net", "path": "code/source/net.py"}]

        return edit

    first, second = (
        forged(tiny_bundle(tmp_path / f"plain-{name}"), tmp_path / name, write(name)) for name in ("a", "b")
    )
    told = [(item.kind, item.message, item.grade) for item in compare(first, second) if item.status is Status.DIFFERS]

    assert told == [
        ("code", "code/source/net.py: 1 line added, 1 line removed", Grade.CRITICAL),
        ("code", "code/source/notes.txt: 1 line added, 1 line removed", Grade.MEDIUM),
    ]


def test_many_files_are_counted(tmp_path):
    """Ten files are named, the rest is one finding with the grade of the weightiest."""

    def edit(place, manifest):
        (place / "code" / "source").mkdir(parents=True)
        for number in range(13):
            (place / "code" / "source" / f"m{number:02}.py").write_text("x")
        manifest["code"]["modules"] = [{"name": "m12", "path": "code/source/m12.py"}]

    first = tiny_bundle(tmp_path / "a")
    second = forged(first, tmp_path / "b", edit)
    told = [item for item in compare(first, second) if item.kind == "code" and item.grade is not None]

    assert len(told) == 11
    assert (told[-1].message, told[-1].grade) == ("and 3 more of its files", Grade.CRITICAL)


def test_a_listing_only_repeats_its_split(tmp_path):
    """Where the split's digest already tells that the data differ, its listing is not a second difference."""

    def edit(place, manifest):
        (place / "data" / "train.txt").write_text("0" * 32 + "\n")
        manifest["data"]["splits"][0].update(ordered="f" * 32, unordered="e" * 32)

    first = tiny_bundle(tmp_path / "a")
    found = compare(first, forged(first, tmp_path / "b", edit))

    assert [item.message for item in found if item.status is Status.DIFFERS] == ["data split 'train': other samples"]


def test_long_values_are_cut():
    """A value of any length stays one line of a finding."""
    ((_, _, expected, _),) = _differing(_values(a="x" * 1000), _values(a="y"))

    assert expected == '"' + "x" * 198 + "…"


def test_both_bundles_are_verified(tmp_path):
    """A bundle that differs from its manifest is refused, on either side."""
    good, bad = tiny_bundle(tmp_path / "good"), tiny_bundle(tmp_path / "bad")
    (bad / "extra").write_text("x")

    for pair in ((good, bad), (bad, good)):
        with pytest.raises(RefusedInputError) as caught:
            compare(*pair)
        assert str(caught.value) == "extra: is not listed in the manifest"
    assert isinstance(tiny_manifest().model, model.Section)


def _locked(folder, pins, wheels):
    (folder / "environment" / "wheels").mkdir(parents=True)
    (folder / "environment" / "requirements.txt").write_text(
        "".join(f"{name}==1 \\\n    --hash=sha256:{digit * 64}\n" for name, digit in pins.items())
    )
    paths = ["environment/requirements.txt", *(f"environment/wheels/{name}-1-py3-none-any.whl" for name in wheels)]
    return tiny_manifest(files=tuple(FileEntry(path=path, size=3, xxh3_128="0" * 32) for path in paths))


def test_wheels_of_the_same_archives_are_one_low_line(tmp_path):
    """A bundle that brings its wheels holds what the other leaves to an index; another archive is a difference still."""
    first = _locked(tmp_path / "a", {"torch": "1", "thing": "2"}, [])
    second = _locked(tmp_path / "b", {"torch": "1", "thing": "3"}, ["torch", "thing"])
    found = compare_manifests(first, second, roots=(tmp_path / "a", tmp_path / "b"))
    told = [(item.grade, item.message, item.found, item.why) for item in found if item.status is Status.DIFFERS]

    assert told[0] == (
        Grade.LOW,
        "wheels lie in one bundle only; the locked hashes are the same",
        "1 wheel",
        "an index serves the same bytes: the locked hashes agree",
    )
    assert [(message, why) for _, message, _, why in told[1:]] == [
        (
            "environment/wheels/thing-1-py3-none-any.whl is not in both",
            "one bundle brings it; whether the other one's is the same cannot be told",
        )
    ]
