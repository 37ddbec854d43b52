"""What the process runs in, told without naming the machine."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from reprobundle.components.environment.section import Slurm
from reprobundle.components.environment.snapshot import surroundings


def test_the_abi_is_pythons_own() -> None:
    """What the build configuration calls it, without loading that configuration."""
    expected = sysconfig.get_config_var("EXT_SUFFIX").strip(".").rpartition(".")[0]

    assert surroundings.abi() == expected


@pytest.mark.parametrize(
    ("suffixes", "expected"),
    [
        ([".cpython-313t-x86_64-linux-gnu.so", ".abi3.so", ".so"], "cpython-313t-x86_64-linux-gnu"),
        ([".cp311-win_amd64.pyd", ".pyd"], "cp311-win_amd64"),
        ([".so"], None),
        ([], None),
    ],
)
def test_the_abi_is_read_from_the_names_of_modules(suffixes: list[str], expected: str | None) -> None:
    """Every platform spells it in the ending of its extension modules."""
    assert surroundings.abi(suffixes) == expected


def test_the_distribution_has_a_name() -> None:
    """One short line."""
    found = surroundings.distribution()

    assert found is None or ("\n" not in found and 0 < len(found) <= surroundings.MAX_NAME)


DOCKER = "0::/system.slice/docker-3f9a88c1.scope\n"
KUBERNETES = "1:name=systemd:/kubepods/besteffort/pod1/3f9a\n"


@pytest.mark.parametrize(
    ("files", "variables", "expected"),
    [
        ({}, {}, None),
        ({"proc/self/cgroup": "0::/user.slice/user-1000.slice/session-1.scope\n"}, {}, None),
        ({"proc/self/cgroup": "0::/system.slice/docker.service\n"}, {}, None),
        ({".dockerenv": ""}, {}, "docker"),
        ({"run/.containerenv": ""}, {}, "podman"),
        ({".dockerenv": ""}, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "kubernetes"),
        ({}, {"APPTAINER_CONTAINER": "/home/me/image.sif"}, "apptainer"),
        ({}, {"SINGULARITY_NAME": "image.sif"}, "apptainer"),
        ({".singularity.d/runscript": ""}, {}, "apptainer"),
        ({"proc/self/cgroup": DOCKER}, {}, "docker"),
        ({"proc/self/cgroup": KUBERNETES}, {}, "kubernetes"),
        ({"proc/self/cgroup": "0::/machine.slice/libpod-3f9a.scope\n"}, {}, "podman"),
        ({"proc/self/cgroup": "4:cpu:/lxc/own\n"}, {}, "lxc"),
        ({"run/systemd/container": "systemd-nspawn\n"}, {}, "container"),
        ({}, {"container": "lxc"}, "lxc"),
    ],
)
def test_a_container_is_told_by_what_its_manager_leaves(
    tmp_path: Path, files: dict[str, str], variables: dict[str, str], expected: str | None
) -> None:
    """Files, variables and names of control groups tell the kind, and nothing else is taken from them."""
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    assert surroundings.container(tmp_path, variables) == expected


def test_a_job_is_its_size(tmp_path: Path) -> None:
    """Only whole numbers are taken from Slurm's variables; names of nodes, users and accounts are not looked at."""
    variables = {
        "SLURM_JOB_ID": "7",
        "SLURM_JOB_NUM_NODES": "2",
        "SLURM_NTASKS": "16",
        "SLURM_CPUS_PER_TASK": "4(x2)",
        "SLURM_GPUS_ON_NODE": "8",
        "SLURM_JOB_NODELIST": "node[1-2]",
        "SLURM_JOB_USER": "ada",
    }

    assert surroundings.slurm(variables) == Slurm(nodes=2, tasks=16, cpus_per_task=None, gpus=8)
    assert surroundings.slurm({"SLURM_NTASKS": "16"}) is None
