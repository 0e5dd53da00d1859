"""Recordings as folders, whose images and responses stay on the disk until needed.

    presentations.tfrecord  per image one record: its pixels, then its responses
                            (float32), as raw little-endian bytes
    layout.json             their shapes, and the sha256 of all three files
    recording.h5            everything else, in the format of recordings

All records have one length, so that any image is found without an index and without
reading those before it. TensorFlow's own `tf.data.TFRecordDataset` with
`tf.io.decode_raw` reads them, too.
"""

import hashlib
import json
import pathlib

import numpy as np

from v1keras.data.recording import Recording
from v1keras.io.atomic import atomic_folder, check_disk_space, sha256
from v1keras.io.foreign import errors_naming
from v1keras.io.large_arrays import release_pages
from v1keras.io.quiet import quiet_start

PRESENTATIONS = "presentations.tfrecord"
REST = "recording.h5"
LAYOUT = "layout.json"
_LARGEST_LAYOUT = 1 << 16  # bytes
_DTYPES = ("uint8", "float32")  # of a recording's images


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
        recording.save(part / REST, without=("images", "responses"))
        digests = {name: sha256(part / name) for name in (PRESENTATIONS, REST)}
        layout["sha256"] = digests | {LAYOUT: _digest(layout)}
        (part / LAYOUT).write_text(json.dumps(layout) + "\n")


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
    with errors_naming(folder / LAYOUT):
        layout = _read_layout(folder / LAYOUT)
        digests = layout.pop("sha256", None)
        count, *size = layout["images"]
        record = _record(size, layout["dtype"], layout["neurons"])
    records = _map_records(folder / PRESENTATIONS, record, count)
    if digests is not None:
        _compare(folder, layout, digests)
    else:  # earlier versions wrote none
        _check_records(folder / PRESENTATIONS)
    return Recording.load(
        folder / REST, images=records["image"], responses=records["responses"]
    )


def _read_layout(path):
    """Return the layout, whose every entry is of its type."""
    if path.stat().st_size > _LARGEST_LAYOUT:
        raise ValueError("expected a few lines; shard the recording again")
    try:
        layout = json.loads(path.read_text())
        shape = [*layout["images"], layout["neurons"]]
        fits = layout["dtype"] in _DTYPES and len(shape) == 4
        fits &= all(type(length) is int and length > 0 for length in shape)
        fits &= layout.keys() - {"sha256"} == {"images", "dtype", "neurons"}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        fits = False
    if not fits:
        raise ValueError("it is damaged; shard the recording again")
    return layout


def _compare(folder, layout, digests):
    """Compare the sha256 of all files with those that the layout states."""
    actual = {name: sha256(folder / name) for name in (PRESENTATIONS, REST)}
    actual[LAYOUT] = _digest(layout)
    for name, digest in actual.items():
        if not isinstance(digests, dict) or digests.get(name) != digest:
            raise ValueError(
                f"{folder / name} is damaged, or of another recording: its sha256 is"
                f" not the one that {LAYOUT} states; shard the recording again"
            )


def _check_records(path):
    """Compare the checksums of all records with those in the file."""
    with quiet_start():
        import tensorflow as tf

    try:
        tf.data.TFRecordDataset(str(path)).reduce(0, lambda count, _: count + 1)
    except tf.errors.OpError:
        raise ValueError(
            f"{path} is damaged: the checksum of a record is not its content's; shard"
            " the recording again"
        ) from None


def _digest(layout):
    """Return the sha256 of what a layout says."""
    return hashlib.sha256(json.dumps(layout, sort_keys=True).encode()).hexdigest()


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
