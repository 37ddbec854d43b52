"""What may be set otherwise to get the recorded numbers back: first what differs from the record, then what often helps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from reprobundle.components.environment.differing import grading
from reprobundle.diagnosing.proposing import Words, command
from reprobundle.records import Json
from reprobundle.report import Grade
from reprobundle.worker import numerics

CPU = "cpu"
CAPABILITY = "torch.cpu_capability"
NARROWS = "ATEN_CPU_CAPABILITY"
FLAGS = "cpu.flags"
THREADS = "torch.threads"
VECTORS = ("DEFAULT", "AVX2", "AVX512")  # as torch calls them, narrowest first
ALIKE = {"NO AVX": "DEFAULT"}
NEEDED = {"AVX512": {"avx512f", "avx512bw", "avx512dq", "avx512vl"}, "AVX2": {"avx2", "fma"}}  # as torch asks for
ISA = {  # what oneDNN and MKL are told so that they compute as on a processor that has no more
    "DEFAULT": {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41", "MKL_CBWR": "COMPATIBLE"},
    "AVX2": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_CBWR": "AVX2"},
}
COARSE = (  # what changes the precision, and so moves numbers by far more than another order of sums
    "*autocast*", "*default_dtype*", "*tf32*", "*precision*", "*reduced*", "*accumulation*", "*fpmath*", "*flush_denormal*",
    "*x64*",
)  # fmt: skip
BEYOND = frozenset({"torch.interop_threads"})  # torch takes it once only, and it moves nothing
STANDARD_VARIABLES = (
    {"ATEN_CPU_CAPABILITY": "avx2"},
    {"ONEDNN_MAX_CPU_ISA": "AVX2"},
    {"MKL_CBWR": "COMPATIBLE"},
    {"ATEN_CPU_CAPABILITY": "default"},
    {"ONEDNN_MAX_CPU_ISA": "SSE41"},
    ISA["AVX2"],
    ISA["DEFAULT"],
)
WITHOUT_TORCH = (
    {"OMP_NUM_THREADS": "1"},
    {"OPENBLAS_NUM_THREADS": "1"},
    {"OPENBLAS_CORETYPE": "Haswell"},
    {"MKL_CBWR": "COMPATIBLE"},
)
ACCELERATOR_VARIABLES = ({"NVIDIA_TF32_OVERRIDE": "0"}, {"CUBLAS_WORKSPACE_CONFIG": ":4096:8"})
SWITCHES = (
    "mkldnn.enabled",
    "torch.attention_fast_path",
    "torch.deterministic",
    "torch.flush_denormal",
    "autocast.cpu",
)
ACCELERATOR_SWITCHES = (
    "cuda.matmul.allow_tf32", "cudnn.allow_tf32", "torch.deterministic", "cudnn.deterministic", "cudnn.benchmark",
    "cudnn.enabled", "cuda.sdp.flash", "cuda.sdp.mem_efficient", "autocast.cuda",
)  # fmt: skip
CHOICES = {"torch.float32_matmul_precision": ("highest", "high", "medium"), THREADS: (1, 2)}
STATEMENTS = {
    THREADS: "torch.set_num_threads({})",
    "torch.float32_matmul_precision": "torch.set_float32_matmul_precision({})",
    "torch.deterministic": "torch.use_deterministic_algorithms({})",
    "torch.flush_denormal": "torch.set_flush_denormal({})",
    "torch.attention_fast_path": "torch.backends.mha.set_fastpath_enabled({})",
    "autocast.cpu": "torch.set_autocast_enabled('cpu', {})",
    "autocast.cuda": "torch.set_autocast_enabled('cuda', {})",
}


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Something that could be set otherwise.

    Attributes:
        why: Why it is tried, in a few words.
        variables: Variables to set.
        without: Variables not to set.
        settings: Numeric settings, by the names of ``worker/torch_settings.py``.
    """

    why: str
    variables: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    settings: Mapping[str, Json] = field(default_factory=dict)

    @property
    def words(self) -> tuple[str, ...]:
        """What is set, one text each, such as ``MKL_CBWR=AVX2``, ``OMP_NUM_THREADS unset`` or ``torch.threads=1``."""
        set_ = [f"{name}={value}" for name, value in self.variables.items()]
        unset = [f"{name} unset" for name in self.without]
        return (*set_, *unset, *(f"{name}={_literal(value)}" for name, value in self.settings.items()))

    @property
    def needs_process(self) -> bool:
        """Whether it decides at the start of a process, so that it needs one of its own."""
        return bool(self.variables or self.without)

    @property
    def is_coarse(self) -> bool:
        """Whether all of it changes the precision of what is computed, not just the order of sums."""
        names = [*self.variables, *self.without, *self.settings]
        return all(any(fnmatchcase(name.lower(), pattern) for pattern in COARSE) for name in names)

    def command(self, words: Words) -> str | None:
        """What to type so that a replay has it; None where no variable does it."""
        variables = dict(self.variables)
        if self.settings:
            if set(self.settings) != {THREADS}:
                return None
            variables["OMP_NUM_THREADS"] = _literal(self.settings[THREADS])
        return command(words, variables, self.without)

    @property
    def statements(self) -> tuple[str, ...]:
        """What to write in Python to have the settings."""
        return tuple(_statement(name, value) for name, value in self.settings.items())


def joined(candidates: Iterable[Candidate], why: str) -> Candidate:
    """All of them together."""
    listed = list(candidates)
    return Candidate(
        why=why,
        variables={name: value for one in listed for name, value in one.variables.items()},
        without=tuple(name for one in listed for name in one.without),
        settings={name: value for one in listed for name, value in one.settings.items()},
    )


def from_differences(
    recorded: Mapping[str, Json], found: Mapping[str, Json], own: Mapping[str, str], *, device: str = CPU
) -> tuple[Candidate, ...]:
    """What is set otherwise here than at capture, each by itself, those that change numbers most first.

    Args:
        recorded: The facts of the capture.
        found: The facts of the worker.
        own: The variables of the worker's process.
        device: Kind of device that the model ran on.
    """
    devices = frozenset({device})
    weights: list[tuple[int, Candidate]] = []
    variables = list(_variables(recorded, own))
    threads = any("THREADS" in name for name, _ in variables)
    for name, candidate in variables:
        weights.append((grading.most_first(grading.of_fact(f"variables.{name}", devices=devices).grade), candidate))
    for name, candidate in _settings(recorded, found):
        if name != THREADS or not threads:
            weights.append((grading.most_first(grading.of_fact(name, devices=devices).grade), candidate))
    low = grading.most_first(Grade.LOW)
    chosen = [candidate for weight, candidate in sorted(weights, key=lambda pair: pair[0]) if weight < low]
    return (*chosen, *_narrower(recorded, found, own)) if device == CPU else tuple(chosen)


def standard(found: Mapping[str, Json], own: Mapping[str, str], *, device: str = CPU) -> tuple[Candidate, ...]:
    """What often decides on the last bits, settings of the running process first.

    Args:
        found: The facts of the worker.
        own: The variables of the worker's process.
        device: Kind of device that the model ran on.
    """
    why = "it often decides on the last bits"
    choices = [
        Candidate(why=why, settings={name: value})
        for name, values in CHOICES.items()
        for value in values
        if name in found and found[name] != value and (device == CPU or name != THREADS)
    ]
    switches = [
        Candidate(why=why, settings={name: not found[name]})
        for name in (SWITCHES if device == CPU else ACCELERATOR_SWITCHES)
        if isinstance(found.get(name), bool)
    ]
    variables = [
        Candidate(why=why, variables=set_)
        for set_ in _variables_to_try(found, device)
        if any(own.get(name) != value for name, value in set_.items())
    ]
    return (*choices, *switches, *variables)


def _variables_to_try(found: Mapping[str, Json], device: str) -> Iterable[Mapping[str, str]]:
    if device != CPU:
        return ACCELERATOR_VARIABLES
    return STANDARD_VARIABLES if any(name.startswith("torch.") for name in found) else WITHOUT_TORCH


def wider_there(recorded: Mapping[str, Json], found: Mapping[str, Json], own: Mapping[str, str]) -> str | None:
    """The vectors of the processor at capture, where this one has narrower ones; no setting makes them wider.

    Args:
        recorded: The facts of the capture.
        found: The facts of the worker.
        own: The variables of the worker's process: one of them may keep torch from what the processor has.
    """
    before, here = _vectors(recorded), _vectors_of_processor(found, own)
    if before is None or here is None or before <= here:
        return None
    return VECTORS[before]


def _variables(recorded: Mapping[str, Json], own: Mapping[str, str]) -> Iterable[tuple[str, Candidate]]:
    """Variables that were set otherwise, or not at all; only names and values that a replay may set."""
    told = recorded.get(numerics.VARIABLES)
    before = numerics.own_variables(
        {name: str(value) for name, value in told.items()} if isinstance(told, dict) else {}
    )
    here = numerics.own_variables(own)
    for name in sorted({*before, *here}):
        if name not in before:
            yield name, Candidate(why=f"it is {here[name]} here and was not set at capture", without=(name,))
        elif before[name] != here.get(name):
            why = f"it was {before[name]} at capture and is {here.get(name, 'not set')} here"
            yield name, Candidate(why=why, variables={name: before[name]})


def _settings(recorded: Mapping[str, Json], found: Mapping[str, Json]) -> Iterable[tuple[str, Candidate]]:
    """Settings of the process that are not the recorded ones."""
    here = numerics.settings(found)
    for name, value in numerics.settings(recorded).items():
        if name in here and here[name] != value and name not in BEYOND:
            why = f"it was {_literal(value)} at capture and is {_literal(here[name])} here"
            yield name, Candidate(why=why, settings={name: value})


def _narrower(recorded: Mapping[str, Json], found: Mapping[str, Json], own: Mapping[str, str]) -> Iterable[Candidate]:
    """The processor of the capture where it had narrower vectors: torch told so, then its libraries, too."""
    before, here = _vectors(recorded), _vectors(found)
    if before is None or here is None or before >= here:
        return
    why = f"the processor at capture had {VECTORS[before]}, this one has {VECTORS[here]}"
    whole = ISA[VECTORS[before]]
    for names in (("ATEN_CPU_CAPABILITY",), ("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA"), tuple(whole)):
        set_ = {name: whole[name] for name in names}
        if any(own.get(name) != value for name, value in set_.items()):
            yield Candidate(why=why, variables=set_)


def _vectors(facts: Mapping[str, Json]) -> int | None:
    value = str(facts.get(CAPABILITY)).upper()
    named = ALIKE.get(value, value)
    return VECTORS.index(named) if named in VECTORS else None


def _vectors_of_processor(found: Mapping[str, Json], own: Mapping[str, str]) -> int | None:
    """What the processor has, whatever a variable lets torch use of it; None where that is not known."""
    if NARROWS not in own:
        return _vectors(found)
    flags = set(str(found.get(FLAGS) or "").split())
    if not flags:
        return None
    return VECTORS.index(next((name for name, needed in NEEDED.items() if needed <= flags), VECTORS[0]))


def _literal(value: Json) -> str:
    return str(value)


def _statement(name: str, value: Json) -> str:
    if name in STATEMENTS:
        return STATEMENTS[name].format(repr(value))
    owner, _, rest = name.partition(".")
    return f"torch.{rest} = {value!r}" if owner == "torch" else f"torch.backends.{name} = {value!r}"
