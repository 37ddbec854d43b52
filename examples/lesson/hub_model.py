"""The same perceptron with the three methods of huggingface_hub: a mixin, and nothing else changes."""

from __future__ import annotations

from huggingface_hub import PyTorchModelHubMixin
from model import MyModel


class MyHubModel(MyModel, PyTorchModelHubMixin):
    """Has ``save_pretrained``, ``from_pretrained`` and ``push_to_hub``."""
