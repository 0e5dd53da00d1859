"""How selective the neurons of Kindel et al. 2019 are, as their recordings tell,
against how well they are predicted.
"""

import numpy as np
from matplotlib import pyplot
from scipy import ndimage, stats

from v1keras.evaluation import image_selectivity

SHUFFLES = 500
RESAMPLES = 2000


def orientations(images):
    """The dominant orientation of each image: its structure tensor, averaged over the
    image, as a complex number.

    Args:
        images: `(n, height, width)`.

    Returns:
        `(n,)`; the phase is twice the orientation of the contours' normals, the
        absolute value their coherence, from 0 to 1.
    """
    smooth = ndimage.gaussian_filter(np.asarray(images, float), (0, 1, 1))
    down, right = np.gradient(smooth, axis=(1, 2))
    # The round aperture's edge is in every image and has no part in its orientation.
    rows, columns = (np.linspace(-1, 1, size) for size in images.shape[1:])
    inside = rows[:, None] ** 2 + columns[None] ** 2 < 0.75
    gradient = (right + 1j * down) * inside
    return (gradient**2).sum(axis=(1, 2)) / np.maximum(
        (np.abs(gradient) ** 2).sum(axis=(1, 2)), 1e-12
    )


def orientation_selectivity(recording, seed=0):
    """Orientation selectivity from photographs that were shown in four rotations: 1 -
    circular variance, and what chance would give.

    |sum r u| / sum r |u| over the views of all such photographs, u a view's orientation
    (see `orientations`) less the mean of the four, so that what a neuron makes of a
    photograph in itself cancels. By chance: with each photograph's four responses
    shuffled.

    Args:
        recording: a `Recording` whose `image_group` says which images are views of one
            photograph.
        seed: of the shuffles.

    Returns:
        (index `(neurons,)`, from 0 to 1; shuffled `(SHUFFLES, neurons)`).
    """
    groups, counts = np.unique(recording.image_group, return_counts=True)
    views = np.stack(
        [
            np.flatnonzero(recording.image_group == group)
            for group in groups[counts == 4]
        ]
    )  # (photographs, 4)
    turned = orientations(recording.images)[views]
    turned = turned - turned.mean(axis=1, keepdims=True)
    responses = recording.responses[views].astype(float)  # (photographs, 4, neurons)

    def index(answers):
        along = np.abs(np.einsum("pv,pvn->n", turned, answers))
        return along / np.maximum(
            np.einsum("pv,pvn->n", np.abs(turned), answers), 1e-12
        )

    rng = np.random.default_rng(seed)
    shuffled = []
    for _ in range(SHUFFLES):
        order = rng.permuted(np.tile(np.arange(4), (len(views), 1)), axis=1)
        shuffled.append(index(np.take_along_axis(responses, order[..., None], axis=1)))
    return index(responses), np.stack(shuffled)


def report(recording, cc_norms, groups, shown, protocol):
    """What RESULTS.md says of selectivity.

    Args:
        recording: a `Recording`, as for `orientation_selectivity`.
        cc_norms: model -> `(neurons,)` CC_norm.
        groups: name -> `(neurons,)` bool: the neurons reported, and those of them with
            high rates.
        shown: the model that is drawn.
        protocol: of the split.

    Returns:
        (Markdown, figure).
    """
    image, (index, shuffled) = (
        image_selectivity(recording.responses),
        orientation_selectivity(recording),
    )
    tuned, excess = (
        index > np.percentile(shuffled, 95, axis=0),
        index - shuffled.mean(axis=0),
    )
    head = ["model", "image selectivity", "orientation selectivity"]
    for name, chosen in groups.items():
        head += [
            f"CC_norm, {name}: selective ({(tuned & chosen).sum()})",
            f"not selective ({(~tuned & chosen).sum()})",
        ]
    every = next(iter(groups.values()))
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for name, values in cc_norms.items():
        known = every & np.isfinite(values)
        cells = [
            _rank_correlation(column[known], values[known])
            for column in (image, excess)
        ]
        for chosen in groups.values():
            cells += [
                _mean(values[chosen & side & np.isfinite(values)])
                for side in (tuned, ~tuned)
            ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    text = [
        "## Selectivity and how well neurons are predicted",
        (
            f"Protocol {protocol}. Rank correlations (Spearman) over the neurons of"
            " CC_norm with image selectivity (docs/metrics.md; mean"
            f" {image[every].mean():.2f}) and with orientation selectivity, and the"
            " mean CC_norm of neurons with and without orientation selectivity; in"
            " brackets 95 % bootstrap intervals over neurons. Orientation selectivity"
            " is measured on the 60 photographs that were shown in four rotations: 1 -"
            " circular variance of the responses over the views' dominant"
            " orientations, each photograph's own mean orientation removed. It is"
            " noisy: shuffling each photograph's four responses gives"
            f" {shuffled[:, every].mean():.3f} on average, the responses as they were"
            f" {index[every].mean():.3f}; what chance gives is subtracted, and"
            f" *selective* are the {tuned[every].mean():.0%} above the 95th percentile"
            " of their own shuffles. A neuron that is not may have too few spikes to"
            " tell, which is why those above 5 Hz stand apart."
        ),
        "\n".join(lines),
        "![CC_norm against selectivity](docs/results_selectivity.png)",
    ]
    columns = {
        "image selectivity": image,
        "orientation selectivity above chance": excess,
    }
    return "\n\n".join(text), _figure(columns, cc_norms[shown], tuned, every, shown)


def _figure(columns, values, tuned, chosen, shown):
    figure, axes = pyplot.subplots(1, len(columns), figsize=(9, 3.6), sharey=True)
    for axis, (label, column) in zip(axes, columns.items(), strict=True):
        for side, name in ((tuned, "orientation selective"), (~tuned, "not")):
            axis.plot(
                column[chosen & side],
                np.clip(values[chosen & side], -1, 1.2),
                ".",
                ms=4,
                label=name,
            )  # a ceiling near 0 has no bound
        axis.set(xlabel=label, ylabel=f"CC_norm, {shown}")
    axes[-1].legend(fontsize=8)
    figure.tight_layout()
    return figure


def _rank_correlation(one, other, seed=0):
    drawn = np.random.default_rng(seed).integers(0, len(one), (RESAMPLES, len(one)))
    low, high = np.percentile(
        [stats.spearmanr(one[i], other[i])[0] for i in drawn], [2.5, 97.5]
    )
    return f"{stats.spearmanr(one, other)[0]:+.2f} [{low:+.2f}, {high:+.2f}]"


def _mean(values, seed=0):
    values = np.clip(values, -1, 1)
    drawn = np.random.default_rng(seed).integers(
        0, len(values), (RESAMPLES, len(values))
    )
    low, high = np.percentile(values[drawn].mean(axis=1), [2.5, 97.5])
    return f"{values.mean():.3f} [{low:.3f}, {high:.3f}]"
