"""Compare preferred stimuli with what numerical optimization finds.

    .venv/bin/python -m tools.studies.optimum

For simulated cells, whose rates are known, the rate to the preferred stimulus is
divided by the best rate of six L-BFGS runs at the same contrast: four from noise, one
from the best image, one from the stimulus with noise added. There is no pixel range,
so that only the norm binds both. It prints a line per family.
"""

import numpy as np
from absl import flags
from scipy import optimize

from v1keras import cli
from v1keras.io.quiet import quiet_start

with quiet_start():
    import tensorflow as tf

    from tools.studies.true_rates import TrueRates
    from v1keras.data.simulated_cells import FAMILIES, simulate_families
    from v1keras.data.simulated_cells.population import PIXEL_MEAN
    from v1keras.inversion import ContrastConstraint, GradientAscent, RestartedAscent

_NORM, _NO_RANGE = 500.0, 1e4
_STARTS, _STEPS = 4, 300
_TINY = 1e-9  # rate, of which the logarithm is finite
_SETS = {"judging": (True, 2), "tuning": (False, 1)}


class OneCell:
    """The logarithm of one cell's rate on the sphere, for SciPy."""

    def __init__(self, cell, scale):
        self._rates = TrueRates([cell], [scale])
        shape = (1, *self._rates.image_size, 1)
        self._size = int(np.prod(shape))

        @tf.function(input_signature=[tf.TensorSpec((self._size,))])
        def loss_and_gradient(pattern):
            with tf.GradientTape() as tape:
                tape.watch(pattern)
                image = PIXEL_MEAN + _NORM * pattern / tf.norm(pattern)
                rate = self._rates(tf.reshape(image, shape))[0, 0]
                loss = -tf.math.log(rate + _TINY)
            return loss, tape.gradient(loss, pattern)

        self._loss_and_gradient = loss_and_gradient

    def highest(self, starts):
        """Return the highest rate that L-BFGS reaches from any start."""
        rates = []
        for start in starts:
            start = 30 * start / np.linalg.norm(start)
            options = {"maxiter": _STEPS}
            result = optimize.minimize(
                self._loss, start, jac=True, method="L-BFGS-B", options=options
            )
            rates.append(np.exp(-result.fun))
        return max(rates)

    def _loss(self, pattern):
        loss, gradient = self._loss_and_gradient(pattern.astype("float32"))
        return float(loss), gradient.numpy().astype(float)


def ratios(families, seed, cells_per_family):
    """Return kinds, rates over the best rate found, and which cells are dead."""
    recording, cells, scales = simulate_families(
        families, cells_per_family, 200, 50, seed=seed
    )
    contrast = ContrastConstraint(PIXEL_MEAN, _NORM, -_NO_RANGE, _NO_RANGE)
    ascent = GradientAscent(TrueRates(cells, scales), contrast)
    stimuli = RestartedAscent(ascent, recording.images).run(np.arange(len(cells)))
    best_images = recording.images[recording.neurons["true_rate"].argmax(axis=1)]
    rng = np.random.default_rng(0)
    found = []
    for i, (cell, scale) in enumerate(zip(cells, scales, strict=True)):
        pattern = stimuli.patterns[i].ravel()
        starts = list(rng.normal(size=(_STARTS, pattern.size)))
        starts.append(pattern + 5 * rng.normal(size=pattern.size))
        starts.append(best_images[i].ravel() - PIXEL_MEAN)
        found.append(stimuli.rates[i] / OneCell(cell, scale).highest(starts))
    return recording.neurons["kind"], np.array(found), stimuli.no_initial_gradient


def main(_):
    for title, (judging, seed) in _SETS.items():
        families = [name for name, one in FAMILIES.items() if one.judging == judging]
        kinds, found, dead = ratios(families, seed, flags.FLAGS.cells)
        for name in families:
            print(name, found[kinds == name].round(3))
        print(
            f"{title}: {np.mean(found >= 0.99):.1%} of {len(found)} cells reach 0.99 of"
            f" the best; dead starts: {dead.sum()}",
            flush=True,
        )


if __name__ == "__main__":
    flags.DEFINE_integer("cells", 6, "Cells of each family.", lower_bound=1)
    cli.run(main)
