"""Predict the rates for image files and print them as CSV."""

import os
import sys
from collections.abc import Sequence

import numpy as np

from v1keras import zoo
from v1keras.io.tables import write_rows
from v1keras.zoo.golden import named_rates


def predict(name: str | os.PathLike[str], paths: Sequence[str]) -> None:
    """Print the rates that a preset predicts for images, one row per image.

    All files are read before anything is printed.

    Args:
        name: String, as for `v1keras.zoo.find`.
        paths: Sequence of strings, files that `v1keras.zoo.read_images` takes.

    Raises:
        ValueError: A file holds no images of the preset's size.
        OSError: A file can't be read.
    """
    metadata = zoo.info(name)
    batches = [(path, zoo.read_images(path, metadata)) for path in paths]
    model = zoo.load(name).without_covariates()
    has_head = False
    for path, batch in batches:
        for i in range(len(batch)):
            rates = named_rates(
                lambda image: model(image, training=False), batch[i : i + 1]
            )
            if not has_head:
                write_rows([["image", *_columns(rates)]], sys.stdout)
                has_head = True
            label = f"{path}[{i}]" if len(batch) > 1 else path
            values = np.concatenate(list(rates.values()), axis=1)[0]
            write_rows([[label, *values]], sys.stdout)


def _columns(rates):
    """Return a name for every neuron, with the session's if there are several."""
    names = []
    for output, values in rates.items():
        head = output if len(rates) > 1 else "neuron"
        names += [f"{head}_{i}" for i in range(values.shape[1])]
    return names
