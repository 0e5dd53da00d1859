"""`RestartedAscent`: further starts for neurons that need them."""

import numpy as np
import tensorflow as tf

from v1keras.inversion.ascent import GradientAscent
from v1keras.inversion.rates import best_images, rates_by_batch
from v1keras.inversion.result import PreferredStimuli

# Starts disagree if the lowest value is below this fraction of the highest.
_AGREEING = 0.99
# Starts of a neuron whose first ones disagree, as a multiple of these.
_MORE = 4
# Times that a stimulus which has not converged goes on, with long steps again.
_CONTINUED = 2


class RestartedAscent:
    """A `GradientAscent` that starts again where its first starts don't suffice.

    - A neuron without a gradient at any start, such as a hard-rectified one whose
      drive is below threshold, starts from the negatives.
    - A neuron that an image drives more, at the stimuli's contrast, than what has been
      found starts from that image.
    - A neuron that has no gradient there either, but at the image that drives it most
      as it was shown, starts from that gradient.
    - A neuron whose starts end at values that differ by more than one part in a
      hundred has several optima, and gets four times as many starts.
    - A stimulus that has not converged goes on from where it is, up to twice. The path
      to the optimum of a suppressed cell is long.

    Args:
        ascent: `GradientAscent`.
        images: `(n, height, width)` images in pixel units to start from.

    Example:

    >>> import tensorflow as tf
    >>> from v1keras.inversion import ContrastConstraint
    >>> threshold = lambda images: tf.nn.relu(images[:, 0, :1, 0] - 150)
    >>> contrast = ContrastConstraint(grey=100, norm=60, low=0, high=255)
    >>> ascent = GradientAscent(threshold, contrast, blur=0, image_size=(6, 6))
    >>> bright = np.full((1, 6, 6), 100.0)
    >>> bright[0, 0, 0] = 200
    >>> stimuli = RestartedAscent(ascent, bright).run([0])
    >>> round(float(stimuli.rates[0])), bool(stimuli.no_initial_gradient[0])
    (10, False)
    """

    def __init__(self, ascent: GradientAscent, images: np.ndarray) -> None:
        self.ascent = ascent
        self.images = images
        self.contrast = ascent.contrast

    def run(
        self, neurons: np.ndarray, steps: int = 300, seed: int = 0, restarts: int = 2
    ) -> PreferredStimuli:
        """Synthesize a stimulus for each neuron.

        Args:
            neurons: Sequence of indices.
            steps: Integer, largest number of steps of each ascent.
            seed: Integer, seed of the noise that stimuli start from.
            restarts: Integer, number of first starts per neuron.

        Returns:
            `PreferredStimuli`; of all starts of a neuron, it has the best `restarts`.
            The trace is that of the ascent before it went on.

        Raises:
            ValueError, FloatingPointError: As for `GradientAscent.run`.
        """
        stimuli = self.ascent.run(neurons, steps, seed, restarts)
        flat = np.flatnonzero(stimuli.no_initial_gradient)
        if flat.size:
            noise = stimuli.restart_stimuli[flat].reshape(-1, *self.ascent.image_size)
            negatives = 2 * self.contrast.grey - noise
            self._run_again(stimuli, flat, steps, seed, restarts, negatives)
        best, rates = best_images(self.ascent.model, self.images, self.contrast)
        behind = np.flatnonzero(stimuli.rates < rates[stimuli.neurons])
        if behind.size:
            images = self.images[best[stimuli.neurons[behind]]]
            start = self.contrast.images_at_norm(images)
            self._run_again(stimuli, behind, steps, seed, 1, start)
        flat = np.flatnonzero(stimuli.no_initial_gradient)
        if flat.size:
            start = self._gradients(stimuli.neurons[flat])
            driven = np.abs(start - self.contrast.grey).max(axis=(1, 2)) > 0
            rows, start = flat[driven], start[driven]
            if rows.size:
                self._run_again(stimuli, rows, steps, seed, 1, start)
        values = stimuli.restart_values
        lowest, highest = values.min(axis=1), values.max(axis=1)
        disagreeing = np.flatnonzero(lowest < highest - (1 - _AGREEING) * abs(highest))
        if disagreeing.size:
            self._run_again(stimuli, disagreeing, steps, seed + 1, _MORE * restarts)
        if not self.ascent.jitter:  # what is jittered never converges
            for _ in range(_CONTINUED):
                self._go_on(stimuli, steps, seed)
        return stimuli

    def _go_on(self, stimuli, steps, seed):
        """Go on with stimuli that have not converged, in place."""
        rows = np.flatnonzero(~stimuli.converged)
        if rows.size:
            start = stimuli.stimuli[rows]
            again = self.ascent.run(stimuli.neurons[rows], steps, seed, start=start)
            _replace(stimuli, rows, again)

    def _gradients(self, neurons):
        """Return, as images, the gradients at what drives each neuron as it was shown.

        They are grey where there is none.
        """
        rates = rates_by_batch(self.ascent.rate_fn, self.images)[:, neurons]
        images = self.images[rates.argmax(axis=0)][..., None].astype("float32")
        images = tf.constant(images)
        with tf.GradientTape() as tape:
            tape.watch(images)
            own = self.ascent.neuron_rate_fn(images, tf.constant(neurons))
        gradient = tape.gradient(own, images)
        return self.contrast.images(self.contrast.project(gradient)).numpy()[..., 0]

    def _run_again(self, stimuli, rows, steps, seed, restarts, start=None):
        """Start the neurons of some rows again, and keep what is better, in place."""
        again = self.ascent.run(stimuli.neurons[rows], steps, seed, restarts, start)
        higher = again.values > stimuli.values[rows]
        # A stimulus of a higher value is not the noise that had no gradient.
        stimuli.no_initial_gradient[rows] &= again.no_initial_gradient & ~higher
        _replace(stimuli, rows, again)
        stimuli.trace[:, rows[higher]] = again.trace[:, higher]
        for i, row in enumerate(rows):
            values = np.append(stimuli.restart_values[row], again.restart_values[i])
            pictures = [stimuli.restart_stimuli[row], again.restart_stimuli[i]]
            kept = len(stimuli.restart_values[row])
            best = np.argsort(-values, kind="stable")[:kept]
            stimuli.restart_values[row] = values[best]
            stimuli.restart_stimuli[row] = np.concatenate(pictures)[best]


def _replace(stimuli, rows, again):
    """Put what has a higher value in the place of some rows."""
    higher = again.values > stimuli.values[rows]
    for name in ("stimuli", "rates", "values", "converged"):
        getattr(stimuli, name)[rows[higher]] = getattr(again, name)[higher]
