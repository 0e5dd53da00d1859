import keras
import numpy as np
import pytest
from full_recording import arrays

import v1keras
from v1keras.data import Recording


def test_indices_of_a_side():
    recording = Recording(**arrays())
    assert [
        recording.indices(side).tolist() for side in ("train", "validation", "test")
    ] == [[0, 1], [2], [4, 5]]
    with pytest.raises(
        ValueError,
        match=r"split: found 'tset', expected one of train, validation, test",
    ):
        recording.indices("tset")
    without = recording.with_split([0, 0, 0, 1, 1, 1])
    with pytest.raises(
        ValueError,
        match=(
            r"recording 'a recording' has no test images .*'train': 3, 'validation': 3,"
            r" 'test': 0"
        ),
    ):
        without.indices("test")
    assert recording.indices("test").tolist() == [4, 5]


def test_neurons_for_tuning_are_not_reported():
    fields = arrays()
    fields["neurons"]["for_tuning"] = np.array([0, 1, 0], np.uint8)
    assert Recording(**fields).included.tolist() == [True, False, True]
    assert Recording(**arrays()).included.tolist() == [True, True, True]


def test_name_and_representation():
    recording = Recording(**arrays())
    assert recording.name == "a recording"
    assert repr(recording) == (
        "<Recording 'a recording': 3 neurons, 6 images of 5 x 7 pixels>"
    )
    assert Recording(np.zeros((2, 4, 4)), [[1.0], [2.0]]).name == "recording"


@pytest.mark.parametrize(
    ("side", "indices"), [("train", [0, 1]), ("validation", [2]), ("test", [4, 5])]
)
def test_arrays_of_a_side(side, indices):
    fields = arrays()
    images, responses = Recording(**fields).arrays(side)
    assert images.dtype == responses.dtype == np.float32
    np.testing.assert_array_equal(images, fields["images"][indices][..., None])
    np.testing.assert_array_equal(responses, fields["responses"][indices])


def test_arrays_with_covariates():
    fields = arrays()
    fields["covariates"] |= {
        "running": np.arange(6.0),
        "pupil": np.arange(12).reshape(6, 2),
    }
    recording = Recording(**fields)
    inputs, responses = recording.arrays("test", covariates=["running", "pupil"])
    assert list(inputs) == ["images", "running", "pupil"]
    np.testing.assert_array_equal(inputs["images"][..., 0], fields["images"][4:])
    assert inputs["running"].tolist() == [[4.0], [5.0]]
    assert inputs["pupil"].tolist() == [[8.0, 9.0], [10.0, 11.0]]
    np.testing.assert_array_equal(responses, fields["responses"][4:])
    with pytest.raises(ValueError, match="found 'gaze', expected one of the recording"):
        recording.arrays("test", covariates=["gaze"])
    with pytest.raises(ValueError, match="has no train images"):
        recording.with_split([1] * 6).arrays("train")


def test_arrays_train_a_model_the_keras_way():
    recording = v1keras.simulate_recording(
        120, 20, neurons_per_kind=1, image_size=16, repeats=5
    )
    recording.responses[0, 0] = np.nan  # of a validation image
    recording.responses[1, 1] = np.nan  # of a training image
    keras.utils.set_random_seed(0)
    model = v1keras.build_model(recording)
    stop = keras.callbacks.EarlyStopping("val_correlation", mode="max", patience=1)
    model.compile(
        "adam", v1keras.losses.PoissonLoss(), metrics=[v1keras.metrics.Correlation()]
    )
    history = model.fit(
        *recording.arrays("train"),
        validation_data=recording.arrays("validation"),
        epochs=3,
        callbacks=[stop],
        verbose=0,
    ).history
    assert np.isfinite(history["loss"]).all()
    # The metric of the last epoch is that of NumPy on the model's predictions.
    images, responses = recording.arrays("validation")
    rates = model.predict(images, verbose=0)
    correlations = []
    for measured, rate in zip(responses.T, rates.T, strict=True):
        present = np.isfinite(measured)
        if measured[present].std():  # no other neuron has a correlation
            pairs = np.corrcoef(measured[present], rate[present])
            correlations.append(pairs[0, 1])
    assert len(correlations) >= 2 and np.isfinite(correlations).all()
    expected = pytest.approx(np.mean(correlations), abs=1e-4)
    assert history["val_correlation"][-1] == expected
