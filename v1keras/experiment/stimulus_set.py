"""`StimulusSet`: stimuli as a screen shows them, with what is predicted of them."""

import dataclasses
import json
import os
import pathlib
from typing import Any

import numpy as np
from PIL import Image

from v1keras.experiment.manifest import MANIFEST, read_manifest, screen_entry
from v1keras.experiment.predictions import PREDICTIONS, Predictions
from v1keras.experiment.presentations import condition_rows, presentation_rows
from v1keras.experiment.screen import Screen
from v1keras.io.atomic import sha256
from v1keras.io.pictures import opened
from v1keras.io.tables import write_rows

IMAGES = "images"
ORDER = "presentations.csv"
CONDITIONS = "conditions.csv"
RATES = "predicted_rates.csv"
# What a set's folder holds, but for the page and the manifest.
FILES = (ORDER, CONDITIONS, RATES, PREDICTIONS)
# Role of a stimulus -> what it is, in the order of the page.
ROLES = {
    "preferred": "the stimulus that the model says drives the neuron most",
    "image_at_norm": "the recorded image that drives it most at the same contrast",
    "image_as_shown": "the recorded image that drives it most as it was shown",
    "gabor": "the best Gabor at the same contrast",
    "center_surround": "the best difference of Gaussians at the same contrast",
    "masked_image": "a natural image masked to the place of the preferred stimulus,"
    " at the same contrast",
    "inhibiting": "the stimulus that drives the neuron least",
    "diverse": "one of a set of stimuli that differ and drive the neuron alike",
    "recorded": "an image of the first day, shown again to measure drift",
    "blank": "the background alone",
}
# Roles that the neuron's preferred stimulus is compared with. `others` are the
# preferred stimuli of neurons of like position.
CONTROLS = (
    "image_at_norm",
    "image_as_shown",
    "gabor",
    "center_surround",
    "others",
    "masked_image",
    "blank",
)
# Roles that are shown at the contrast of the preferred stimuli.
AT_NORM = (
    "preferred",
    "image_at_norm",
    "gabor",
    "center_surround",
    "masked_image",
    "inhibiting",
    "diverse",
)


@dataclasses.dataclass(repr=False)
class StimulusSet:
    """Stimuli for the second day of an experiment, and what is predicted of them.

    Attributes:
        neurons: `(n,)` indices of the neurons in the recording of the first day.
        neuron_count: Integer, number of neurons of that recording.
        like_position: List of n lists of places in `neurons`: neurons whose preferred
            stimuli are at nearly the same place.
        names: List of s strings, names of the stimuli.
        roles: List of s strings, keys of `ROLES`.
        owners: `(s,)` place in `neurons` of the neuron that each is for, -1 for all.
        recorded: `(s,)` index of the image of the first day that it shows, or -1.
        levels: `(s, height, width)` uint8, grey levels as in the image files.
        background: Integer, grey level around the images.
        screen: `Screen`.
        norm: Float, contrast norm of the stimuli in pixel units.
        order: `(repeats, s)` order of presentation.
        timing: Tuple, seconds of an image and of the background after it.
        predictions: `Predictions`.
        about: Dict of texts: `model`, `model_sha256`, `recording`, `version`.
    """

    neurons: np.ndarray
    neuron_count: int
    like_position: list[list[int]]
    names: list[str]
    roles: list[str]
    owners: np.ndarray
    recorded: np.ndarray
    levels: np.ndarray
    background: int
    screen: Screen
    norm: float
    order: np.ndarray
    timing: tuple[float, float]
    predictions: Predictions
    about: dict[str, str]

    @property
    def images(self) -> np.ndarray:
        """`(s, height, width)` float32, the images in the model's pixels as shown."""
        return self.screen.pixels(self.levels)

    @property
    def files(self) -> list[str]:
        """Names of the image files, below the set's folder."""
        return [f"{IMAGES}/{name}.png" for name in self.names]

    def places(self, role: str) -> np.ndarray:
        """Return `(n,)` the place of each neuron's stimulus of a role, or -1."""
        places = np.full(len(self.neurons), -1)
        for place, (own, owner) in enumerate(zip(self.roles, self.owners, strict=True)):
            if own == role and owner < 0:
                places[:] = place
            elif own == role and places[owner] < 0:
                places[owner] = place
        return places

    def control_places(self, role: str) -> list[list[int]]:
        """Return the places of the stimuli that a control of each neuron consists of.

        Args:
            role: String, one of `CONTROLS`.
        """
        if role == "others":
            preferred = self.places("preferred")
            return [
                [int(preferred[other]) for other in others]
                for others in self.like_position
            ]
        return [[int(place)] if place >= 0 else [] for place in self.places(role)]

    def write(self, folder: pathlib.Path) -> None:
        """Write image files, tables, predictions and the manifest to an empty folder.

        Raises:
            OSError: A file can't be written.
        """
        (folder / IMAGES).mkdir()
        for file, levels in zip(self.files, self.levels, strict=True):
            picture = self.screen.picture(levels, self.background)
            Image.fromarray(picture).save(folder / file, compress_level=1)
        arguments = (self.order, self.names, self.files, *self.timing)
        rates = self.predictions.rates
        heading = ["stimulus", *(f"neuron_{neuron}" for neuron in self.neurons)]
        rows = [[name, *row] for name, row in zip(self.names, rates, strict=True)]
        tables = {
            ORDER: presentation_rows(*arguments),
            CONDITIONS: condition_rows(*arguments),
            RATES: [heading, *rows],
        }
        for name, table in tables.items():
            with open(folder / name, "w", newline="", encoding="utf-8") as file:
                write_rows(table, file)
        self.predictions.save(folder / PREDICTIONS)
        text = json.dumps(self._manifest(folder), indent=1)
        (folder / MANIFEST).write_text(text + "\n")

    def _manifest(self, folder):
        stimuli = []
        for i, (name, file) in enumerate(zip(self.names, self.files, strict=True)):
            entry: dict[str, Any] = {"name": name, "role": self.roles[i]}
            entry["neuron"] = int(self.owners[i])
            entry["recorded_image"] = int(self.recorded[i])
            entry["sha256"] = sha256(folder / file)
            stimuli.append(entry)
        return {
            "format": 1,
            "about": self.about,
            "screen": screen_entry(self.screen),
            "image_size": list(self.levels.shape[1:]),
            "background": int(self.background),
            "norm": float(self.norm),
            "neurons": [int(neuron) for neuron in self.neurons],
            "neuron_count": int(self.neuron_count),
            "like_position": self.like_position,
            "timing": list(self.timing),
            "order": self.order.tolist(),
            "stimuli": stimuli,
            "files": {name: sha256(folder / name) for name in FILES},
        }

    def __repr__(self):
        return (
            f"<StimulusSet of {len(self.names)} stimuli for {len(self.neurons)}"
            f" neurons, {len(self.order)} presentations each>"
        )


def open_set(folder: str | os.PathLike[str]) -> StimulusSet:
    """Open a set that `v1keras experiment design` wrote, and check it.

    Args:
        folder: Path of the set.

    Returns:
        `StimulusSet`, its images read from the image files.

    Raises:
        FileNotFoundError: There is no set, or one of its files is missing.
        ValueError: The manifest is malformed, or a file is not what it says.
    """
    folder = pathlib.Path(folder)
    if not (folder / MANIFEST).is_file():
        raise FileNotFoundError(
            f"{folder} is no stimulus set: it has no {MANIFEST}; make one by `python -m"
            " v1keras.experiment design`"
        )
    manifest = read_manifest(folder / MANIFEST, list(ROLES), FILES)
    stimuli = manifest["stimuli"]
    hashes = dict(manifest["files"])
    for stimulus in stimuli:
        hashes[f"{IMAGES}/{stimulus['name']}.png"] = stimulus["sha256"]
    _check_hashes(folder, hashes)
    neurons, names = manifest["neurons"], [stimulus["name"] for stimulus in stimuli]
    levels = []
    for name in names:
        path = folder / IMAGES / f"{name}.png"
        with opened(path, ["PNG"]) as picture:
            if picture.mode != "L":
                raise ValueError(f"has the mode {picture.mode}, expected grey, 8 bits")
            levels.append(
                manifest["screen"].cut_out(
                    np.asarray(picture), manifest["image_size"], manifest["background"]
                )
            )
    predictions = Predictions.load(folder / PREDICTIONS, len(names), len(neurons))
    return StimulusSet(
        np.array(neurons),
        manifest["neuron_count"],
        manifest["like_position"],
        names,
        [stimulus["role"] for stimulus in stimuli],
        np.array([stimulus["neuron"] for stimulus in stimuli]),
        np.array([stimulus["recorded_image"] for stimulus in stimuli]),
        np.stack(levels),
        manifest["background"],
        manifest["screen"],
        manifest["norm"],
        np.array(manifest["order"]),
        tuple(manifest["timing"]),
        predictions,
        manifest["about"],
    )


def _check_hashes(folder, hashes):
    """Refuse a set with files that are missing, or not those of its manifest."""
    missing = [name for name in hashes if not (folder / name).is_file()]
    if missing:
        raise FileNotFoundError(
            f"{folder}: {len(missing)} of {len(hashes)} files are missing, the first"
            f" {missing[0]}; copy the whole set again"
        )
    changed = [name for name in hashes if sha256(folder / name) != hashes[name]]
    if changed:
        raise ValueError(
            f"{folder}: {len(changed)} of {len(hashes)} files are not those of the"
            f" manifest, the first {changed[0]} (its sha256 differs); copy the set"
            " again, or design it anew"
        )
