"""Selectivity of the neurons of Kindel et al. 2019, and how well they are predicted."""

import numpy as np
from matplotlib import pyplot
from scipy import ndimage, stats

from v1keras.evaluation import image_selectivity

SHUFFLES = 500
RESAMPLES = 2000


def orientations(images):
    """Return the dominant orientation of each image.

    It is the structure tensor, averaged over the image, as a complex number.

    Args:
        images: `(n, height, width)`.

    Returns:
        `(n,)` complex; the phase is twice the orientation of the contours' normals, the
        absolute value their coherence, from 0 to 1.
    """
    smooth = ndimage.gaussian_filter(np.asarray(images, float), (0, 1, 1))
    down, right = np.gradient(smooth, axis=(1, 2))
    # The round aperture's edge is in every image and says nothing of its orientation.
    rows, columns = (np.linspace(-1, 1, size) for size in images.shape[1:])
    inside = rows[:, None] ** 2 + columns[None] ** 2 < 0.75
    gradient = (right + 1j * down) * inside
    power = (np.abs(gradient) ** 2).sum(axis=(1, 2))
    return (gradient**2).sum(axis=(1, 2)) / np.maximum(power, 1e-12)


def orientation_selectivity(recording, seed=0):
    """Measure orientation selectivity, 1 - circular variance, and its chance level.

    It is |sum r u| / sum r |u| over the views of all photographs that were shown in
    four rotations. Here u is a view's orientation (see `orientations`) minus the mean
    of the four, so that a neuron's preference for a photograph as such cancels. Chance:
    each photograph's four responses are shuffled.

    Args:
        recording: `Recording` whose `image_group` says which images are views of one
            photograph.
        seed: Integer, seed of the shuffles.

    Returns:
        Tuple `(index, shuffled)`: `(neurons,)` from 0 to 1, and `(SHUFFLES, neurons)`.
    """
    groups, counts = np.unique(recording.image_group, return_counts=True)
    members = [
        np.flatnonzero(recording.image_group == group) for group in groups[counts == 4]
    ]
    views = np.stack(members)  # (photographs, 4)
    turned = orientations(recording.images)[views]
    turned = turned - turned.mean(axis=1, keepdims=True)
    responses = recording.responses[views].astype(float)  # (photographs, 4, neurons)

    def index(responses):
        along = np.abs(np.einsum("pv,pvn->n", turned, responses))
        total = np.einsum("pv,pvn->n", np.abs(turned), responses)
        return along / np.maximum(total, 1e-12)

    rng = np.random.default_rng(seed)
    shuffled = []
    for _ in range(SHUFFLES):
        order = rng.permuted(np.tile(np.arange(4), (len(views), 1)), axis=1)
        shuffled.append(index(np.take_along_axis(responses, order[..., None], axis=1)))
    return index(responses), np.stack(shuffled)


def report(recording, cc_norms, groups, drawn, protocol):
    """Return the section of RESULTS.md on selectivity.

    Args:
        recording: `Recording`, as for `orientation_selectivity`.
        cc_norms: Dict, model -> `(neurons,)` CC_norm.
        groups: Dict, name -> `(neurons,)` bool: the neurons included, and those of them
            with high rates.
        drawn: String, the model that is drawn.
        protocol: String, protocol of the split.

    Returns:
        Tuple of Markdown and a figure.
    """
    image = image_selectivity(recording.responses)
    index, shuffled = orientation_selectivity(recording)
    tuned = index > np.percentile(shuffled, 95, axis=0)
    excess = index - shuffled.mean(axis=0)
    included = next(iter(groups.values()))
    text = [
        "## Selectivity and how well neurons are predicted",
        (
            f"Protocol {protocol}. The table has rank correlations (Spearman) over the"
            " neurons of CC_norm with image selectivity (docs/metrics.md; mean"
            f" {image[included].mean():.2f}) and with orientation selectivity, and the"
            " mean CC_norm of neurons with and without orientation selectivity; in"
            " brackets 95 % bootstrap intervals over neurons. Orientation selectivity"
            " is measured on the 60 photographs that were shown in four rotations: 1 -"
            " circular variance of the responses over the views' dominant"
            " orientations, each photograph's own mean orientation removed. It is"
            " noisy: shuffling each photograph's four responses gives"
            f" {shuffled[:, included].mean():.3f} on average, the measured responses"
            f" {index[included].mean():.3f}; the chance level is subtracted, and"
            f" *selective* are the {tuned[included].mean():.0%} of neurons above the"
            " 95th percentile of their own shuffles. A neuron that is not may have too"
            " few spikes to show it, which is why neurons above 5 Hz are listed"
            " separately."
        ),
        _table(cc_norms, groups, tuned, image, excess),
        "![CC_norm against selectivity](docs/results_selectivity.png)",
    ]
    columns = {
        "image selectivity": image,
        "orientation selectivity above chance": excess,
    }
    figure = _figure(columns, cc_norms[drawn], tuned, included, drawn)
    return "\n\n".join(text), figure


def _table(cc_norms, groups, tuned, image, excess):
    head = ["model", "image selectivity", "orientation selectivity"]
    for name, members in groups.items():
        head += [
            f"CC_norm, {name}: selective ({(tuned & members).sum()})",
            f"not selective ({(~tuned & members).sum()})",
        ]
    included = next(iter(groups.values()))
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for name, values in cc_norms.items():
        finite = np.isfinite(values)
        both = included & finite
        cells = [
            _rank_correlation(column[both], values[both]) for column in (image, excess)
        ]
        for members in groups.values():
            cells.append(_mean(values[members & tuned & finite]))
            cells.append(_mean(values[members & ~tuned & finite]))
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _figure(columns, values, tuned, included, model):
    figure, axes = pyplot.subplots(1, len(columns), figsize=(9, 3.6), sharey=True)
    values = np.clip(values, -1, 1.2)  # a ceiling near 0 has no bound
    for axis, (label, column) in zip(axes, columns.items(), strict=True):
        for side, name in ((tuned, "orientation selective"), (~tuned, "not")):
            members = included & side
            axis.plot(column[members], values[members], ".", ms=4, label=name)
        axis.set(xlabel=label, ylabel=f"CC_norm, {model}")
    axes[-1].legend(fontsize=8)
    figure.tight_layout()
    return figure


def _rank_correlation(one, other, seed=0):
    drawn = np.random.default_rng(seed).integers(0, len(one), (RESAMPLES, len(one)))
    resampled = [stats.spearmanr(one[i], other[i])[0] for i in drawn]
    low, high = np.percentile(resampled, [2.5, 97.5])
    return f"{stats.spearmanr(one, other)[0]:+.2f} [{low:+.2f}, {high:+.2f}]"


def _mean(values, seed=0):
    values = np.clip(values, -1, 1)
    count = len(values)
    drawn = np.random.default_rng(seed).integers(0, count, (RESAMPLES, count))
    low, high = np.percentile(values[drawn].mean(axis=1), [2.5, 97.5])
    return f"{values.mean():.3f} [{low:.3f}, {high:.3f}]"
