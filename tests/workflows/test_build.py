"""What the models of a configuration begin with, and how they are penalised."""

import itertools

import numpy as np
import pytest
from scipy import ndimage

from v1keras import Recording, simulate_recording
from v1keras.config import default
from v1keras.workflows.build import build_model, fit_ridge


@pytest.fixture(scope="module")
def recording():
    made = simulate_recording(60, 20, neurons_per_kind=1, image_size=16)
    rng = np.random.default_rng(0)
    made.neurons["place"] = np.array([[0, 300], [200, 300], [0, 200], [100, 300.0]])
    made.covariates["gaze"] = rng.normal([3, -1], [1, 2], (80, 2)).astype("float32")
    made.covariates["speed"] = rng.exponential(5, (80, 1)).astype("float32")
    return made


def described(**changes):
    config = default()
    config.core.filters, config.core.kernel_sizes = (4, 4), (5, 3)
    config.update_from_flattened_dict(changes)
    return config


def unlike_outside_training(recording):
    """A recording with the same training images, and all else changed."""
    train = recording.split == 0
    responses, images = recording.responses.copy(), recording.images.copy()
    responses[~train], images[~train] = 1e3, 255 - images[~train]
    return Recording(images, responses, recording.split)


def assert_same_weights(model, other):
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_first_rates_and_pixel_statistics_are_of_the_training_images(recording):
    opened = Recording(
        recording.images.copy(), recording.responses.copy(), recording.split
    )
    train = opened.split == 0
    opened.responses[np.flatnonzero(train)[2], 1] = np.nan
    model = build_model(opened, described())
    np.testing.assert_allclose(
        np.logaddexp(0, model.readout.bias.numpy()),
        np.nanmean(opened.responses[train], axis=0),
        rtol=1e-4,
    )
    other = build_model(unlike_outside_training(opened), described())
    np.testing.assert_array_equal(other.readout.bias, model.readout.bias)
    assert other.pixel_mean == model.pixel_mean == opened.images[train].mean()
    assert other.pixel_std == model.pixel_std


def test_a_ridge_is_fitted_on_all_images_that_are_not_for_testing(recording):
    ridge = fit_ridge(recording)
    test = recording.indices("test")
    images, responses = recording.images.copy(), recording.responses.copy()
    images[test], responses[test] = 255 - images[test], 1e3
    other = Recording(images, responses, recording.split)
    assert_same_weights(ridge, fit_ridge(other))
    images = recording.images[:9, ..., None].astype("float32")
    assert np.ptp(ridge(images), axis=0).min() > 0.01
    alone = fit_ridge(recording, ["train"])
    assert (alone.readout.weight.numpy() != ridge.readout.weight.numpy()).any()
    other = unlike_outside_training(recording)
    assert_same_weights(alone, fit_ridge(other, ["train"]))


@pytest.mark.parametrize("per_kind", [1, 2])
def test_penalties_of_the_core_count_by_neuron(per_kind):
    """Each by a loop over kernels, times the number of neurons: 4 and 8."""
    made = simulate_recording(40, 10, neurons_per_kind=per_kind, image_size=16)
    penalties = {"core.laplacian": 0.3, "core.group_sparsity": 0.2, "readout.l1": 0.0}
    model = build_model(made, described(**penalties))
    model(made.images[:2, ..., None].astype("float32"))
    first, second = (
        v.numpy().astype(float)
        for v in model.core.trainable_variables
        if v.shape[:2] in ((5, 5), (3, 3))
    )
    rough = norms = 0.0
    for below, above in itertools.product(range(first.shape[2]), range(4)):
        kernel = first[..., below, above]
        rough += np.square(ndimage.laplace(kernel, mode="constant")).sum()
    for below, above in itertools.product(range(4), range(4)):
        norms += np.linalg.norm(second[..., below, above])
    assert rough > 0.1
    expected = 4 * per_kind * (0.3 * rough + 0.2 * norms)
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-4)


SEEDED = {
    "factorized": {},
    "nonnegative": {"readout.nonnegative": True},
    "gaussian": {"readout.kind": "gaussian"},
    "retinotopic": {"readout.kind": "gaussian", "readout.coordinates": "place"},
    "dense": {"readout.kind": "dense"},
    "behaving": {
        "readout.kind": "gaussian",
        "readout.shifter": "gaze",
        "readout.modulator": "speed",
    },
    "equivariant": {"core.kind": "rotation_equivariant", "core.orientations": 4},
}


@pytest.mark.parametrize("name", SEEDED)
def test_the_seed_decides_what_readouts_begin_with(recording, name):
    def begun(seed):
        """Each trainable weight that is drawn, by its path."""
        model = build_model(recording, described(seed=seed, **SEEDED[name]))
        layers = [model.readout] + [model.core] * (name == "equivariant")
        variables = [v for layer in layers for v in layer.trainable_variables]
        return {v.path: v.numpy() for v in variables if v.numpy().std() > 0}

    once, again, other = begun(3), begun(3), begun(4)
    assert len(once) > 1
    for path, weight in once.items():
        np.testing.assert_array_equal(weight, again[path])
        if not path.endswith("bias"):
            assert np.abs(weight - other[path]).max() > 1e-3, path
