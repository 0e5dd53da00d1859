"""Sessions of one experiment, joined by what was shown in them."""

import dataclasses
import warnings

import numpy as np

from v1keras.data.recording import Recording
from v1keras.data.same_images import digest
from v1keras.data.sources.trials import mean_response
from v1keras.io.large_arrays import zeros_or_memmap


@dataclasses.dataclass
class Session:
    """Presentations of images to one population.

    Args:
        name: String, unique among those that are joined.
        images: `(n, height, width)`.
        shown: `(presentations,)` integers, index of the image shown.
        trials: `(presentations, neurons)`, NaN = not recorded.
        neurons: Dict of columns with an entry per neuron.
        covariates: Dict of `(presentations,)` or `(presentations, k)` arrays.
        attributes: Dict, as a `Recording` takes them.
    """

    name: str
    images: np.ndarray
    shown: np.ndarray
    trials: np.ndarray
    neurons: dict
    covariates: dict
    attributes: dict


def join(sessions, attributes):
    """Return the recording of several sessions, or of one.

    Images with the same pixels are one image, whatever their index. A neuron's response
    is NaN for an image that was not shown in its session. Columns and covariates that a
    session lacks are left out.

    Args:
        sessions: Sequence of `Session`s.
        attributes: Dict, attributes of the recording beside those that all sessions
            agree on.

    Raises:
        ValueError: Their images differ in size, or their responses in unit.
    """
    _check(sessions)
    rows, images = _stimuli(sessions)
    # What the animal did differs between sessions, so that each presentation with
    # covariates is a repeat of its own, in which one session's neurons were recorded.
    names = _common([session.covariates for session in sessions])
    slots = _slots(rows, len(images), apart=bool(names))
    counts = np.zeros(len(images), int)
    for session_rows, session_slots in zip(rows, slots, strict=True):
        np.maximum.at(counts, session_rows, session_slots + 1)
    repeated = np.flatnonzero(counts > 1)
    neurons = np.cumsum([0] + [session.trials.shape[1] for session in sessions])
    responses = np.full((len(images), neurons[-1]), np.nan, np.float32)
    shape = (repeated.size, counts.max(), neurons[-1])
    repeats = zeros_or_memmap(shape, np.float32)
    repeats[:] = np.nan
    place = np.full(len(images), -1)
    place[repeated] = np.arange(repeated.size)
    for i, session in enumerate(sessions):
        columns = slice(neurons[i], neurons[i + 1])
        for image in np.unique(rows[i]):
            shown = rows[i] == image
            trials = session.trials[shown]
            responses[image, columns] = mean_response(trials, axis=0)
            if place[image] >= 0:
                repeats[place[image], slots[i][shown], columns] = trials
    covariates, repeat_covariates = _covariates(
        sessions, names, rows, slots, place, counts
    )
    has_repeats = repeated.size > 0
    return Recording(
        images,
        responses,
        repeats=repeats if has_repeats else None,
        repeat_images=repeated if has_repeats else None,
        neuron_session=np.repeat(
            [session.name for session in sessions], np.diff(neurons)
        ),
        neurons=_columns(sessions),
        covariates=covariates,
        repeat_covariates=repeat_covariates if has_repeats else {},
        attributes=_agreed(sessions) | attributes,
    )


def _check(sessions):
    """Refuse sessions that are not of one experiment."""
    first = sessions[0]
    for session in sessions[1:]:
        for noun, mine, other in (
            ("images of", first.images.shape[1:], session.images.shape[1:]),
            (
                "responses in",
                first.attributes.get("units"),
                session.attributes.get("units"),
            ),
            (
                "windows of",
                first.attributes.get("window_s"),
                session.attributes.get("window_s"),
            ),
        ):
            if mine != other:
                raise ValueError(
                    f"{first.name} has {noun} {mine}, {session.name} {noun} {other};"
                    " expected one recording's sessions: convert them apart"
                )


def _stimuli(sessions):
    """Return each presentation's row, per session, and the images `(n, h, w)`."""
    numbers, pictures, rows = {}, [], []
    for session in sessions:
        indices, places = np.unique(session.shown, return_inverse=True)
        of_index = np.empty(len(indices), np.int64)
        for i, index in enumerate(indices):
            image = session.images[index]
            key = digest(image)
            if key not in numbers:
                numbers[key] = len(pictures)
                pictures.append(image)
            of_index[i] = numbers[key]
        rows.append(of_index[places])
        if len(sessions) == 1 and len(indices) < len(session.images):
            never = len(session.images) - len(indices)
            warnings.warn(f"{session.name}: {never} images were never shown: left out")
    if len(sessions) > 1 and not _shared(rows):
        warnings.warn(
            "no image was shown in two sessions: each neuron has responses to its own"
            " session's images alone"
        )
    dtype = np.result_type(*{picture.dtype for picture in pictures})
    images = zeros_or_memmap((len(pictures), *pictures[0].shape), dtype)
    for row, picture in enumerate(pictures):
        images[row] = picture
    return rows, images


def _shared(rows):
    """Return whether an image was shown in two sessions."""
    distinct = [np.unique(session_rows) for session_rows in rows]
    total = sum(map(len, distinct))
    return len(np.unique(np.concatenate(distinct))) < total


def _slots(rows, count, apart):
    """Return which repeat of its image each presentation is, per session.

    Args:
        apart: Boolean, whether the sessions' repeats follow each other, rather than
            stand beside each other.
    """
    slots, used = [], np.zeros(count, int)
    for session_rows in rows:
        shown = used.copy() if apart else np.zeros(count, int)
        session_slots = np.empty(len(session_rows), int)
        for i, row in enumerate(session_rows):
            session_slots[i] = shown[row]
            shown[row] += 1
        used = shown
        slots.append(session_slots)
    return slots


def _common(dicts):
    """Return the names that all dicts have, in the order of the first."""
    return [name for name in dicts[0] if all(name in other for other in dicts)]


def _columns(sessions):
    """Return the columns of neurons that all sessions have."""
    dicts = [session.neurons for session in sessions]
    columns = {}
    for name in _common(dicts):
        kinds = {other[name].dtype.kind in "U" for other in dicts}
        if len(kinds) == 1:
            columns[name] = np.concatenate([other[name] for other in dicts])
    return columns


def _covariates(sessions, names, rows, slots, place, counts):
    """Return covariates of images, means over presentations, and of repeats."""
    means, repeats = {}, {}
    for name in names:
        shape = sessions[0].covariates[name].shape[1:]
        if any(other.covariates[name].shape[1:] != shape for other in sessions):
            continue
        values = np.full((len(counts), counts.max(), *shape), np.nan)
        for session, session_rows, session_slots in zip(
            sessions, rows, slots, strict=True
        ):
            values[session_rows, session_slots] = session.covariates[name]
        means[name] = mean_response(values, axis=1)
        repeats[name] = values[place >= 0]
    return means, repeats


def _agreed(sessions):
    """Return the attributes that sessions agree on; of others the texts, joined."""
    agreed = {}
    for name in _common([session.attributes for session in sessions]):
        values = [session.attributes[name] for session in sessions]
        if len(set(values)) == 1:
            agreed[name] = values[0]
        elif isinstance(values[0], str):
            agreed[name] = ", ".join(dict.fromkeys(values))
    return agreed
