"""Users' own arrays, tables and pictures that do not fit."""

import fake_datasets
import numpy as np
import pytest
from corrupted_files import refused, wrong_arrays
from PIL import Image

from v1keras.data.sources import arrays

pytestmark = pytest.mark.usefixtures("elsewhere")

OWN = {
    "images": np.zeros((12, 6, 7), np.uint8) + np.arange(7, dtype=np.uint8),
    "responses": np.random.default_rng(0).random((12, 3)),
}


@pytest.mark.parametrize(
    "how",
    [
        "missing",
        "cut",
        "empty file",
        "no array",
        *wrong_arrays(OWN["images"]),
        "infinite",
    ],
)
@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("kind", ["npy", "npz", "mat"])
def test_own_array_that_does_not_fit(tmp_path, kind, name, how):
    content = dict(OWN)
    content[name] = (
        wrong_arrays(OWN[name]).get(how, OWN[name])
        if how != "infinite"
        else np.full(OWN[name].shape, np.inf)
    )
    if kind == "mat" and how in ("pickled", "complex", "one axis more", "empty"):
        content[name] = np.array(["x"])
    files = {}
    for key, value in content.items():
        files[key] = tmp_path / f"{key}.{kind}"
        if kind == "mat":
            fake_datasets.matlab_5(files[key], {"x": value})
        else:
            (np.save if kind == "npy" else np.savez)(
                files[key],
                **({"arr": value} if kind == "npy" else {"x": value}),
                allow_pickle=True,
            )
    content = files[name].read_bytes()
    if how == "missing":
        files[name].unlink()
    elif how in ("cut", "empty file", "no array"):
        files[name].write_bytes(
            {
                "cut": content[: -len(content) // 3],
                "empty file": b"",
                "no array": b"no array at all",
            }[how]
        )
    suffix = "" if kind == "npy" else ":x"
    refused(
        lambda _: arrays.read(
            f"{files['images']}{suffix}", f"{files['responses']}{suffix}"
        ),
        files[name],
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1,2\n3\n",
        "a,b\n1,2\n",
        "1;2\n3;4\n",
        "x\n" * 12,
        "inf,1\n" * 12,
        "1,2\n" * 11,
    ],
)
def test_own_table_that_does_not_fit(tmp_path, text):
    np.save(tmp_path / "images.npy", OWN["images"])
    (tmp_path / "responses.csv").write_text(text)
    refused(
        lambda path: arrays.read(tmp_path / "images.npy", path),
        tmp_path / "responses.csv",
    )


@pytest.mark.parametrize("content", [b"", b"no picture", "cut", "small", "renamed"])
def test_own_picture_that_does_not_fit(tmp_path, content):
    np.save(tmp_path / "responses.npy", OWN["responses"])
    (tmp_path / "pictures").mkdir()
    for i, image in enumerate(OWN["images"]):
        Image.fromarray(image).save(tmp_path / "pictures" / f"{i}.png")
    path = tmp_path / "pictures" / "5.png"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content == "small":
        Image.fromarray(OWN["images"][0][:3]).save(path)
    elif content == "renamed":
        Image.fromarray(OWN["images"][0]).save(path, "GIF")
    else:
        path.write_bytes(path.read_bytes()[:40])
    refused(
        lambda _: arrays.read(tmp_path / "pictures", tmp_path / "responses.npy"), path
    )
