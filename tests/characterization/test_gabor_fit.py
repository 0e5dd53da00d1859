"""Gabor fits against patterns rendered by formulas of the test's own."""

import sys

import numpy as np
import pytest

from v1keras.characterization import fit_gabors, gabor, phase_spread, phases_at

SIZE = (33, 29)
COUNT = 60


def draw(rng, count=COUNT):
    frequency = rng.uniform(0.06, 0.25, count)
    return {
        "row": rng.uniform(10, 22, count),
        "column": rng.uniform(9, 19, count),
        "orientation_deg": rng.uniform(0, 180, count),
        "frequency": frequency,
        "phase_deg": rng.uniform(0, 360, count),
        "width_along": rng.uniform(2, 5, count),
        "width_across": rng.uniform(0.25, 0.8, count) / frequency,
        "amplitude": rng.uniform(10, 60, count),
    }


def render(true, i):
    """One Gabor, pixel by pixel: stripes run along (right, up) = (cos o, sin o)."""
    pattern = np.empty(SIZE)
    turn = np.exp(1j * np.radians(true["orientation_deg"][i]))
    for row in range(SIZE[0]):
        for column in range(SIZE[1]):
            place = (column - true["column"][i]) - 1j * (
                row - true["row"][i]
            )  # the imaginary axis points up
            along, across = (place / turn).real, -(place / turn).imag
            bump = np.exp(
                -(along**2) / (2 * true["width_along"][i] ** 2)
                - across**2 / (2 * true["width_across"][i] ** 2)
            )
            wave = np.cos(
                2 * np.pi * true["frequency"][i] * across
                + np.radians(true["phase_deg"][i])
            )
            pattern[row, column] = true["amplitude"][i] * bump * wave
    return pattern


def apart(a, b, period):
    return np.abs((np.asarray(a) - b + period / 2) % period - period / 2)


@pytest.fixture(scope="module")
def known():
    true = draw(np.random.default_rng(0))
    return true, np.stack([render(true, i) for i in range(COUNT)])


def test_gabors_are_rendered_by_their_formula(known):
    true, patterns = known
    np.testing.assert_allclose(gabor(true, SIZE), patterns, atol=1e-9)


def test_orientation_is_that_of_the_stripes_as_one_sees_them():
    """At 45 degrees a bright stripe runs up to the right: from the lower left corner to
    the upper right one.
    """
    one = {
        "row": 10,
        "column": 10,
        "frequency": 0.1,
        "phase_deg": 0,
        "width_along": 9,
        "width_across": 9,
        "amplitude": 1,
    }
    pattern = gabor(one | {"orientation_deg": 45}, (21, 21))[0]
    assert (
        pattern[4, 16] > 0.5
        and pattern[16, 4] > 0.5
        and pattern[7, 7] < 0
        and pattern[13, 13] < 0
    )
    flat = gabor(one | {"orientation_deg": 0}, (21, 21))[0]
    assert flat[10, 2] > 0.5 and flat[5, 10] < 0


def test_fit_finds_what_was_rendered(known):
    true, patterns = known
    found = fit_gabors(patterns)
    gabor_is_the_same = gabor({name: found[name] for name in true}, SIZE)
    np.testing.assert_allclose(gabor_is_the_same, patterns, atol=1e-3)
    assert found["r2"].min() > 1 - 1e-8
    assert apart(found["orientation_deg"], true["orientation_deg"], 180).max() < 0.01
    for name in (
        "row",
        "column",
        "frequency",
        "width_along",
        "width_across",
        "amplitude",
    ):
        np.testing.assert_allclose(found[name], true[name], rtol=1e-3)
    turned = (
        apart(found["orientation_deg"], true["orientation_deg"], 360) > 90
    )  # near 0 = 180 the phase is counted from the other side
    assert (
        apart(
            found["phase_deg"],
            np.where(turned, -true["phase_deg"], true["phase_deg"]),
            360,
        ).max()
        < 0.1
    )


def test_fit_under_noise_explains_what_is_no_noise(known):
    """Noise of half the pattern's energy: 1 / 1.5 of it can be explained, and the
    parameters still come out.
    """
    true, patterns = known
    noise = np.random.default_rng(1).normal(size=patterns.shape)
    noise *= np.sqrt(
        0.5 * np.square(patterns).sum(axis=(1, 2)) / np.square(noise).sum(axis=(1, 2))
    )[:, None, None]
    found = fit_gabors(patterns + noise)
    np.testing.assert_allclose(found["r2"], 1 / 1.5, atol=0.06)
    assert (
        np.mean(apart(found["orientation_deg"], true["orientation_deg"], 180) < 4)
        >= 0.95
    )
    assert np.mean(np.abs(found["frequency"] / true["frequency"] - 1) < 0.1) >= 0.95
    assert (
        np.mean(
            np.hypot(found["row"] - true["row"], found["column"] - true["column"]) < 1
        )
        >= 0.9
    )


def test_phase_and_orientation_do_not_leave_their_circle():
    one = {
        "row": 15,
        "column": 15,
        "frequency": 0.12,
        "width_along": 4,
        "width_across": 4,
        "amplitude": 1,
    }
    found = fit_gabors(
        np.concatenate(
            [
                gabor(one | {"orientation_deg": o, "phase_deg": p}, (31, 31))
                for o, p in [(0, 0), (179.9, 200), (0.1, 359)]
            ]
        )
    )
    assert (
        (found["orientation_deg"] >= 0)
        & (found["orientation_deg"] < 180)
        & (found["phase_deg"] >= 0)
        & (found["phase_deg"] < 360)
    ).all()


def test_scale_changes_amplitudes_alone(known):
    _, patterns = known
    first, again = fit_gabors(patterns[:5]), fit_gabors(1e4 * patterns[:5])
    np.testing.assert_allclose(again["amplitude"], 1e4 * first["amplitude"], rtol=1e-4)
    np.testing.assert_allclose(again["frequency"], first["frequency"], rtol=1e-4)


def test_a_pattern_fits_the_same_whichever_stand_beside_it(known):
    _, patterns = known
    together, alone = fit_gabors(patterns), fit_gabors(patterns[7:8])
    for name, column in alone.items():
        assert column[0] == pytest.approx(together[name][7], rel=1e-6)


def test_phases_tell_the_stimuli_of_a_complex_cell_from_those_of_a_simple_one():
    rng = np.random.default_rng(3)
    true = draw(rng, 2)
    shown = [[0, 90, 180, 270], [40, 45, 35, 40]]
    phases = np.array(shown).T
    patterns = np.stack(
        [gabor(true | {"phase_deg": row}, SIZE) for row in phases], axis=1
    )
    patterns += rng.normal(size=patterns.shape) * 0.02 * np.abs(patterns).max()
    found = phases_at(patterns, true)
    assert apart(found, shown, 360).max() < 5
    spread = phase_spread(found)
    assert spread[0] > 0.95 and spread[1] < 0.05
    # Of 90 degrees either way: |1 + i| / 2
    assert phase_spread([0, 90]) == pytest.approx(1 - np.sqrt(0.5))


@pytest.mark.slow
def test_as_many_stimuli_as_the_papers_neurons_are_fitted_many_at_once(monkeypatch):
    """Work is counted, not timed: about 50 Gabors per pattern, by the hundred."""
    module = sys.modules[fit_gabors.__module__]
    filters, rendered = [], []

    def counted(work, counts):
        def call(*arguments):
            counts.append(len(arguments[-1 if counts is rendered else 0]))
            return work(*arguments)

        return call

    filtered = counted(module.best_places, filters)
    monkeypatch.setattr(module, "best_places", filtered)
    render = counted(module.GaborModel.__call__, rendered)
    monkeypatch.setattr(module.GaborModel, "__call__", render)
    rng = np.random.default_rng(4)
    patterns = gabor(draw(rng, 392), (33, 33)) + rng.normal(size=(392, 33, 33)) * 5
    fit_gabors(patterns)
    assert set(filters) == {392} and len(filters) < 400
    assert len(rendered) < 600 and sum(rendered) < 30_000
