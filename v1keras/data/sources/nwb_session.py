"""The session in an NWB file, and the choices among what it holds."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from v1keras.data.sources import (
    nwb_behavior,
    nwb_file,
    nwb_presentations,
    nwb_responses,
    sessions,
)
from v1keras.data.validation import COUNTS


@dataclasses.dataclass(frozen=True)
class Choices:
    """Choices among what a file holds; None where it holds one.

    Args:
        images: String, path in the file (or its end) of the images.
        presentations: String, that of the table of intervals or of the series.
        frame_column: String, column of that table with the image's index or name.
        responses: String, "units" or the path of a series of ROIs' responses.
        window: Float, seconds over which a response is taken; None for a presentation's
            time on the screen.
        latency: Float, seconds from a presentation's onset to that window; None for
            0.05 of spikes and 0 of traces.
        where: Sequence of texts COLUMN=VALUE, the rows of the table to use.
        neurons: Sequence of texts COLUMN=VALUE, the units or ROIs to use.
        covariates: Sequence of texts NAME=SERIES, behavior to use.
        entries: String, "frames" if a run of equal entries of a series is one
            presentation, "presentations" if each is; None where there are no runs.
        first_frame: Integer, index of the first image.
    """

    images: str | None = None
    presentations: str | None = None
    frame_column: str | None = None
    responses: str | None = None
    window: float | None = None
    latency: float | None = None
    where: Sequence[str] = ()
    neurons: Sequence[str] = ()
    covariates: Sequence[str] = ()
    entries: str | None = None
    first_frame: int = 0


def read(path, choices):
    """Return the `Session` in a file.

    Args:
        path: `pathlib.Path` of the file.
        choices: `Choices`.

    Raises:
        OSError: It is not there.
        ValueError: It is malformed, lacks what is needed, or leaves open which of its
            objects is meant; names the file.
    """
    with nwb_file.opened(path) as file:
        presentations = nwb_presentations.read(file, choices)
        responses = nwb_responses.read(file, presentations, choices)
        duration = presentations.duration or choices.window
        covariates = nwb_behavior.read(
            file, presentations.starts, duration, choices.covariates
        )
        attributes = _attributes(file, responses)
        places = f"{presentations.source}, {responses.source}"
        attributes["source"] = f"{path.name}: {places}"
        if responses.attributes["units"] == COUNTS:
            attributes["presentations"] = 1
        name = file.session_id or path.stem
    return sessions.Session(
        name,
        presentations.images,
        presentations.indices,
        responses.trials,
        responses.neurons,
        covariates,
        attributes,
    )


def _attributes(file, responses):
    """Return the attributes that a file gives its recording."""
    attributes = dict(responses.attributes)
    subject = file.subject
    if subject is not None and subject.species:
        attributes["species"] = nwb_file.text(subject.species)
    if subject is not None and subject.subject_id:
        attributes["subject"] = nwb_file.text(subject.subject_id)
    if file.devices:
        attributes["device"] = ", ".join(map(nwb_file.text, file.devices))
    if file.related_publications:
        publications = map(nwb_file.text, file.related_publications)
        attributes["citation"] = ", ".join(publications)
    locations = responses.neurons.get("location")
    if locations is not None:
        attributes["area"] = ", ".join(np.unique(locations))
    return attributes
