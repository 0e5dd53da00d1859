import inspect
import json

import h5py
import keras
import numpy as np
import pytest
from scipy import signal

from v1keras import models


def small_model(neurons=3, size=16, name="v1model", **core):
    core = {"filters": (4, 5), "kernel_sizes": (5, 3)} | core
    return models.V1Model(
        models.StackedCore(**core),
        models.FactorizedReadout(neurons, l1=0.1),
        (size, size),
        100.0,
        50.0,
        name,
    )


def small_sessions(neurons):
    readouts = {
        name: models.FactorizedReadout(count, l1=0.1, name=f"{name}_readout")
        for name, count in neurons.items()
    }
    return models.MultiSessionModel(
        models.StackedCore((4, 5), (5, 3)), readouts, (16, 16), 100.0, 50.0
    )


def images(count=4, size=16):
    return (
        np.random.default_rng(0)
        .uniform(0, 255, (count, size, size, 1))
        .astype("float32")
    )


INSTANCES = {
    "Ensemble": lambda: models.Ensemble(
        [small_model(name="member_0"), small_model(name="member_1")], [0.25, 0.75]
    ),
    "Concatenated": lambda: models.Concatenated(
        [small_model(name="session_0"), small_model(name="session_1")]
    ),
    "WeightedMean": lambda: models.WeightedMean([0.5, 0.5]),
    "LogGaborCore": lambda: models.LogGaborCore(floor=0.2),
    "RidgeReadout": lambda: models.RidgeReadout(3),
    "Laplacian": lambda: models.Laplacian(0.5),
    "GroupSparsity": lambda: models.GroupSparsity(0.5),
    "OnOffRectification": lambda: models.OnOffRectification(name="on_off"),
    "StackedCore": lambda: models.StackedCore(
        (4, 5),
        (5, 3),
        activation="relu",
        first_activation="on_off",
        pool_size=1,
        laplacian=0.1,
        group_sparsity=0.2,
    ),
    "FactorizedReadout": lambda: models.FactorizedReadout(7, l1=0.3),
    "DivisiveNormalization": lambda: models.DivisiveNormalization(3, name="norm"),
    "RotationEquivariantCore": lambda: models.RotationEquivariantCore(
        (2, 3), (5, 3), orientations=4, activation="relu", pool_size=1
    ),
    "TransferCore": lambda: models.TransferCore(
        "ResNet50", "conv2_block1_out", weights=None, scale=2
    ),
    "KindelCore": lambda: models.KindelCore(kernel_size=7, dropout=0.1, seed=4),
    "DenseReadout": lambda: models.DenseReadout(
        4, activation="relu", l1=0.1, l2=0.2, seed=5
    ),
    "GaussianReadout": lambda: models.GaussianReadout(
        2,
        covariance="full",
        width=0.2,
        l1=0.1,
        coordinates=[[0.5, 1.0, 0.0]] * 2,
        seed=3,
    ),
    "Shifter": lambda: models.Shifter(
        "pupil_center", [300.0, 200.0], [20.0, 10.0], hidden=(4,), seed=3
    ),
    "GainModulator": lambda: models.GainModulator(
        2, "running", [1.0], [2.0], hidden=(4, 3), seed=3
    ),
    "CovariateReadout": lambda: models.CovariateReadout(
        models.GaussianReadout(2),
        *(INSTANCES[name]() for name in ("Shifter", "GainModulator")),
    ),
    "V1Model": small_model,
    "MultiSessionModel": lambda: small_sessions({"a": 3, "b": 2}),
}


# The protocol alone is not a model.
REGISTERED = sorted(set(models.__all__) - {"PopulationModel"})


@pytest.mark.parametrize("name", REGISTERED)
def test_every_registered_class_round_trips(name):
    made = INSTANCES[name]()
    text = json.dumps(keras.saving.serialize_keras_object(made))
    again = keras.saving.deserialize_keras_object(json.loads(text))
    assert type(again) is type(made)
    assert json.dumps(again.get_config()) == json.dumps(made.get_config())
    missing = (
        set(inspect.signature(type(made).__init__).parameters)
        - {"self", "kwargs"}
        - set(made.get_config())
    )
    assert not missing


def test_model_is_its_formula():
    """One layer, no pooling: normalise, correlate, batch-normalise, ELU, mask, weigh,
    softplus - in NumPy and SciPy.
    """
    model = small_model(filters=(4,), kernel_sizes=(5,), pool_size=1)
    rng = np.random.default_rng(1)
    for v in model.variables:
        v.assign(
            rng.uniform(0.5, 1.5, v.shape)
            if "variance" in v.path
            else rng.normal(0, 0.3, v.shape)
        )
    conv, norm = model.core.stages[0], model.core.stages[1]
    x = (images() - 100.0) / 50.0
    kernel = keras.ops.convert_to_numpy(conv.kernel)
    features = np.stack(
        [
            [
                signal.correlate2d(im[..., 0], kernel[:, :, 0, c], mode="valid")
                for c in range(4)
            ]
            for im in x
        ]
    ).transpose(0, 2, 3, 1)
    gamma, beta, mean, variance = (
        keras.ops.convert_to_numpy(v) for v in norm.variables
    )
    features = (features - mean) / np.sqrt(variance + norm.epsilon) * gamma + beta
    features = np.where(features > 0, features, np.expm1(features))
    mask, weights, bias = (keras.ops.convert_to_numpy(v) for v in model.readout.weights)
    drive = np.einsum("bpc,pn,cn->bn", features.reshape(4, -1, 4), mask, weights) + bias
    np.testing.assert_allclose(model(images()), np.logaddexp(0, drive), rtol=1e-4)
    expected = 0.1 * sum(
        np.abs(mask[:, n]).sum() * np.abs(weights[:, n]).sum() for n in range(3)
    )
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)


def test_laplacian_is_scipys_convolution():
    kernel = np.random.default_rng(0).normal(size=(6, 6, 2, 3)).astype("float32")
    stencil = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])
    expected = sum(
        (signal.convolve2d(kernel[:, :, i, o], stencil, mode="same") ** 2).sum()
        for i in range(2)
        for o in range(3)
    )
    assert float(models.Laplacian(0.5)(kernel)) == pytest.approx(
        0.5 * expected, rel=1e-5
    )


def test_group_sparsity_is_the_sum_of_norms():
    kernel = np.random.default_rng(0).normal(size=(3, 3, 2, 3)).astype("float32")
    expected = sum(
        np.linalg.norm(kernel[:, :, i, o]) for i in range(2) for o in range(3)
    )
    assert float(models.GroupSparsity(0.5)(kernel)) == pytest.approx(
        0.5 * expected, rel=1e-5
    )


def test_on_off_pooled_over_phase_is_energy():
    """For weak contrasts log(1 + x^2) is x^2, so both signs of a quadrature pair add up
    to the energy, whatever the phase.
    """
    phases = np.linspace(0, 2 * np.pi, 7)
    pair = 0.01 * np.stack([np.cos(phases), np.sin(phases)], axis=-1)[:, None, None]
    actual = np.asarray(models.OnOffRectification()(pair.astype("float32")))
    assert (actual[..., :2] * actual[..., 2:] == 0).all()
    np.testing.assert_allclose(actual.sum(axis=-1).ravel(), 1e-4, rtol=1e-3)


def test_readout_starts_at_the_mean_rates():
    readout = models.FactorizedReadout(3)
    readout.build((None, 4, 4, 2))
    readout.initialize_rates([0.5, 40.0, np.nan])
    actual = readout(np.zeros((1, 4, 4, 2), "float32"))
    np.testing.assert_allclose(actual[0], [0.5, 40.0, 1.0], rtol=1e-5)


def test_image_smaller_than_the_kernel_is_refused():
    with pytest.raises(ValueError, match="images of 5 x 5 pixels; .* need at least 6"):
        small_model(size=5)
    with pytest.raises(ValueError, match="expected one entry per layer"):
        models.StackedCore((4,), (5, 3))


def test_an_ensemble_is_the_mean_rate_of_its_members():
    members = [
        models.V1Model(
            models.StackedCore((4,), (5,)),
            models.FactorizedReadout(3),
            (16, 16),
            name=f"member_{i}",
        )
        for i in range(3)
    ]
    for seed, member in enumerate(members):
        for v in member.variables:
            v.assign(np.random.default_rng(seed).uniform(0, 1, v.shape))
    expected = np.mean([member(images()) for member in members], axis=0)
    ensemble = models.Ensemble(members)
    np.testing.assert_allclose(ensemble(images()), expected, rtol=1e-5)
    assert ensemble.image_size == (16, 16) and len(
        ensemble.trainable_variables
    ) == 3 * len(members[0].trainable_variables)
    weighted = models.Ensemble(members, [0.2, 0.0, 0.8])
    np.testing.assert_allclose(
        weighted(images()),
        0.2 * members[0](images()) + 0.8 * members[2](images()),
        rtol=1e-5,
    )
    with pytest.raises(ValueError, match="2 weights for 3 members"):
        models.Ensemble(members, [0.5, 0.5])
    with pytest.raises(ValueError, match="members: found 1 with"):
        models.Ensemble(members[:1])


def test_sessions_share_a_core_and_nothing_else():
    """Each session's rates are those of a model of its own with the same weights,
    alone, in the dict and side by side.
    """
    model = small_sessions({"b": 3, "a": 2})
    for i, v in enumerate(model.variables):
        v.assign(np.random.default_rng(i).uniform(0.1, 1, v.shape))
    x, y = images(), 255 - images()
    alone = {}
    for name, neurons in (("b", 3), ("a", 2)):
        own = models.V1Model(
            models.StackedCore((4, 5), (5, 3)),
            models.FactorizedReadout(neurons, l1=0.1),
            (16, 16),
            100.0,
            50.0,
        )
        own.set_weights(model.core.get_weights() + model.readouts[name].get_weights())
        alone[name] = own
        np.testing.assert_allclose(model(x)[name], own(x), rtol=1e-6)
        np.testing.assert_allclose(model.session(name)(x), own(x), rtol=1e-6)
    together = model.training_model()
    expected = np.concatenate([alone["b"](x), alone["a"](y)], axis=1)
    np.testing.assert_allclose(together(np.stack([x, y], axis=1)), expected, rtol=1e-6)
    assert {id(v) for v in together.variables} == {id(v) for v in model.variables}
    assert float(sum(together.losses)) == pytest.approx(
        float(sum(alone["b"].losses) + sum(alone["a"].losses)), rel=1e-5
    )
    with pytest.raises(ValueError, match="no session 'c'; the model has b, a"):
        model.session("c")
    with pytest.raises(
        ValueError,
        match=(
            r"readouts of a \(b_readout\), b \(b_readout\): expected two or more,"
            " layers of different names"
        ),
    ):
        models.MultiSessionModel(
            model.core,
            {
                "a": models.FactorizedReadout(2, name="b_readout"),
                "b": model.readouts["b"],
            },
            (16, 16),
        )


def test_renamed_classes_keep_their_groups_in_files_of_weights(tmp_path):
    shifter = models.Shifter("eye", [0.0, 0.0], [1.0, 1.0])
    readout = models.CovariateReadout(models.GaussianReadout(3), shifter)
    core = models.StackedCore((4,), (5,), first_activation="on_off")
    models.V1Model(core, readout, (16, 16)).save_weights(tmp_path / "w.weights.h5")
    with h5py.File(tmp_path / "w.weights.h5") as file:
        assert "behaving_readout" in file["layers"]
        assert "on_off" in file["layers/stacked_core/stages"]
