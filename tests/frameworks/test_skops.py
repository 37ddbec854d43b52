"""scikit-learn models: kept as skops files, the same bytes each time, with nothing in them that nobody looked at."""

from __future__ import annotations

import operator

import numpy as np
import pytest
import support
from projects import make_project, python

import reprobundle
from reprobundle import tensors
from reprobundle.bundle import verify
from reprobundle.components.recipes import skops_file
from reprobundle.errors import UsageError
from reprobundle.worker import changing, for_skops, keeping, runs

STEPS = """
from sklearn.base import BaseEstimator, TransformerMixin


class Halve(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        return X / 2
"""
TRAIN = """
import sys

class NoTorch:  # as where it is not installed
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, NoTorch())
import numpy as np
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
import reprobundle
from steps import Halve

def twice(x):
    return x * 2

if __name__ == "__main__":
    X, y = load_iris(return_X_y=True)
    labels = np.array(["setosa", "versicolor", "virginica"])[y]
    model = make_pipeline(Halve(), FunctionTransformer(twice), LogisticRegression(max_iter=500)).fit(X, labels)
    captured = reprobundle.capture(sys.argv[1], model=model, inputs=X[::50], metrics={"accuracy": 0.97}, budget=0)
    print(captured.proof.status, captured.proof.why)
"""


@pytest.fixture(autouse=True)
def sklearn():
    support.require("skops")


def fitted():
    """Models of several kinds, fitted."""
    from sklearn.cluster import KMeans
    from sklearn.datasets import load_iris
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    features, labels = load_iris(return_X_y=True)
    yield make_pipeline(StandardScaler(), KMeans(2, n_init=1, random_state=0)).fit(features)
    yield RandomForestClassifier(3, random_state=0).fit(features, labels)


def test_one_model_is_one_file():
    """Neither the time nor the addresses in memory stand in it, and it loads."""
    import skops.io

    for model in fitted():
        first, second = skops_file.write(model), skops_file.write(model)
        again = skops.io.loads(first.content, trusted=list(first.trusted))

        assert first == second
        assert type(again) is type(model)
        assert np.array_equal(again.predict(np.ones((2, 4))), model.predict(np.ones((2, 4))))


@pytest.mark.parametrize(
    ("function", "name"),
    [(operator.neg, "_operator.neg"), (np.load, "numpy.load"), (print, "builtins.print"), ("a".join, "__main__.join")],
)
def test_what_could_run_code_is_refused_by_name(function, name):
    """Functions of libraries, builtins and methods: the file would call them when it is used."""
    from sklearn.preprocessing import FunctionTransformer

    with pytest.raises(UsageError) as caught:
        skops_file.write(FunctionTransformer(function))

    assert str(caught.value).startswith(
        f"model: FunctionTransformer holds '{name}', which could run code when it is loaded"
    )


def test_classes_of_the_libraries_are_recorded():
    """What skops asks about is named, so that a reader sees it and the worker trusts that alone."""
    assert [skops_file.write(model).trusted for model in fitted()] == [(), ("sklearn.tree._tree.Tree",)]


@pytest.mark.slow
def test_a_bundle_of_it_is_replayed_bitwise(tmp_path):
    """All that the model says is compared, labels as texts; its own classes and functions come with the source; no torch."""
    project = make_project(tmp_path / "project", steps=STEPS, train=TRAIN)
    finished = python("-W", "ignore", "train.py", str(tmp_path / "bundle"), cwd=project)
    report = reprobundle.replay(tmp_path / "bundle", env="current", sandbox="none", report=tmp_path / "report")
    manifest = verify(tmp_path / "bundle").manifest

    assert finished.stdout == "bitwise None\n", finished.stderr
    assert report.verdict.sentence == "reproduced, bitwise"
    assert manifest.model.trusted == ("steps.Halve", "train.twice")
    assert [output.name for output in report.outputs] == ["decision_function", "predict_proba"]
    assert '"setosa"' in manifest.model_dump_json()
    assert (manifest.model.loader, manifest.model.files) == ("for_skops", ("model.skops",))
    assert "library_name: sklearn" in (tmp_path / "bundle/README.md").read_text("utf-8")


def test_a_list_of_texts_is_the_one_argument(tmp_path):
    """What estimators take in a list, texts above all, goes to them as that list; a tuple goes by position."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.pipeline import make_pipeline

    texts = ["red green", "blue", "green", "red"]
    model = make_pipeline(CountVectorizer(), MultinomialNB()).fit(texts, [0, 1, 1, 0])
    for name, inputs in {"list": texts, "tuple": (texts,)}.items():
        captured = reprobundle.capture(tmp_path / name, model=model, inputs=inputs, budget=0, proof=False, quiet=True)
        expected = captured.manifest.outputs.expected

        assert [method for method, _ in expected.structure["items"]] == ["predict", "predict_proba"]


def test_further_runs(tmp_path):
    """An estimator has other inputs, rows and seeds; it cannot be asked what needs named tensors or modules."""
    from sklearn.linear_model import LogisticRegression

    x = np.array([[0.0, 1], [1, 0], [2, 1], [0, 3]])
    model = LogisticRegression().fit(x, [0, 1, 1, 0])
    for_skops.save({"value": x}, str(tmp_path / "in.safetensors"))
    inputs = {"file": str(tmp_path / "in.safetensors"), "structure": {"kind": "tensor", "name": "value"}}
    job = {"out": str(tmp_path), "inputs": inputs, "model": {}}
    plain = {"name": "a", "inputs": None, "structure": None, "overlay": None, "seed": 0, "settings": {}}
    one = {**plain, "double": False, "rows": (1, 3), "sketch": False}
    before = keeping.Before(model, {})
    runs.further(one, job, model, for_skops, before)

    assert np.array_equal(
        tensors.read_arrays(tmp_path / "run-a.safetensors")["predict_proba"], model.predict_proba(x[1:3])
    )
    for change in ({"overlay": "x"}, {"double": True}, {"sketch": True}):
        with pytest.raises(changing.Cannot, match=rf"^cannot {next(iter(change))}: "):
            runs.further({**one, **change}, job, model, for_skops, before)
    texts = {"kind": "list", "items": [{"kind": "plain", "value": "red"}]}
    for_skops.save({}, str(tmp_path / "none.safetensors"))
    with pytest.raises(changing.Cannot, match=r"^cannot take rows: no input is an array$"):
        runs.further(
            {**one, "inputs": str(tmp_path / "none.safetensors"), "structure": texts}, job, model, for_skops, before
        )
