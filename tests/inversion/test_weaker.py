import numpy as np
import pytest
from linear_nonlinear import CONTRAST, SIZE, ascent_on, gabors, linear_nonlinear

from v1keras.inversion.weaker import unclipped_patterns


def cosines(patterns, filters):
    products = (patterns * filters).sum(axis=(1, 2))
    norms = np.sqrt(np.square(patterns).sum((1, 2)) * np.square(filters).sum((1, 2)))
    return products / norms


@pytest.mark.slow
def test_a_stimulus_that_the_range_clips_is_made_again_with_less_contrast():
    filters = gabors(2)
    rates = linear_nonlinear(filters)
    # As much contrast as half of the image can hold.
    strong = CONTRAST.with_norm(0.7 * (CONTRAST.high - CONTRAST.grey) * SIZE)
    stimuli = ascent_on(rates, contrast=strong).run([0, 1], steps=100)
    assert cosines(stimuli.patterns, filters).max() < 0.9
    patterns, norms = unclipped_patterns(rates, stimuli)
    assert (norms <= strong.norm / 2).all()
    assert cosines(patterns, filters).min() > 0.98
    np.testing.assert_allclose(np.sqrt(np.square(patterns).sum((1, 2))), norms, 1e-3)


def test_other_stimuli_are_left_as_they_are():
    rates = linear_nonlinear(gabors(2))
    stimuli = ascent_on(rates).run([0, 1], steps=100)
    patterns, norms = unclipped_patterns(rates, stimuli)
    np.testing.assert_array_equal(patterns, stimuli.patterns)
    assert (norms == CONTRAST.norm).all()
