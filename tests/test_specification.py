import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from reprobundle import DataSplit, Splitting, specification
from reprobundle.components import model
from reprobundle.components.interface import Source
from reprobundle.components.model.opening import Checkpoint
from reprobundle.components.preprocessing import Preprocessing
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.specification import Specification, arguments, read_specification

CODE = """
    import dataclasses
    import torch

    class Net(torch.nn.Module):
        def __init__(self, width):
            super().__init__()
            self.linear = torch.nn.Linear(width, 2)
            self.drop = torch.nn.Dropout(0.5)

        def forward(self, x):
            return self.drop(self.linear(x))

    def net(width):
        return Net(width)

    @dataclasses.dataclass
    class Inner:
        depth: int

    @dataclasses.dataclass
    class Config:
        width: int
        inner: Inner

    class Configured(Net):
        def __init__(self, cfg: Config):
            super().__init__(cfg.width)
            self.cfg = cfg

    def not_a_module():
        return 3

    def broken():
        raise ZeroDivisionError("no")

    def double(x):
        return x * 2

    def samples():
        return {"x": torch.ones(1, 3)}

    def train():
        return torch.zeros(4, 3), torch.arange(4)
"""
FULL = """
    model: {factory: SPEC:Net, init: {width: 3}, weights: model.safetensors}
    inputs: x.npy
    hyperparameters: {lr: 1.0e-3, layers: [1, 2]}
    preprocessing: {configuration: {scale: 2}, transform: SPEC:double, samples: x.npy}
    splits: {train: SPEC:train, test: data}
    metrics: {accuracy: 0.9, n: 3}
    claims: [{text: fast, value: 1}]
    documentation: card.yaml
    project: .
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with code, weights, inputs and data; its modules are forgotten again."""
    (tmp_path / "spec_code.py").write_text(textwrap.dedent(CODE))
    (tmp_path / "raising.py").write_text("raise RuntimeError('at import')")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_text("a")
    (tmp_path / "card.yaml").write_text("title: Net")
    np.save(tmp_path / "x.npy", np.ones((2, 3), np.float32))
    torch.manual_seed(0)
    state = {"linear.weight": torch.ones(2, 3), "linear.bias": torch.zeros(2)}
    save_file(state, tmp_path / "model.safetensors")
    torch.save(state, tmp_path / "model.pth")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield tmp_path
    for module in ("spec_code", "raising"):
        sys.modules.pop(module, None)


def load(project, text):
    place = project / "reprobundle.yaml"
    place.write_text(textwrap.dedent(text).replace("SPEC", "spec_code"))
    return specification.load(place)


def opened(project, text):
    """The model that a specification describes, opened as the capture opens it."""
    made, _ = load(project, text)
    return model.opened(Source(**made)).model


def test_a_full_specification(project):
    """Everything a file names is found: code, weights, inputs, data, documents."""
    made, warnings = load(project, FULL)

    assert warnings == ()
    assert made["model"] == Checkpoint(project / "model.safetensors")
    assert made["factory"].endswith(":Net")
    assert made["init"] == {"width": 3}
    assert isinstance(made["inputs"], torch.Tensor)
    assert made["hyperparameters"] == {"lr": 0.001, "layers": [1, 2]}
    assert isinstance(made["preprocessing"], Preprocessing)
    assert made["preprocessing"].transform(2) == 4
    assert made["preprocessing"].samples.tolist() == [[1.0] * 3] * 2
    assert made["splits"]["test"] == project / "data"
    assert made["splits"]["train"][1].tolist() == [0, 1, 2, 3]
    assert (made["metrics"], made["documentation"]) == ({"accuracy": 0.9, "n": 3.0}, {"title": "Net"})
    assert made["claims"] == ({"text": "fast", "value": 1},)
    assert made["project"] == project.resolve()
    assert sys.path[0] == str(project)


SPLITS = """
    model: {function: SPEC:double}
    splits:
      glob: data/*.txt
      url: memory://bucket/x.csv
      list: [data/a.txt, x.npy]
      table: {path: x.npy, label: y, dtypes: {a: int32}, licence: MIT, private: keys/x.salt, as_bytes: true}
      made: {function: SPEC:train, owner: me}
    splitting: {function: SPEC:double, data: {path: x.npy}, seed: 0, arguments: {share: 0.2}, name: whole}
"""


def test_every_form_of_a_split(project):
    """Globs and URLs stay as they are, lists and mappings become what capture takes; a salt lies beside the file."""
    made, _ = load(project, SPLITS)
    splits = made["splits"]

    assert splits["glob"] == str(project / "data/*.txt")
    assert splits["url"] == "memory://bucket/x.csv"
    assert splits["list"] == [project / "data/a.txt", project / "x.npy"]
    assert splits["table"] == DataSplit(
        project / "x.npy",
        label="y",
        dtypes={"a": "int32"},
        licence="MIT",
        private=project / "keys/x.salt",
        as_bytes=True,
    )
    assert (splits["made"].owner, splits["made"].data[1].tolist()) == ("me", [0, 1, 2, 3])
    assert made["splitting"] == Splitting(
        "spec_code:double", data=DataSplit(project / "x.npy"), seed=0, arguments={"share": 0.2}, name="whole"
    )


def test_the_arguments_are_those_of_capture(project):
    """Whatever a specification resolves to, capture takes it."""
    made, _ = load(project, FULL)
    source = model.opened(Source(**made))

    assert type(source.model).__name__ == "Net"
    assert source.model.linear.weight.tolist() == [[1.0] * 3] * 2
    assert not source.model.training


def test_a_function_is_a_model(project):
    """A function may be the model; its inputs stay numpy arrays."""
    made, _ = load(project, "model: {function: SPEC:double}\ninputs: x.npy\n")

    assert made["model"](2) == 4
    assert isinstance(made["inputs"], np.ndarray)
    assert "factory" not in made


@pytest.mark.parametrize("weights", ["model.safetensors", "model.pth"])
@pytest.mark.parametrize("init", ["{width: 3}", "{args: [3]}", "{args: [], kwargs: {width: 3}}"])
def test_weights_and_arguments(project, weights, init):
    """Weights of both formats are loaded, arguments are passed by keyword or by position."""
    made = opened(project, f"model: {{factory: SPEC:net, init: {init}, weights: {weights}}}")

    assert made.linear.weight.sum() == 6


def test_a_key_says_which_state_dict(project):
    """A checkpoint may hold several; a nested one is named by its keys with dots."""
    states = {"a": torch.load(project / "model.pth"), "b": {"ema": {"linear.weight": torch.full((2, 3), 2.0)}}}
    states["b"]["ema"]["linear.bias"] = torch.zeros(2)
    torch.save(states, project / "two.ckpt")

    assert (
        opened(project, "model: {factory: SPEC:Net, init: {width: 3}, weights: two.ckpt, key: b.ema}").linear.weight[
            0, 0
        ]
        == 2
    )


def test_a_folder_and_a_file_are_handed_on(project):
    """Both are opened by the capture itself, as those of the call are."""
    (project / "m.onnx").write_bytes(b"")
    folder, _ = load(project, "model: {folder: data, factory: SPEC:Net}")
    file, _ = load(project, "model: {file: m.onnx}\ninputs: x.npy")

    assert (folder["model"], folder["factory"]) == (project / "data", "spec_code:Net")
    assert file["model"] == project / "m.onnx"
    assert isinstance(file["inputs"], np.ndarray)


@pytest.mark.parametrize(
    ("arrays", "check"),
    [
        ({"value": torch.ones(1)}, lambda x: x.tolist() == [1.0]),
        ({"0": torch.ones(1), "1": torch.zeros(1)}, lambda x: isinstance(x, tuple) and len(x) == 2),
        ({"x": torch.ones(1)}, lambda x: list(x) == ["x"]),
        ({"value": torch.tensor([1.5], dtype=torch.bfloat16)}, lambda x: x.dtype == torch.bfloat16 and x.item() == 1.5),
    ],
)
def test_names_of_inputs_decide_how_they_are_passed(project, arrays, check):
    """One array called value stands alone, numbered ones by position, others by keyword; bits are kept."""
    save_file(arrays, project / "in.safetensors")
    made, _ = load(project, "model: {factory: SPEC:net, init: {width: 3}}\ninputs: in.safetensors")

    assert check(made["inputs"])


def test_warnings_are_handed_on(project):
    """A value that YAML reads as text is warned of."""
    made, warnings = load(project, "model: {function: SPEC:double}\nhyperparameters: {lr: 1e-3}")

    assert made["hyperparameters"] == {"lr": "1e-3"}
    assert warnings == (
        "reprobundle.yaml: line 2: hyperparameters.lr: '1e-3' is text to YAML 1.1, not a number: write it like 1.0e-3 "
        "or 1.0e+3, or quote it",
    )


DOUBLE = "model: {function: 'a:b'}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model: {}", "line 1: model: expected one of factory, folder, file and function"),
        (
            "model: {factory: 'a:b', function: 'a:c'}",
            "line 1: model: expected one of factory, folder, file and function",
        ),
        ("model: {function: 'a:b', weights: x.pt}", "line 1: model: a function has neither init nor weights"),
        (
            "model: {folder: a, factory: 'a:b', weights: x.pt}",
            "line 1: model: a folder has its own weights",
        ),
        ("model: {factory: 'a:b', key: x}", "line 1: model: key is given without weights"),
        (
            "model: {factory: a.b}",
            "line 1: model.factory: entry 'a.b': expected 'module:name' in ASCII letters, digits, '_' and '.', "
            "without '__'",
        ),
        ("inputs: x", "line 1: model: is missing"),
        ("inputs: x\nmodel:", "line 2: model: is missing"),
        ("[]", "line 1: expected values by name, found an empty list"),
        (DOUBLE + "metrics: {acc: '0.9'}", "line 2: metrics.acc: expected a number, found '0.9'"),
        (DOUBLE + "metrics: {acc: null}", "line 2: metrics.acc: expected a number, found nothing"),
        (DOUBLE + "metrics: {acc: true}", "line 2: metrics.acc: expected a number, found true"),
        (DOUBLE + "inputs: 3", "line 2: inputs: expected text, found 3"),
        (DOUBLE + "inputs: ''", "line 2: inputs: expected text, found ''"),
        (DOUBLE + "splits: [a]", "line 2: splits: expected values by name, found a list"),
        (
            DOUBLE + "splits: {a: 3}",
            "line 2: splits.a: expected a path, glob, URL or module:function, a list of paths, or a mapping, found 3",
        ),
        (DOUBLE + "splits:\n  a:\n    path: x\n    label: 3", "line 5: splits.a.label: expected text, found 3"),
        (DOUBLE + "splits: {a: {path: x, as_bytes: 3}}", "line 2: splits.a.as_bytes: expected true or false, found 3"),
        (DOUBLE + "splits: {a: {label: x}}", "line 2: splits.a: expected one of path and function"),
        (DOUBLE + "vendor: al", "line 2: vendor: expected 'needed' or 'all', found 'al'"),
        (DOUBLE + "allow: x", "line 2: allow: expected a list, found 'x'"),
        *(
            (
                DOUBLE + f"{key}: [1]",
                f"line 2: {key}: expected values by name, or the path of a YAML or JSON file, found a list",
            )
            for key in ("hyperparameters", "documentation")
        ),
        (DOUBLE + "claims: {a: 1}", "line 2: claims: expected a list, found values by name"),
        (DOUBLE + "claims: [1]", "line 2: claims[0]: expected values by name, found 1"),
        (DOUBLE + "claims:\n- text: a\n  value: x", "line 4: claims[0].value: expected a number, found 'x'"),
        *(
            (DOUBLE + f"claims: [{{text: a, value: 1, {given}}}]", f"line 2: claims[0].{told}")
            for given, told in (
                ("tolerance: -1", "tolerance: expected at least 0, found -1"),
                ("decimals: 18", "decimals: expected at most 17, found 18"),
                ("decimals: 1.5", "decimals: expected a whole number, found 1.5"),
                ("count: -1", "count: expected at least 0, found -1"),
                (
                    "id: A b",
                    "id: expected small letters, digits, '.', '_' and '-', at most 100, a letter or digit first, found 'A b'",
                ),
            )
        ),
        (
            DOUBLE + "claims: [{text: a, groups: {m: x}}]",
            "line 2: claims[0].groups.m: expected a number, or a mapping with value, count, low and high, found 'x'",
        ),
        (
            DOUBLE + "preprocessing:\n  transform:\n  - function: 3",
            "line 4: preprocessing.transform[0].function: expected text, found 3",
        ),
        (
            DOUBLE + "metrics: {a: x, b: x, c: x, d: x, e: x}",
            "line 2: metrics.a: expected a number, found 'x'; line 2: metrics.b: expected a number, found 'x'; "
            "line 2: metrics.c: expected a number, found 'x'; and 2 more",
        ),
        ("model: {function: *x}", "line 1: model.function: the alias *x is not allowed"),
    ],
)
def test_what_breaks_the_form_is_refused(text, message):
    """A fault in the file is refused with its path before anything is imported."""
    with pytest.raises(RefusedInputError) as raised:
        read_specification(text.encode(), name="reprobundle.yaml")

    assert str(raised.value) == f"reprobundle.yaml: {message}"


NET = "model: {factory: SPEC:net, init: {width: 3}, weights: %s}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (NET % "absent.pt", "model.weights: no file 'absent.pt'"),
        ("model: {folder: gone}", "model.folder: no folder 'gone'"),
        ("model: {file: gone.onnx}", "model.file: no file 'gone.onnx'"),
        ("model: {factory: SPEC:broken}", "model.factory: calling 'SPEC:broken' failed: ZeroDivisionError: no"),
        ("model: {factory: SPEC:net}", "model.factory: 'SPEC:net' needs 'width', which no hyperparameter gives"),
        ("model: {factory: SPEC:net, init: {}}", "model.factory: calling 'SPEC:net' failed: TypeError: net() missing"),
        ("model: {factory: SPEC:absent}", "model.factory: entry 'SPEC:absent': module 'SPEC' has no 'absent'"),
        ("model: {factory: absent_module:x}", "model.factory: entry 'absent_module:x': cannot import 'absent_module': "),
        ("model: {factory: raising:x}", "model.factory: importing 'raising:x' failed: RuntimeError: at import"),
        ("model: {function: SPEC:double}\ninputs: card.yaml",
         "inputs: expected a .safetensors, .npy or .npz file, or a function as module:name, found 'card.yaml'"),
        ("model: {function: SPEC:double}\ninputs: no.npy", "inputs: no file 'no.npy'"),
        ("model: {function: SPEC:double}\nsplits: {a: gone}", "splits.a: no file or folder 'gone'"),
        ("model: {function: SPEC:double}\nsplits: {a: 'gone/*.png'}", "splits.a: no file matches 'gone/*.png'"),
        ("model: {function: SPEC:double}\nsplits: {a: {path: gone}}", "splits.a.path: no file or folder 'gone'"),
        ("model: {function: SPEC:double}\nsplits: {a: [x.npy, gone]}", "splits.a[1]: no file 'gone'"),
        ("model: {function: SPEC:double}\nproject: gone", "project: no folder 'gone'"),
        ("model: {function: SPEC:double}\ndocumentation: no.yaml", "documentation: no file 'no.yaml'"),
        ("model: {function: SPEC:double}\nhyperparameters: list.json",
         "hyperparameters: 'list.json' holds no mapping, found list"),
    ],
)  # fmt: skip
def test_what_is_named_and_not_there(project, text, message):
    """Whatever a file names and is not there or does not fit is one clear line."""
    (project / "list.json").write_text("[]")
    with pytest.raises(UsageError) as raised:
        load(project, text)

    assert str(raised.value).startswith(message.replace("SPEC", "spec_code"))


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            DOUBLE + "modle: 1",
            "line 2: there is no key 'modle'",
            "did you mean 'model'? the keys are name, model, inputs, hyperparameters, preprocessing, splits, splitting, metrics, "
            "claims, documentation, project, vendor, allow",
        ),
        (
            "model: {function: 'a:b', zzz: 1}",
            "line 1: model: there is no key 'zzz'",
            "the keys are factory, init, weights, key, folder, file, function",
        ),
        (
            DOUBLE + "preprocessing: {transfrom: x}",
            "line 2: preprocessing: there is no key 'transfrom'",
            "did you mean 'transform'? the keys are configuration, transform, samples",
        ),
        (
            DOUBLE + "splits: {a: {path: x, licens: y}}",
            "line 2: splits.a: there is no key 'licens'",
            "did you mean 'license'? the keys are path, function, label, dtypes, as_bytes, private, source, version, "
            "licence, license, collection, owner, consent",
        ),
        (
            DOUBLE + "splitting: {function: 'a:b', data: x, sed: 1}",
            "line 2: splitting: there is no key 'sed'",
            "did you mean 'seed'? the keys are function, data, seed, arguments, name",
        ),
        (
            DOUBLE + "claims:\n- {text: a, value: 1}\n- {text: b, value: 1, tolerence: 0.1}",
            "line 4: claims[1]: there is no key 'tolerence'",
            "did you mean 'tolerance'? the keys are id, text, value, tolerance, decimals, split, entry, command, group, groups, "
            "per_sample, count, low, high",
        ),
        (
            DOUBLE + "claims: [{text: a, groups: {m: {value: 1, cuont: 3}, f: 2}}]",
            "line 2: claims[0].groups.m: there is no key 'cuont'",
            "did you mean 'count'? the keys are value, count, low, high",
        ),
        *(
            (
                DOUBLE + f"preprocessing: {{transform: {given}}}",
                f"line 2: preprocessing.transform{where}: there is no key 'argumnets'",
                "did you mean 'arguments'? the keys are function, factory, arguments",
            )
            for given, where in (
                ("{function: 'a:b', argumnets: {}}", ""),
                ("['a:b', {function: 'a:b', argumnets: {}}]", "[1]"),
                ("{scale: 'a:b', crop: {factory: 'a:b', argumnets: {}}}", ".crop"),
            )
        ),
        (
            DOUBLE + "documentation: {use: {intendet: x}}",
            "line 2: documentation.use: there is no key 'intendet'",
            "did you mean 'intended'? the keys are intended, out_of_scope, limitations",
        ),
        (
            DOUBLE + "documentation: {authors: [{nmae: x}]}",
            "line 2: documentation.authors[0]: there is no key 'nmae'",
            "did you mean 'name'? the keys are name, orcid, affiliation, kind",
        ),
    ],
)
def test_an_unknown_key_names_the_nearest_and_all_there_are(text, message, hint):
    """A slip of the finger is named at every depth, with what may have been meant."""
    with pytest.raises(RefusedInputError) as raised:
        read_specification(text.encode(), name="x.yaml")

    assert (str(raised.value), raised.value.hint) == (f"x.yaml: {message}", hint)


def test_what_is_a_persons_own_has_no_keys_of_ours():
    """Settings, arguments, dtypes by column and names of splits, groups and steps are called as anybody likes."""
    text = """
    hyperparameters: {modle: 1, nothing: null}
    splits: {pth: a, test: {path: b, dtypes: {lable: int64}}}
    metrics: {valeu: 1}
    claims: [{text: a, value: 1, groups: {cuont: 2}, group: {vaule: [1, 2]}}]
    preprocessing: {configuration: {transfrom: x}, transform: {crop: 'a:b', sclae: {function: 'a:b', arguments: {x: 1}}}}
    """
    made, _ = read_specification(f"{DOUBLE}{textwrap.dedent(text)}".encode(), name="x.yaml")

    assert made.hyperparameters == {"modle": 1, "nothing": None}


@pytest.mark.parametrize(
    "key",
    [
        *(
            "name",
            "inputs",
            "hyperparameters",
            "preprocessing",
            "splits",
            "splitting",
            "metrics",
            "claims",
            "documentation",
        ),
        *("project", "vendor", "allow", "model: {function: 'a:b', weights: null}\nname"),
    ],
)
def test_a_key_with_nothing_after_it_is_as_if_it_were_not_there(key):
    """As in a file that was begun, in which what is not known yet stays empty."""
    begun, _ = read_specification(f"{'' if 'model' in key else DOUBLE}{key}:\n".encode(), name="x.yaml")
    without, _ = read_specification(DOUBLE.encode(), name="x.yaml")

    assert begun == without


def test_empty_keys_of_a_part_are_as_if_they_were_not_there():
    """At every depth; an empty split has no place, which is told."""
    text = "splits: {a: {path: x, label: null, dtypes: null}}\nclaims: [{text: a, value: 1, split: null}]"
    made, _ = read_specification(f"{DOUBLE}{text}".encode(), name="x.yaml")
    assert made.splits["a"].model_fields_set == {"path"}
    assert made.claims[0].model_fields_set == {"text", "value"}

    with pytest.raises(RefusedInputError, match=r"line 3: splits\.a: expected a path, .* found nothing"):
        read_specification(f"{DOUBLE}splits:\n  a:\n".encode(), name="x.yaml")


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("name: my-model", "my-model"),
        ("name: my-model\ndocumentation: {title: Other}", "my-model"),
        ("documentation: {title: 'A perceptron, of digits!'}", "a-perceptron-of-digits"),
        ("documentation: {title: 数字}", "work-bundle"),
        ("documentation: card.yaml", "work-bundle"),
    ],
)
def test_the_bundle_is_named_by_the_file(tmp_path, text, folder):
    """The name, else the title in letters a folder can have, else the folder of the file."""
    made, _ = read_specification(f"model: {{function: 'a:b'}}\n{text}".encode(), name="x.yaml")

    assert specification.default_folder(made, tmp_path / "work" / "reprobundle.yaml") == Path(folder)


@pytest.mark.parametrize("name", ["..", "a/b", "", ".hidden", "a b"])
def test_a_name_is_one_folder(name):
    """A name cannot lead elsewhere."""
    with pytest.raises(RefusedInputError, match=r"^x\.yaml: line 2: name: expected letters, digits, "):
        read_specification(f"model: {{function: 'a:b'}}\nname: '{name}'".encode(), name="x.yaml")


def test_hyperparameters_give_the_arguments(project):
    """Without init the factory's arguments are found by name among the hyperparameters, as in Python."""
    made, _ = load(project, "model: {factory: SPEC:Net}\nhyperparameters: {width: 3, lr: 0.1}")

    assert made["model"].linear.in_features == 3
    assert made["init"] == {"args": (), "kwargs": {"width": 3}}


@pytest.mark.parametrize(
    "text", ["init: {cfg: {width: 3, inner: {depth: 2}}}}", "}\nhyperparameters: {width: 3, inner: {depth: 2}, lr: 1}"]
)
def test_a_dataclass_is_written_as_its_parts(project, text):
    """Where the factory asks for a dataclass, a mapping of its parts becomes one; the inner ones, too."""
    made, _ = load(project, f"model: {{factory: SPEC:Configured, {text}")

    assert made["model"].cfg.width == 3
    assert made["model"].cfg.inner.depth == 2


def test_the_project_is_the_folder_of_the_file(project):
    """Wherever the program was started, the code is looked for beside the file."""
    made, _ = load(project, "model: {function: SPEC:double}\nvendor: all")

    assert (made["project"], made["vendor"]) == (project, "all")


def test_a_warning_explains_a_refusal():
    """A value of the wrong type because of the way YAML reads it is explained in the hint."""
    with pytest.raises(RefusedInputError) as raised:
        read_specification(b"model: {function: 'a:b'}\nproject: no", name="x.yaml")

    assert str(raised.value) == "x.yaml: line 2: project: expected text, found false"
    assert (
        raised.value.hint == "x.yaml: line 2: project: 'no' is read as false: write false, or quote it to mean the word"
    )


def test_no_file(tmp_path):
    """A specification that is not there is wrong usage."""
    with pytest.raises(UsageError, match=r"(?m)^no file 'reprobundle.yaml'$"):
        specification.load(tmp_path / "reprobundle.yaml")


def test_a_pickle_in_inputs_is_never_loaded(project):
    """An array file that needs pickle is refused."""
    np.save(project / "o.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(
        UsageError, match=r"^inputs: 'o\.npy' cannot be read: ValueError: Object arrays cannot be loaded"
    ):
        load(project, "model: {function: SPEC:double}\ninputs: o.npy")


def test_reading_imports_nothing(tmp_path):
    """Reading a file runs none of the code it names; only arguments() does."""
    made, _ = read_specification(b"model: {function: 'module_that_is_not_there:f'}", name="x.yaml")

    assert isinstance(made, Specification)
    with pytest.raises(UsageError):
        arguments(made, tmp_path)


PIPELINE = """
class Scale:
    def __init__(self, by):
        self.by = by

    def __call__(self, raw):
        return raw * self.by


def load(by):
    return Scale(by)


def fail():
    raise ValueError("no file")


def shift(raw, by=0):
    return raw + by


ready = Scale(3)
"""


@pytest.mark.parametrize(
    ("transform", "result"),
    [
        ("PIPELINE:shift", 1),
        ("PIPELINE:ready", 3),
        ("{function: 'PIPELINE:shift', arguments: {by: 4}}", 5),
        ("{factory: 'PIPELINE:load', arguments: {by: 5}}", 5),
    ],
)
def test_a_transform_in_each_form(tmp_path, monkeypatch, transform, result):
    """A function, an object, a function with arguments bound, an object that a function makes."""
    module = _pipeline(tmp_path, monkeypatch)
    made = _transform(tmp_path, transform.replace("PIPELINE", module))

    assert made(1) == result


def test_several_transforms(tmp_path, monkeypatch):
    """In a list, or by name."""
    module = _pipeline(tmp_path, monkeypatch)
    listed = _transform(tmp_path, f"['{module}:shift', {{factory: '{module}:Scale', arguments: {{by: 2}}}}]")
    named = _transform(
        tmp_path, f"{{first: '{module}:ready', second: {{function: '{module}:shift', arguments: {{by: 1}}}}}}"
    )

    assert [one(2) for one in listed] == [2, 4]
    assert {name: one(2) for name, one in named.items()} == {"first": 6, "second": 3}


@pytest.mark.parametrize(
    ("transform", "error", "told"),
    [
        (
            "3",
            RefusedInputError,
            "preprocessing.transform: expected module:name, a step, a list of steps, or steps by name",
        ),
        ("[3]", RefusedInputError, "expected module:name, or a mapping with function or factory"),
        ("{arguments: {by: 1}}", RefusedInputError, "expected one of function and factory"),
        (
            "[{factory: 'PIPELINE:fail'}]",
            UsageError,
            "preprocessing.transform[0]: calling 'PIPELINE:fail' failed: ValueError: no file",
        ),
    ],
)
def test_a_transform_that_is_none(tmp_path, monkeypatch, transform, error, told):
    """What is of no form, or cannot be made, is told with its place."""
    module = _pipeline(tmp_path, monkeypatch)

    with pytest.raises(error) as raised:
        _transform(tmp_path, transform.replace("PIPELINE", module))
    assert told.replace("PIPELINE", module) in str(raised.value)


def _pipeline(folder, monkeypatch):
    """A module of steps under a name of its own."""
    name = f"pipeline_{abs(hash(str(folder)))}"
    (folder / f"{name}.py").write_text(PIPELINE)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return name


def _transform(folder, text):
    file = folder / "reprobundle.yaml"
    file.write_text(f"model: {{function: 'operator:neg'}}\npreprocessing: {{transform: {text}}}\n")
    return specification.load(file)[0]["preprocessing"].transform


def test_the_name_is_the_title_where_none_is_said(tmp_path, monkeypatch):
    """``name:`` is what the model is called: the card's title, unless the documentation has one; ``--out`` changes neither."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "titled_model.py").write_text("def f(x):\n    return x\n")
    text = "name: my-model\nmodel: {function: 'titled_model:f'}\n"
    made = [
        arguments(read_specification(f"{text}{more}".encode(), name="r.yaml")[0], tmp_path)["documentation"]
        for more in ("", "documentation: {title: Mine, version: '1'}\n", "documentation: {title: null, version: '1'}\n")
    ]

    assert made == [{"title": "my-model"}, {"title": "Mine", "version": "1"}, {"title": "my-model", "version": "1"}]


@pytest.mark.parametrize(
    ("claim", "told"),
    [
        ("{}", "claims[0]: a claim needs a text that says what it is of, or an id"),
        ("{value: 0.5}", "claims[0]: a claim needs a text that says what it is of, or an id"),
        ("{text: a}", "claims[0]: a claim needs a value, or the numbers of its samples under per_sample"),
        ("{text: '  ', value: 1}", "claims[0].text: expected text, found '  '"),
        ("{id: a, text: '', value: 1}", "claims[0].text: expected text, found ''"),
        (
            "{text: a, value: 1, command: []}",
            "claims[0].command: expected a program and its arguments",
        ),
        ("{text: a, value: 1, command: ''}", "claims[0].command: expected a program and its arguments, found ''"),
        ("{text: a, value: 1, command: '  '}", "claims[0].command: expected a program and its arguments, found '  '"),
        ("{text: a, value: 1, command: ['']}", "claims[0].command: expected a program and its arguments"),
        (
            '{text: a, value: 1, command: "python \'x"}',
            'claims[0].command: expected a program and its arguments: no closing quotation, found "python \'x"',
        ),
        (
            "{text: a, value: 1, command: x, entry: 'a:b'}",
            "claims[0]: a claim is computed by an entry or by a command, found both",
        ),
        ("{text: a, value: 1, command: [python, 3]}", "claims[0].command[1]: expected text, found 3"),
        (
            "{text: a, value: 1, command: {a: b}}",
            "claims[0].command: expected a program and its arguments: a text, or a list of texts, found values by name",
        ),
    ],
)
def test_a_claim_of_nothing_is_refused(claim, told):
    """By its line, and once: a claim that would be left out at the end is told before the start."""
    with pytest.raises(RefusedInputError) as raised:
        read_specification(f"{DOUBLE}claims:\n- {claim}".encode(), name="x.yaml")

    assert str(raised.value) == f"x.yaml: line 3: {told}"


def test_two_claims_of_one_id_are_refused():
    """The second would be left out at the end."""
    with pytest.raises(RefusedInputError, match=r"x\.yaml: line 2: claims: two claims have the id 'a'$"):
        read_specification(f"{DOUBLE}claims:\n- {{id: a, value: 1}}\n- {{id: a, value: 2}}".encode(), name="x.yaml")
