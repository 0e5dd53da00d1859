"""Second days as strangers bring them: made right, or refused in one line."""

import warnings

import numpy as np
import pytest

import v1keras
from v1keras.workflows.analyze import analyze
from v1keras.workflows.measured import responses_in_order, responses_of_recording


@pytest.fixture(scope="module")
def trials(made, first_day_rates):
    """Responses `(stimuli, blocks, neurons of the first day)`, all different."""
    shape = (len(made.names), len(made.order), made.neuron_count)
    rng = np.random.default_rng(0)
    return rng.gamma(4, first_day_rates / 4, shape).astype("float32")


def write_table(path, made, trials, rows, name, heads):
    """Write the presentations `rows`, (stimulus, block), of all neurons."""
    lines = [",".join(["stimulus", *heads])]
    for stimulus, block in rows:
        values = map(repr, trials[stimulus, block].tolist())
        lines.append(",".join([name(made.names[stimulus]), *values]))
    path.write_text("\n".join(lines) + "\n")
    return path


def presentations(made):
    return [(place, block) for block, o in enumerate(made.order) for place in o]


@pytest.mark.parametrize(
    "name",
    [
        lambda name: name,
        lambda name: f"images/{name}.png",
        lambda name: rf"C:\set\images\{name.upper()}.PNG",
    ],
)
def test_rows_that_name_their_stimuli_come_in_any_order(made, trials, tmp_path, name):
    heads = [f"unit {i}" for i in range(made.neuron_count)]
    rows = presentations(made)
    order = np.random.default_rng(1).permutation(len(rows))[: len(rows) - 3]
    kept = [rows[i] for i in sorted(order)]
    path = write_table(tmp_path / "a.csv", made, trials, kept, name, heads)
    found = responses_in_order(path, made)
    for stimulus in range(len(made.names)):
        shown = [block for place, block in kept if place == stimulus]
        expected = trials[stimulus, shown][:, made.neurons]
        np.testing.assert_allclose(found[stimulus, : len(shown)], expected, rtol=1e-6)
        assert np.isnan(found[stimulus, len(shown) :]).all()


def test_columns_that_name_their_neurons_come_in_any_order(made, trials, tmp_path):
    order = np.arange(made.neuron_count)[::-1]
    heads = [f"neuron_{i}" for i in order]
    turned = trials[:, :, order]
    rows = presentations(made)
    path = write_table(tmp_path / "a.csv", made, turned, rows, str, heads)
    expected = trials[:, :, made.neurons]
    np.testing.assert_allclose(responses_in_order(path, made), expected, rtol=1e-6)


def test_a_row_of_an_unknown_stimulus_is_refused(made, trials, tmp_path):
    heads = [f"unit {i}" for i in range(made.neuron_count)]
    rows = presentations(made)
    path = write_table(tmp_path / "a.csv", made, trials, rows, str, heads)
    path.write_text(path.read_text().replace("\nblank,", "\ngrating,", 1))
    with pytest.raises(ValueError, match="the set has no stimulus 'grating'"):
        responses_in_order(path, made)
    few = [row for row in rows if made.names[row[0]] != "blank"]
    path = write_table(tmp_path / "b.csv", made, trials, few, str, heads)
    with pytest.raises(ValueError, match="lacks 1 of the .* the first blank"):
        responses_in_order(path, made)


def test_an_array_that_is_turned_is_told_so(made, tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((made.neuron_count, made.order.size)))
    with pytest.raises(ValueError, match="transpose it"):
        responses_in_order(tmp_path / "a.npy", made)


def save(path, made, trials, images, **changes):
    values = {
        "repeats": trials,
        "repeat_images": np.arange(len(trials)),
        "covariates": {"stimulus": np.array(made.names)},
    }
    recording = v1keras.Recording(images, trials.mean(axis=1), **values | changes)
    recording.save(path)
    return path


@pytest.mark.parametrize(
    "images",
    [
        lambda made: made.images / 255,
        lambda made: made.levels,
        lambda made: np.float32(made.levels) / 255,
    ],
)
def test_images_are_pixels_or_levels_from_0_to_1_or_to_255(
    made, trials, tmp_path, images
):
    path = save(tmp_path / "a.h5", made, trials, images(made))
    found = responses_of_recording(path, made)
    np.testing.assert_array_equal(found, trials[:, :, made.neurons])


def test_images_that_are_others_are_refused(made, trials, tmp_path):
    path = save(tmp_path / "a.h5", made, trials, made.images - made.images.mean())
    with pytest.raises(ValueError, match="another image; expected the set's, pixels"):
        responses_of_recording(path, made)


def test_names_of_something_else_are_left_aside(made, trials, tmp_path):
    other = {"stimulus": np.array(["natural"] * len(made.names))}
    path = save(tmp_path / "a.h5", made, trials, made.images, covariates=other)
    found = responses_of_recording(path, made)  # matched by their pixels
    flat = [levels.tobytes() for levels in made.levels]
    alone = [place for place, key in enumerate(flat) if flat.count(key) == 1]
    expected = trials[alone][:, :, made.neurons]
    np.testing.assert_array_equal(found[alone, : trials.shape[1]], expected)


@pytest.mark.parametrize(
    "change",
    [
        lambda neurons: neurons + 1,  # counted from 1
        lambda neurons: np.array([f"unit {i}" for i in neurons]),
        lambda neurons: np.append(neurons[:-1], neurons[0]),
        lambda neurons: neurons + 0.5,
    ],
)
def test_neurons_with_other_names_are_refused(made, trials, tmp_path, change):
    neurons = change(np.arange(made.neuron_count))
    path = save(
        tmp_path / "a.h5", made, trials, made.images, neurons={"neuron": neurons}
    )
    with pytest.raises(ValueError, match="expected different indices of the first day"):
        responses_of_recording(path, made)


def verdict_on_units(made, measured):
    return analyze(made, measured).faults[-1]


def test_other_units_are_named(made, trials):
    measured = trials[:, :, made.neurons].astype(float)
    assert verdict_on_units(made, measured).verdict == "fine"
    in_hertz = verdict_on_units(made, measured / 0.1)
    assert in_hertz.verdict == "wrong" and "Hz for counts" in in_hertz.text
    scaled = (measured - measured.mean(axis=(0, 1))) / measured.std(axis=(0, 1))
    assert "below 0" in verdict_on_units(made, scaled).text


def test_an_experiment_that_was_broken_off_is_analyzed_without_a_warning(made, trials):
    """The last block is missing, one neuron for half of the day, one has no control."""
    measured = trials[:, :, made.neurons].astype(float)
    measured[:, -1] = np.nan
    measured[:, 2:, 0] = np.nan
    measured[made.places("gabor")[1], :, 1] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        outcome = analyze(made, measured)
        text = str(outcome)
    assert outcome.per_neuron["gabor_verdict"][1] == ""
    assert np.isfinite(outcome.per_neuron["correlation"]).all()
    assert len(outcome.summary["drift"]["block_means"]) == len(made.order)
    assert "nan" not in text
