from __future__ import annotations

from tiny import tiny_manifest

from reprobundle.components.environment.section import (
    CondaPackage,
    Distribution,
    Edited,
    Interpreter,
    LeftOut,
    LockFacts,
    Origin,
    Platform,
    Section,
    Slurm,
)
from reprobundle.rendering import environment

WHOLE = Section(
    interpreter=Interpreter(
        implementation="cpython",
        version="3.11.7",
        build="main, GCC 12.2.0",
        cache_tag="cpython-311",
        abi="cpython-311-x",
    ),
    platform=Platform(
        system="Linux",
        machine="x86_64",
        libc="glibc 2.36",
        distribution="Debian GNU/Linux 12",
        container="apptainer",
        slurm=Slurm(nodes=2, tasks=8, gpus=4),
    ),
    distributions=(
        Distribution(
            name="mine", version="1.0", origin=Origin(kind="vcs", commit="a" * 40), imported=True, requested=True
        ),
        Distribution(
            name="numpy",
            version="2.3.5",
            origin=Origin(kind="index"),
            imported=False,
            requested=False,
            edited=Edited(count=2, paths=("numpy/a.py", "numpy/b.py")),
        ),
    ),
    numerics={
        "torch.threads": 2,
        "cuda.available": False,
        "cuda.sdp.priority": [1, 2],
        "variables": {"OMP_NUM_THREADS": "2"},
    },
    lock=LockFacts(hashes="none", why="no index could be reached", by="none"),
    wheels=("environment/wheels/mine-1.0-py3-none-any.whl",),
    left_out=(LeftOut(name="odd", version="x", reason="its version is not of the standard form"),),
    portable="environment/requirements.portable.txt",
    pylock="environment/pylock.toml",
    index_hints={"torch": "pytorch/cu128"},
    conda=(CondaPackage(name="mkl", version="2024.0", build="h1", channel="conda-forge"),),
)


def test_a_stranger_reads_everything_that_was_captured():
    """Interpreter, system, lock without hashes in capitals, then a table each of distributions, facts and the rest."""
    assert (
        environment.render(WHOLE, colour=False, width=100)
        == """\
interpreter  cpython 3.11.7, cpython-311-x
             build: main, GCC 12.2.0
system       Linux x86_64, glibc 2.36, Debian GNU/Linux 12
container    apptainer
Slurm job    2 nodes, 8 tasks, 4 gpus
conda        1 package
lock         WITHOUT HASHES: no index could be reached; reprobundle lock BUNDLE adds them
             beside it environment/pylock.toml and environment/requirements.portable.txt
wheels       1 wheel in the bundle itself
             mine-1.0-py3-none-any.whl
indexes      torch: pytorch/cu128

Distributions (2)
  name   version  origin            imported  requested  edited since
  mine   1.0      vcs aaaaaaaaaaaa  yes       yes        -
  numpy  2.3.5    index             no        no         2 files: numpy/a.py, …

Facts that change numbers (4)
  fact                       value
  cuda.available             false
  cuda.sdp.priority          1, 2
  torch.threads              2
  variables.OMP_NUM_THREADS  2

Conda packages (1)
  name  version  build  channel
  mkl   2024.0   h1     conda-forge

Installed, but not in the lock (1)
  name  version  reason
  odd   x        its version is not of the standard form"""
    )


def test_what_is_not_there_is_said():
    """No container, no conda, no variable: the reader need not guess whether anybody looked."""
    plain = tiny_manifest().environment.model_copy(update={"numerics": {"variables": {}}, "lock": None})
    shown = environment.render(plain, colour=False, width=100)

    assert "container    none\nconda        none\nlock         NONE: nothing that was installed" in shown
    assert shown.endswith("  fact       value\n  variables  none set")


def test_nothing_of_a_bundle_reaches_the_terminal_unescaped():
    """Values of facts and names of builds are shown, not obeyed."""
    evil = "\x1b]52;c;evil\x07\u202e\n"
    update = {
        "numerics": {evil: evil, "variables": {evil: evil}},
        "left_out": (LeftOut(name=evil, version=evil, reason=evil),),
    }
    section = WHOLE.model_copy(
        update={**update, "interpreter": WHOLE.interpreter.model_copy(update={"build": evil, "abi": evil})}
    )
    shown = environment.render(section, colour=False, width=100)

    assert all(character == "\n" or character.isprintable() for character in shown)
