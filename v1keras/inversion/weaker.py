"""Stimuli of less contrast where the pixel range shapes the strong ones."""

from typing import Any

import numpy as np

from v1keras.inversion.ascent import GradientAscent
from v1keras.inversion.result import PreferredStimuli

# More pixels at the edge of the range than this fraction shape a stimulus.
_CLIPPED = 0.01
_HALVINGS = 3


def unclipped_patterns(
    model: Any, stimuli: PreferredStimuli
) -> tuple[np.ndarray, np.ndarray]:
    """Return patterns of which few pixels are at the edge of the pixel range.

    A norm that is large for a small receptive field is reached only by contrast
    outside it. Neurons of whose stimulus more than one pixel in a hundred is black or
    white are inverted again at half of the norm, up to three times.

    Args:
        model: Model that the stimuli were made with, as for `GradientAscent`.
        stimuli: `PreferredStimuli`.

    Returns:
        Tuple of `(n, height, width)` patterns, and the `(n,)` norms of each.
    """
    contrast = stimuli.contrast
    patterns = stimuli.patterns.copy()
    norms = np.full(len(patterns), float(contrast.norm))
    clipped = _clipped(stimuli.stimuli, contrast)
    for _ in range(_HALVINGS):
        rows = np.flatnonzero(clipped)
        if not rows.size:
            break
        weaker = contrast.with_norm(norms[rows[0]] / 2)
        ascent = GradientAscent(model, weaker, image_size=patterns.shape[1:])
        start = contrast.grey + patterns[rows]
        again = ascent.run(stimuli.neurons[rows], start=start)
        patterns[rows], norms[rows] = again.patterns, weaker.norm
        clipped[rows] = _clipped(again.stimuli, contrast)
    return patterns, norms


def half_norm_patterns(model: Any, stimuli: PreferredStimuli) -> np.ndarray:
    """Return patterns of half the norm, found from where the stimuli are.

    Args:
        model: Model that the stimuli were made with, as for `GradientAscent`.
        stimuli: `PreferredStimuli`.

    Returns:
        `(n, height, width)` patterns.
    """
    weaker = stimuli.contrast.with_norm(stimuli.contrast.norm / 2)
    ascent = GradientAscent(model, weaker, image_size=stimuli.stimuli.shape[1:])
    return ascent.run(stimuli.neurons, start=stimuli.stimuli).patterns


def _clipped(images, contrast):
    """Return which images have too many pixels at the edge of the range."""
    margin = 1e-3 * (contrast.high - contrast.low)
    edge = (images <= contrast.low + margin) | (images >= contrast.high - margin)
    return edge.mean(axis=(1, 2)) > _CLIPPED
