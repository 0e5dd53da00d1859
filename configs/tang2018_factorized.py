r"""Four neurons of Tang et al. 2018 (two-photon imaging, 9,500 shape patterns).

To train it:

    python -m v1keras.train --config=configs/tang2018_factorized.py \
        --workdir=runs/tang2018
"""

from v1keras.config import default


def get_config():
    config = default()
    config.data.recording = "tang2018"
    # The file has no split: 70 % train, 20 % test, 10 % validation.
    config.data.protocol = "paper"
    config.data.split_parts = (70, 20, 10)
    config.core.filters = (32, 32, 32)
    config.core.kernel_sizes = (9, 3, 3)
    config.core.first_activation = "on_off"
    # dF/F can be negative.
    config.training.likelihood = "gaussian"
    config.training.batch_size = 64
    config.training.lr_schedule = "cosine"
    config.training.max_epochs = 40
    config.training.ema_momentum = 0.7
    return config
