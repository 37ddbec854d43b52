"""What Fabric and accelerate put around a model is taken off, and the person's own object stays as it is."""

from __future__ import annotations

import pytest
import support

from reprobundle.components import model as component
from reprobundle.components.interface import Source

torch = pytest.importorskip("torch")


@pytest.mark.slow
def test_fabrics_wrapper_is_taken_off():
    """The module as the person handed it to ``setup``."""
    support.require("lightning")
    from lightning.fabric import Fabric

    own = torch.nn.Linear(2, 2)
    source = component.opened(Source(model=Fabric(accelerator="cpu", precision="bf16-mixed").setup(own)))

    assert (source.model, source.wrappers) == (own, ("_FabricModule",))


def test_accelerates_mixed_precision_is_taken_off():
    """The outputs are those of the class's own forward; the prepared model still trains as it did."""
    support.require("accelerate")
    from accelerate import Accelerator

    prepared = Accelerator(cpu=True, mixed_precision="bf16").prepare(torch.nn.Linear(2, 2))
    forward = prepared.forward
    source = component.opened(Source(model=prepared))

    assert source.wrappers == ("mixed precision",)
    assert "forward" not in vars(source.model)
    assert prepared.forward is forward
    assert prepared.weight is source.model.weight
