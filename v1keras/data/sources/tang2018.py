"""Patterns of Tang et al. 2018 (Current Biology 28:38) and four macaque V1 neurons.

Two-photon imaging, as published by Wu et al. 2020.
"""

import io
import re

import numpy as np

from v1keras.data.recording import Recording
from v1keras.data.sources.locate import fetch_verified
from v1keras.io.archives import Folder
from v1keras.io.foreign import errors_naming
from v1keras.io.pictures import opened

SOURCE = (
    "https://github.com/leelabcnbc/Fixed_Kernel_CNN at"
    " 345129ecbd94ae49d3985f79f83999b33f6398c4: data/stimuli and data/neurons"
)
SHA256 = "651a084b3275d566a5ef31b723b6bafdfe02020959dd69539560cea64d0ef760"
_SIDE = 160  # pixels of a pattern as published


def read(path=None, central=40):
    """Read the published patterns and responses.

    Args:
        path: Path of the archive. Defaults to the one that `V1KERAS_DATA` has.
        central: Integer, side of the square around the centre that is kept, pixels;
            averaged 2 x 2, it is half of that. The publishers use 40.

    Returns:
        `Recording` of 9,500 images, figure 255 on ground 0, and four neurons' mean
        dF/F, without repeats and without a split.
    """
    filename = "patterns_and_neurons.tar.gz"
    path = fetch_verified("tang2018", filename, None, SHA256, SOURCE, path=path)
    return read_archive(path, central)


def read_archive(path, central=40):
    """Read the authors' archive.

    It holds `stimuli/pattern/{1..n}.png`, and `neurons/neu*.npy` with a row for each of
    them.

    Args:
        path: Path of the archive.
        central: As for `read`.

    Raises:
        ValueError: Patterns are missing or misshapen, or a neuron has another number of
            responses; names the file.
    """
    if not 2 <= central <= _SIDE or central % 2:
        raise ValueError(
            f"central: found {central}, expected an even number up to {_SIDE}"
        )
    patterns, neurons = {}, {}
    with Folder(path) as folder:
        for member in folder.in_order:
            if number := re.search(r"pattern/(\d+)\.png$", member):
                patterns[int(number[1])] = _pattern(
                    path, member, folder.read(member), central
                )
            elif name := re.search(r"neurons/neu(\d+)\.npy$", member):
                neurons[int(name[1])] = _responses(folder, member)
    count = len(patterns)
    if not count or sorted(patterns) != list(range(1, count + 1)):
        raise ValueError(
            f"{path}: found {count} patterns, expected stimuli/pattern/1.png and so on"
            " without a gap"
        )
    if not neurons:
        raise ValueError(f"{path}: found no neurons/neu*.npy")
    for name, responses in neurons.items():
        if responses.shape != (count,):
            raise ValueError(
                f"{path}: neu{name}.npy has {responses.size} responses, expected"
                f" {count}, one a pattern"
            )
    with errors_naming(path):
        return Recording(
            np.stack([patterns[i] for i in range(1, count + 1)]),
            np.stack([neurons[name] for name in sorted(neurons)], axis=1),
            # One pattern in a hundred is another's copy within the central square; the
            # presets' splits drew each by itself.
            image_group=np.arange(count),
            neurons={"published_as": np.array(sorted(neurons))},
            attributes={
                "name": "tang2018" if central == 40 else "tang2018_wide",
                "units": "dF/F",
                "species": "macaque",
                "area": "V1",
                "technique": "two-photon calcium imaging",
                "license": "none stated; the companion paper is CC BY",
                "citation": (
                    "Tang et al., Current Biology 28:38, 2018; Wu, Rockwell, Zhang,"
                    " Tang & Lee, PLoS Computational Biology 17(10):e1009528, 2021"
                    " (arXiv 1911.08241)"
                ),
                "source": SOURCE,
            },
        )


def _pattern(path, name, content, central):
    """Return the central square of a pattern, inverted and averaged 2 x 2."""
    with opened(io.BytesIO(content), ["PNG"], f"{path}: {name}") as image:
        # An image of another size is refused before a pixel is unpacked.
        fits = image.size == (_SIDE, _SIDE)
        pixels = np.asarray(image.convert("L")) if fits else None
    if pixels is None:
        raise ValueError(
            f"{path}: {name} is {image.width} x {image.height} pixels, expected {_SIDE}"
            f" x {_SIDE}"
        )
    edge, half = (_SIDE - central) // 2, central // 2
    inverted = 255.0 - pixels[edge : edge + central, edge : edge + central]
    averaged = inverted.reshape(half, 2, half, 2).mean(axis=(1, 3))
    return np.round(averaged).astype(np.uint8)


def _responses(folder, name):
    """Return one neuron's responses."""
    values = folder.npy(name)
    if values.dtype.kind not in "uif" or not np.isfinite(values).all():
        raise ValueError(
            f"{folder.path}: {name} holds {values.dtype}, expected finite numbers"
        )
    return values.ravel().astype(np.float32)
