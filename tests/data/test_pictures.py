"""Folders of pictures: their order, depth, crop and size."""

import warnings

import numpy as np
import pytest
from PIL import Image

from v1keras.data.sources import arrays
from v1keras.data.sources.layout import Layout


def folder_of(folder, names, pictures):
    folder.mkdir()
    for name, picture in zip(names, pictures, strict=True):
        Image.fromarray(picture).save(folder / name)
    return folder


def recording(tmp_path, names, pictures=None, layout=None, responses=None):
    """A recording whose picture i is of grey level i, and has the response i."""
    count = len(names)
    if pictures is None:
        pictures = [np.full((6, 8), i, np.uint8) for i in range(count)]
    path = tmp_path / "responses.npy"
    np.save(path, np.arange(3.0, count + 3)[:, None] if responses is None else 0)
    folder = folder_of(tmp_path / "pictures", names, pictures)
    return arrays.read(folder, responses or path, layout=layout)


@pytest.mark.parametrize("name", ["img{}.png", "{}.tif", "s1_im{}_x.png", "A {}.bmp"])
def test_pictures_are_in_the_order_of_their_numbers(tmp_path, name):
    names = [name.format(i + 1) for i in range(12)]
    with pytest.warns(UserWarning, match=r"2.* before .*10.*--pictures_order=letters"):
        found = recording(tmp_path, names)
    assert found.images[:, 0, 0].tolist() == list(range(12))
    assert found.covariates["picture"].tolist() == names


def test_the_order_of_letters_is_taken_if_asked_for(tmp_path):
    names = sorted(f"img{i + 1}.png" for i in range(12))
    found = recording(tmp_path, names, layout=Layout(pictures_order="letters"))
    assert found.images[:, 0, 0].tolist() == list(range(12))


@pytest.mark.parametrize("name", ["img{:03d}.png", "{:02d}.png"])
def test_one_order_needs_no_words(tmp_path, name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = recording(tmp_path, [name.format(i) for i in range(12)])
    assert found.images[:, 0, 0].tolist() == list(range(12))


@pytest.mark.parametrize("names", [["1.png", "01.png"], ["a2.png", "a2.tif"]])
def test_two_pictures_of_one_number_are_refused(tmp_path, names):
    with pytest.raises(ValueError, match=r"have the same number: rename one"):
        recording(tmp_path, names)


def test_what_is_no_picture_is_left_out(tmp_path):
    folder = folder_of(tmp_path / "p", ["a1.png"], [np.zeros((4, 4), np.uint8)])
    for name in ("._a1.png", "Thumbs.db", "notes.txt"):
        (folder / name).write_bytes(b"x")
    np.save(tmp_path / "r.npy", [[1.0, 2.0]])
    found = arrays.read(folder, tmp_path / "r.npy")
    assert found.covariates["picture"].tolist() == ["a1.png"]


@pytest.mark.parametrize("kind", ["png", "tif"])
def test_16_bits_are_kept(tmp_path, kind):
    deep = np.random.default_rng(0).integers(0, 1 << 16, (3, 6, 8), dtype=np.uint16)
    found = recording(tmp_path, [f"{i}.{kind}" for i in range(3)], deep)
    assert found.images.dtype == np.float32
    np.testing.assert_array_equal(found.images, deep)


def test_8_and_16_bits_in_one_folder_are_refused(tmp_path):
    pictures = [np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.uint16)]
    with pytest.raises(ValueError, match=r"b\.png: has another number of bits"):
        recording(tmp_path, ["a.png", "b.png"], pictures)


def test_several_pictures_in_a_file_are_refused(tmp_path):
    folder = folder_of(tmp_path / "p", ["a.tif"], [np.zeros((4, 4), np.uint8)])
    pages = [Image.fromarray(np.full((4, 4), i, np.uint8)) for i in range(3)]
    pages[0].save(folder / "a.tif", save_all=True, append_images=pages[1:])
    np.save(tmp_path / "r.npy", [[1.0]])
    with pytest.raises(ValueError, match=r"a\.tif: holds 3 pictures, expected one"):
        arrays.read(folder, tmp_path / "r.npy")


def checkerboard(height, width):
    return np.uint8(np.add.outer(np.arange(height), 3 * np.arange(width)))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_images_are_cropped_and_resized(tmp_path, dtype):
    pictures = [checkerboard(12, 20).astype(dtype), checkerboard(10, 16).astype(dtype)]
    layout = Layout(crop="8x8", resize="4x4")
    found = recording(tmp_path, ["a.png", "b.png"], pictures, layout).images
    # Slopes stay what they are where pairs of pixels are averaged.
    middle = [pictures[0][2:10, 6:14], pictures[1][1:9, 4:12]]
    for image, cut in zip(found, middle, strict=True):
        averages = cut.reshape(4, 2, 4, 2).mean(axis=(1, 3))
        np.testing.assert_allclose(image[1:3, 1:3], averages[1:3, 1:3], atol=0.5)


def test_arrays_are_cropped_and_resized_as_pictures_are(tmp_path):
    pictures = np.stack([checkerboard(12, 12), checkerboard(12, 12).T])
    layout = Layout(crop="10x10", resize="5x5")
    found = recording(tmp_path, ["a.png", "b.png"], pictures, layout)
    np.save(tmp_path / "images.npy", pictures)
    again = arrays.read(
        tmp_path / "images.npy", tmp_path / "responses.npy", layout=layout
    )
    np.testing.assert_array_equal(found.images, again.images)


@pytest.mark.parametrize(
    "layout, told",
    [
        ({}, r"b\.png: is 5 x 8 pixels, the first 6 x 8: say --crop or --resize"),
        ({"crop": "6x6"}, r"b\.png: is 5 x 8 pixels, expected at least 6 x 6"),
        ({"resize": "4x4"}, r"a\.png: is 6 x 8 .* proportions .*say --crop=6x6, too"),
    ],
)
def test_sizes_that_do_not_fit(tmp_path, layout, told):
    pictures = [np.zeros((6, 8), np.uint8), np.zeros((5, 8), np.uint8)]
    with pytest.raises(ValueError, match=told):
        recording(tmp_path, ["a.png", "b.png"], pictures, Layout(**layout))


@pytest.mark.parametrize("label", ["img{}.png", "img{}"])
def test_a_table_names_the_pictures(tmp_path, label):
    """Rows are matched by the name of the picture, in whatever order they stand."""
    order = np.random.default_rng(0).permutation(12)
    rows = [f"{label.format(i)},{i + 3}" for i in order]
    (tmp_path / "table.csv").write_text("\n".join(["picture,rate", *rows]))
    names = [f"img{i:02d}.png" for i in range(12)]
    text = (tmp_path / "table.csv").read_text()
    for i in range(10):
        text = text.replace(f"{label.format(i)},", f"{label.format(f'0{i}')},")
    (tmp_path / "table.csv").write_text(text)
    found = recording(tmp_path, names, responses=tmp_path / "table.csv")
    assert found.responses[:, 0].tolist() == list(range(3, 15))
    assert found.neurons["name"].tolist() == ["rate"]
