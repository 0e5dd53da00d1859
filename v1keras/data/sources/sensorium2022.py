"""Scans of mouse V1 in the layout of Sensorium 2022, which Lurz et al. 2020 and Franke
et al. 2022 share.

As published: a zip for each scan, `static<animal>-<session>-<scan>-...zip`, with
`data/images/<t>.npy` `(channels, height, width)`, `data/responses/<t>.npy`
`(neurons,)`, deconvolved calcium traces, `data/behavior/<t>.npy` `(3,)` (pupil
dilation, its derivative, running speed) and `data/pupil_center/<t>.npy` `(2,)`, one
file a presentation t = 0, 1, ...; `meta/trials/tiers.npy` ("train", "validation",
"test", "final_test"), `meta/trials/frame_image_id.npy` (in other scans `image_id` or
`colorframeprojector_image_id`); `meta/neurons/cell_motor_coordinates.npy` `(neurons,
3)` in micrometres, `unit_ids`, `area` and `layer`. Each scan is a recording of its own.

Sensorium: Willeke et al., arXiv:2206.08666, https://gin.g-node.org/cajal/Sensorium2022;
seven animals, images 144 x 256. Lurz et al., ICLR 2021: scan 20457-5-9, images 36 x 64.
Franke et al., Nature 610:128, 2022, https://gin.g-node.org/cajal/Franke_Willeke_2022:
two colour channels.
"""

import re

import numpy as np

from v1keras.data.recording import Recording
from v1keras.data.sources.archives import Folder
from v1keras.data.sources.locate import local
from v1keras.data.sources.trials import stack_repeats
from v1keras.data.validation import TEST, TRAIN, UNASSIGNED, VALIDATION
from v1keras.io.large_arrays import release_pages, zeros_or_memmap

SENSORIUM = "https://gin.g-node.org/cajal/Sensorium2022"
SCANS = (
    "21067-10-18",
    "22846-10-16",
    "23343-5-17",
    "23656-14-22",
    "23964-4-22",
    "26872-17-20",
    "27204-5-13",
)
LURZ = "https://github.com/sinzlab/Lurz_2020_code (static20457-5-9-preproc0.zip)"
FRANKE = "https://gin.g-node.org/cajal/Franke_Willeke_2022 (one of its imagenet scans)"
_TIERS = {
    "train": TRAIN,
    "validation": VALIDATION,
    "test": TEST,
    "final_test": TEST,
    "live_test": TEST,
}
_IMAGE_IDS = ("frame_image_id", "image_id", "colorframeprojector_image_id")
_CITATIONS = {
    "sensorium2022": (
        "Willeke et al., The Sensorium competition, arXiv:2206.08666, 2022",
        SENSORIUM,
        "as stated in the repository at GIN",
    ),
    "lurz2020": (
        "Lurz et al., ICLR 2021 (bioRxiv 2020.10.05.326256)",
        LURZ,
        "as stated beside the code",
    ),
    "franke2022": (
        "Franke, Willeke et al., Nature 610:128, 2022",
        FRANKE,
        "as stated in the repository at GIN",
    ),
}


def read_sensorium(path=None, scan=SCANS[0]):
    """One of the seven scans, averaged 4 x 4 to the 36 x 64 pixels that the
    competition's baselines take.
    """
    filename = f"static{scan}-GrayImageNet-94c6ff995dac583098847cfecd43e7b6.zip"
    path = local(
        "sensorium2022", path, SENSORIUM, filename, f"{SENSORIUM}/raw/master/{filename}"
    )
    return read_scan(path, "sensorium2022", average=4)


def read_lurz(path=None):
    """The scan of Lurz et al. 2020."""
    return read_scan(local("lurz2020", path, LURZ), "lurz2020")


def read_franke(path=None, channel=0):
    """A scan of Franke et al. 2022, one of its two colour channels."""
    return read_scan(local("franke2022", path, FRANKE), "franke2022", channel=channel)


def read_scan(path, dataset, average=1, channel=None):
    """One scan.

    Args:
        path: its zip, or the folder unpacked from it.
        dataset: "sensorium2022", "lurz2020" or "franke2022".
        average: pixels a side that become one.
        channel: which of the images' channels, where there are several.

    Returns:
        A `Recording`. Presentations of one image in one tier are one row, their mean;
        images for testing that were shown several times have `repeats`. Columns
        `neurons/coordinates` (micrometres), `neurons/unit`; `covariates/behavior` and
        `covariates/pupil_center` (means over an image's presentations), `covariates/tier`.
        Withheld responses, which the publishers wrote as zeros, are NaN, and their
        images belong to no side.

    Raises:
        OSError: it is not there.
        ValueError: it is malformed; names the file.
    """
    with Folder(path) as folder:
        root = folder.find("meta/trials/tiers.npy").removesuffix(
            "meta/trials/tiers.npy"
        )
        tiers, images_of = _trials(folder, root)
        count = tiers.size
        first, rows = _rows(tiers, images_of)
        neurons = _neurons(folder, root, folder.npy(f"{root}data/responses/0.npy"))
        responses = zeros_or_memmap(
            (count, neurons["coordinates"].shape[0]), np.float32
        )
        pictures = None
        for trial in range(count):
            responses[trial] = _vector(
                folder, f"{root}data/responses/{trial}.npy", responses.shape[1]
            )
            image = _image(folder, f"{root}data/images/{trial}.npy", average, channel)
            if pictures is None:
                pictures = zeros_or_memmap((len(first), *image.shape), image.dtype)
            if image.shape != pictures.shape[1:] or image.dtype != pictures.dtype:
                first_is = f"the first {pictures.shape[1:]} {pictures.dtype}"
                raise ValueError(
                    f"{path}: {root}data/images/{trial}.npy becomes {image.shape}"
                    f" {image.dtype}, {first_is}"
                )
            if first[rows[trial]] == trial:
                pictures[rows[trial]] = image
            elif not np.array_equal(pictures[rows[trial]], image):
                raise ValueError(
                    f"{path}: presentations {first[rows[trial]]} and {trial} have one"
                    " image id, but different images"
                )
            if trial % 1000 == 999:
                release_pages(responses)
        behavior = _animal(folder, root, count)
    shown = np.split(np.argsort(rows, kind="stable"), np.cumsum(np.bincount(rows))[:-1])
    withheld = [
        tier
        for tier in np.unique(tiers)
        if _TIERS[tier] == TEST and not responses[tiers == tier].any()
    ]
    split = np.array(
        [UNASSIGNED if tier in withheld else _TIERS[tier] for tier in tiers[first]]
    )
    means = zeros_or_memmap((len(first), responses.shape[1]), np.float32)
    for row, trials in enumerate(shown):
        means[row] = (
            np.nan if tiers[first[row]] in withheld else responses[trials].mean(axis=0)
        )
        if row % 1000 == 999:
            release_pages(means)
            release_pages(responses)
    repeated = [row for row in np.flatnonzero(split == TEST) if len(shown[row]) > 1]
    citation, source, terms = _CITATIONS[dataset]
    scan = re.search(r"static(\d+-\d+-\d+)", f"{path}/{root}")
    return Recording(
        pictures,
        means,
        split=split,
        repeats=(
            stack_repeats(responses, [shown[row] for row in repeated])
            if repeated
            else None
        ),
        repeat_images=np.array(repeated) if repeated else None,
        neurons=neurons,
        covariates={"tier": tiers[first]}
        | {
            k: np.stack([values[trials].mean(axis=0) for trials in shown])
            for k, values in behavior.items()
        },
        attributes={
            "name": f"{dataset}_{scan[1]}" if scan else dataset,
            "units": "deconvolved calcium, arbitrary units",
            "presentations": 1,
            "species": "mouse",
            "area": "V1",
            "technique": "two-photon calcium imaging, awake",
            "license": terms,
            "citation": citation,
            "source": source,
        },
    )


def _trials(folder, root):
    """The tier and the image of each presentation."""
    tiers = folder.npy(f"{root}meta/trials/tiers.npy")
    if (
        tiers.ndim != 1
        or not tiers.size
        or tiers.dtype.kind != "U"
        or not set(np.unique(tiers)) <= set(_TIERS)
    ):
        raise ValueError(
            f"{folder.path}: tiers.npy is {tiers.shape} {tiers.dtype},"
            f" {np.unique(tiers)[:5].tolist()}; expected {', '.join(_TIERS)}"
        )
    ids = [f"{root}meta/trials/{name}.npy" for name in _IMAGE_IDS]
    found = [name for name in ids if name in folder]
    if not found:
        raise ValueError(
            f"{folder.path}: none of {', '.join(_IMAGE_IDS)} in meta/trials; expected"
            " one of them"
        )
    images = folder.npy(found[0])
    kinds = found[0].replace(
        "image_id", "image_class"
    )  # images of different classes may have one id
    classes = (
        folder.npy(kinds).astype(str) if kinds in folder else np.full(images.shape, "")
    )
    expected = {
        f"{root}data/{what}/{trial}.npy"
        for what in ("images", "responses")
        for trial in range(tiers.size)
    }
    missing = [name for name in expected if name not in folder]
    if images.shape != tiers.shape or classes.shape != tiers.shape or missing:
        have = (
            f"{images.shape} image ids, {len(expected) - len(missing)} of"
            f" {len(expected)} files of images and responses"
        )
        raise ValueError(f"{folder.path}: {tiers.size} tiers, but {have}")
    extra = [f"{root}data/{what}/{tiers.size}.npy" for what in ("images", "responses")]
    if any(name in folder for name in extra):
        raise ValueError(
            f"{folder.path}: {tiers.size} tiers, but more presentations than that"
        )
    return tiers, np.char.add(np.char.add(classes, "/"), images.astype(str))


def _rows(tiers, images):
    """The first presentation of each image (in each tier), in order, and to which of
    them each presentation belongs.
    """
    _, first, inverse = np.unique(
        np.char.add(np.char.add(tiers, "/"), images),
        return_index=True,
        return_inverse=True,
    )
    order = np.argsort(first)
    return first[order], np.argsort(order)[inverse]


def _neurons(folder, root, response):
    columns = {}
    for name, column in (
        ("cell_motor_coordinates", "coordinates"),
        ("unit_ids", "unit"),
        ("area", "area"),
        ("layer", "layer"),
    ):
        file = f"{root}meta/neurons/{name}.npy"
        if file not in folder and name != "cell_motor_coordinates":
            continue
        columns[column] = folder.npy(folder.find(file))
        if columns[column].shape[:1] != (response.size,):
            raise ValueError(
                f"{folder.path}: {name}.npy is {columns[column].shape}, but there are"
                f" {response.size} responses"
            )
    if (
        columns["coordinates"].shape[1:] != (3,)
        or columns["coordinates"].dtype.kind not in "iuf"
    ):
        raise ValueError(
            f"{folder.path}: cell_motor_coordinates.npy is"
            f" {columns['coordinates'].shape}, expected ({response.size}, 3) numbers"
        )
    return columns


def _vector(folder, name, length):
    values = folder.npy(name)
    if (
        values.size != length
        or values.dtype.kind not in "iuf"
        or not np.isfinite(values).all()
    ):
        raise ValueError(
            f"{folder.path}: {name} is {values.shape} {values.dtype}, expected {length}"
            " finite numbers"
        )
    return values.ravel()


def _image(folder, name, average, channel):
    image = folder.npy(name)
    if (
        image.ndim != 3
        or image.dtype.kind not in "iuf"
        or (channel is None and image.shape[0] != 1)
    ):
        raise ValueError(
            f"{folder.path}: {name} is {image.shape} {image.dtype}, expected (1,"
            " height, width) numbers"
        )
    if (
        not 0 <= (channel or 0) < image.shape[0]
        or image.shape[1] % average
        or image.shape[2] % average
    ):
        raise ValueError(
            f"{folder.path}: {name} is {image.shape}, expected channel {channel or 0}"
            f" and sides that {average} divides"
        )
    image = image[channel or 0]
    if average > 1:
        height, width = image.shape
        image = image.reshape(
            height // average, average, width // average, average
        ).mean(axis=(1, 3))
    return image if image.dtype == np.uint8 else image.astype(np.float32)


def _animal(folder, root, count):
    """Behaviour and pupil of every presentation, where they were recorded and not
    withheld (zeros throughout).
    """
    found = {}
    for name, length in (("behavior", 3), ("pupil_center", 2)):
        files = [f"{root}data/{name}/{trial}.npy" for trial in range(count)]
        if files[0] not in folder:
            continue
        missing = [file for file in files if file not in folder]
        if missing:
            raise ValueError(
                f"{folder.path}: no {missing[0]}, one of {len(missing)} missing"
            )
        values = np.stack([_vector(folder, file, length) for file in files]).astype(
            np.float32
        )
        if values.any():
            found[name] = values
    return found
