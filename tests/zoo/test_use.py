"""What a preset is good for beyond predicting: exported, fine-tuned, cut."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from v1keras import losses, simulate_recording, zoo
from v1keras.evaluation import correlation
from v1keras.zoo.golden import golden_images

NAMES = zoo.names()


def images_for(name, model):
    return golden_images(model.image_size, zoo.info(name)["pixels"])


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_keras_and_saved_model_give_the_same_rates(name, tmp_path):
    model = zoo.load(name)
    images = images_for(name, model)
    rates = np.asarray(model(images))
    model.save(tmp_path / "model.keras")
    np.testing.assert_allclose(
        keras.saving.load_model(tmp_path / "model.keras")(images),
        rates,
        rtol=1e-5,
        atol=1e-6,
    )
    model.export(tmp_path / "exported", verbose=False)
    exported = tf.saved_model.load(tmp_path / "exported")
    np.testing.assert_allclose(exported.serve(images), rates, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_onnx_gives_the_same_rates(name, tmp_path):
    for package in ("onnx", "tf2onnx", "onnxruntime"):
        pytest.importorskip(
            package, reason=f"{package} is not installed: pip install 'v1keras[onnx]'"
        )
    import onnxruntime

    model = zoo.load(name)
    images = images_for(name, model)
    rates = np.asarray(model(images))
    model.export(tmp_path / "model.onnx", format="onnx", verbose=False)
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    (found,) = session.run(None, {session.get_inputs()[0].name: images})
    np.testing.assert_allclose(found, rates, rtol=1e-4, atol=1e-5)


def test_plain_compile_and_fit_bring_new_responses_nearer():
    """The rates of the same images doubled: as after a change of the preparation's
    gain.
    """
    recording, model = simulate_recording(200, 40), zoo.load("simulated_factorized")
    images = recording.images[..., None].astype("float32")
    target = 2 * np.asarray(model(images))
    learn, test = slice(0, 200), slice(200, None)
    before = np.mean((model(images[test]) - target[test]) ** 2)
    model.core.trainable = False
    kept = [v.numpy() for v in model.core.variables]
    model.compile(
        optimizer=keras.optimizers.Adam(3e-3),
        loss=losses.PoissonLoss(),
    )
    model.fit(images[learn], target[learn], epochs=10, batch_size=20, verbose=0)
    assert np.mean((model(images[test]) - target[test]) ** 2) < before / 4
    assert correlation(target[test], np.asarray(model(images[test]))).mean() > 0.9
    for value, v in zip(kept, model.core.variables, strict=True):
        np.testing.assert_array_equal(v.numpy(), value)


@pytest.mark.parametrize("name", NAMES)
def test_a_neuron_and_a_session_become_models_of_their_own(name, tmp_path):
    model = zoo.load(name)
    images = images_for(name, model)
    rates = np.asarray(model(images))
    session = list(zoo.info(name)["sessions"])[-1]
    for neurons in ([rates.shape[1] - 1], zoo.neurons_of(name, session)):
        cut = model.select_neurons(neurons)
        np.testing.assert_allclose(cut(images), rates[:, neurons], rtol=1e-4, atol=1e-5)
    cut.save(tmp_path / "cut.keras")
    np.testing.assert_array_equal(
        keras.saving.load_model(tmp_path / "cut.keras")(images), cut(images)
    )
