
import sys

import torch
from net import Net, prepare

import reprobundle

if __name__ == "__main__":
    torch.manual_seed(3)
    model = Net(hidden=8)
    raw = torch.arange(64, dtype=torch.float64).reshape(16, 4)
    labels = torch.arange(16) % 3
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(20):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(prepare(raw)), labels).backward()
        optimizer.step()
    captured = reprobundle.capture(
        sys.argv[1],
        model=model,
        inputs=prepare(raw),
        hyperparameters={"hidden": 8, "lr": 0.1},
        preprocessing=reprobundle.Preprocessing(transform=prepare, samples=raw),
        splits={"train": (raw.numpy()[:12], labels.numpy()[:12]), "test": (raw.numpy()[12:], labels.numpy()[12:])},
        metrics={"accuracy": 0.5},
        documentation={"title": "A perceptron"},
        budget=200,
    )
    print(captured.proof.status)
