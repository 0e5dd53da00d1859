import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from v1keras import models


def noise(count=3, size=21, channels=1, seed=0):
    return (
        np.random.default_rng(seed)
        .normal(size=(count, size, size, channels))
        .astype("float32")
    )


def randomized(layer, shape, seed=1):
    layer.build(shape)
    rng = np.random.default_rng(seed)
    for v in layer.variables:
        v.assign(
            rng.uniform(0.5, 1.5, v.shape)
            if "variance" in v.path
            else rng.normal(0, 0.4, v.shape)
        )
    return layer


@pytest.mark.parametrize("orientations", [4, 8])
def test_a_turned_image_gives_turned_features_of_the_next_orientation(orientations):
    core = randomized(
        models.RotationEquivariantCore((3, 4, 2), (6, 3, 3), orientations),
        (None, 21, 21, 1),
    )
    images = noise()
    plain = np.asarray(core(images)).reshape(3, 8, 8, 2, orientations)
    turned = np.asarray(core(np.rot90(images, axes=(1, 2)).copy())).reshape(
        3, 8, 8, 2, orientations
    )
    expected = np.roll(np.rot90(plain, axes=(1, 2)), orientations // 4, axis=-1)
    np.testing.assert_allclose(turned, expected, atol=2e-4)
    assert np.abs(turned - plain).max() > 0.1  # the turn does change them


def test_eighth_turns_are_equivariant_up_to_interpolation():
    """Smooth images and kernels, looked at in the centre, where a turned image loses
    nothing.
    """
    core = models.RotationEquivariantCore((4,), (9,), orientations=8, pool_size=1)
    core.build((None, 41, 41, 1))
    kernel = np.random.default_rng(0).normal(size=(9, 9, 1, 4))
    rows, columns = np.mgrid[:9, :9] - 4
    kernel = (
        ndimage.gaussian_filter(kernel, (1.5, 1.5, 0, 0))
        * np.exp(-(rows**2 + columns**2) / 8)[..., None, None]
    )
    core.kernels[0].assign(kernel * 10)
    image = ndimage.gaussian_filter(noise(1, 41)[0, ..., 0], 2) * 10
    turned = ndimage.rotate(image, 45, reshape=False, order=3)
    plain, after = (
        np.asarray(core(x[None, ..., None].astype("float32")))[0, 16, 16].reshape(4, 8)
        for x in (image, turned)
    )
    assert np.corrcoef(after.ravel(), np.roll(plain, 1, axis=-1).ravel())[0, 1] > 0.99
    assert np.corrcoef(after.ravel(), plain.ravel())[0, 1] < 0.9


def test_divisive_normalization_is_its_formula():
    layer = randomized(models.DivisiveNormalization(3), (None, 7, 7, 4))
    layer.pool.assign(np.abs(layer.pool.numpy()))
    x = noise(2, 7, 4)
    softplus = lambda v: np.logaddexp(0, v.astype(float))
    n = 1 + softplus(layer.exponent.numpy() - 0.46)
    driven = np.power(np.maximum(x, 0) + 1e-6, n)
    expected = np.zeros(x.shape)
    for row in range(7):
        for column in range(7):
            near = driven[
                :, max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2
            ].mean(axis=(1, 2))
            pooled = near @ layer.pool.numpy().T
            expected[:, row, column] = driven[:, row, column] / (
                softplus(layer.saturation.numpy()) ** n + pooled
            )
    np.testing.assert_allclose(layer(x), expected, rtol=1e-3, atol=1e-5)


CORES = {
    "stacked": lambda: models.StackedCore((4, 5), (5, 3), first_activation="on_off"),
    "equivariant": lambda: models.RotationEquivariantCore((2, 3), (5, 3), 4),
    "normalization": lambda: models.DivisiveNormalization(3),
}


@pytest.mark.parametrize("name", CORES)
def test_gradient_reaches_every_weight_for_any_batch_size(name):
    core = CORES[name]()
    symbolic = core(keras.Input((21, 21, 1)))
    assert symbolic.shape[0] is None
    with tf.GradientTape() as tape:
        actual = (
            core(noise(), training=True) if name != "normalization" else core(noise())
        )
        loss = tf.reduce_sum(
            tf.square(actual)
            * np.random.default_rng(0).normal(size=actual.shape).astype("float32")
        )
    assert actual.shape[1:] == symbolic.shape[1:]
    for weight, gradient in zip(
        core.trainable_variables,
        tape.gradient(loss, core.trainable_variables),
        strict=True,
    ):
        assert gradient is not None and np.abs(gradient.numpy()).max() > 0, weight.path


def test_transfer_core_is_the_networks_layer_on_prepared_pixels(tmp_path):
    """VGG16 with weights from a file; what it wants is blue, green, red minus their
    means over ImageNet.
    """
    whole = keras.applications.VGG16(
        include_top=False, weights=None, input_shape=(32, 32, 3)
    )
    whole.save_weights(tmp_path / "vgg.weights.h5")
    core = models.TransferCore(
        "VGG16", "block1_conv2", weights=str(tmp_path / "vgg.weights.h5")
    )
    images = noise(2, 32)
    actual = np.asarray(core(images))
    grey = np.repeat(images * 64.0 + 118.0, 3, axis=-1) - np.array(
        [103.939, 116.779, 123.68]
    )
    until = keras.Model(whole.input, whole.get_layer("block1_conv2").output)
    expected = np.asarray(until(grey.astype("float32"))) / np.sqrt(
        1 + 1e-3
    )  # the fresh batch normalisation
    np.testing.assert_allclose(actual, expected, rtol=1e-3, atol=1e-3 * expected.max())
    assert {v.path.split("/")[-1] for v in core.trainable_variables} == {
        "gamma",
        "beta",
    }
    with pytest.raises(
        ValueError,
        match="VGG16 has no 'block1_conv3'; the nearest are block5_conv3, block4_conv3",
    ):
        models.TransferCore("VGG16", "block1_conv3", weights=None).build(
            (None, 32, 32, 1)
        )
    with pytest.raises(
        ValueError, match="network: found 'AlexNet', expected one of VGG16"
    ):
        models.TransferCore("AlexNet")


def test_what_does_not_fit_is_refused():
    with pytest.raises(
        ValueError, match="orientations: found 6, expected a multiple of 4"
    ):
        models.RotationEquivariantCore(orientations=6)
    with pytest.raises(
        ValueError,
        match=(
            "images of 7 x 7 pixels; a first kernel of 11 and pooling of 2 need at"
            " least 12"
        ),
    ):
        models.RotationEquivariantCore().build((None, 7, 7, 1))
    with pytest.raises(ValueError, match="expected one entry per layer"):
        models.RotationEquivariantCore((4,), (5, 3))


def test_separable_dilated_and_residual_layers_are_their_formula():
    core = randomized(
        models.StackedCore(
            (3, 3), (5, 3), "relu", "relu", 1, separable=True, dilation=2, skip=True
        ),
        (None, 12, 12, 1),
    )
    conv, norm, _, depth, mix, norm_2, _ = core.stages
    normal = lambda x, n: (
        (x - n.moving_mean.numpy())
        / np.sqrt(n.moving_variance.numpy() + n.epsilon)
        * n.gamma.numpy()
        + n.beta.numpy()
    )
    x = noise(2, 12)
    first = np.zeros((2, 8, 8, 3))
    for row in range(8):
        for column in range(8):
            first[:, row, column] = np.einsum(
                "bij,ijc->bc",
                x[:, row : row + 5, column : column + 5, 0],
                conv.kernel.numpy()[:, :, 0],
            )
    first = np.maximum(normal(first, norm), 0)
    padded = np.pad(first, ((0, 0), (2, 2), (2, 2), (0, 0)))
    wide = np.zeros_like(first)
    for row in range(8):
        for column in range(8):
            seen = padded[:, row : row + 5 : 2, column : column + 5 : 2]
            wide[:, row, column] = np.einsum(
                "bijc,ijc->bc", seen, depth.kernel.numpy()[..., 0]
            )
    second = np.maximum(normal(wide @ mix.kernel.numpy()[0, 0], norm_2), 0)
    np.testing.assert_allclose(core(x), first + second, rtol=1e-4, atol=1e-4)


def test_skip_wants_layers_of_one_width():
    with pytest.raises(ValueError, match=r"\(16, 8\); expected all equal"):
        models.StackedCore((8, 8), (5, 3), first_activation="on_off", skip=True)


def test_moving_statistics_follow_a_batch_by_a_tenth():
    """From their start at mean 0 and variance 1, after one training step."""
    core = models.StackedCore((3, 4), (3, 3))
    core.build((None, 12, 12, 1))
    rng = np.random.default_rng(0)
    images = rng.normal(2, 3, (8, 12, 12, 1)).astype("float32")
    kernel = core.stages[0].kernel.numpy()[:, :, 0]
    windows = np.lib.stride_tricks.sliding_window_view(images[..., 0], (3, 3), (1, 2))
    filtered = np.einsum("bhwij,ijc->bhwc", windows, kernel)
    core(images, training=True)
    (norm, _) = (
        stage
        for stage in core.stages
        if isinstance(stage, keras.layers.BatchNormalization)
    )
    mean, variance = filtered.mean(axis=(0, 1, 2)), filtered.var(axis=(0, 1, 2))
    np.testing.assert_allclose(norm.moving_mean, 0.1 * mean, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(norm.moving_variance, 0.9 + 0.1 * variance, rtol=1e-3)
