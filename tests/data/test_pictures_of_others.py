"""Folders of pictures as other programs and systems write them."""

import warnings

import numpy as np
import pytest
from PIL import Image

from v1keras.data.sources import arrays
from v1keras.data.sources.layout import Layout

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (12, 6, 8)).astype("uint8")
RESPONSES = RNG.gamma(2, 2, (12, 3))


def folder_of(path, names, pictures=IMAGES, **options):
    path.mkdir()
    for name, picture in zip(names, pictures, strict=True):
        if not isinstance(picture, Image.Image):
            picture = Image.fromarray(picture)
        picture.save(path / name, **options)
    return path


def read(folder, responses=RESPONSES, **layout):
    path = folder.parent / "responses.npy"
    if isinstance(responses, str):
        path = folder.parent / "responses.csv"
        path.write_text(responses, encoding="utf-8")
    else:
        np.save(path, responses)
    return arrays.read(folder, path, layout=Layout(**layout))


def names(form="img{}.png"):
    return [form.format(i + 1) for i in range(12)]


@pytest.mark.parametrize(
    "listed",
    [
        [("IMG" if i % 2 else "img") + f"{i}.png" for i in range(12)],
        [("\u00e4" if i % 2 else "a\u0308") + f"{i}.png" for i in range(12)],
        [f"img{i + (i > 5)}.PNG" for i in range(12)],
    ],
)
def test_the_order_is_that_of_numbers_in_any_writing(tmp_path, listed):
    with pytest.warns(UserWarning, match="in the order of their numbers"):
        recording = read(folder_of(tmp_path / "p", listed))
    np.testing.assert_array_equal(recording.images, IMAGES)
    assert recording.covariates["picture"].tolist() == listed


def test_other_files_are_left_out_in_words(tmp_path):
    folder = folder_of(tmp_path / "p", names("img{:02d}.png"))
    for name in (".DS_Store", "._img01.png", "Thumbs.db", "notes.txt", "img13.webp"):
        (folder / name).write_bytes(b"x")
    with pytest.warns(UserWarning, match="3 left out, .*Thumbs.db, img13.webp"):
        recording = read(folder)
    np.testing.assert_array_equal(recording.images, IMAGES)


@pytest.mark.parametrize("lacking", [[5], [2, 3, 9]])
def test_a_gap_in_the_numbers_explains_rows_too_many(tmp_path, lacking):
    kept = [i for i in range(12) if i + 1 not in lacking]
    listed = [names("img{:02d}.png")[i] for i in kept]
    folder = folder_of(tmp_path / "p", listed, IMAGES[kept])
    numbers = ", ".join(map(str, lacking))
    with pytest.raises(ValueError, match=f"12 rows for .* numbers skip {numbers}: put"):
        read(folder)
    recording = read(folder, RESPONSES[kept])
    np.testing.assert_array_equal(recording.images, IMAGES[kept])


def inverted_palette(image):
    picture = Image.fromarray(255 - image, "L")
    picture = picture.convert("P")
    picture.putpalette([255 - level for level in range(256) for _ in range(3)])
    return picture


SHOWN = {
    "opaque": [np.dstack([i, i, i, np.full_like(i, 255)]) for i in IMAGES],
    "palette": [inverted_palette(i) for i in IMAGES],
    "gray and alpha": [Image.fromarray(i).convert("LA") for i in IMAGES],
}


@pytest.mark.parametrize("kind", SHOWN)
def test_pixels_are_those_that_are_shown(tmp_path, kind):
    folder = folder_of(tmp_path / "p", names("img{:02d}.png"), SHOWN[kind])
    np.testing.assert_array_equal(read(folder).images, IMAGES)


def test_sixteen_bits_stay(tmp_path):
    deep = [image.astype("uint16") * 257 for image in IMAGES]
    folder = folder_of(tmp_path / "p", names("img{:02d}.png"), deep)
    np.testing.assert_array_equal(read(folder).images, IMAGES.astype("float32") * 257)
    Image.fromarray(IMAGES[0]).save(folder / "img01.png")
    with pytest.raises(ValueError, match=r"img02\.png: has another number of bits"):
        read(folder)


def turned():
    note = Image.Exif()
    note[274] = 6
    return note


@pytest.mark.parametrize(
    ("pictures", "suffix", "options", "words"),
    [
        ([np.dstack([i, i]) for i in IMAGES], "png", {}, "has transparent pixels"),
        (IMAGES, "png", {"transparency": int(IMAGES[0, 0, 0])}, "has transparent"),
        (IMAGES, "jpg", {"exif": turned()}, "is stored turned"),
        (IMAGES.astype("uint16"), "tif", {"tiffinfo": {262: 0}}, "has 0 for white"),
        ([Image.fromarray(i).convert("CMYK") for i in IMAGES], "jpg", {}, ".*CMYK"),
    ],
)
def test_pictures_that_are_shown_otherwise_are_refused(
    tmp_path, pictures, suffix, options, words
):
    listed = names("img{:02d}." + suffix)
    folder = folder_of(tmp_path / "p", listed, pictures, **options)
    with pytest.raises(ValueError, match=rf"img01\.{suffix}: {words}"):
        read(folder)


ORDER = RNG.permutation(12)


def labelled(labels, rows=ORDER):
    lines = ["file;a;b;c"]
    for label, row in zip(labels, rows, strict=True):
        lines.append(";".join([label, *map(str, RESPONSES[row])]))
    return "\n".join(lines)


@pytest.mark.parametrize(
    "form", ["img{}.png", "img{}", "stim/Img{}.PNG", "C:\\stim\\IMG{}.png"]
)
def test_rows_go_to_the_pictures_that_they_name(tmp_path, form):
    folder = folder_of(tmp_path / "p", names())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        recording = read(folder, labelled([form.format(i + 1) for i in ORDER]))
    np.testing.assert_array_equal(recording.images, IMAGES)
    np.testing.assert_allclose(recording.responses, RESPONSES, rtol=1e-6)


@pytest.mark.parametrize(
    ("labels", "rows", "words"),
    [
        (["img1.png", "img4.png"], [0, 3], "img2.png, img3.png, .* have no row"),
        (
            names()[:11] + ["img3"],
            range(12),
            "img12.* no row",
        ),
        (names() + ["img3.png"], [*range(12), 2], "img3.png have several rows"),
        (names() + ["blank.png"], [*range(12), 2], "blank.png are no pictures"),
        ([f"scene {i + 1}" for i in ORDER], ORDER, "say --first_column=index"),
    ],
)
def test_rows_that_name_pictures_in_part_are_refused(tmp_path, labels, rows, words):
    folder = folder_of(tmp_path / "p", names())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ValueError, match=words):
            read(folder, labelled(labels, rows))


def test_words_that_number_the_images_are_not_left_out_in_another_order(tmp_path):
    folder = folder_of(tmp_path / "p", names("img{:02d}.png"))
    text = labelled([f"scene {i + 1}" for i in ORDER])
    with pytest.raises(ValueError, match="bring the rows into their order"):
        read(folder, text, first_column="index")
    text = labelled([f"scene {i + 1}" for i in range(12)], range(12))
    recording = read(folder, text, first_column="index")
    np.testing.assert_allclose(recording.responses, RESPONSES, rtol=1e-6)
