"""One inversion after another compiles nothing again and keeps no memory."""

import gc
import pathlib

import numpy as np
import pytest

import v1keras
from v1keras.inversion import (
    ContrastConstraint,
    Fourier,
    GradientAscent,
    diverse_set,
    reconstruct,
)
from v1keras.inversion import kept as kept_module
from v1keras.models import DenseReadout, MultiSessionModel, StackedCore, V1Model

SIZE = (12, 12)
RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (40, *SIZE), dtype="uint8")
RECORDING = v1keras.Recording(
    IMAGES, RNG.poisson(2.0, (40, 3)).astype("float32"), attributes={"name": "a"}
)
# TensorFlow keeps some tens of megabytes of each ascent that it compiles.
ALLOWED_MB = 15


def resident_mb():
    gc.collect()
    status = pathlib.Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def new_model(seed=0):
    """Return a model of three neurons that are far from constant."""
    core, readout = StackedCore((4,), (5,)), DenseReadout(3)
    model = V1Model(core, readout, SIZE, pixel_mean=127.0, pixel_std=60.0)
    rng = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(0, 0.3, weight.shape))
    return model


def inverted(model, **options):
    options = {"steps": 20, "restarts": 1} | options
    return v1keras.preferred_stimuli(model, RECORDING, [0, 1], **options)


def memory_of_later_calls(call, count=4):
    call()
    call()  # the second warms up what the first did not reach
    before = resident_mb()
    for _ in range(count):
        call()
    return resident_mb() - before


def test_inversions_one_after_another_keep_no_memory():
    model = new_model()
    assert memory_of_later_calls(lambda: inverted(model)) < ALLOWED_MB


@pytest.mark.slow
def test_nor_do_the_controls_and_the_weaker_stimuli_of_characterize():
    """A constraint of this norm clips every stimulus, so all is inverted again."""
    model, norm = new_model(), 127.0 * np.sqrt(np.prod(SIZE)) * 0.9

    def whole():
        contrast = ContrastConstraint(127.0, norm, 0.0, 255.0)
        stimuli = inverted(model, contrast=contrast)
        cells = v1keras.characterize(model, RECORDING, stimuli)
        assert (cells.table["class_norm"] < norm).all()

    assert memory_of_later_calls(whole, 2) < ALLOWED_MB


@pytest.mark.slow
def test_nor_do_sessions_of_a_model():
    core = StackedCore((4,), (5,))
    readouts = {name: DenseReadout(3, name=name) for name in "ab"}
    model = MultiSessionModel(core, readouts, SIZE, 127.0, 60.0)
    rng = np.random.default_rng(1)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(0, 0.3, weight.shape))
    assert memory_of_later_calls(lambda: inverted(model)) < ALLOWED_MB


@pytest.mark.slow
def test_stimuli_are_those_of_the_weights_that_a_model_has_now():
    """The compiled ascent holds a copy of the first kernels."""
    model, other = new_model(), new_model(seed=1)
    first = inverted(model)
    model.set_weights(other.get_weights())
    again = inverted(model)
    expected = inverted(other)
    np.testing.assert_allclose(again.stimuli, expected.stimuli, atol=1e-3)
    rates = model.predict(again.stimuli[..., None], verbose=0)[[0, 1], [0, 1]]
    np.testing.assert_allclose(again.rates, rates, rtol=1e-4)
    assert np.abs(again.stimuli - first.stimuli).max() > 10


@pytest.mark.slow
def test_ascents_share_what_is_compiled_and_not_their_options():
    model = new_model()
    strong = ContrastConstraint(127.0, 400.0, 0.0, 255.0)
    window = np.zeros(SIZE, bool)
    window[2:9, 3:11] = True
    within = ContrastConstraint(100.0, 300.0, 0.0, 255.0, window, np.full(SIZE, 30.0))
    for contrast in (strong, within, strong.with_norm(200.0)):
        stimuli = GradientAscent(model, contrast).run([0, 2], steps=30)
        alone = GradientAscent(new_model(), contrast).run([0, 2], steps=30)
        np.testing.assert_allclose(stimuli.stimuli, alone.stimuli, rtol=1e-5)
        inside = slice(None) if contrast.window is None else window
        norms = np.linalg.norm(stimuli.patterns[:, inside].reshape(2, -1), axis=1)
        np.testing.assert_allclose(norms, contrast.norm, rtol=1e-3)
    assert (stimuli.stimuli != 30.0).all()
    options = [{"jitter": 2}, {"blur": 0}, {"parametrization": Fourier(0.5)}]
    plain = GradientAscent(model, strong).run([0], steps=5).stimuli
    for option in options:
        changed = GradientAscent(model, strong, **option).run([0], steps=5).stimuli
        assert np.abs(changed - plain).max() > 0.1, option


def test_a_model_is_saved_as_if_it_had_not_been_inverted(tmp_path):
    model = new_model()
    inverted(model, steps=2)
    paths = [tmp_path / "inverted.weights.h5", tmp_path / "fresh.weights.h5"]
    model.save_weights(paths[0])
    new_model().save_weights(paths[1])
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.slow
def test_nor_do_sets_and_reconstructions_nor_do_they_mix_their_targets():
    model, strong = new_model(), ContrastConstraint(127.0, 400.0, 0.0, 255.0)
    given = np.array([[5.0, 0.0, 2.0], [1.0, 4.0, 0.5]], "float32")

    def whole():
        diverse_set(GradientAscent(model, strong), [0, 1], size=2, steps=5)
        return [
            reconstruct(GradientAscent(model, strong), responses, steps=30)[1]
            for responses in (given[:1], given)
        ]

    assert memory_of_later_calls(whole, 3) < ALLOWED_MB
    one, two = whole()
    np.testing.assert_allclose(two[:1], one, rtol=1e-3)
    alone = reconstruct(GradientAscent(new_model(), strong), given, steps=30)[1]
    np.testing.assert_allclose(two, alone, rtol=1e-3)


def test_weights_are_hashed_once_a_call(monkeypatch):
    counts, digest = {}, kept_module._digest

    def counted(model):
        counts[id(model)] = counts.get(id(model), 0) + 1
        return digest(model)

    monkeypatch.setattr(kept_module, "_digest", counted)
    model = new_model()
    inverted(model)
    assert set(counts.values()) == {1}
    inverted(model)
    assert set(counts.values()) == {2}
