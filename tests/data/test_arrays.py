"""Values followed from a laboratory's own files to the `Recording`."""

import fake_datasets
import numpy as np
import pytest
from PIL import Image

from v1keras.data.sources import arrays


def own_files(folder):
    """The same arrays in every kind of file."""
    rng = np.random.default_rng(6)
    images = rng.integers(0, 256, (12, 6, 7), dtype=np.uint8)
    # Presentations of one image are alike.
    repeats = 5 * rng.random((12, 1, 3)) + rng.random((12, 4, 3))
    responses = repeats.mean(axis=1)
    for suffix, stored in (("npy", images), ("rows.npy", np.asfortranarray(images))):
        np.save(folder / f"images.{suffix}", stored)
    np.save(folder / "responses.npy", responses)
    np.save(folder / "repeats.npy", repeats)
    np.savez(folder / "all.npz", images=images, responses=responses, repeats=repeats)
    fake_datasets.matlab_5(
        folder / "five.mat",
        {"images": images, "responses": responses, "repeats": repeats},
    )
    fake_datasets.matlab_73(
        folder / "seven.mat",
        {"images": images, "responses": responses, "repeats": repeats},
    )
    (folder / "responses.csv").write_text(
        "\n".join(",".join(repr(float(value)) for value in row) for row in responses)
    )
    (folder / "pictures").mkdir()
    for i, image in enumerate(images):
        Image.fromarray(image).save(folder / "pictures" / f"{i}.png")
    return images, responses, repeats


@pytest.mark.parametrize(
    "where",
    [
        {"images": "images.npy", "responses": "responses.npy"},
        {"images": "images.rows.npy", "responses": "responses.csv"},
        {"images": "all.npz:images", "responses": "all.npz:responses"},
        {"images": "five.mat:images", "responses": "five.mat:responses"},
        {"images": "seven.mat:images", "responses": "seven.mat:responses"},
        {"images": "pictures", "responses": "responses.npy"},
    ],
)
def test_own_arrays(tmp_path, where):
    images, responses, repeats = own_files(tmp_path)
    (tmp_path / "session.csv").write_text("a\na\nb\n")
    np.save(tmp_path / "depth.npy", np.array([[0.1], [0.2], [0.3]]))
    np.save(tmp_path / "split.npy", np.arange(12) % 3)
    columns = {
        "split": tmp_path / "split.npy",
        "neuron_session": tmp_path / "session.csv",
        "neurons/depth": tmp_path / "depth.npy",
    }
    repeats_file = tmp_path / where["responses"].replace(
        "responses", "repeats"
    ).replace(".csv", ".npy")
    paths = {key: tmp_path / path for key, path in where.items()}
    recording = arrays.read(
        **paths,
        repeats=repeats_file,
        columns=columns,
        attributes={"units": "spikes per presentation", "window_s": "0.1"},
    )
    np.testing.assert_array_equal(recording.images, images)
    np.testing.assert_array_equal(recording.responses, responses.astype(np.float32))
    np.testing.assert_array_equal(recording.repeats, repeats.astype(np.float32))
    assert recording.images.dtype == np.uint8
    assert recording.split.tolist() == [0, 1, 2] * 4
    assert recording.neuron_session.tolist() == ["a", "a", "b"]
    assert recording.neurons["depth"].tolist() == [0.1, 0.2, 0.3]
    assert recording.attributes == {"units": "spikes per presentation", "window_s": 0.1}


def test_own_arrays_without_means(tmp_path):
    _, _, repeats = own_files(tmp_path)
    recording = arrays.read(tmp_path / "images.npy", repeats=tmp_path / "repeats.npy")
    np.testing.assert_allclose(recording.responses, repeats.mean(axis=1), rtol=1e-6)


@pytest.mark.parametrize("group", ["covariates", "stimuli"])
def test_columns_per_image(tmp_path, group):
    """`stimuli/` is the name that the group has in files of format 1."""
    own_files(tmp_path)
    np.save(tmp_path / "gaze.npy", np.arange(24.0).reshape(12, 2))
    columns = {f"{group}/gaze": tmp_path / "gaze.npy"}
    paths = (tmp_path / "images.npy", tmp_path / "responses.npy")
    recording = arrays.read(*paths, columns=columns)
    expected = np.arange(24.0).reshape(12, 2)
    np.testing.assert_array_equal(recording.covariates["gaze"], expected)


def test_column_of_no_group(tmp_path):
    own_files(tmp_path)
    columns = {"images/gaze": tmp_path / "responses.npy"}
    with pytest.raises(
        ValueError, match="'images/gaze': .*covariates/NAME or repeat_covariates/NAME"
    ):
        arrays.read(tmp_path / "images.npy", repeats="all.npz:x", columns=columns)
