"""Scans of mouse V1 in the layout of Sensorium 2022.

Lurz et al. 2020 and Franke et al. 2022 share it.

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
from v1keras.data.sources import scan_files
from v1keras.data.sources.locate import locate
from v1keras.data.sources.scan_files import TIERS
from v1keras.data.sources.trials import stack_repeats
from v1keras.data.validation import TEST, UNASSIGNED
from v1keras.io.archives import Folder
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
    """Read one of the seven scans, averaged 4 x 4 to 36 x 64 pixels.

    The competition's baselines take images of this size.
    """
    filename = f"static{scan}-GrayImageNet-94c6ff995dac583098847cfecd43e7b6.zip"
    url = f"{SENSORIUM}/raw/master/{filename}"
    path = locate("sensorium2022", path, SENSORIUM, filename, url)
    return read_scan(path, "sensorium2022", average=4)


def read_lurz(path=None):
    """Read the scan of Lurz et al. 2020."""
    return read_scan(locate("lurz2020", path, LURZ), "lurz2020")


def read_franke(path=None, channel=0):
    """Read a scan of Franke et al. 2022, one of its two colour channels."""
    path = locate("franke2022", path, FRANKE)
    return read_scan(path, "franke2022", channel=channel)


def read_scan(path, dataset, average=1, channel=None):
    """Read one scan.

    Args:
        path: Path of its zip, or of the folder unpacked from it.
        dataset: "sensorium2022", "lurz2020" or "franke2022".
        average: Integer, pixels a side that become one.
        channel: Integer, one of the images' channels, where there are several.

    Returns:
        `Recording`. Presentations of one image in one tier are one row, their mean;
        images for testing that were shown several times have `repeats`. Columns
        `neurons/coordinates` (micrometres), `neurons/unit`; `covariates/behavior` and
        `covariates/pupil_center` (means over an image's presentations),
        `covariates/tier`. Withheld responses, which the publishers wrote as zeros, are
        NaN, and their images belong to no side.

    Raises:
        OSError: It is not there.
        ValueError: It is malformed; names the file.
    """
    with Folder(path) as folder:
        tail = "meta/trials/tiers.npy"
        root = folder.find(tail).removesuffix(tail)
        tiers, identities = scan_files.trials(folder, root)
        first, rows = _rows(tiers, identities)
        neurons = scan_files.neurons(folder, root)
        count = len(neurons["coordinates"])
        responses = zeros_or_memmap((tiers.size, count), np.float32)
        for trial in range(tiers.size):
            name = f"{root}data/responses/{trial}.npy"
            responses[trial] = scan_files.vector(folder, name, count)
            if trial % 1000 == 999:
                release_pages(responses)
        images = scan_files.images(folder, root, first, rows, average, channel)
        behavior = scan_files.behavior(folder, root, tiers.size)
    order = np.argsort(rows, kind="stable")
    trials = np.split(order, np.cumsum(np.bincount(rows))[:-1])
    tiers, withheld = tiers[first], _withheld(tiers, responses)
    split = np.array([TIERS[tier] for tier in tiers])
    split[np.isin(tiers, withheld)] = UNASSIGNED
    repeated = [row for row in np.flatnonzero(split == TEST) if len(trials[row]) > 1]
    repeats = [trials[row] for row in repeated]
    covariates = {"tier": tiers}
    for name, values in behavior.items():
        means = [values[indices].mean(axis=0) for indices in trials]
        covariates[name] = np.stack(means)
    return Recording(
        images,
        _means(responses, trials, np.isin(tiers, withheld)),
        split=split,
        repeats=stack_repeats(responses, repeats) if repeats else None,
        repeat_images=np.array(repeated) if repeats else None,
        neurons=neurons,
        covariates=covariates,
        attributes=_attributes(dataset, f"{path}/{root}"),
    )


def _attributes(dataset, path):
    """Return the attributes of a scan, whose number is in its path."""
    citation, source, terms = _CITATIONS[dataset]
    scan = re.search(r"static(\d+-\d+-\d+)", path)
    return {
        "name": f"{dataset}_{scan[1]}" if scan else dataset,
        "units": "deconvolved calcium, arbitrary units",
        "presentations": 1,
        "species": "mouse",
        "area": "V1",
        "technique": "two-photon calcium imaging, awake",
        "license": terms,
        "citation": citation,
        "source": source,
    }


def _rows(tiers, identities):
    """Return the first presentation of each image, and each presentation's image.

    Images are counted in the order of their first presentation in each tier.
    """
    _, first, inverse = np.unique(
        np.char.add(np.char.add(tiers, "/"), identities),
        return_index=True,
        return_inverse=True,
    )
    order = np.argsort(first)
    return first[order], np.argsort(order)[inverse]


def _withheld(tiers, responses):
    """Return the tiers for testing whose responses are all zero."""
    tested = [tier for tier in np.unique(tiers) if TIERS[tier] == TEST]
    return [tier for tier in tested if not responses[tiers == tier].any()]


def _means(responses, trials, withheld):
    """Return `(images, neurons)` means over presentations, NaN where withheld."""
    means = zeros_or_memmap((len(trials), responses.shape[1]), np.float32)
    for row, indices in enumerate(trials):
        means[row] = np.nan if withheld[row] else responses[indices].mean(axis=0)
        if row % 1000 == 999:
            release_pages(means)
            release_pages(responses)
    return means
