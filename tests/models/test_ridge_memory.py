"""The ridge's memory grows with images x neurons, not with its windows."""

import pathlib
import re
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from v1keras.models.readouts import ridge

IMAGES, FEATURES, NEURONS = 100, 60, 4000


@pytest.mark.slow
def test_windows_and_noise_levels_take_no_memory_of_their_own():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(IMAGES, FEATURES)).astype("float32")
    responses = rng.poisson(2.0, (IMAGES, NEURONS)).astype("float32")
    places = rng.uniform(-0.5, 0.5, (FEATURES, 2))
    readout = ridge.RidgeReadout(NEURONS)
    readout.build((None, FEATURES))
    groups = np.zeros(FEATURES, int)
    tracemalloc.start()
    readout.fit(features, responses, groups, places, np.ones(1))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Dual weights of every window and noise level would be 328 MB.
    assert peak < 40 * responses.nbytes


@pytest.mark.slow
def test_there_is_no_copy_of_the_features():
    rng = np.random.default_rng(0)
    images, features, neurons = 300, 9000, 600
    draw = rng.normal(size=(images, features)).astype("float32")
    responses = rng.poisson(2.0, (images, neurons)).astype("float32")
    places = rng.uniform(-0.5, 0.5, (features, 2))
    readout = ridge.RidgeReadout(neurons)
    readout.build((None, features))
    before = draw.copy()
    groups = np.zeros(features, int)
    tracemalloc.start()
    readout.fit(draw, responses, groups, places, np.ones(1), ridge.WINDOWS[:3])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The weights, and the copy by which TensorFlow takes them.
    weights = 4 * features * neurons
    assert peak < 2 * weights + draw.nbytes / 2
    np.testing.assert_array_equal(draw, before)


@pytest.mark.slow
def test_the_weights_of_a_large_population_are_not_copied():
    script = pathlib.Path(__file__).parent / "ridge_memory.py"
    words = [sys.executable, script, "300", "3000", "1"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    numbers = re.findall(r"\d+\.\d+", done.stdout.splitlines()[-1])
    weights, before, after = map(float, numbers)
    # The zeros that they replace, and a twelfth of them at a time.
    assert after - before < 2.2 * weights + 0.2, done.stdout
