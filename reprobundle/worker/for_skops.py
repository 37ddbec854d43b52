"""Load a scikit-learn model from a skops file and ask it all it can say; no torch is needed.

A skops file holds no pickle: it names types, and nothing is made of a type that is neither known to skops nor listed.
"""

from __future__ import annotations

import sys
from typing import Any, Dict, Mapping, Tuple

CANNOT: Mapping[str, str] = {
    "overlay": "the parts of an estimator have no names",
    "double": "an estimator computes in what it was fitted in",
    "sketch": "an estimator has no modules",
}
SAYS = ("predict", "predict_proba", "decision_function", "transform")


def sibling(name: str) -> Any:
    """A module beside this one, whether this runs as part of the program or alone as the worker."""
    if __name__.startswith("_reprobundle_worker_"):
        return sys.modules["__main__"].sibling(name)
    import importlib

    return importlib.import_module("reprobundle.worker." + name)


def recognises(model: Any) -> bool:
    """Whether a model is a scikit-learn estimator; the library is not imported to find out."""
    base = sys.modules.get("sklearn.base")
    return base is not None and isinstance(model, base.BaseEstimator)


def prepare(job: Mapping[str, Any]) -> None:
    """Import the libraries, so that their settings can be applied first."""
    import numpy  # noqa: F401  imported for its effect
    import sklearn  # noqa: F401  likewise


def build(model: Mapping[str, Any]) -> Any:
    """Load the model, fitted parts included.

    Args:
        model: ``weights``: path of the one skops file; ``trusted``: the types in it that skops asks about.

    Raises:
        TypeError: The file names a type that is not listed.
    """
    import skops.io

    return skops.io.load(model["weights"][0], trusted=list(model.get("trusted") or ()))


def load(model: Any, described: Mapping[str, Any]) -> Dict[str, str]:
    """Nothing more to load: the parts of an estimator have no names that a digest could go by."""
    return {}


def device_of(model: Any) -> str:
    """scikit-learn computes on the CPU."""
    return "cpu"


def call(model: Any, structure: Any, leaves: Mapping[str, Any], seed: int = 0) -> Tuple[Any, Dict[str, Any]]:
    """Ask the model from a fixed seed: what it predicts, how sure it is, what it turns its inputs into.

    Args:
        model: A fitted estimator.
        structure: Structure of the inputs: a mapping is passed as keywords, a tuple by position, all else as the one
            argument that estimators take, a list of texts or of rows too.
        leaves: The inputs' arrays by name; copied first.
        seed: Of every generator.

    Returns:
        The structure of the outputs, a mapping by the method's name, and their arrays; labels that are texts are plain
        values of the structure.
    """
    import numpy

    tree = sibling("tree")
    sibling("seeding").seed(seed)
    said: Dict[str, Any] = {}
    for name in SAYS:
        if hasattr(model, name):
            given = tree.unflatten(structure, {key: numpy.array(leaf) for key, leaf in leaves.items()})
            said[name] = _plain(_asked(getattr(model, name), structure["kind"], given))
    kinds = (numpy.ndarray, numpy.generic, float)
    described, found = tree.flatten(said, lambda value: isinstance(value, kinds))
    return described, {name: numpy.array(value, order="C") for name, value in found.items()}


def _asked(method: Any, kind: str, given: Any) -> Any:
    if kind == "dict":
        return method(**given)
    return method(*given) if kind == "tuple" else method(given)


def _plain(value: Any) -> Any:
    """Sparse matrices and tables as dense arrays, arrays of texts or objects as lists; several outputs one by one."""
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    dense = value.toarray() if hasattr(value, "toarray") else value
    dense = dense.to_numpy() if hasattr(dense, "to_numpy") else dense
    return dense.tolist() if getattr(getattr(dense, "dtype", None), "kind", "") in ("O", "U") else dense


def __getattr__(name: str) -> Any:
    """All else is done as for any function of numpy arrays."""
    return getattr(sibling("for_callable"), name)
