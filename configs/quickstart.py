"""Simulated population whose filters are known, for the quickstart.

A test shows that inversion finds these filters. To simulate and train it:

    python -m v1keras.data simulate --out=runs/simulated.h5
    python -m v1keras.train --config=configs/quickstart.py --workdir=runs/quickstart
"""

from v1keras.config import default


def get_config():
    config = default()
    config.data.recording = "runs/simulated.h5"
    config.core.filters = (32, 32, 32)
    config.core.kernel_sizes = (13, 3, 3)
    return config
