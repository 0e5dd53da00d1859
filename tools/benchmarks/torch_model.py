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


def main(asked):
    torch.set_num_threads(asked["threads"])
    torch.manual_seed(0)
    device = torch.device(asked["device"])
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
    core = core.to(device, memory_format=last)
    readout = readout.to(device)
    responses = torch.poisson(torch.ones(asked["batch"], asked["neurons"])).to(device)
    images = images.to(device)
    parameters = [*core.parameters(), *readout.parameters()]
    optimizer = torch.optim.Adam(parameters, 3e-3, fused=True)

    def loss_of(images):
        shown = ((images - 110) / 60).to(memory_format=last)
        with torch.autocast(device.type, torch.bfloat16, enabled=asked["bfloat16"]):
            features = core(shown)
        rates = readout(features.float()) + 1e-6
        loss = (rates - responses * rates.log()).sum() / len(images)
        if asked["readout"] == "factorized":
            norms = readout.mask.abs().sum(0) * readout.features.abs().sum(0)
            loss = loss + asked["l1"] * norms.sum()
        return loss

    run = torch.compile(loss_of, mode=asked["compile"]) if asked["compile"] else loss_of

    def steps(count):
        """Return the seconds of so many steps."""
        began = time.perf_counter()
        for _ in range(count):
            optimizer.zero_grad(set_to_none=True)
            loss = run(images)
            loss.backward()
            optimizer.step()
        if not loss.isfinite():  # waits for the device
            raise ValueError("the loss is not finite")
        return time.perf_counter() - began

    steps(3)
    used, blocks = time.process_time(), []
    for _ in range(asked["blocks"]):
        blocks.append(steps(asked["steps"]))
    used = time.process_time() - used
    measured = {
        "images_per_second": asked["batch"] * asked["steps"] / min(blocks),
        "busy": used / sum(blocks),
        "parameters": sum(p.numel() for p in parameters),
        "version": torch.__version__,
    }
    print(json.dumps(measured))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
