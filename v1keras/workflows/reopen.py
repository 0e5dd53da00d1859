"""A trained model together with the recordings it is asked about."""

import os
from typing import Any

from v1keras import zoo
from v1keras.data import Recording, open_recording, recording_names
from v1keras.data.splits import split_by_protocol
from v1keras.former_keys import renamed
from v1keras.workflows.matching import (
    check_fit,
    in_order_of_model,
    warn_of_another_name,
)


def open_models(
    name_or_folder: str | os.PathLike[str],
    recordings: str | os.PathLike[str] | None = None,
) -> tuple[Any, dict[str, Any], list[Recording]]:
    """Open a trained model and the recordings to ask it about.

    Args:
        name_or_folder: Preset by name, its folder, or a workdir.
        recordings: File or name of a public dataset, or several, comma separated; None
            for those that the model was trained on.

    Returns:
        Tuple `(model, metadata, recordings)`: the model, the metadata of its preset,
        and a list of `Recording`s with the split that it was trained with.

    Raises:
        ValueError, OSError: The model or a recording can't be read, they do not fit
            each other, the model has no such session, or two recordings have one name.
    """
    metadata = zoo.info(name_or_folder)
    model = zoo.load(name_or_folder)
    metadata["config"] = renamed(metadata["config"])
    data, opened = metadata["config"]["data"], {}
    for name in recording_names(str(recordings or data["recording"])):
        try:
            recording = open_recording(name)
        except FileNotFoundError as error:
            raise FileNotFoundError(f"{error}; say which with --recording") from None
        trained_on = recording.attributes.get("name") == metadata["recording"].get(
            "name"
        )
        alone = model.session(recording.name) is model
        if alone:
            recording = in_order_of_model(recording, metadata)
        check_fit(model.session(recording.name), recording)
        if alone and not trained_on:
            warn_of_another_name(recording, metadata)
        zoo.warn_of_pixels(recording.name, recording.images, metadata["pixels"])
        if trained_on or not alone:
            recording = split_by_protocol(
                recording, data["protocol"], data["split_seed"], data["split_parts"]
            )
        if recording.name in opened:
            raise ValueError(
                f"two recordings are named {recording.name!r}: score them one by one"
            )
        opened[recording.name] = recording
    return model, metadata, list(opened.values())


def open_model(
    name_or_folder: str | os.PathLike[str],
    recording: str | os.PathLike[str] | None = None,
) -> tuple[Any, dict[str, Any], Recording]:
    """Open a trained model and one recording, as `open_models` does for several.

    Args:
        name_or_folder: Preset by name, its folder, or a workdir.
        recording: File or name of a public dataset; None for the one that the model was
            trained on.

    Returns:
        Tuple `(model, metadata, recording)`; of several sessions the model is that of
        the recording's name.

    Raises:
        ValueError, OSError: As `open_models`; or the model was trained on several
            recordings, and none is named.
    """
    model, metadata, recordings = open_models(name_or_folder, recording)
    if len(recordings) > 1:
        names = ", ".join(part.name for part in recordings)
        raise ValueError(
            f"{name_or_folder} is of the recordings {names}; say which with"
            " --recording=FILE"
        )
    return model.session(recordings[0].name), metadata, recordings[0]
