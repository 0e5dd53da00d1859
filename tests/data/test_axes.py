"""The order of axes is taken where it is told, and asked for where it isn't."""

import itertools

import numpy as np
import pytest

from v1keras.data.sources import arrays
from v1keras.data.sources.layout import Layout


def simulated(seed, images=20, height=6, width=7, neurons=5, trials=4):
    """Images, and presentations to neurons that have each a mean of its own."""
    rng = np.random.default_rng(seed)
    pictures = rng.integers(0, 256, (images, height, width), dtype=np.uint8)
    rates = rng.gamma(2.0, 2.0, (images, 1, neurons))
    return pictures, rng.poisson(rates, (images, trials, neurons)).astype("float32")


def saved(folder, **contents):
    paths = {}
    for name, array in contents.items():
        paths[name] = folder / f"{name}.npy"
        np.save(paths[name], array)
    return paths


def read(folder, layout=None, **contents):
    return arrays.read(**saved(folder, **contents), layout=layout)


def is_recording(found, images, repeats, with_repeats=True):
    np.testing.assert_array_equal(found.images, images)
    np.testing.assert_allclose(found.responses, repeats.mean(axis=1), rtol=1e-6)
    if with_repeats:
        np.testing.assert_array_equal(found.repeats, repeats)
    return True


TOLD = [
    ("nhw", (0, 1, 2)),
    ("hwn", (1, 2, 0)),
    ("whn", (2, 1, 0)),
    ("nwh", (0, 2, 1)),
]


@pytest.mark.parametrize("letters, order", TOLD)
@pytest.mark.parametrize("names", itertools.permutations(["images", "trials", "x"]))
def test_any_order_that_is_told_is_read(tmp_path, letters, order, names):
    images, repeats = simulated(0)
    names = [name.replace("x", "neurons") for name in names]
    places = [["images", "trials", "neurons"].index(name) for name in names]
    layout = Layout(
        images_axes=letters,
        responses_axes="neurons,images",
        repeats_axes=",".join(names),
    )
    found = read(
        tmp_path,
        layout,
        images=images.transpose(order),
        responses=repeats.mean(axis=1).T,
        repeats=repeats.transpose(places),
    )
    assert is_recording(found, images, repeats)


SIZES = [
    {},
    {"images": 7, "neurons": 7},  # as many images as neurons, and as pixels a row
    {"images": 6, "height": 6, "width": 6, "neurons": 6, "trials": 6},
    {"trials": 5},
    {"images": 5, "trials": 5},
    {"images": 20, "trials": 20, "neurons": 3},
    {"neurons": 1},
]


def flags_of(message):
    """The attributes of a layout that a refusal names, one way after the other."""
    for way in message.rpartition(": say ")[2].split(", or "):
        words = [word[2:] for word in way.split() if word.startswith("--")]
        yield dict(word.split("=", 1) for word in words)


@pytest.mark.parametrize("seed", range(60))
def test_another_order_is_never_another_recording(tmp_path, seed):
    """Read without a word on axes, or refused with a word by which it is read."""
    rng = np.random.default_rng(seed)
    images, repeats = simulated(seed, **SIZES[seed % len(SIZES)])
    stored = {"images": images.transpose([(0, 1, 2), (1, 2, 0)][rng.integers(2)])}
    what = ["both", "responses", "repeats"][rng.integers(3)]
    if what != "repeats":
        means = repeats.mean(axis=1)
        stored["responses"] = means.T if rng.integers(2) else means
    if what != "responses":
        stored["repeats"] = repeats.transpose(rng.permutation(3))
    try:
        found = read(tmp_path, **stored)
    except ValueError as error:
        told = list(flags_of(str(error)))
        assert told, str(error)
        read_as = []
        for flags in told:
            try:
                found = read(tmp_path, Layout(**flags), **stored)
                is_recording(found, images, repeats, "repeats" in stored)
            except (ValueError, AssertionError):
                continue
            read_as.append(flags)
        assert read_as, str(error)
    else:
        assert is_recording(found, images, repeats, "repeats" in stored)


def test_transposed_responses_and_images_are_told_apart(tmp_path):
    images, repeats = simulated(1)
    means = repeats.mean(axis=1)
    with pytest.raises(ValueError, match=r"images\.npy: images: .*say --images_axes=h"):
        read(tmp_path, images=images.transpose(1, 2, 0), responses=means)
    with pytest.raises(ValueError, match=r"responses\.npy.*--responses_axes=neurons,i"):
        read(tmp_path, images=images, responses=means.T)


def test_columns_tell_the_number_of_neurons(tmp_path):
    """16 images of 16 x 16 pixels: what is known elsewhere decides."""
    images, repeats = simulated(2, 16, 16, 16, 3, 4)
    paths = saved(tmp_path, images=images, repeats=repeats, depth=np.arange(3.0))
    depth = {"neurons/depth": paths.pop("depth")}
    with pytest.raises(ValueError, match="--images_axes=nhw.* or --images_axes=hwn"):
        arrays.read(**paths, columns=depth)
    found = arrays.read(**paths, columns=depth, layout=Layout(images_axes="nhw"))
    assert is_recording(found, images, repeats)


@pytest.mark.parametrize("shape", [(20,), (20, 1), (1, 20)])
def test_one_neuron_may_be_a_vector(tmp_path, shape):
    images, repeats = simulated(3, neurons=1)
    means = repeats.mean(axis=1)
    found = read(tmp_path, images=images, responses=means.reshape(shape))
    np.testing.assert_array_equal(found.responses, means)
    layout = Layout(repeats_axes="trials,images")
    found = read(tmp_path, layout, images=images, repeats=repeats[:, :, 0].T)
    assert is_recording(found, images, repeats)


@pytest.mark.parametrize("shape", [(20, 6, 7, 1), (20, 1, 6, 7), (1, 20, 6, 7)])
def test_an_axis_of_one_says_nothing(tmp_path, shape):
    images, repeats = simulated(4)
    means = repeats.mean(axis=1)
    found = read(tmp_path, images=images.reshape(shape), responses=means)
    assert is_recording(found, images, repeats, False)


@pytest.mark.parametrize(
    "axes, flat",
    [
        ("nhw", lambda images: images.reshape(20, -1)),
        ("nwh", lambda images: images.transpose(0, 2, 1).reshape(20, -1)),
        ("hwn", lambda images: images.reshape(20, -1).T),
        ("whn", lambda images: images.transpose(2, 1, 0).reshape(-1, 20)),
    ],
)
def test_flattened_images_are_asked_about(tmp_path, axes, flat):
    images, repeats = simulated(5)
    stored = {"images": flat(images), "responses": repeats.mean(axis=1)}
    told = f"42 pixels may be 6 x 7 .*--images_shape=6x7.*--images_axes={axes}"
    with pytest.raises(ValueError, match=told):
        read(tmp_path, **stored)
    found = read(tmp_path, Layout(images_axes=axes, images_shape="6x7"), **stored)
    assert is_recording(found, images, repeats, False)
    with pytest.raises(ValueError, match=r"found 42 pixels, expected 6 x 6 = 36"):
        read(tmp_path, Layout(images_axes=axes, images_shape="6x6"), **stored)


@pytest.mark.parametrize(
    "fields, told",
    [
        ({"images_axes": "nhh"}, "--images_axes=nhh: expected nhw"),
        ({"repeats_axes": "images,neurons"}, "expected images,trials,neurons"),
        ({"resize": "16"}, "--resize=16: expected HEIGHTxWIDTH"),
        ({"decimal": ","}, "--decimal=,: expected one of point, comma"),
        ({"missing": "x"}, "--missing=x: expected numbers, or none"),
    ],
)
def test_words_that_are_none(fields, told):
    with pytest.raises(ValueError, match=told):
        Layout(**fields)
