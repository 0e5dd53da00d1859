"""Preferred stimuli and their controls, as a screen shows them."""

import dataclasses
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

from v1keras.characterization.best_shapes import best_center_surround, best_gabor
from v1keras.characterization.classes import shape_columns
from v1keras.data import Recording
from v1keras.experiment.screen import Screen
from v1keras.experiment.stimulus_set import AT_NORM
from v1keras.inversion import ContrastConstraint, GradientAscent, diverse_set, rate
from v1keras.inversion.matched_contrast import effective_area
from v1keras.inversion.rates import compiled, rates_by_batch

# Recorded images per neuron, the best unmasked ones, of which the best masked is taken.
_CANDIDATES = 20
# A pattern's place is where its smoothed energy exceeds this share of the highest.
_MASK_SHARE = 0.1
# Images of the first day that are shown again.
_RECORDED = 24
# Neurons of like position whose preferred stimuli a neuron's own is compared with.
_MOST_OTHERS = 5
# A stimulus may miss the contrast norm by this fraction.
_TOLERANCE = 0.02


@dataclasses.dataclass
class Sketch:
    """Stimuli before they are shown on a screen.

    Attributes:
        roles, owners, recorded: Lists, as of a `StimulusSet`.
        images: List of `(height, width)` arrays in pixel units.
        names: List of strings.
    """

    roles: list[str] = dataclasses.field(default_factory=list)
    owners: list[int] = dataclasses.field(default_factory=list)
    recorded: list[int] = dataclasses.field(default_factory=list)
    images: list[np.ndarray] = dataclasses.field(default_factory=list)
    names: list[str] = dataclasses.field(default_factory=list)

    def add(self, role, name, image, owner=-1, recorded=-1):
        """Add one stimulus."""
        self.roles.append(role)
        self.names.append(name)
        self.images.append(np.asarray(image))
        self.owners.append(owner)
        self.recorded.append(int(recorded))


def screen_contrast(
    contrast: ContrastConstraint, screen: Screen
) -> tuple[ContrastConstraint, int]:
    """Return a constraint within a screen's range, and the level of its grey.

    Grey is the one of the screen's levels that comes closest.
    """
    level = screen.levels(np.array([contrast.grey]))
    low, high = screen.pixel_range
    constraint = dataclasses.replace(
        contrast,
        grey=float(screen.pixels(level)[0]),
        low=max(contrast.low, low),
        high=min(contrast.high, high),
    )
    return constraint, int(level[0])


def sketch_set(
    model: Any,
    recording: Recording,
    stimuli: Any,
    inhibiting: bool = False,
    diverse: int = 0,
    seed: int = 0,
) -> Sketch:
    """Make the stimuli of a set: preferred ones, their controls, and images of before.

    Args:
        model: Model of images alone.
        recording: `Recording` of its neurons.
        stimuli: `PreferredStimuli` of the neurons that were chosen.
        inhibiting: Boolean, whether to add the stimulus that drives a neuron least.
        diverse: Integer, stimuli per neuron that differ and drive it alike; 0 for none.
        seed: Integer, seed of the ascents and of the draw of images.
    """
    neurons, contrast = stimuli.neurons, stimuli.contrast
    images = np.asarray(recording.images, "float32")
    rate_fn = compiled(model)
    shown = rates_by_batch(rate_fn, images)[:, neurons].argmax(axis=0)
    at_norm = contrast.images_at_norm(images)
    rates_at_norm = rates_by_batch(rate_fn, at_norm)[:, neurons]
    best = rates_at_norm.argmax(axis=0)
    masked, masked_from = masked_images(model, stimuli, images, rates_at_norm)
    gabors, rounds = _shapes(model, stimuli)
    sketch = Sketch()
    for i, neuron in enumerate(neurons):
        rows = [
            ("preferred", stimuli.stimuli[i], -1),
            ("image_at_norm", at_norm[best[i]], best[i]),
            ("image_as_shown", images[shown[i]], shown[i]),
            ("gabor", contrast.grey + gabors[i], -1),
            ("center_surround", contrast.grey + rounds[i], -1),
            ("masked_image", masked[i], masked_from[i]),
        ]
        for role, image, source in rows:
            sketch.add(role, f"neuron{neuron:05d}_{role}", image, i, source)
    _add_ascents(sketch, model, stimuli, inhibiting, diverse, seed)
    for index in _recorded_images(recording, seed):
        sketch.add("recorded", f"recorded{index:06d}", images[index], recorded=index)
    sketch.add("blank", "blank", np.full(images.shape[1:], contrast.grey))
    return sketch


def _add_ascents(sketch, model, stimuli, inhibiting, diverse, seed):
    """Add inhibiting and diverse stimuli."""
    neurons = stimuli.neurons
    if inhibiting:
        ascent = GradientAscent(model, stimuli.contrast, -rate())
        lowest = ascent.run(neurons, seed=seed, restarts=2).stimuli
        for i, neuron in enumerate(neurons):
            sketch.add("inhibiting", f"neuron{neuron:05d}_inhibiting", lowest[i], i)
    if diverse:
        ascent = GradientAscent(model, stimuli.contrast)
        images, _ = diverse_set(ascent, neurons, size=diverse, seed=seed)
        for i, neuron in enumerate(neurons):
            for k, image in enumerate(images[i]):
                sketch.add("diverse", f"neuron{neuron:05d}_diverse{k}", image, i)


def _shapes(model, stimuli):
    """Return the best Gabor and the best center-surround pattern of each neuron."""
    patterns, contrast = stimuli.patterns, stimuli.contrast
    columns, found = shape_columns(patterns), []
    for name, best in (
        ("gabor", best_gabor),
        ("center_surround", best_center_surround),
    ):
        fits = {
            key.removeprefix(f"{name}_"): column
            for key, column in columns.items()
            if key.startswith(f"{name}_")
        }
        pattern, _ = best(
            compiled(model),
            stimuli.neurons,
            fits,
            patterns.shape[1:],
            contrast.grey,
            contrast.project,
        )
        found.append(pattern)
    return found


def masked_images(
    model: Any, stimuli: Any, images: np.ndarray, rates_at_norm: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return a natural image per neuron, masked to its preferred stimulus's place.

    Args:
        model: Model of images alone.
        stimuli: `PreferredStimuli`.
        images: `(m, height, width)` in pixel units.
        rates_at_norm: `(m, n)` rates to them at the stimuli's contrast.

    Returns:
        Tuple of `(n, height, width)` images at the stimuli's contrast, and the `(n,)`
        index of the image that each is from: of the neuron's 20 best, the one that
        drives it most through the mask.
    """
    contrast, count = stimuli.contrast, min(_CANDIDATES, len(images))
    chosen = np.argsort(-rates_at_norm, axis=0, kind="stable")[:count]
    results, sources = [], []
    width, rate_fn = 0.05 * images.shape[1], compiled(model)
    for i, neuron in enumerate(stimuli.neurons):
        energy = gaussian_filter(np.square(stimuli.patterns[i]), width)
        inside = (energy >= _MASK_SHARE * energy.max()).astype("float32")
        mask = gaussian_filter(inside, width / 2)
        candidates = images[chosen[:, i]] - contrast.grey
        patterns = mask * (candidates - _weighted_mean(candidates, mask))
        masked = contrast.images(contrast.project(patterns[..., None])).numpy()[..., 0]
        rates = rates_by_batch(rate_fn, masked)[:, neuron]
        results.append(masked[rates.argmax()])
        sources.append(chosen[rates.argmax(), i])
    return np.stack(results), np.array(sources)


def _weighted_mean(images, mask):
    return (images * mask).sum(axis=(1, 2), keepdims=True) / mask.sum()


def _recorded_images(recording, seed):
    """Return images of the first day to show again: those with repeats, if any."""
    rng = np.random.default_rng((seed, 1))
    pool = np.arange(len(recording.images))
    if recording.repeats is not None and len(recording.repeat_images) >= 4:
        pool = recording.repeat_images
    return np.sort(rng.choice(pool, min(_RECORDED, len(pool)), replace=False))


def like_position(patterns: np.ndarray) -> list[list[int]]:
    """Return for each pattern the places of others that are nearly where it is.

    Two are alike in position if their centers of energy are closer than the radius of
    a disk with the area of the larger; at most the five nearest count.

    Args:
        patterns: `(n, height, width)`, zero at grey.

    Example:

    >>> patterns = np.zeros((3, 9, 9))
    >>> patterns[0, 1, 1] = patterns[1, 1:3, 1:3] = patterns[2, 8, 8] = 1
    >>> like_position(patterns)
    [[1], [0], []]
    """
    energy = np.square(patterns, dtype=float)
    total = energy.sum(axis=(1, 2))
    rows, columns = np.mgrid[: patterns.shape[1], : patterns.shape[2]]
    centers = [(energy * axis).sum(axis=(1, 2)) / total for axis in (rows, columns)]
    radius = np.sqrt(effective_area(patterns) / np.pi)
    distances = np.hypot(*(np.subtract.outer(axis, axis) for axis in centers))
    np.fill_diagonal(distances, np.inf)
    near = distances < np.maximum.outer(radius, radius)
    places = []
    for i in range(len(patterns)):
        order = np.argsort(distances[i], kind="stable")[:_MOST_OTHERS]
        places.append([int(place) for place in order if near[i, place]])
    return places


def check_norms(
    sketch: Sketch, shown: np.ndarray, contrast: ContrastConstraint
) -> None:
    """Refuse stimuli that a screen does not show at their contrast.

    Args:
        sketch: `Sketch`.
        shown: `(s, height, width)` its images as the screen shows them.
        contrast: `ContrastConstraint` of the stimuli.

    Raises:
        ValueError: A contrast is not reached within the screen's range, or lost between
            its levels.
    """
    patterns = (shown - contrast.grey).reshape(len(shown), -1)
    norms = np.linalg.norm(patterns, axis=1)
    for role, name, norm in zip(sketch.roles, sketch.names, norms, strict=True):
        off = norm / contrast.norm - 1
        if role in AT_NORM and abs(off) > _TOLERANCE:
            raise ValueError(
                f"contrast norm {contrast.norm:g}: the screen shows {name} at"
                f" {norm:.3g}, {abs(off):.0%} {'less' if off < 0 else 'more'};"
                f" {'lower' if off < 0 else 'raise'} --contrast_norm, or name the"
                " --pixel_range that the screen shows"
            )
