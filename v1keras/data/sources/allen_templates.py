"""The natural scenes of the Allen Brain Observatory, averaged to fewer pixels."""

import re

import numpy as np

from v1keras.data.sources import hdf5
from v1keras.io import hdf5_file
from v1keras.io.pictures import opened

SOURCE = (
    "https://dandiarchive.org, dandisets 000021 (Neuropixels) and 000728 (two-photon);"
    " scenes in s3://allen-brain-observatory"
)


def from_session(session, average):
    """Return the scenes of a two-photon session.

    Args:
        session: `hdf5_file.File`.
        average: Integer, pixels a side that become one.

    Returns:
        Float32 array `(scenes, height, width)`.

    Raises:
        ValueError: There are none, or they are incomplete or misshapen.
    """
    group = session.get("stimulus/templates/natural_scenes_template")
    if not isinstance(group, hdf5_file.Group):
        raise ValueError(
            "no group stimulus/templates/natural_scenes_template; expected the scenes"
            " in it"
        )
    scenes = {}
    for name in group:
        if match := re.fullmatch(r"NaturalScene(\d+)", name):
            scenes[int(match[1])] = hdf5.numbers(group, name, ndim=2)
    return _averaged(scenes, average)


def from_folder(folder, average):
    """Return the scenes in a folder of .tiff files; arguments as for `from_session`."""
    scenes = {}
    for path in folder.rglob("natural_scene_*.tiff"):
        if match := re.fullmatch(r"natural_scene_(\d+)", path.stem):
            with opened(path, ["TIFF"]) as image:
                scenes[int(match[1])] = np.asarray(image.convert("L"))
    if not scenes:
        raise ValueError(
            f"no natural_scene_templates/natural_scene_0.tiff in {folder}; expected the"
            f" scenes there, from {SOURCE}"
        )
    return _averaged(scenes, average)


def _averaged(scenes, average):
    """Return all scenes in order, each averaged over squares of pixels.

    What doesn't fill a square is cut off on all sides alike.
    """
    shapes = {scene.shape for scene in scenes.values()}
    count = len(scenes)
    if sorted(scenes) != list(range(count)) or len(shapes) != 1:
        raise ValueError(
            f"found {count} scenes of the shapes {sorted(shapes)}, expected scenes 0,"
            " 1, ... of one shape"
        )
    images = np.stack([scenes[number] for number in range(count)])
    sides = images.shape[1:]
    numeric = images.ndim == 3 and images.dtype.kind in "uif"
    if not numeric or min(sides) < average:
        raise ValueError(
            f"scenes are {sides} {images.dtype}, expected at least {average} pixels a"
            " side"
        )
    height, width = (side // average for side in sides)
    top, left = ((side % average) // 2 for side in sides)
    images = images[:, top : top + height * average, left : left + width * average]
    squares = images.reshape(count, height, average, width, average)
    return squares.mean(axis=(2, 4), dtype=np.float32)
