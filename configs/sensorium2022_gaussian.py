r"""Baseline of the Sensorium competition's track with behavior (Willeke et al. 2022).

To train it:

    python -m v1keras.train --config=configs/sensorium2022_gaussian.py \
        --workdir=runs/sensorium2022

Several scans of mouse V1, comma separated in --config.data.recording, train one core;
each has its own readout, shifter and modulator.

As in the baseline: core, readout, shifter, batch size, learning rate and its decay, and
the penalty on the readout. (The baseline sums its loss over images and multiplies it by
sqrt(images / batch); here it is averaged: 0.0076 / sqrt(4500 * 128) is 1e-5.)

Different from the baseline:

    behavior        gains per neuron            channels of the image
    positions       affine map of coordinates   perceptron of coordinates
    responses       weighted by their mean      divided by their standard deviation
    nonlinearity    softplus                    ELU + 1
    separable       no first 1 x 1 convolution  with it
    rough kernels   no penalty                  penalty
"""

from v1keras.config import default


def get_config():
    config = default()
    # One of the five scans whose test responses are published.
    config.data.recording = "sensorium2022_21067-10-18"
    config.core.filters = (64, 64, 64, 64)
    config.core.kernel_sizes = (9, 7, 7, 7)
    config.core.pool_size = 1
    config.core.separable = True
    config.readout.kind = "gaussian"
    config.readout.covariance = "full"
    config.readout.width = 0.1
    config.readout.l1 = 1e-5
    config.readout.coordinates = "coordinates"
    config.readout.shifter = "pupil_center"
    config.readout.modulator = "behavior"
    config.training.rate_weighting = 1.0
    config.training.batch_size = 128
    config.training.learning_rate = 0.009
    config.training.patience = 5
    return config
