r"""One core and a factorized readout for the 392 neurons of Kindel et al. 2019.

To train it:

    python -m v1keras.train --config=configs/kindel2019_factorized.py \
        --workdir=runs/kindel2019
"""

from v1keras.config import default


def get_config():
    config = default()
    config.data.recording = "kindel2019"
    # Images are drawn at random, as in the paper; --config.data.protocol=grouped keeps
    # the views of a photograph on one side of the split.
    config.data.protocol = "paper"
    # This and the following values were chosen by validation correlation.
    config.core.filters = (64, 128, 128)
    config.core.kernel_sizes = (11, 3, 3)
    config.core.first_activation = "on_off"
    config.readout.l1 = 0.005
    # 180 training images make ten batches of 18.
    config.training.batch_size = 18
    # Validation on 38 images is too noisy to control the learning rate: it follows a
    # fixed course, and the weights are averaged.
    config.training.lr_schedule = "cosine"
    config.training.max_epochs = 60
    config.training.ema_momentum = 0.9
    config.training.rate_weighting = 0.5
    # Half the time where the processor computes in bfloat16, with the same scores.
    config.training.precision = "auto"
    return config
