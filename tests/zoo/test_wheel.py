"""The zoo travels in the wheel."""

import os
import pathlib
import subprocess
import sys
import zipfile

import pytest

from v1keras import zoo

ROOT = pathlib.Path(__file__).parents[2]
# What a user does, far from the checkout and with no network.
USE = """
import socket
def refuse(*arguments, **options):
    raise OSError("a connection was asked for")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
import numpy as np
import v1keras
print(v1keras.__file__)
print(v1keras.zoo.find(v1keras.zoo.names()[0]))
for name in v1keras.zoo.names():
    model = v1keras.zoo.load(name, check=True)
    images = np.zeros((2, *model.image_size, 1), "float32")
    print(name, *model.predict(images, verbose=0).shape)
"""


@pytest.mark.slow
def test_a_wheel_installed_elsewhere_has_every_preset(tmp_path):
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run(
        [*pip, "wheel", str(ROOT), "--no-deps", f"--wheel-dir={tmp_path}"], check=True
    )
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    assert (site / "v1keras" / "py.typed").exists()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = os.environ | {"PYTHONPATH": str(site)}
    done = subprocess.run(
        [sys.executable, "-c", USE],
        cwd=elsewhere,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    package, preset, *lines = done.stdout.splitlines()
    assert package == str(site / "v1keras" / "__init__.py") and preset.startswith(
        str(site)
    )
    assert lines == [
        f"{name} 2 {sum(zoo.info(name)['sessions'].values())}" for name in zoo.names()
    ]
