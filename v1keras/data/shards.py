"""Recordings as folders, whose images and responses stay on the disk until needed.

    presentations.tfrecord  per image one record: its pixels, then its responses
                            (float32), as raw little-endian bytes
    layout.json             their shapes
    recording.h5            everything else, in the format of recordings

All records have one length, so that any image is found without an index and without
reading those before it. TensorFlow's own `tf.data.TFRecordDataset` with
`tf.io.decode_raw` reads them, too.
"""

import json
import pathlib

import numpy as np

from v1keras.data.recording import Recording
from v1keras.io.atomic import atomic_folder, check_disk_space
from v1keras.io.large_arrays import release_pages
from v1keras.io.quiet import quiet_start

PRESENTATIONS = "presentations.tfrecord"
REST = "recording.h5"
LAYOUT = "layout.json"


def write(recording, folder):
    """Write a recording as such a folder, whole or not at all.

    Args:
        recording: `Recording`.
        folder: Path of a folder that doesn't exist yet.

    Raises:
        ValueError: The folder exists.
        OSError: It can't be written.

    Example:

    >>> import tempfile
    >>> images = np.arange(8, dtype="uint8").reshape(2, 2, 2)
    >>> folder = tempfile.mkdtemp() + "/shard"
    >>> write(Recording(images, np.array([[1.0], [2.0]])), folder)
    >>> read(folder).images[1].tolist(), read(folder).responses[1].tolist()
    ([[4, 5], [6, 7]], [2.0])
    """
    folder = pathlib.Path(folder)
    if folder.exists():
        raise ValueError(f"{folder} is there already; name another folder or remove it")
    images = recording.images
    layout = {
        "images": list(images.shape),
        "dtype": images.dtype.name,
        "neurons": recording.neuron_count,
    }
    with atomic_folder(folder) as part:
        _write_records(recording, part / PRESENTATIONS)
        (part / LAYOUT).write_text(json.dumps(layout) + "\n")
        recording.save(part / REST, without=("images", "responses"))


def _write_records(recording, path):
    """Write images and responses as TFRecords."""
    with quiet_start():  # for its writer: whoever only reads needs no TensorFlow
        import tensorflow as tf

    images, responses = recording.images, recording.responses
    record = _record(images.shape[1:], images.dtype, recording.neuron_count)
    check_disk_space(path.parent, [np.broadcast_to(np.zeros((), record), len(images))])
    pixels = images.dtype.newbyteorder("<")
    with tf.io.TFRecordWriter(str(path)) as writer:
        for image, counts in zip(images, responses, strict=True):
            content = image.astype(pixels).tobytes()
            writer.write(content + counts.astype("<f4").tobytes())
    release_pages(images)
    release_pages(responses)


def read(folder):
    """Open such a folder as a `Recording`; its images and responses stay on the disk.

    Args:
        folder: Path of the folder.

    Raises:
        FileNotFoundError: A file of it is missing.
        ValueError: The files don't belong together, or one of them is damaged.
    """
    folder = pathlib.Path(folder)
    for name in (PRESENTATIONS, REST, LAYOUT):
        if not (folder / name).is_file():
            raise FileNotFoundError(
                f"{folder} holds no {name}; expected a folder that `python -m"
                " v1keras.data shard` wrote"
            )
    try:
        layout = json.loads((folder / LAYOUT).read_text())
        count, *size = layout["images"]
        record = _record(size, layout["dtype"], layout["neurons"])
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{folder / LAYOUT}: {error!r}; shard the recording again"
        ) from None
    records = _map_records(folder / PRESENTATIONS, record, count)
    return Recording.load(
        folder / REST, images=records["image"], responses=records["responses"]
    )


def _map_records(path, record, count):
    """Return the records of a file as a memory map, once their lengths are checked."""
    size, expected = path.stat().st_size, count * record.itemsize
    if size != expected:
        raise ValueError(
            f"{path}: {size} bytes, expected {expected}: it is cut off, or of another"
            " recording"
        )
    records = np.memmap(path, record, "r", shape=(count,))
    length = record["image"].itemsize + record["responses"].itemsize
    if (records["length"] != length).any():
        raise ValueError(
            f"{path}: its records are not of {length} bytes; shard the recording again"
        )
    return records


def _record(size, dtype, neurons):
    """Return the dtype of a TFRecord: length and checksum, content, checksum."""
    image = ("image", np.dtype(dtype).newbyteorder("<"), tuple(size))
    responses = ("responses", "<f4", (neurons,))
    length, length_crc = ("length", "<u8"), ("length_crc", "<u4")
    return np.dtype([length, length_crc, image, responses, ("crc", "<u4")])
