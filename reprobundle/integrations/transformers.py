"""``Trainer(…, callbacks=[CaptureCallback("my-model")])``: a bundle at the end of training."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from reprobundle.capturing import Captured
from reprobundle.errors import UnavailableError
from reprobundle.extras import how_to_install
from reprobundle.integrations.training import AtTheEnd, first_batch, inputs_of

try:
    from transformers import TrainerCallback
except ImportError as error:
    message = "the callback for transformers needs transformers, which is not installed"
    raise UnavailableError(message, hint=how_to_install("transformers")) from error

NOT_CHOSEN = frozenset(  # names of places and people: nothing that changes the model
    {"output_dir", "logging_dir", "run_name", "local_rank", "resume_from_checkpoint", "hub_token", "hub_model_id"}
)
NOT_CLAIMED = frozenset({"epoch", "step", "learning_rate", "grad_norm", "total_flos"})
TIMINGS = ("_runtime", "_per_second", "_jit_compilation_time")


class CaptureCallback(TrainerCallback):
    """Captures when training ends, on the main process, from what the trainer holds.

    Taken are the model, the tokenizer, the first samples of the evaluation or training data as inputs, the training
    arguments as hyperparameters, the metrics logged last, and both data sets as splits. A capture that fails becomes a
    `CaptureFailedWarning`: the trained model and its checkpoints stay as they are.
    """

    def __init__(self, path: str | os.PathLike[str], **given: Any) -> None:
        """Check the arguments before training begins.

        Args:
            path: The folder to make; it must not exist.
            **given: Keywords of `reprobundle.capture`, which go before what is taken from the trainer.

        Raises:
            TypeError: A keyword is none of `reprobundle.capture`.
            UsageError: The path exists.
        """
        self._end = AtTheEnd(path, given)

    @property
    def captured(self) -> Captured | None:
        """What the capture came to; None before it, and when it failed."""
        return self._end.captured

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Record the source as it is now."""
        if state.is_world_process_zero:
            self._end.begin()

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Capture."""
        if not state.is_world_process_zero:
            return
        model, train, evaluation = (kwargs.get(name) for name in ("model", "train_dataloader", "eval_dataloader"))
        loaders = {"train": train, "eval": evaluation}
        sampled = train if evaluation is None else evaluation
        taking = {
            "model": lambda: model,
            "inputs": lambda: _inputs(model, first_batch(sampled), args),
            "preprocessing": lambda: kwargs.get("processing_class"),
            "hyperparameters": lambda: {n: value for n, value in args.to_dict().items() if n not in NOT_CHOSEN},
            "splits": lambda: {name: loader.dataset for name, loader in loaders.items() if loader is not None},
            "metrics": lambda: _metrics(args, state),
        }
        with _unwrapped(model):
            self._end.capture(taking)


@contextmanager
def _unwrapped(model: Any) -> Iterator[None]:
    """Take the trainer's mixed precision off a model meanwhile: whoever loads the weights has the class's own forward."""
    wrapped = vars(model).pop("forward", None) if "_original_forward" in vars(model) else None
    try:
        yield
    finally:
        if wrapped is not None:
            model.forward = wrapped


def _inputs(model: Any, batch: Any, args: Any) -> Any:
    """What the model's ``forward`` takes of a batch, without labels, and without a cache, which is no output."""
    from transformers.utils import find_labels

    inputs = inputs_of(model, batch, args.label_names or find_labels(type(model)))
    if isinstance(inputs, dict) and getattr(getattr(model, "config", None), "use_cache", False):
        return {**inputs, "use_cache": False}
    return inputs


def _metrics(args: Any, state: Any) -> Mapping[str, float]:
    """The last value of each metric; of the best checkpoint where that is the model that was kept."""
    best = state.best_global_step if args.load_best_model_at_end else None
    kept = [entry for entry in state.log_history if best is None or entry.get("step", 0) == best]
    last = {name: value for entry in kept for name, value in entry.items()}
    return {
        name: value
        for name, value in last.items()
        if name not in NOT_CLAIMED and not name.endswith(TIMINGS) and isinstance(value, int | float)
    }
