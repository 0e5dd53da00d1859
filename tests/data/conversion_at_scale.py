"""Converts 100,000 images x 10,000 neurons and prints the most memory that took:

    python tests/data/conversion_at_scale.py EMPTY_FOLDER

`test_scale.py` does so with fewer images.
"""

import pathlib
import subprocess
import sys
import time

import numpy as np


def make(folder, images, neurons, dtype=np.float32):
    rng = np.random.default_rng(0)
    stack = np.lib.format.open_memmap(
        folder / "images.npy", "w+", np.uint8, (images, 36, 64)
    )
    responses = np.lib.format.open_memmap(
        folder / "responses.npy", "w+", dtype, (images, neurons)
    )
    for start in range(0, images, 1000):
        count = min(1000, images - start)
        stack[start : start + count] = rng.integers(
            0, 256, (count, 36, 64), dtype=np.uint8
        )
        responses[start : start + count] = rng.integers(
            0, 5, (count, neurons), dtype=np.int8
        )


def convert(folder):
    """Runs the command; returns the most bytes that it had resident, pages of files
    included.
    """
    line = [
        sys.executable,
        "-m",
        "v1keras.data",
        "convert",
        "arrays",
        f"--images={folder / 'images.npy'}",
    ]
    line += [f"--responses={folder / 'responses.npy'}", f"--out={folder / 'out.h5'}"]
    process, most = subprocess.Popen(line, stdout=subprocess.DEVNULL), 0
    while (
        process.poll() is None
    ):  # not by rusage: that of a child begins with what its parent had
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        most = max(
            [
                most,
                *(
                    int(row.split()[1]) * 1024
                    for row in status.splitlines()
                    if row.startswith("VmHWM")
                ),
            ]
        )
        time.sleep(0.05)
    if process.returncode:
        raise RuntimeError(f"the conversion ended with status {process.returncode}")
    return most


if __name__ == "__main__":
    where = pathlib.Path(sys.argv[1])
    make(where, *(int(number) for number in sys.argv[2:] or ("100000", "10000")))
    print(f"{convert(where) / 1e9:.2f} GB at most")
