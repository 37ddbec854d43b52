"""Which differences between two environments may have moved the numbers: those known to act on what moved come first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from reprobundle.components.environment.differing import grading
from reprobundle.phrases import some
from reprobundle.report import Finding, Grade

SHOWN = 8
FAMILIES = {  # by the beginning or end of the name of a module's class
    "convolution": ("*Conv[123]d*", "*ConvTranspose*", "*Conv1D"),
    "linear": ("*Linear*", "Bilinear", "*Conv1D"),
    "attention": ("*Attention*", "Transformer*"),
    "normalisation": ("*Norm*",),
    "recurrent": ("LSTM*", "GRU*", "RNN*"),
    "activation": ("*ReLU*", "*GELU*", "*SiLU*", "Sigmoid", "Tanh", "*Softmax*", "Softplus", "Mish", "ELU", "CELU", "SELU"),
    "pooling": ("*Pool*",),
}  # fmt: skip
PRODUCTS = frozenset({"convolution", "linear", "attention", "recurrent"})
ANY = frozenset(FAMILIES)
ACTS_ON = (  # names of facts or variables, and the kinds of module they are known to act on; the first that fits counts
    ("the kind of device*", ANY),
    ("torch|torch.version|torch.commit|torch.debug", ANY),
    ("*cudnn*|*miopen*", frozenset({"convolution", "recurrent", "normalisation"})),
    ("*sdp*|*attention*|*flash*", frozenset({"attention"})),
    ("*ONEDNN*|*DNNL*|*mkldnn*|torch.onednn", frozenset({"convolution", "linear", "recurrent"})),
    ("*TF32*|*tf32*|*fp32_precision*|*matmul_precision*|*reduced_precision*|*accumulation*|*FPMATH*", PRODUCTS),
    ("*MKL*|*mkl*|*BLAS*|*blas*|*BLIS*|threadpool.*", frozenset({"linear", "attention", "recurrent", "convolution"})),
    ("*ATEN_CPU_CAPABILITY|torch.cpu_capability", ANY),
    ("cpu.flags|cpu.isa*|cpu.features|system.machine", ANY),
    ("*THREADS*|*threads*", frozenset({"linear", "convolution", "attention", "normalisation", "recurrent"})),
    ("*autocast*|*default_dtype*|*flush_denormal*", ANY),
)  # fmt: skip

LEFT = (
    "the kind of device*",
    "torch.cpu_capability",
    "cpu.*",
    "system.*",
    "gpu.*",
    "*threads*",
    "[A-Z]*_*",
)  # by a rebuild


@dataclass(frozen=True, kw_only=True)
class Cause:
    """A difference between the environments that may explain other numbers.

    Attributes:
        name: The fact, variable or distribution.
        grade: How much it can change numbers.
        acts: Whether it is known to act on the kind of module that moved first.
        words: The difference and the reason, as a person reads them.
    """

    name: str
    grade: Grade
    acts: bool
    words: str

    @property
    def is_left_by_a_rebuild(self) -> bool:
        """Whether it is of the machine or of a variable, so that the recorded packages would change nothing of it."""
        return any(fnmatchcase(self.name, pattern) for pattern in LEFT)


def family_of(kind: str) -> str | None:
    """The family of operations that a class of modules belongs to; None where none is known."""
    return next(
        (family for family, patterns in FAMILIES.items() if any(fnmatchcase(kind, pattern) for pattern in patterns)),
        None,
    )


def ranked(findings: Iterable[Finding], kind: str | None) -> tuple[Cause, ...]:
    """The differences that can change numbers, the likeliest first.

    Args:
        findings: What the checks found; only graded differences of the environment count.
        kind: Class of the module that moved first; None where it is not known.
    """
    family = None if kind is None else family_of(kind)
    causes = [_cause(one, family) for one in findings if one.grade is not None and one.grade is not Grade.LOW]
    return tuple(sorted(causes, key=lambda cause: (grading.most_first(cause.grade) - cause.acts, not cause.acts)))


def told(causes: Iterable[Cause]) -> tuple[str, ...]:
    """The first few in words, and the names of the rest."""
    listed = list(causes)
    rest = (f"and {some([one.name for one in listed[SHOWN:]])}",) if len(listed) > SHOWN else ()
    return (*(one.words for one in listed[:SHOWN]), *rest)


def _cause(finding: Finding, family: str | None) -> Cause:
    name = _name(finding.message)
    sides = f": recorded {finding.expected}, here {finding.found}" if finding.expected is not None else ""
    assert finding.grade is not None  # asked before
    return Cause(
        name=name,
        grade=finding.grade,
        acts=family is not None and family in _acts_on(name),
        words=f"{finding.message.removesuffix(' differs')}{sides}: {finding.why}",
    )


def _name(message: str) -> str:
    """What a finding is about: the first word, or all of a sentence."""
    if message.startswith("the kind of device"):
        return message
    return message.partition(" ")[0].removeprefix("variables.").removeprefix("process.")


def _acts_on(name: str) -> frozenset[str]:
    return next(
        (kinds for names, kinds in ACTS_ON if any(fnmatchcase(name, one) for one in names.split("|"))), frozenset()
    )
