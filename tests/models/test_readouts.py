import keras
import numpy as np
import pytest
from scipy import interpolate, stats

from v1keras import models
from v1keras.models.layers.bilinear import bilinear


def features(batch=3, height=6, width=9, channels=4, seed=0):
    return (
        np.random.default_rng(seed)
        .normal(size=(batch, height, width, channels))
        .astype("float32")
    )


READOUTS = {
    "factorized": lambda n: models.FactorizedReadout(n, l1=0.1),
    "nonnegative": lambda n: models.FactorizedReadout(n, l1=0.1, nonnegative=True),
    "dense": lambda n: models.DenseReadout(n, l2=0.1),
    "gaussian": lambda n: models.GaussianReadout(n, l1=0.1),
    "full": lambda n: models.GaussianReadout(n, covariance="full"),
    "retinotopic": lambda n: models.GaussianReadout(
        n, coordinates=np.random.default_rng(0).uniform(-1, 1, (n, 2))
    ),
}


@pytest.mark.parametrize("name", READOUTS)
def test_every_readout_starts_at_the_mean_rates_and_learns_with_every_weight(name):
    import tensorflow as tf

    readout = READOUTS[name](5)
    readout.build((None, 6, 9, 4))
    readout.initialize_rates([0.1, 1.0, 5.0, 40.0, np.nan])
    np.testing.assert_allclose(
        readout(np.zeros((1, 6, 9, 4), "float32"))[0], [0.1, 1, 5, 40, 1], rtol=1e-4
    )
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(
            tf.square(
                readout(features(), training=True)
                if "Gauss" in type(readout).__name__
                else readout(features())
            )
        )
    for weight, gradient in zip(
        readout.trainable_variables,
        tape.gradient(loss, readout.trainable_variables),
        strict=True,
    ):
        assert gradient is not None and np.abs(gradient.numpy()).max() > 0, weight.path


def test_bilinear_is_scipys_interpolation():
    x = features()
    place = np.random.default_rng(1).uniform(-1, 1, (3, 20, 2)).astype("float32")
    place[0, :4] = [[-1, -1], [1, 1], [-1, 1], [1, -1]]
    actual = np.asarray(bilinear(x, place))
    for i in range(3):
        grid = interpolate.RegularGridInterpolator(
            (np.linspace(-1, 1, 6), np.linspace(-1, 1, 9)), x[i].astype(float)
        )
        np.testing.assert_allclose(actual[i], grid(place[i].astype(float)), atol=1e-5)
    shared = np.asarray(bilinear(x, place[:1]))
    np.testing.assert_allclose(
        shared, [bilinear(x[i : i + 1], place[:1])[0] for i in range(3)], atol=1e-6
    )


@pytest.mark.parametrize(
    ("covariance", "spread", "expected"),
    [
        ("isotropic", 0.15, [[0.0225, 0.0], [0.0, 0.0225]]),
        ("full", [[0.1, 0.0], [0.15, 0.05]], [[0.01, 0.015], [0.015, 0.025]]),
    ],
)
def test_gaussian_readout_reads_its_position_and_draws_around_it(
    covariance, spread, expected
):
    readout = models.GaussianReadout(1, covariance=covariance)
    readout.build((None, 21, 21, 2))
    rows, columns = np.meshgrid(
        np.linspace(-1, 1, 21), np.linspace(-1, 1, 21), indexing="ij"
    )
    where = np.repeat(np.stack([rows, columns], axis=-1)[None], 20000, axis=0).astype(
        "float32"
    )  # each feature tells the place
    readout.mean.assign([[0.2, -0.3]])
    readout.spread.assign([spread])
    read = []
    for channel in range(2):
        readout.features.assign(np.eye(2, dtype="float32")[:, channel : channel + 1])
        readout.bias.assign([30.0])  # where softplus is the identity
        assert float(readout(where[:1])[0, 0]) - 30 == pytest.approx(
            [0.2, -0.3][channel], abs=1e-4
        )
        readout._draws.state.assign([0, 0])  # the same draws for both channels
        read.append(np.asarray(readout(where, training=True))[:, 0] - 30)
    np.testing.assert_allclose(np.mean(read, axis=1), [0.2, -0.3], atol=0.01)
    np.testing.assert_allclose(np.cov(read), expected, atol=0.002)


def test_positions_follow_the_cortex():
    coordinates = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    readout = models.GaussianReadout(3, coordinates=coordinates)
    readout.build((None, 6, 9, 4))
    readout.map.assign([[0.5, 0.1], [0.0, 0.2]])
    readout.origin.assign([0.1, -0.1])
    np.testing.assert_allclose(
        readout.positions(), [[0.1, -0.1], [0.6, 0.0], [0.1, 0.3]], atol=1e-6
    )
    with pytest.raises(
        ValueError, match=r"coordinates: found \(2, 2\), expected \(3, d\)"
    ):
        models.GaussianReadout(3, coordinates=coordinates[:2])
    with pytest.raises(ValueError, match="covariance: found 'diagonal'"):
        models.GaussianReadout(3, covariance="diagonal")


def test_dense_readout_is_its_formula():
    readout = models.DenseReadout(3, activation="relu", l1=0.5, l2=0.25)
    actual = np.asarray(readout(features()))
    weight = readout.weight.numpy()
    np.testing.assert_allclose(
        actual, np.maximum(features().reshape(3, -1) @ weight, 0), atol=1e-5
    )
    assert float(sum(readout.losses)) == pytest.approx(
        0.5 * np.abs(weight).sum() + 0.25 * np.square(weight).sum(), rel=1e-5
    )


def test_nonnegative_masks_stay_so():
    readout = models.FactorizedReadout(2, nonnegative=True)
    readout.build((None, 3, 3, 1))
    optimizer = keras.optimizers.SGD(1.0)
    optimizer.build([readout.mask])
    optimizer.apply([np.full((9, 2), 0.01, "float32")], [readout.mask])
    assert readout.mask.numpy().min() == 0 and readout.mask.numpy().max() > 0


def places_drawn(covariance, width, position, images):
    """`(2, images)` rows and columns that a readout of one neuron draws in training.

    Each pixel's features are its own place, of which a readout reads the row and
    another of the same seed the column, far from 0, where softplus is the identity.
    """
    axis = np.linspace(-1, 1, 21)
    where = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
    where = np.repeat(where[None], images, axis=0).astype("float32")
    read = []
    for weights in ([[1.0], [0.0]], [[0.0], [1.0]]):
        readout = models.GaussianReadout(1, covariance=covariance, width=width, seed=5)
        readout.build((None, 21, 21, 2))
        readout.mean.assign([position])
        readout.bias.assign([30.0])
        readout.features.assign(weights)
        read.append(np.asarray(readout(where, training=True))[:, 0] - 30)
    return np.array(read)


def test_isotropic_places_have_one_spread_and_no_covariance():
    drawn = places_drawn("isotropic", 0.1, [0.2, -0.3], images=20000)
    np.testing.assert_allclose(drawn.mean(axis=1), [0.2, -0.3], atol=0.005)
    expected = 0.1**2 * np.eye(2)
    # Standard errors of 20,000 draws: 0.0001 of a variance, 0.00007 of a covariance.
    np.testing.assert_allclose(np.cov(drawn), expected, atol=0.0005)


@pytest.mark.parametrize("covariance", ["isotropic", "full"])
def test_drawn_places_stay_within_the_features(covariance):
    """At 0.95 a spread of 0.5 leaves 46 % of the rows at the edge, and none beyond."""
    rows, columns = places_drawn(covariance, 0.5, [0.95, -0.95], images=2000)
    assert abs(rows).max() == pytest.approx(1, abs=1e-4)
    assert abs(columns).max() == pytest.approx(1, abs=1e-4)
    expected = stats.norm.sf(0.05 / 0.5)
    assert np.mean(rows > 1 - 1e-4) == pytest.approx(expected, abs=0.04)
    assert np.mean(columns < -1 + 1e-4) == pytest.approx(expected, abs=0.04)


def test_the_gaussian_readouts_penalty_is_the_sum_of_absolute_weights():
    readout = models.GaussianReadout(3, l1=0.25)
    readout.build((None, 6, 9, 4))
    weights = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    readout.features.assign(weights)
    expected = 0.25 * np.abs(weights).sum()
    assert float(sum(readout.losses)) == pytest.approx(expected, rel=1e-5)
