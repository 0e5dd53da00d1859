"""Arguments that do not fit are refused in one line that names them."""

import keras
import numpy as np
import pytest
from wrong_arguments import SIZE, WRONG, network, sessions

from v1keras import models

CASES = [(name, *case) for name, cases in WRONG.items() for case in cases]


@pytest.mark.parametrize(("name", "make", "message"), CASES)
def test_a_wrong_argument_is_named(name, make, message):
    with pytest.raises((ValueError, TypeError), match=message) as error:
        make()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "shape", [(2, 20, 20), (20, 20, 1), (2, 16, 16, 1), (2, 20, 20, 3), (2, 400)]
)
def test_images_of_another_shape_are_refused(shape):
    model = network()
    shape_pattern = str(shape).replace("(", r"\(").replace(")", r"\)")
    message = (
        rf"images: found shape {shape_pattern}, expected \(batch, height, width, 1\)"
        " with 20 x 20 pixels"
    )
    images = np.zeros(shape, "float32")
    with pytest.raises(ValueError, match=message):
        model(images)
    ensemble = models.Ensemble([network(name="a"), network(name="b")])
    with pytest.raises(ValueError, match=message):
        ensemble(images)


def test_predictions_refuse_them_too():
    with pytest.raises(ValueError, match=r"images: found shape .*16, 16, 1\)"):
        network().predict(np.zeros((2, 16, 16, 1), "float32"), verbose=0)


def test_a_model_with_covariates_asks_for_them():
    shifter = models.Shifter("eye", [0.0, 0.0], [1.0, 1.0])
    readout = models.CovariateReadout(models.GaussianReadout(3), shifter)
    model = models.V1Model(models.StackedCore((4,), (5,)), readout, SIZE)
    images = np.zeros((2, *SIZE, 1), "float32")
    with pytest.raises(ValueError, match="inputs: found no images, eye, expected"):
        model(images)
    with pytest.raises(ValueError, match="inputs: found no eye, expected a dict of"):
        model({"images": images})
    with pytest.raises(ValueError, match=r"images: found shape \(2, 20, 20\), expe"):
        model({"images": images[..., 0], "eye": np.zeros((2, 2), "float32")})
    assert model({"images": images, "eye": np.zeros((2, 2), "float32")}).shape == (2, 3)


@pytest.mark.parametrize("neurons", [[0.5], [True], ["0"], [None], [7]])
def test_a_selection_of_other_than_neurons_is_refused(neurons):
    with pytest.raises(ValueError, match="neurons: found .*, expected one or more"):
        network().select_neurons(neurons)


def test_models_say_what_they_are():
    model = network(name="mine")
    assert repr(model) == "<V1Model name=mine, images of 20 x 20 pixels, 3 neurons>"
    assert "20 x 20 pixels, 7 neurons" in repr(sessions("ab"))


def test_every_class_with_arguments_is_tried():
    """Layers without arguments of their own and containers of these are left out."""
    others = {"OnOffRectification", "PopulationModel"}
    assert set(WRONG) | others | {"WeightedMean"} == set(models.__all__)


def test_keras_global_data_format_changes_nothing():
    images = np.random.default_rng(0).normal(size=(2, *SIZE, 1)).astype("float32")
    cores = {
        "stacked": {"first_activation": "divisive"},
        "separable": {"separable": True, "first_activation": "on_off"},
    }

    def features():
        for options in cores.values():
            keras.utils.set_random_seed(0)
            yield np.asarray(models.StackedCore((4, 4), (5, 3), **options)(images))
        yield np.asarray(models.RotationEquivariantCore((2,), (5,), 4)(images))
        yield np.asarray(models.KindelCore()(images))
        yield np.asarray(models.LogGaborCore()(images))

    expected = list(features())
    keras.config.set_image_data_format("channels_first")
    try:
        for values, reference in zip(features(), expected, strict=True):
            np.testing.assert_allclose(values, reference, atol=1e-6)
    finally:
        keras.config.set_image_data_format("channels_last")
