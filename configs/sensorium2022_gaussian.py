r"""A scan of mouse V1 of the Sensorium competition, by the network that Willeke et al.
2022 give as the baseline of its track with behaviour.

To train it:

    python -m v1keras.train --config=configs/sensorium2022_gaussian.py \
        --workdir=runs/sensorium2022

Several scans, comma separated in --config.data.recording, train one core; each has a
readout, a shifter and a modulator of its own.

Of the baseline: core, readout, shifter, batch, learning rate and its decay, and the
penalty on the readout, which counts against a loss that is averaged over images here
and there summed and multiplied by sqrt(images / batch): 0.0076 / sqrt(4500 * 128) is
1e-5. Other than there: pupil dilation, its derivative and running speed set gains
instead of being channels of the image; places are an affine map of cortical
coordinates, not a perceptron's; responses are not divided by their deviation, instead
each neuron counts by its mean; softplus for ELU + 1; a separable layer has no first 1 x
1 convolution; there is no penalty on rough kernels.
"""

from v1keras.config import default


def get_config():
    config = default()
    # One of the five whose test responses are published.
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
