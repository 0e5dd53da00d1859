"""A model trained in Python -> a preset's folder."""

import os
from collections.abc import Sequence
from typing import Any

from v1keras import zoo
from v1keras.config import resolve
from v1keras.data import Recording
from v1keras.workflows.matching import check_fit
from v1keras.workflows.metadata import preset_metadata
from v1keras.workflows.score import score_by, session_of


def save_model(
    model: Any,
    folder: str | os.PathLike[str],
    recording: Recording | Sequence[Recording],
    config: Any = None,
) -> None:
    """Score a trained model on its test images, and write it as a preset.

    `v1keras.load_model` and the commands open the folder.

    Args:
        model: Trained model of the recording's neurons.
        folder: Folder to write to; its name is the preset's. An existing preset there
            is replaced.
        recording: `Recording` that the model was trained on, with the same split; for a
            model of several recordings, a sequence of them.
        config: Configuration of the training: a name, a file, an
            `ml_collections.ConfigDict`, or None for the default. The card states how
            its `data` branch divides the images.

    Raises:
        ValueError: The recording does not fit the model or has no test images, or the
            model is not one that presets hold.
        OSError: The folder can't be written.

    Example:

    >>> import pathlib, tempfile
    >>> import v1keras
    >>> recording = v1keras.simulate_recording(
    ...     40, 10, neurons_per_kind=1, image_size=16
    ... )
    >>> folder = pathlib.Path(tempfile.mkdtemp()) / "simulated"
    >>> save_model(v1keras.build_model(recording), folder, recording)
    >>> v1keras.load_model(folder).preset_name
    'simulated'
    """
    config = resolve(config)
    recordings = [recording] if isinstance(recording, Recording) else list(recording)
    for part in recordings:
        check_fit(session_of(model, part), part)
    scores = score_by(config.evaluation, model, recordings)
    metadata = preset_metadata(config, recordings, scores, "none: trained in Python")
    metadata["measured_by"] = "v1keras.score"
    zoo.save(model, folder, metadata)
