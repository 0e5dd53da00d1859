"""The files of a laboratory in docs/recording.md, and what is known of its neurons."""

import pathlib
import sys

import numpy as np
import scipy.io
from PIL import Image

IMAGES, TRIALS, NEURONS, SIDE = 480, 8, 8, 32


def make(folder):
    """Write 480 pictures of 96 x 128 pixels, and three sessions in a .mat file."""
    rng = np.random.default_rng(0)
    pictures = _pictures(rng)
    (folder / "pictures").mkdir(parents=True)
    for i, picture in enumerate(pictures):
        Image.fromarray(picture).save(folder / "pictures" / f"img{i + 1}.png")
    # As the animal sees them: the middle, at a third of the size.
    seen = pictures[:, :, 16:112].reshape(IMAGES, SIDE, 3, SIDE, 3).mean(axis=(2, 4))
    sessions = np.zeros((3,), dtype=[("spikes", object), ("eye", object)])
    for k in range(3):
        sessions[k] = _session(rng, seen)
    scipy.io.savemat(folder / "lab.mat", {"data": {"sessions": sessions}})


def _pictures(rng):
    """Return noise with the spectrum of natural images."""
    rows, columns = np.fft.fftfreq(96)[:, None], np.fft.fftfreq(128)
    amplitude = 1 / (np.hypot(rows, columns) + 0.01)
    noise = np.fft.fft2(rng.normal(size=(IMAGES, 96, 128)))
    images = np.real(np.fft.ifft2(noise * amplitude))
    images = 128 + 45 * images / images.std(axis=(1, 2), keepdims=True)
    return np.clip(images, 0, 255).astype("uint8")


def _session(rng, seen):
    """Return the spikes `(trials, images, neurons)` and the eye's position on each."""
    eye = rng.normal(0, 1.5, (TRIALS, IMAGES, 2))  # pixels right and down
    spikes = np.zeros((TRIALS, IMAGES, NEURONS))
    rows, columns = np.mgrid[:SIDE, :SIDE]
    for neuron in range(NEURONS):
        row, column = rng.uniform(12, 20, 2)
        angle, phase = rng.uniform(0, np.pi), rng.uniform(0, 2 * np.pi)
        for trial in range(TRIALS):
            down = rows - row - eye[trial, :, 1, None, None]
            right = columns - column - eye[trial, :, 0, None, None]
            wave = np.cos(0.9 * (down * np.sin(angle) + right * np.cos(angle)) + phase)
            kernels = np.exp(-(down**2 + right**2) / 18) * wave
            kernels -= kernels.mean(axis=(1, 2), keepdims=True)
            drive = np.sum(kernels * seen, axis=(1, 2))
            rates = np.exp(drive / 250)
            spikes[trial, :, neuron] = rng.poisson(np.minimum(rates, 30))
    lost = rng.random((TRIALS, IMAGES)) < 0.12
    spikes[lost], eye[lost] = np.nan, np.nan
    return spikes, eye


if __name__ == "__main__":
    make(pathlib.Path(sys.argv[1]))
