"""The benchmarks: what they compute from measurements, and the GPU's on a CPU."""

import importlib.util
import sys

import numpy as np
import pytest

from tools.benchmarks import train
from tools.benchmarks.cases import CASES, flop
from v1keras import models
from v1keras.config import resolve

needs_jax = pytest.mark.skipif(
    not importlib.util.find_spec("jax"),
    reason="JAX is not installed: pip install v1keras[jax]",
)
# Answers as PyTorch would that can compile, but knows no CUDA graphs.
FAKE_TORCH = """#!/bin/sh
case "$2" in
*reduce-overhead*) echo "no graphs here" >&2; exit 1;;
*) echo '{"images_per_second": 8.0, "busy": 1.0, "parameters": 1, "version": ""}';;
esac
"""


def test_ratios_are_of_the_fastest_and_of_each_round():
    speeds = {
        "PyTorch float32": [10, 12, 11],
        "PyTorch float32, compiled": [9],
        "PyTorch bfloat16, compiled": [20, 24, 25],
        "v1keras float32": [24, 18, 20],
        "v1keras mixed_bfloat16": [30, 36, 50],
    }
    rows = {
        name: {"rounds": rounds, "images_per_second": max(rounds)}
        for name, rounds in speeds.items()
    }
    assert train._ratio(rows, "float32") == (2.0, [2.4, 1.5, 20 / 11])
    assert train._ratio(rows) == (2.0, [1.5, 1.5, 2.0])
    # Of a slow variant there is one round alone.
    fast = [name for name in rows if train._is_fast(name, rows)]
    assert fast == ["PyTorch float32", "PyTorch float32, compiled", *list(rows)[2:3]]


def test_a_case_is_the_configuration_of_the_zoo_s_network():
    case = CASES["33 x 33 pixels, 392 neurons, kindel2019_factorized"]
    core = resolve("kindel2019_factorized").core
    assert case["filters"] == tuple(core.filters) == (64, 128, 128)
    # First layer 23 x 23 places of 11 x 11 pixels, without a gradient by the images;
    # then 11 x 11 places; the readout's mask and features.
    first = 2 * 23**2 * 11**2 * 64
    later = 3 * 11**2 * 9 * (128 * 128 + 128 * 128)
    readout = 3 * (11**2 + 1) * 128 * 392
    assert flop(case) == 2 * 18 * (first + later + readout)


@needs_jax
def test_the_gpu_compares_every_core_and_readout():
    from tools.benchmarks import gpu_jax

    named = {name.split(",")[0] for name in gpu_jax.LAYERS}
    kinds = {name for name in models.__all__ if name.endswith(("Core", "Readout"))}
    assert named == kinds
    differ = gpu_jax.relative_difference(np.array([1.0, -4.0]), np.array([1.5, -5.0]))
    assert differ == 0.2
    assert gpu_jax.relative_difference(np.zeros(2), np.zeros(2)) == 0


@needs_jax
@pytest.mark.slow
def test_the_gpu_s_script_runs_on_a_cpu_and_says_so(tmp_path, monkeypatch):
    from tools.benchmarks import gpu

    fake = tmp_path / "python"
    fake.write_text(FAKE_TORCH)
    fake.chmod(0o755)
    monkeypatch.setenv("TORCH_PYTHON", str(fake))
    measured, page = gpu.measure()
    assert not measured["gpu"]
    assert page.startswith("**This page has not been measured on a GPU")
    assert "\nLeft out: PyTorch's part failed" in page and "no graphs here" in page
    for row in measured["differences"].values():
        assert row["outputs"] < 1e-5 and row["gradient"] < 1e-4
    assert {*measured["training"]} <= {*CASES}
    assert len(measured["training"]) == 2
    for row in measured["training"].values():
        ours = max(row[name]["steps_per_second"] for name in train.PRECISIONS)
        # The fake's 8 images per second are two steps of 4.
        assert f"| **{ours / 2:.2f}** |" in page
        assert row["float32"]["loss"] == pytest.approx(
            row["mixed_bfloat16"]["loss"], rel=0.05
        )
    inversion = measured["inversion"]
    assert inversion["median_rate"] > inversion["median_rate_of_noise"]
    assert sys.modules["keras"].backend.backend() == "tensorflow"
