from __future__ import annotations

import json

import pytest
from projects import NET, make_project, python

import reprobundle

pytest.importorskip("torch")
pytestmark = pytest.mark.slow

TRAIN = """
import json
import sys
from pathlib import Path

import torch
import torch.distributed
from net import Net

import reprobundle
from reprobundle import ranks

OUT = Path(sys.argv[1])


def capture(name, model):
    try:
        return reprobundle.capture(OUT / name, model=model, inputs=torch.ones(2, 4), budget=0, proof=False).id
    except reprobundle.ReproBundleError as error:
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    torch.distributed.init_process_group("gloo")
    rank = torch.distributed.get_rank()
    torch.manual_seed(rank)
    told = {"states": {number: sorted(states) for number, states in ranks.generator_states().items()}}
    model = torch.nn.parallel.DistributedDataParallel(Net(8))
    told["together"] = capture("together", model)
    told["each its own"] = capture(f"own-{rank}", model)
    told["again"] = capture("together", model)
    if rank == 0:
        told["alone"] = capture("alone", model)
    else:
        told["followed"] = bool(ranks.follow("elsewhere/alone"))
    (OUT / f"{rank}.json").write_text(json.dumps(told))
    torch.distributed.destroy_process_group()
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """What each of two processes that trained together has to tell, and the folder of their bundles."""
    folder = tmp_path_factory.mktemp("ranks")
    project = make_project(folder / "project", net=NET, train=TRAIN)
    launch = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    finished = python(*launch, "train.py", str(folder), cwd=project)
    assert finished.returncode == 0, finished.stderr
    return folder, *(json.loads((folder / f"{rank}.json").read_text()) for rank in (0, 1))


def test_one_rank_captures_for_all(trained):
    """Called on every rank, capture makes one bundle, on rank 0, and every rank is given the same."""
    folder, first, second = trained

    assert first["together"] == second["together"] == reprobundle.verify(folder / "together").id


def test_ranks_that_name_different_folders_capture_each(trained):
    """Where each rank trained a model of its own, each captures it."""
    folder, first, second = trained

    assert [first["each its own"], second["each its own"]] == [
        reprobundle.verify(folder / f"own-{rank}").id for rank in (0, 1)
    ]


def test_what_fails_on_rank_zero_fails_on_all(trained):
    """An error on rank 0 is an error on the others, which would else wait for ever, and says what rank 0 said."""
    folder, first, second = trained
    exists = f"UsageError: output folder {str(folder / 'together')!r} exists; a bundle is never overwritten"

    assert (first["again"], second["again"]) == (exists, f"UnavailableError: rank 0 failed: {exists}")


def test_a_rank_that_follows_passes_other_calls_over(trained):
    """Who waits for one bundle by its name hears of that one, in whichever folder it itself runs."""
    _, first, second = trained

    assert len(first["alone"]) == 32
    assert second["followed"]


def test_generators_of_every_rank_reach_rank_zero(trained):
    """Rank 0 has the states of the random generators of all ranks, the others their own."""
    _, first, second = trained

    assert first["states"] == {"0": first["states"]["0"], "1": first["states"]["0"]}
    assert list(second["states"]) == ["1"]
    assert "torch" in second["states"]["1"]
