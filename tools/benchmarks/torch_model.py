"""The benchmarks' models in plain PyTorch, trained in a process of their own.

`python torch_model.py '{"model": ..., ...}'` prints JSON.

Run with MALLOC_MMAP_MAX_=0 and MALLOC_TRIM_THRESHOLD_=-1: memory given back to the
system after each operation makes every step a third slower.
"""

import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional


class Layer(nn.Module):
    """Convolution, batch normalisation and nonlinearity."""

    def __init__(self, before, channels, side, padded, separable, on_off):
        super().__init__()
        padding = side // 2 if padded else 0
        if separable:
            mixed = nn.Conv2d(before, channels, 1, bias=False)
            self.convolution = nn.Sequential(
                nn.Conv2d(
                    before, before, side, padding=padding, groups=before, bias=False
                ),
                mixed,
            )
        else:
            self.convolution = nn.Conv2d(
                before, channels, side, padding=padding, bias=False
            )
        self.norm = nn.BatchNorm2d(channels, eps=1e-3, momentum=0.1)
        self.on_off = on_off

    def forward(self, features):
        features = self.norm(self.convolution(features))
        if self.on_off:
            power = torch.log1p(features.square())
            zero = torch.zeros_like(power)
            return torch.cat(
                [
                    torch.where(features > 0, power, zero),
                    torch.where(features < 0, power, zero),
                ],
                dim=1,
            )
        return functional.elu(features)


class Core(nn.Module):
    def __init__(self, filters, sides, separable, pool, on_off):
        super().__init__()
        first = Layer(1, filters[0], sides[0], False, False, on_off)
        channels = [filters[0] * (1 + on_off), *filters[1:]]
        later = [
            Layer(*pair, side, True, separable, False)
            for *pair, side in zip(channels[:-1], channels[1:], sides[1:], strict=True)
        ]
        self.layers = nn.Sequential(
            first, nn.AvgPool2d(pool) if pool > 1 else nn.Identity(), *later
        )

    def forward(self, images):
        return self.layers(images)


class Gaussian(nn.Module):
    """Features at a place drawn around each neuron's position for every image."""

    def __init__(self, shape, neurons):
        super().__init__()
        self.mean = nn.Parameter(torch.rand(neurons, 2) * 1.8 - 0.9)
        self.spread = nn.Parameter(0.3 * torch.eye(2).repeat(neurons, 1, 1))
        self.features = nn.Parameter(0.1 * torch.randn(shape[0], neurons))
        self.bias = nn.Parameter(torch.zeros(neurons))

    def forward(self, features):
        noise = torch.randn(len(features), len(self.mean), 2)
        places = self.mean + torch.einsum("nij,bnj->bni", self.spread.tril(), noise)
        read = functional.grid_sample(
            features, places.clamp(-1, 1)[:, :, None].flip(-1), align_corners=True
        )[..., 0]
        return functional.softplus((read * self.features).sum(1) + self.bias)


class Factorized(nn.Module):
    def __init__(self, shape, neurons):
        super().__init__()
        self.mask = nn.Parameter(0.01 * torch.randn(shape[1] * shape[2], neurons))
        self.features = nn.Parameter(0.1 * torch.randn(shape[0], neurons))
        self.bias = nn.Parameter(torch.zeros(neurons))

    def forward(self, features):
        pooled = features.flatten(2) @ self.mask  # (batch, channels, neurons)
        return functional.softplus((pooled * self.features).sum(1) + self.bias)

    def penalty(self):
        return 0.01 * (self.mask.abs().sum(0) * self.features.abs().sum(0)).sum()


def main(asked):
    torch.set_num_threads(asked["threads"])
    torch.manual_seed(0)
    last = torch.channels_last if asked["channels_last"] else torch.contiguous_format
    core = Core(
        asked["filters"],
        asked["sides"],
        asked["separable"],
        asked["pool"],
        asked["on_off"],
    )
    images = 40 * torch.randn(asked["batch"], 1, *asked["image_size"]) + 110
    shape = core(images[:1]).shape[1:]
    readout = {"gaussian": Gaussian, "factorized": Factorized}[asked["readout"]](
        shape, asked["neurons"]
    )
    core = core.to(memory_format=last)
    responses = torch.poisson(torch.ones(asked["batch"], asked["neurons"]))
    parameters = [*core.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, 3e-3)
    run = torch.compile(core) if asked["compile"] else core

    def step():
        optimizer.zero_grad(set_to_none=True)
        shown = ((images - 110) / 60).to(memory_format=last)
        with torch.autocast("cpu", torch.bfloat16, enabled=asked["bfloat16"]):
            features = run(shown)
        rates = readout(features.float()) + 1e-6
        loss = (rates - responses * rates.log()).sum() / len(images)
        (
            loss + (readout.penalty() if asked["readout"] == "factorized" else 0)
        ).backward()
        optimizer.step()
        return float(loss.detach())

    began = time.perf_counter()
    for _ in range(2):
        step()
    first, took, used = time.perf_counter() - began, [], time.process_time()
    for _ in range(asked["steps"]):
        began = time.perf_counter()
        step()
        took.append(time.perf_counter() - began)
    found = {
        "seconds": took,
        "processor_seconds": (time.process_time() - used) / asked["steps"],
        "first_two": first,
    }
    print(
        json.dumps(
            found
            | {
                "parameters": sum(p.numel() for p in parameters),
                "version": torch.__version__,
            }
        )
    )


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
