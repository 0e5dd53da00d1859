r"""Model of thousands of neurons that trains fast, for images of about 36 x 64 pixels.

To train it on a recording of your own:

    python -m v1keras.train --config=configs/large_population.py \
        --config.data.recording=mine.h5 --workdir=runs/mine
"""

from v1keras.config import default


def get_config():
    config = default()
    config.core.filters = (64, 64, 64)
    config.core.kernel_sizes = (9, 3, 3)
    config.core.first_activation = "on_off"
    config.core.pool_size = 2
    config.readout.kind = "gaussian"
    config.readout.covariance = "isotropic"
    config.training.batch_size = 128
    config.training.precision = "auto"
    config.training.lr_schedule = "cosine"
    # High, because epochs have few steps and positions start far from where they end.
    config.training.learning_rate = 0.01
    config.training.max_epochs = 30
    return config
