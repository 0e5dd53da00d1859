r"""One core for the 392 neurons of Kindel et al. 2019, a factorised readout for each.

To train it:

    python -m v1keras.train --config=configs/kindel2019_factorized.py \
        --workdir=runs/kindel2019
"""

from v1keras.config import default


def get_config():
    config = default()
    config.data.recording = "kindel2019"
    # Images drawn at random, as the paper did; --config.data.protocol=grouped keeps the
    # views of one photograph on one side.
    config.data.protocol = "paper"
    # Chosen by validation correlation, as what follows.
    config.core.kernel_sizes = (11, 3, 3)
    config.core.first_activation = "on_off"
    # 180 training images make ten batches of 18.
    config.training.batch_size = 18
    # Validation on 38 images is too noisy to steer the learning rate: it falls on a
    # course of its own, and weights are averaged.
    config.training.lr_schedule = "cosine"
    config.training.max_epochs = 90
    config.training.ema_momentum = 0.9
    config.training.rate_weighting = 0.5
    return config
