"""Configurations of other libraries as arguments of a constructor."""

from __future__ import annotations

import json

import pytest
import support

from reprobundle.components import model as component
from reprobundle.components.interface import Source, Stage
from reprobundle.store import Writer
from reprobundle.worker import arguments as worker

torch = pytest.importorskip("torch")


class Net(torch.nn.Module):
    def __init__(self, config):
        super().__init__()
        self.layer = torch.nn.Linear(1, config.hidden_size)


class Plain(torch.nn.Module):
    def __init__(self, hidden_size, learning_rate=0.1):
        super().__init__()


def captured(tmp_path, **given):
    """The one argument as a replay makes it, and ``config.json``."""
    stage = Stage(Writer(tmp_path))
    section = component.capture(Source(**given), stage)
    kwargs = worker.restored(section.init.model_dump(mode="json"))[1]
    return kwargs, json.loads((tmp_path / "config.json").read_text())


def test_a_node_of_omegaconf_comes_back_as_one(tmp_path):
    """Its keys are read as attributes; interpolations are resolved, and config.json holds the values alone."""
    support.require("omegaconf")
    from omegaconf import OmegaConf

    given = OmegaConf.create({"width": 3, "hidden_size": "${width}", "layers": [{"a": 1}]})
    kwargs, config = captured(tmp_path, model=Net(given), hyperparameters=given)

    assert isinstance(kwargs["config"], type(given))
    assert (kwargs["config"].hidden_size, kwargs["config"].layers[0].a) == (3, 1)
    assert config == {"width": 3, "hidden_size": 3, "layers": [{"a": 1}]}


def test_values_of_omegaconf_are_found_by_name(tmp_path):
    """As those of any mapping."""
    support.require("omegaconf")
    from omegaconf import OmegaConf

    kwargs, _ = captured(tmp_path, model=Plain(3), hyperparameters=OmegaConf.create({"hidden_size": 3, "seed": 1}))

    assert kwargs == {"hidden_size": 3}


def test_a_configuration_of_transformers_comes_back(tmp_path):
    """A module of the person's own that is made of one, without being a model of transformers."""
    support.require("transformers")
    from transformers import BertConfig

    given = BertConfig(hidden_size=8)
    kwargs, config = captured(tmp_path, model=Net(given), init={"config": given})

    assert type(kwargs["config"]) is BertConfig
    assert kwargs["config"].to_dict() == given.to_dict()
    assert (config["hidden_size"], config["model_type"]) == (8, "bert")


def test_options_of_the_trainer_are_no_configuration(tmp_path):
    """They may hold an argument by its name; the whole of them makes no model."""
    support.require("transformers")
    support.require("accelerate")
    from transformers import TrainingArguments

    given = TrainingArguments(output_dir=str(tmp_path / "out"), learning_rate=0.5, use_cpu=True, report_to=[])
    made = Plain(3)
    made.hidden_size = 3
    kwargs, _ = captured(tmp_path, model=made, hyperparameters=given)

    assert kwargs == {"hidden_size": 3, "learning_rate": 0.5}


def test_the_whole_of_a_trainers_options_makes_no_model(tmp_path):
    """A parameter named ``config`` is not filled with them."""
    support.require("transformers")
    support.require("accelerate")
    from transformers import BertConfig, TrainingArguments

    given = TrainingArguments(output_dir=str(tmp_path / "out"), use_cpu=True, report_to=[])
    stage = Stage(Writer(tmp_path))

    assert component.capture(Source(model=Net(BertConfig(hidden_size=2)), hyperparameters=given), stage).init is None
