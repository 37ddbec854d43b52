"""The kinds of things a bundle holds, each with both its directions in one room."""

from reprobundle.components import (
    claims,
    code,
    data,
    documentation,
    environment,
    hyperparameters,
    model,
    outputs,
    preprocessing,
)

COMPONENTS = (environment, code, data, preprocessing, hyperparameters, model, outputs, claims, documentation)
