"""The publishers' and laboratories' files that are no HDF5."""

import functools
import io
import tarfile
import zipfile

import fake_datasets
import numpy as np
import scipy.io
from fuzzing import Format
from PIL import Image

from v1keras.data import sources
from v1keras.data.sources import array_files, kindel2019, matlab, tang2018
from v1keras.io.pictures import opened

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (12, 9, 7), dtype=np.uint8)
RATES = RNG.random((12, 5))


def matlab_file(**options):
    """Return the format of a file that SciPy writes with some options."""
    variables = {"images": PIXELS, "rates": RATES, "name": "V1"}
    if "format" in options:  # which has matrices alone
        variables = {"images": PIXELS[0], "rates": RATES, "z": RATES * 1j}
    else:
        cells = np.empty((2, 2), object)
        cells[:] = [[RATES, "a"], [PIXELS[0], np.zeros((0, 3))]]
        variables |= {"cells": cells, "struct": {"a": RATES, "b": {"c": "text"}}}

    def write(path):
        scipy.io.savemat(path, variables, **options)

    def read(path):
        return matlab.read(path, list(variables))

    return Format(write, read, suffix=".mat", processes=True)


def array_file(suffix, write, place=""):
    """Return the format of a laboratory's own array."""

    def read(path):
        return np.array(array_files.read_array(f"{path}{place}"))

    return Format(write, read, suffix=suffix)


def table(path):
    rows = [",".join(f"{rate:.3f}" for rate in row) for row in RATES]
    path.write_text("\n".join(rows))


def picture(kind, mode="L", **options):
    """Return the format of a picture that Pillow writes with some options."""

    def write(path):
        image = Image.effect_noise((40, 30), 60).convert(mode)
        image.save(path, kind, **options)

    def read(path):
        with opened(path) as image:
            return np.asarray(image.convert("L"))

    return Format(write, read, suffix=f".{kind.lower()}")


def dataset(name):
    return functools.partial(sources.read, name)


def pickled(path):
    content = fake_datasets.cadena(images=10)
    content["images"] = content["images"].astype(np.uint8)
    fake_datasets.cadena_file(path, content)


def zipped(path):
    fake_datasets.zipped(path, fake_datasets.antolik_files([fake_datasets.antolik()]))


def deflated(path):
    files = fake_datasets.sensorium_files(fake_datasets.sensorium(), "scan/")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def packed(files, path, mode):
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.pax_headers = len(content), {"comment": "a" * 200}
            archive.addfile(info, io.BytesIO(content))


def patterns(path, mode="w:gz"):
    files = {"neurons/neu1.npy": fake_datasets.npy(RNG.random(6))}
    for i in range(1, 7):
        file = io.BytesIO()
        Image.fromarray(np.kron(PIXELS[i, :4, :4], np.ones((40, 40), "u1"))).save(
            file, "PNG"
        )
        files[f"stimuli/pattern/{i}.png"] = file.getvalue()
    packed(files, path, mode)


def array_sessions(path):
    files = {}
    for name in ("01", "02"):
        file = io.BytesIO()
        scipy.io.savemat(file, {"images": PIXELS, "activity": RATES})
        files[f"data/{name}mean.mat"] = file.getvalue()
    packed(files, path, "w:gz")


def same_recording(whole, found):
    names = ("images", "responses", "repeats", "split")
    return all(
        np.array_equal(getattr(whole, name), getattr(found, name), equal_nan=True)
        for name in names
    )


MATLAB_4 = matlab_file(format="4")
MATLAB_5 = matlab_file()
MATLAB_5_PACKED = matlab_file(do_compression=True)
NPY = array_file(".npy", lambda path: np.save(path, PIXELS))
NPZ = array_file(".npz", lambda path: np.savez(path, x=PIXELS, y=RATES), ":x")
NPZ_PACKED = array_file(
    ".npz", lambda path: np.savez_compressed(path, x=PIXELS, y=RATES), ":x"
)
CSV = array_file(".csv", table)
PICKLE = Format(pickled, dataset("cadena2019"), suffix=".pkl")
ZIP = Format(zipped, dataset("antolik2016_region1"), suffix=".zip", same=same_recording)
ZIP_PACKED = Format(
    deflated,
    dataset("sensorium2022_21067-10-18"),
    suffix=".zip",
    same=same_recording,
)
TAR = Format(
    functools.partial(patterns, mode="w:"), tang2018.read_archive, suffix=".tar"
)
TAR_PACKED = Format(patterns, tang2018.read_archive, suffix=".tar.gz")
TAR_MATLAB = Format(
    array_sessions, kindel2019.read_archive, suffix=".tar.gz", processes=True
)
PNG = picture("PNG")
PNG_COLOUR = picture("PNG", "RGBA")
JPEG = picture("JPEG", "RGB")
TIFF = picture("TIFF")
TIFF_PACKED = picture("TIFF", "RGB", compression="tiff_lzw")
TIFF_DEFLATED = picture("TIFF", compression="tiff_adobe_deflate")
BMP = picture("BMP", "P")
