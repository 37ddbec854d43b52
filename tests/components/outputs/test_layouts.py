"""At capture a model is run on its inputs as a replay reads them: laid out in memory as their file has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from reprobundle import tensors
from reprobundle.components import outputs
from reprobundle.components.interface import Source, Stage
from reprobundle.store import Writer


class Layout(torch.nn.Module):
    """Gives the strides of what it is given."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Strides as whole numbers."""
        return torch.tensor(x.stride())


IMAGES = torch.arange(96.0).reshape(2, 3, 4, 4)


@pytest.mark.parametrize(
    "given",
    [
        IMAGES.to(memory_format=torch.channels_last),
        IMAGES[:, :1].contiguous().to(memory_format=torch.channels_last),
        IMAGES.transpose(2, 3),
        IMAGES[:, :, ::2],
        torch.ones(2, 1, 1, 1).expand(2, 3, 4, 4),
        np.asfortranarray(IMAGES.numpy()),
    ],
    ids=["channels last", "one channel, last", "transposed", "every other", "expanded", "fortran"],
)
def test_what_is_run_is_what_is_recorded(given: Any, tmp_path: Any) -> None:
    """In whatever order the caller's own tensor lies: only so the same bytes come of the same file."""
    source, stage = Source(model=Layout(), inputs=given), Stage(Writer(tmp_path))
    made = outputs.capture(source, stage)
    assert made.inputs is not None
    (stored,) = tensors.read_arrays(tmp_path / made.inputs.file).values()
    (strides,) = outputs.recorded(made, tmp_path).values()

    assert np.array_equal(stored, np.asarray(given))
    assert strides.tolist() == list(torch.empty(stored.shape).stride())
