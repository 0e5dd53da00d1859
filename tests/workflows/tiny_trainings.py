"""Trainings that take a second."""

from v1keras.config import default


def tiny(recording, **changes):
    """Return the configuration of a training on the recording at this path."""
    config = default()
    config.data.recording = str(recording)
    config.core.filters, config.core.kernel_sizes = (4, 4), (5, 3)
    config.training.batch_size, config.training.max_epochs = 16, 2
    config.update_from_flattened_dict(changes)
    return config


def values(layer):
    return {v.path.split("/", 1)[-1]: v.numpy() for v in layer.variables}
