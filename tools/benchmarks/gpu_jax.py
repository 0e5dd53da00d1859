"""What `tools/benchmark gpu` measures on Keras's JAX backend, in a process of its own.

`KERAS_BACKEND=jax python -m tools.benchmarks.gpu_jax` prints JSON. Where JAX has no
GPU, sizes are small: this shows that the script runs, and no more.
"""

import json
import math
import time

import jax
import keras
import numpy as np
from jax import numpy as jnp

from tools.benchmarks.cases import CASES, build, noise, parameters
from v1keras import models, zoo
from v1keras.training.losses import PoissonLoss

_BLOCKS = 3
_STEPS = 200
PRESET, NEURONS, ASCENT_STEPS = "kindel2019_factorized", 392, 300
_SMALL = {"neurons": 20, "batch": 4, "steps": 2}
_IMAGES, _FEATURES = (8, 33, 33, 1), (8, 11, 11, 16)
LAYERS = {
    "StackedCore, on_off": (
        lambda: models.StackedCore((16, 16), (11, 3), first_activation="on_off"),
        _IMAGES,
    ),
    "StackedCore, divisive": (
        lambda: models.StackedCore((16, 16), (11, 3), first_activation="divisive"),
        _IMAGES,
    ),
    "StackedCore, separable, dilated, skip": (
        lambda: models.StackedCore(
            (16, 16), (9, 7), separable=True, dilation=2, skip=True
        ),
        _IMAGES,
    ),
    "RotationEquivariantCore": (
        lambda: models.RotationEquivariantCore((4, 4), (9, 3), 8),
        _IMAGES,
    ),
    "KindelCore": (models.KindelCore, _IMAGES),
    "LogGaborCore": (models.LogGaborCore, _IMAGES),
    "TransferCore": (
        lambda: models.TransferCore("VGG16", "block2_conv1", weights=None),
        _IMAGES,
    ),
    "FactorizedReadout": (lambda: models.FactorizedReadout(50), _FEATURES),
    "GaussianReadout": (lambda: models.GaussianReadout(50, "full"), _FEATURES),
    "DenseReadout": (lambda: models.DenseReadout(50), _FEATURES),
    "RidgeReadout": (lambda: models.RidgeReadout(50), (8, 60)),
    "CovariateReadout": (
        lambda: models.CovariateReadout(
            models.GaussianReadout(50),
            models.Shifter("eye", [0.1, 0.2], [1.0, 2.0]),
            models.GainModulator(50, "running", [1.0], [2.0]),
        ),
        _FEATURES,
    ),
}
# Variables that stand for a variance, a power or a constant under a logarithm.
_POSITIVE = ("variance", "floors", "pool", "exponent")


def main():
    device = jax.devices()[0]
    small = device.platform == "cpu"
    # Compiling takes most of the time on small sizes.
    jax.config.update("jax_disable_most_optimizations", small)
    measured = {
        "device": device.device_kind,
        "gpu": not small,
        "versions": f"JAX {jax.__version__}, Keras {keras.__version__}",
        "differences": {name: difference(name, device) for name in LAYERS},
        "training": {},
    }
    # The first and the third: the others have the same layers.
    for name in list(CASES)[0:3:2] if small else CASES:
        case = CASES[name] | (_SMALL if small else {"steps": _STEPS})
        measured["training"][name] = {"case": case}
        for precision in ("float32", "mixed_bfloat16"):
            measured["training"][name][precision] = train(case, precision)
    neurons, steps = (2, 5) if small else (NEURONS, ASCENT_STEPS)
    measured["inversion"] = ascend(neurons, steps)
    print(json.dumps(measured))


def difference(name, device):
    """Return the largest difference between a device and the CPU, relative.

    Returns:
        Dict of those of the outputs and of the gradient by inputs and weights, each
        relative to the largest value of its array.
    """
    make, shape = LAYERS[name]
    layer, rng = make(), np.random.default_rng(7)
    inputs = [rng.normal(size=shape).astype("float32")]
    if isinstance(layer, models.CovariateReadout):
        inputs.append(
            {"eye": inputs[0][:, 0, 0, :2], "running": inputs[0][:, 1, 1, :1]}
        )
    layer(*inputs)
    for i, variable in enumerate(layer.variables):
        if "seed" not in variable.path:
            values = np.random.default_rng(i).normal(0, 0.3, variable.shape)
            if any(part in variable.path for part in _POSITIVE):
                values = np.abs(values) + 0.3
            variable.assign(values)
    weights = [np.asarray(variable.value) for variable in layer.trainable_variables]
    fixed = [np.asarray(variable.value) for variable in layer.non_trainable_variables]
    shape = layer.compute_output_shape((None, *shape[1:]))
    upstream = rng.normal(size=(shape[0] or len(inputs[0]), *shape[1:]))

    def loss(weights, inputs):
        outputs, _ = layer.stateless_call(weights, fixed, *inputs)
        return jnp.sum(outputs * upstream.astype("float32")), outputs

    function = jax.jit(jax.grad(loss, argnums=(0, 1), has_aux=True))
    results = []
    for place in (device, jax.devices("cpu")[0]):
        with jax.default_device(place), jax.default_matmul_precision("highest"):
            gradient, outputs = function(*jax.device_put((weights, inputs), place))
        results.append({"outputs": outputs, "gradient": gradient})
    here, on_cpu = results
    return {
        part: max(
            map(relative_difference, *map(jax.tree.leaves, (here[part], on_cpu[part])))
        )
        for part in ("outputs", "gradient")
    }


def relative_difference(actual, expected):
    """Return the largest difference, relative to the largest expected value."""
    expected = np.asarray(expected, "float64")
    largest = np.abs(np.asarray(actual, "float64") - expected).max()
    return float(largest / (np.abs(expected).max() or 1.0))


def train(case, precision):
    """Measure the step that `model.fit` compiles, on data that live on the device."""
    model = build(case, precision)
    model.compile(keras.optimizers.Adam(3e-3), PoissonLoss())
    images, responses = noise(case)
    batches = []
    for i in range(case["steps"]):
        rows = slice(i * case["batch"], (i + 1) * case["batch"])
        batch = images[rows].astype("float32"), responses[rows]
        batches.append(jax.device_put(batch))
    model.train_on_batch(images[: case["batch"]], responses[: case["batch"]])  # builds
    groups = (
        model.trainable_variables,
        model.non_trainable_variables,
        model.optimizer.variables,
        model.metrics_variables,
    )
    state = tuple([variable.value for variable in group] for group in groups)
    step = jax.jit(model.train_step, donate_argnums=0)
    seconds = []
    for _ in range(1 + _BLOCKS):
        start = time.perf_counter()
        for batch in batches:
            logs, state = step(state, batch)
        loss = float(logs["loss"])  # waits for the device
        seconds.append(time.perf_counter() - start)
    if not math.isfinite(loss):
        raise ValueError(f"the loss is {loss}")
    return {
        "steps_per_second": case["steps"] / min(seconds[1:]),
        "loss": loss,
        "parameters": parameters(model),
    }


def ascend(neurons, steps):
    """Measure a gradient ascent of a preset's neurons, all at once.

    It is the bare ascent on the sphere of one norm within the pixel range;
    `GradientAscent` itself needs TensorFlow.
    """
    model = zoo.load(PRESET)
    rate = model.neuron_rate_fn()
    index = np.arange(neurons)
    grey, norm = model.pixel_mean, 600.0
    noise = np.random.default_rng(0).normal(size=(neurons, *model.image_size, 1))

    def length(patterns):
        return jnp.sqrt(jnp.sum(patterns**2, axis=(1, 2, 3), keepdims=True) + 1e-30)

    def project(patterns):
        return jnp.clip(norm * patterns / length(patterns), -grey, 255 - grey)

    def total(patterns):
        return jnp.sum(rate(grey + patterns, index))

    def step(_, patterns):
        gradient = jax.grad(total)(patterns)
        return project(patterns + 0.05 * norm * gradient / length(gradient))

    run = jax.jit(lambda start: jax.lax.fori_loop(0, steps, step, start))
    start = project(jnp.asarray(noise, "float32"))
    run(start).block_until_ready()
    began = time.perf_counter()
    patterns = run(start).block_until_ready()
    seconds = time.perf_counter() - began
    return {
        "neurons": neurons,
        "steps": steps,
        "seconds": seconds,
        "median_rate_of_noise": float(np.median(rate(grey + start, index))),
        "median_rate": float(np.median(rate(grey + patterns, index))),
    }


if __name__ == "__main__":
    main()
