from __future__ import annotations

from pathlib import Path

import pytest
import snippets
import support

PAGE = Path(__file__).parent.parent.parent / "docs" / "models.md"


@pytest.mark.slow
def test_every_example_runs_where_all_libraries_are(tmp_path):
    """No example of the page about models is left out, one after the other in one script; each makes its bundle."""
    for library in ("transformers", "skops", "onnxruntime"):
        support.require(library)

    assert snippets.run(PAGE, tmp_path) == []
    assert {path.parent.name for path in tmp_path.glob("*/manifest.json")} == {
        "bert", "from-checkpoint", "from-file", "from-folder", "function", "in-memory", "logistic", "mixin", "onnx-bundle",
        "torchscript",
    }  # fmt: skip
