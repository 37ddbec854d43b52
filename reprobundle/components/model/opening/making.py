"""Making a module from its class or factory, and loading weights into it without a second copy of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reprobundle import entries, parts
from reprobundle.components.interface import Failure, attempt
from reprobundle.components.model import arguments
from reprobundle.errors import ReproBundleError, UsageError

LARGE_BYTES = 2**28
INIT_HINT = "name all of them under init (in reprobundle.yaml: model: {init: …}), or hyperparameters of the same names"
PREFIXES = {"module.": "DistributedDataParallel", "_orig_mod.": "torch.compile"}


@dataclass(frozen=True)
class Made:
    """A model that was made by a factory.

    Attributes:
        model: What the factory gave.
        init: What it was called with: ``args`` and ``kwargs``.
    """

    model: Any
    init: Mapping[str, Any]


def resolved(what: str, entry: str) -> Any:
    """What an entry names; its module may raise anything while it is imported.

    Args:
        what: What asks for it, for messages.
        entry: ``module:name``.

    Raises:
        UsageError: It cannot be imported.
    """

    def act() -> tuple[Any, ReproBundleError | None]:
        try:
            return entries.resolve(entry), None
        except ReproBundleError as error:
            return None, error

    made = attempt(act)
    if isinstance(made, Failure):
        raise UsageError(f"{what}: importing {entry!r} failed: {made.why}")
    found, error = made
    if error is not None:
        raise UsageError(f"{what}: {error}", hint=error.hint) from error
    return found


def made_by(factory: Any, init: Any, hyperparameters: Any, what: str = "factory") -> Made:
    """Call a factory with its arguments, as given or found by name among the hyperparameters.

    Args:
        factory: A class or function, itself or as ``module:name``.
        init: Keywords, a list, or ``{"args": […], "kwargs": {…}}``; None: found by name.
        hyperparameters: A mapping, or an object with attributes.
        what: What asks for it, for messages.

    Raises:
        UsageError: It cannot be imported, needs more than there is, or fails.
    """
    function = resolved(what, factory) if isinstance(factory, str) else factory
    called = init_of(function, init, hyperparameters, what)
    made = attempt(lambda: function(*called["args"], **called["kwargs"]))
    if isinstance(made, Failure):
        raise UsageError(f"{what}: calling {_name(factory)!r} failed: {made.why}", hint=INIT_HINT)
    return Made(made, called)


def init_of(factory: Callable[..., Any], init: Any, hyperparameters: Any, what: str) -> dict[str, Any]:
    """A factory's arguments by position and keyword; a mapping where it asks for a dataclass becomes one.

    Raises:
        UsageError: The factory needs more than there is, or a mapping does not fit the dataclass.
    """
    name = _name(factory)
    if init is None:
        found = attempt(lambda: arguments.by_name(factory, hyperparameters))
        if isinstance(found, Failure):
            raise UsageError(f"{what}: the arguments of {name!r} cannot be read: {found.why}", hint=INIT_HINT)
        if found.missing:
            message = f"{what}: {name!r} needs {', '.join(found.missing)}, which no hyperparameter gives"
            raise UsageError(message, hint=INIT_HINT)
        return {"args": (), "kwargs": dict(found.kwargs)}
    args, kwargs = arguments.split(init)
    hints = arguments.hints_of(factory)
    fitted = attempt(lambda: {key: parts.fitted(value, hints.get(key)) for key, value in kwargs.items()})
    if isinstance(fitted, Failure):
        raise UsageError(f"init: does not fit {name!r}: {fitted.why}")
    return {"args": args, "kwargs": fitted}


def loaded(
    factory: Any, init: Any, hyperparameters: Any, state: Mapping[str, Any], name: str
) -> tuple[Made, str | None]:
    """Make a module and load weights into it strictly; the tensors stay the very ones given.

    A large module is made without memory of its own first; where its constructor needs values for more than its state, it
    is made once more as usual.

    Args:
        factory: As in `made_by`.
        init: As in `made_by`.
        hyperparameters: As in `made_by`.
        state: Tensors by name.
        name: The file's name, for messages.

    Returns:
        The module in evaluation mode; and what a prefix of all names tells it was wrapped in.

    Raises:
        UsageError: It cannot be made, or the weights do not fit.
    """
    if sum(value.nbytes for value in state.values()) >= LARGE_BYTES:
        light = attempt(lambda: _without_memory(factory, init, hyperparameters))
        if not isinstance(light, Failure):
            wrapped = load_into(light.model, state, name)
            if not _lacks_values(light.model):
                return light, wrapped
    made = made_by(factory, init, hyperparameters)
    return made, load_into(made.model, state, name)


def load_into(module: Any, state: Mapping[str, Any], name: str) -> str | None:
    """Load weights strictly: every name must be there and none left over; gives what a prefix of all names tells.

    Raises:
        UsageError: They do not fit.
    """
    if not hasattr(module, "load_state_dict"):
        raise UsageError(f"model {name!r}: the factory made a {type(module).__name__}, which loads no weights")
    plain, wrapped = _without_prefixes(state, module)
    unfit = attempt(lambda: _strictly(module, plain))
    if isinstance(unfit, Failure) or unfit is not None:
        why = unfit.why if isinstance(unfit, Failure) else unfit
        raise UsageError(f"model {name!r}: {why}")
    module.eval()
    return wrapped


def _strictly(module: Any, state: Mapping[str, Any]) -> str | None:
    """Load weights as the worker does at a replay; gives why they do not fit, or None."""
    from reprobundle.worker import loading

    try:
        loading.load(module, state, _aliases(module, state))
    except loading.UnfitWeights as error:
        return str(error)
    return None


def _name(factory: Any) -> str:
    return factory if isinstance(factory, str) else f"{factory.__module__}:{factory.__qualname__}"


def _without_memory(factory: Any, init: Any, hyperparameters: Any) -> Made:
    import torch

    with torch.device("meta"):
        return made_by(factory, init, hyperparameters)


def _lacks_values(module: Any) -> bool:
    """Whether a tensor of a module, or one that it keeps by the way, is still without memory."""
    import torch

    def told(value: Any) -> Iterable[Any]:
        return value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else (value,)

    kept = (one for part in module.modules() for value in vars(part).values() for one in told(value))
    return any(isinstance(one, torch.Tensor) and one.is_meta for one in kept)


def _without_prefixes(state: Mapping[str, Any], module: Any) -> tuple[Mapping[str, Any], str | None]:
    """The state without what wrappers put before every name, where the module's own names have none of it."""
    own, wrapped = module.state_dict().keys(), []
    while state and not own & state.keys():
        prefix = next((one for one in PREFIXES if all(name.startswith(one) for name in state)), None)
        if prefix is None:
            break
        state = {name.removeprefix(prefix): value for name, value in state.items()}
        wrapped.append(PREFIXES[prefix])
    return state, " and ".join(wrapped) or None


def _aliases(module: Any, state: Mapping[str, Any]) -> dict[str, str]:
    """Names that are one tensor in the module, with the first of them that the state has: files often hold it once."""
    named = [*module.named_parameters(remove_duplicate=False), *module.named_buffers(remove_duplicate=False)]
    own = module.state_dict().keys()
    groups: dict[int, list[str]] = {}
    for name, value in named:
        if name in own:
            groups.setdefault(id(value), []).append(name)
    found: dict[str, str] = {}
    for group in groups.values():
        kept = next((name for name in group if name in state), None)
        if kept is not None:
            found.update({name: kept for name in group if name != kept and _is_one(state.get(name), state[kept])})
    return found


def _is_one(value: Any, kept: Any) -> bool:
    """Whether a name has no value of its own in a state, or just the same memory."""
    return value is None or (value.data_ptr() == kept.data_ptr() and value.shape == kept.shape)
