r"""Smallest run that uses every stage, for tests.

    python -m v1keras.data simulate --train_images=80 --test_images=20 \
        --neurons_per_kind=1 --image_size=16 --out=tiny.h5
    python -m v1keras.train --config=configs/tiny.py \
        --config.data.recording=tiny.h5 --workdir=runs/tiny

It takes a few seconds on 2 cores. The scores are meaningless.
"""

from v1keras.config import default


def get_config():
    config = default()
    config.core.filters = (4, 4)
    config.core.kernel_sizes = (5, 3)
    config.training.batch_size = 16
    config.training.max_epochs = 3
    return config
