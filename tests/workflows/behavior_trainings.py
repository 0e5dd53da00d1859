"""Trainings on recordings with eye position and running."""

from v1keras.config import default

BOTH = {"readout.shifter": "pupil_center", "readout.modulator": "running"}


def configured(path, **changes):
    """Return the configuration of a training on the recording at `path`."""
    config = default()
    config.data.recording = str(path)
    config.core.filters, config.core.kernel_sizes = (8,), (9,)
    config.core.pool_size = 1
    config.readout.kind = "gaussian"
    config.readout.width = 0.2
    config.readout.l1 = 0.0
    config.training.lr_schedule = "cosine"
    config.training.learning_rate = 0.01
    config.training.max_epochs = 25
    config.update_from_flattened_dict(changes)
    return config
