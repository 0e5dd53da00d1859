import functools

import numpy as np
import pytest

from v1keras.characterization import (
    CLASSES,
    center_surround,
    class_margin,
    classify,
    gabor,
    shape_columns,
)
from v1keras.characterization.columns import COLUMNS

SIZE = (32, 32)
# What gratings and patches tell of cells of each kind.
BEHAVIOR = {
    "gabor": {"f1_f0": 1.6, "orientation_selectivity": 0.7, "patch_extent": 0.1},
    "center-surround": {
        "f1_f0": 1.6,
        "orientation_selectivity": 0.02,
        "patch_extent": 0.1,
    },
    "texture": {"f1_f0": 0.1, "orientation_selectivity": 0.3, "patch_extent": 0.6},
    "unclassified": {"f1_f0": 1.6, "orientation_selectivity": 0.5, "patch_extent": 0.2},
}


def evidence_of(patterns, behavior):
    columns = {name: np.full(len(patterns), value) for name, value in behavior.items()}
    return shape_columns(patterns) | columns


def prototypes():
    """Return patterns of each class, of ten random parameters."""
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
    # A localized pattern that is neither: noise under a Gaussian of five pixels.
    rows, columns = np.mgrid[:32, :32]
    patch = noise * np.exp(-((rows - 16) ** 2 + (columns - 16) ** 2) / 50)
    return {
        "gabor": gabor(striped, SIZE),
        "center-surround": center_surround(circular, SIZE),
        "texture": np.concatenate([gabor(striped | everywhere, SIZE), noise]),
        "unclassified": patch,
    }


@functools.cache
def shapes_of(kind):
    return shape_columns(prototypes()[kind][:5])


@pytest.mark.parametrize("weak_noise", [0, 0.4])
def test_prototypes_get_their_class(weak_noise):
    rng = np.random.default_rng(2)
    for kind, patterns in prototypes().items():
        rms = np.sqrt(np.square(patterns).mean(axis=(1, 2), keepdims=True))
        noisy = patterns / rms + weak_noise * rng.normal(size=patterns.shape)
        classes = classify(evidence_of(noisy, BEHAVIOR[kind]))
        assert np.mean(classes == kind) >= (0.9 if weak_noise else 0.99), kind


@pytest.mark.parametrize(
    "kind, changes",
    [
        # One picture that fills the image drives the cell: no texture.
        ("texture", {"f1_f0": 1.7}),
        ("texture", {"patch_extent": 0.1}),
        ("texture", {"f1_f0": np.nan}),
        # A plaid has no preferred orientation; a round energy cell no phase.
        ("gabor", {"orientation_selectivity": 0.03}),
        ("center-surround", {"f1_f0": 0.1}),
        # A stripe of light as wide as the image.
        ("gabor", {"patch_extent": 0.5}),
    ],
)
def test_a_cell_that_behaves_otherwise_is_not_classified(kind, changes):
    evidence = dict(shapes_of(kind))
    for name, value in (BEHAVIOR[kind] | changes).items():
        evidence[name] = np.full(len(evidence["gabor_r2"]), value)
    classes = classify(evidence)
    assert (classes == "unclassified").all()


def test_brightness_alone_is_no_texture():
    bright = 1 + 0.3 * np.random.default_rng(0).normal(size=(3, *SIZE))
    evidence = evidence_of(bright, BEHAVIOR["texture"])
    expected = np.square(bright.mean(axis=(1, 2))) / np.square(bright).mean(axis=(1, 2))
    np.testing.assert_allclose(evidence["luminance"], expected)
    assert (classify(evidence) == "unclassified").all()


def rule_columns(**changes):
    values = {
        "spatial_extent": 0.1,
        "luminance": 0.0,
        "gabor_r2": 0.9,
        "center_surround_r2": 0.1,
        "f1_f0": 1.2,
        "orientation_selectivity": 0.6,
        "patch_extent": 0.1,
    }
    return {name: np.array([value]) for name, value in (values | changes).items()}


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({}, "gabor"),
        ({"patch_extent": 0.27, "f1_f0": 0.99}, "texture"),
        ({"patch_extent": 0.269, "f1_f0": 0.99}, "gabor"),
        ({"patch_extent": 0.27, "f1_f0": 1.0}, "unclassified"),
        ({"spatial_extent": 0.2}, "unclassified"),
        ({"spatial_extent": 0.199}, "gabor"),
        ({"gabor_r2": 0.49}, "unclassified"),
        ({"center_surround_r2": 0.82}, "center-surround"),
        ({"center_surround_r2": 0.80}, "gabor"),
        ({"center_surround_r2": 0.82, "f1_f0": 0.49}, "unclassified"),
        ({"orientation_selectivity": 0.149}, "unclassified"),
        # What a shape leaves of a well predicted neuron's stimulus is no noise.
        ({"gabor_r2": 0.79, "cc_norm": 0.95}, "unclassified"),
        ({"gabor_r2": 0.81, "cc_norm": 1.1}, "gabor"),
        ({"gabor_r2": 0.64, "cc_norm": 0.875}, "unclassified"),
        ({"gabor_r2": 0.66, "cc_norm": 0.875}, "gabor"),
        ({"gabor_r2": 0.51, "cc_norm": 0.79}, "gabor"),
        ({"gabor_r2": 0.51, "cc_norm": np.nan}, "gabor"),
        ({"gabor_r2": 0.73, "cc_norm": 1.0, "surround_suppression": 0.9}, "gabor"),
        (
            {"gabor_r2": 0.71, "cc_norm": 1.0, "surround_suppression": 0.9},
            "unclassified",
        ),
        (
            {"flank_suppression": 0.5, "flank_asymmetry": 0.5, "f1_f0": 0.9},
            "unclassified",
        ),
        ({"flank_suppression": 0.5, "flank_asymmetry": 0.5}, "gabor"),
        ({"flank_suppression": 0.49, "flank_asymmetry": 1.0, "f1_f0": 0.9}, "gabor"),
        ({"flank_suppression": 1.0, "flank_asymmetry": 0.49, "f1_f0": 0.9}, "gabor"),
        # No better than chance: no class.
        ({"predicted": True}, "gabor"),
        ({"predicted": False}, "unclassified"),
    ],
)
def test_rule_at_its_thresholds(changes, expected):
    assert classify(rule_columns(**changes)).tolist() == [expected]
    assert expected in CLASSES


@pytest.mark.parametrize(
    "changes, margin",
    [
        ({"orientation_selectivity": 0.165}, 0.1),  # 0.15 x 1.1
        ({"spatial_extent": 0.2 / 1.3}, 0.3),
        ({"gabor_r2": 0.6, "orientation_selectivity": 0.9}, 0.2),
    ],
)
def test_the_margin_is_the_least_change_of_a_threshold(changes, margin):
    found_margin = class_margin(rule_columns(**changes))
    assert found_margin == pytest.approx([margin], abs=0.021)


def test_evidence_has_the_columns_that_the_table_explains():
    shapes = shape_columns(np.random.default_rng(0).normal(size=(2, 14, 14)))
    explained = {column.name for column in COLUMNS}
    assert set(shapes) <= explained
    assert all(column.shape == (2,) for column in shapes.values())
