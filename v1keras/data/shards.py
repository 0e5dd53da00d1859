"""A recording as a folder whose images and responses are read from the disk where and
when they are needed.

    presentations.tfrecord  a record an image: its pixels, then its responses (float32),
    as raw bytes, little-endian layout.json             their shapes recording.h5
    all the rest, in the format of recordings

Records of one length stand at known places in the file, so any image is found without
an index and without reading those before it. TensorFlow's own `tf.data.TFRecordDataset`
with `tf.io.decode_raw` reads them, too.
"""

import json
import pathlib

import numpy as np

from v1keras.data.recording import Recording
from v1keras.io.atomic import atomic_folder, check_disk_space
from v1keras.io.large_arrays import release_pages

PRESENTATIONS, REST, LAYOUT = "presentations.tfrecord", "recording.h5", "layout.json"


def write(recording, folder):
    """Writes a recording as such a folder, whole or not at all.

    Args:
        recording: a `Recording`.
        folder: must not be there yet.

    Raises:
        ValueError: the folder is there.
        OSError: it can't be written.

    Example:

    >>> import tempfile
    >>> folder = tempfile.mkdtemp() + "/shard"
    >>> write(
    ...     Recording(
    ...         np.arange(8, dtype="uint8").reshape(2, 2, 2), np.array([[1.0], [2.0]])
    ...     ),
    ...     folder,
    ... )
    >>> read(folder).images[1].tolist(), read(folder).responses[1].tolist()
    ([[4, 5], [6, 7]], [2.0])
    """
    import tensorflow as tf  # for its writer; whoever only reads does without

    folder = pathlib.Path(folder)
    if folder.exists():
        raise ValueError(f"{folder} is there already; name another folder or remove it")
    images, responses = recording.images, recording.responses
    with atomic_folder(folder) as beside:
        record = _record(images.shape[1:], images.dtype, recording.neuron_count)
        check_disk_space(beside, [np.broadcast_to(np.zeros((), record), len(images))])
        with tf.io.TFRecordWriter(str(beside / PRESENTATIONS)) as writer:
            for shown, counts in zip(images, responses, strict=True):
                writer.write(
                    shown.astype(shown.dtype.newbyteorder("<")).tobytes()
                    + counts.astype("<f4").tobytes()
                )
        release_pages(images)
        release_pages(responses)
        layout = {
            "images": list(images.shape),
            "dtype": images.dtype.name,
            "neurons": recording.neuron_count,
        }
        (beside / LAYOUT).write_text(json.dumps(layout) + "\n")
        recording.save(beside / REST, without=("images", "responses"))


def read(folder):
    """The `Recording` of such a folder; its images and responses stay on the disk.

    Raises:
        FileNotFoundError: a file of it is missing.
        ValueError: the files don't go together, or one of them is damaged.
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
        (count, *size), neurons = layout["images"], layout["neurons"]
        record = _record(size, layout["dtype"], neurons)
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{folder / LAYOUT}: {error!r}; shard the recording anew"
        ) from None
    found = (folder / PRESENTATIONS).stat().st_size
    if found != count * record.itemsize:
        raise ValueError(
            f"{folder / PRESENTATIONS}: {found} bytes, expected"
            f" {count * record.itemsize}: it is cut off, or of another recording"
        )
    records = np.memmap(folder / PRESENTATIONS, record, "r", shape=(count,))
    length = record["image"].itemsize + record["responses"].itemsize
    if (records["length"] != length).any():
        raise ValueError(
            f"{folder / PRESENTATIONS}: its records are not of {length} bytes; shard"
            " the recording anew"
        )
    return Recording.load(
        folder / REST, images=records["image"], responses=records["responses"]
    )


def _record(size, dtype, neurons):
    """How TFRecord stores raw bytes: their number and its checksum before them, their
    own checksum behind.
    """
    image = ("image", np.dtype(dtype).newbyteorder("<"), tuple(size))
    return np.dtype(
        [
            ("length", "<u8"),
            ("length_crc", "<u4"),
            image,
            ("responses", "<f4", (neurons,)),
            ("crc", "<u4"),
        ]
    )
