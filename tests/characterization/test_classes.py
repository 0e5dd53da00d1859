import numpy as np
import pytest

from v1keras.characterization import (
    CLASSES,
    center_surround,
    class_of,
    classify,
    gabor,
    spatial_extent,
)

SIZE = (32, 32)


def test_spatial_extent_of_known_envelopes():
    point, even = np.zeros(SIZE), np.ones(SIZE)
    point[20, 5] = -2
    rows, columns = np.mgrid[:32, :32]
    checks = np.where((rows + columns) % 2, 1.0, -1.0)
    bumps = [
        np.exp(-((rows - 16) ** 2 + (columns - 15) ** 2) / (2 * width**2))
        for width in (3.0, 5.0)
    ]
    found = spatial_extent([point, even, checks, *bumps])
    assert found[0] == pytest.approx(
        0.5 / 512, rel=1e-3
    )  # half of one pixel of half the image's 1024
    # The energy of an even image is half in a disc of half the area, as far as discs of
    # pixels have one
    assert found[1] == pytest.approx(1, abs=0.01) and found[2] == pytest.approx(
        1, abs=0.01
    )
    # exp(-d^2 / s^2) of the energy lies beyond d: half of it at d^2 = s^2 ln 2
    assert found[3:] == pytest.approx(
        [2 * np.pi * np.log(2) * s**2 / 1024 for s in (3.0, 5.0)], rel=0.05
    )


def test_spatial_extent_is_little_moved_by_weak_noise_and_by_the_place():
    one = {
        "row": 12,
        "column": 14,
        "orientation_deg": 20,
        "frequency": 0.15,
        "phase_deg": 0,
        "width_along": 3,
        "width_across": 3,
        "amplitude": 1,
    }
    clean = gabor(one, SIZE)[0]
    noise = np.random.default_rng(0).normal(size=SIZE)
    noise *= np.sqrt(0.1 * np.square(clean).sum() / np.square(noise).sum())
    found = spatial_extent([clean, clean + noise, np.roll(clean, (6, -5), axis=(0, 1))])
    assert found[1] < 1.35 * found[0] and found[2] == pytest.approx(found[0], rel=1e-6)
    energy = np.square(clean + noise)
    rows, columns = np.mgrid[:32, :32]
    radius = lambda e: np.sqrt(
        (e * ((rows - 12) ** 2 + (columns - 14) ** 2)).sum() / e.sum()
    )
    assert radius(energy) > 1.5 * radius(
        clean**2
    )  # what the standard deviation of the energy would say


def test_spatial_extent_in_images_that_are_not_square():
    found = spatial_extent(np.ones((2, 20, 36)))
    assert found == pytest.approx([1, 1], abs=0.05)


def test_prototypes_get_their_class():
    rng = np.random.default_rng(1)
    count = 10
    place = {"row": rng.uniform(11, 20, count), "column": rng.uniform(11, 20, count)}
    frequency = rng.uniform(0.08, 0.2, count)
    striped = place | {
        "orientation_deg": rng.uniform(0, 180, count),
        "frequency": frequency,
        "phase_deg": rng.uniform(0, 360, count),
        "width_along": rng.uniform(2, 4, count),
        "width_across": rng.uniform(0.25, 0.5, count) / frequency,
        "amplitude": 1.0,
    }
    width = rng.uniform(1.2, 2.5, count)
    circular = place | {
        "width_center": width,
        "width_surround": 2 * width,
        "amplitude_center": 1.0,
        "amplitude_surround": 0.25,
    }
    everywhere = {"width_along": 100, "width_across": 100}
    noise = rng.normal(size=(count, *SIZE))
    # A localised pattern that is neither: noise under a Gaussian of five pixels
    rows, columns = np.mgrid[:32, :32]
    patch = noise * np.exp(-((rows - 16) ** 2 + (columns - 16) ** 2) / 50)
    prototypes = {
        "gabor": gabor(striped, SIZE),
        "center-surround": center_surround(circular, SIZE),
        "texture": np.concatenate([gabor(striped | everywhere, SIZE), noise]),
        "unclassified": patch,
    }
    for kind, patterns in prototypes.items():
        scaled = patterns / np.square(patterns).mean(axis=(1, 2), keepdims=True) ** 0.5
        for weak in (0, 0.4):
            found = classify(scaled + weak * rng.normal(size=patterns.shape))
            assert np.mean(found["class"] == kind) >= (0.99 if not weak else 0.9), kind


def test_rule_at_its_thresholds():
    columns = {
        "spatial_extent": np.array([0.2, 0.199, 0.1, 0.1, 0.1, 0.3]),
        "gabor_r2": np.array([0.9, 0.9, 0.49, 0.8, 0.8, 0.1]),
        "center_surround_r2": np.array([0.9, 0.1, 0.49, 0.73, 0.71, 0.1]),
    }
    assert class_of(columns).tolist() == [
        "texture",
        "gabor",
        "unclassified",
        "center-surround",
        "gabor",
        "texture",
    ]
    assert set(class_of(columns)) == set(CLASSES)


def test_evidence_is_kept():
    found = classify(np.random.default_rng(0).normal(size=(2, 14, 14)))
    assert {
        "class",
        "spatial_extent",
        "gabor_r2",
        "gabor_orientation_deg",
        "center_surround_r2",
        "center_surround_width_center",
    } <= set(found)
    assert all(column.shape == (2,) for column in found.values())
