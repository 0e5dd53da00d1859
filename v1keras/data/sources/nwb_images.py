"""Images in an NWB file: stimulus templates, and series of images."""

import re

import numpy as np
from PIL import Image

from v1keras.data.sources.nwb_file import check_size, choose, find, path_of, pynwb
from v1keras.data.sources.nwb_file import text as decoded
from v1keras.io.large_arrays import zeros_or_memmap


def candidates(session):
    """Return a dict from a path to (container, description) of all sets of images."""
    module = pynwb()
    series, collection = module.image.ImageSeries, module.base.Images
    sets = {}
    for path, item in find(session, series, collection).items():
        if isinstance(item, collection):
            sets[path] = item, f"{len(item.images)} images"
        elif not path.startswith("stimulus/"):
            continue  # what a camera or a microscope recorded
        elif item.external_file is not None and len(item.external_file):
            sets[path] = item, "in files outside of it"
        else:
            sets[path] = item, " x ".join(map(str, np.shape(item.data))) + " pixels"
    return sets


def choose_images(session, wanted):
    """Return the (path, container) that `--images` names, or the only one."""
    return choose("images", candidates(session), wanted, "--images")


def read(session, container):
    """Return grey images `(n, height, width)`, and their names or None.

    Args:
        session: `pynwb.NWBFile`.
        container: `pynwb.image.ImageSeries` or `pynwb.base.Images`.

    Raises:
        ValueError: They are in files outside of this one, in no order, of several
            sizes, or no images.
    """
    path = path_of(session, container)
    if isinstance(container, pynwb().base.Images):
        pictures, names = _in_order(path, container)
        shapes = {np.shape(picture.data) for picture in pictures}
        if len(shapes) != 1:
            raise ValueError(f"{path}: images of {sorted(shapes)}, expected one size")
        arrays = [picture.data for picture in pictures]
        return _grey(path, arrays, (len(arrays), *shapes.pop())), names
    files = container.external_file
    if files is not None and len(files):
        raise ValueError(
            f"{path}: its images are in files outside of it ({decoded(files[0])}),"
            " which are not followed"
        )
    names = container.control_description
    names = None if names is None else [decoded(name) for name in names]
    shape = np.shape(container.data)
    names = names if names and len(names) == shape[0] else None
    return _grey(path, container.data, shape), names


def _in_order(path, container):
    """Return the images of a collection in the order that indices count them."""
    pictures = dict(container.images)
    if not pictures:
        raise ValueError(f"{path} holds no images")
    if container.order_of_images is not None:
        ordered = list(container.order_of_images)
        return ordered, [picture.name for picture in ordered]
    numbers = {}
    for name in pictures:
        match = re.search(r"(\d+)$", name)
        if match:
            numbers[int(match[1])] = name
    if sorted(numbers) == list(range(len(pictures))):
        names = [numbers[number] for number in sorted(numbers)]
    else:
        # Only names can choose among these: an index would be a guess.
        names = sorted(pictures)
        if len(names) > 1:
            return [pictures[name] for name in names], Unordered(names)
    return [pictures[name] for name in names], names


class Unordered(list):
    """Names of images that have no order: an index says nothing of them."""


def _grey(path, arrays, shape):
    """Return grey levels `(n, height, width)`; uint8 where all are."""
    colour = len(shape) == 4 and shape[3] in (3, 4)
    if len(shape) != 3 and not colour or 0 in shape:
        raise ValueError(f"{path} is {shape}, expected (images, height, width)")
    kinds = {np.asarray(array[:1]).dtype for array in arrays[:1]}
    kinds |= {array.dtype for array in arrays} if isinstance(arrays, list) else set()
    if any(kind.kind not in "biuf" for kind in kinds):
        raise ValueError(f"{path} holds {kinds.pop()}, expected numbers")
    small = kinds == {np.dtype("uint8")}
    if colour and not small:
        raise ValueError(f"{path}: colours of {kinds.pop()}, expected uint8")
    check_size(path, int(np.prod(shape[1:], dtype=float)) * 8)
    images = zeros_or_memmap(shape[:3], np.uint8 if small else np.float32)
    for row in range(shape[0]):
        image = np.asarray(arrays[row][...])
        if colour:
            image = np.asarray(Image.fromarray(image).convert("L"))
        images[row] = image
    return images
