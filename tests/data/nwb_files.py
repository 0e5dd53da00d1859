"""Small NWB files as pynwb writes them, and what was recorded in them."""

import datetime

import h5py
import numpy as np
import pynwb
from pynwb.base import ImageReferences, Images
from pynwb.behavior import BehavioralTimeSeries, EyeTracking, SpatialSeries
from pynwb.image import GrayscaleImage, ImageSeries, IndexSeries
from pynwb.ophys import DfOverF, Fluorescence, ImageSegmentation, OpticalChannel

SIZE = (12, 16)  # pixels


def pictures(count, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, *SIZE), dtype=np.uint8)


def session(name="monday"):
    """A file's content before anything was recorded."""
    start = datetime.datetime(2024, 5, 1, tzinfo=datetime.timezone.utc)
    file = pynwb.NWBFile("natural images", f"id-{name}", start, session_id=name)
    file.subject = pynwb.file.Subject(
        subject_id="m7", species="Mus musculus", age="P90D", sex="F"
    )
    file.create_device("probe A", "a silicon probe")
    return file


def add_units(file, trains, qualities=None, areas=None, **columns):
    """Add sorted units, each with an electrode in its area."""
    qualities = qualities or ["good"] * len(trains)
    areas = areas or ["VISp"] * len(trains)
    group = file.create_electrode_group(
        "shank", "of the probe", "cortex", file.devices["probe A"]
    )
    for i, area in enumerate(areas):
        file.add_electrode(group=group, location=area, x=float(i), y=0.0, z=0.0)
    file.add_unit_column("quality", "of the sorting")
    for train, quality, i in zip(trains, qualities, range(len(trains)), strict=True):
        rest = {name: values[i] for name, values in columns.items()}
        file.add_unit(
            spike_times=np.sort(train), quality=quality, electrodes=[i], **rest
        )


def add_templates(file, images, name="natural_scenes", **options):
    series = ImageSeries(
        name=name, data=images, unit="n.a.", format="raw", rate=1.0, **options
    )
    file.add_stimulus_template(series)
    return series


def add_table(file, frames, starts, duration, column="frame", name=None, **columns):
    """Add a table of presentations in Allen's style."""
    name = name or "natural_scenes_presentations"
    table = pynwb.epoch.TimeIntervals(name=name, description="presentations")
    if column:
        table.add_column(name=column, description="which image")
    for other in columns:
        table.add_column(name=other, description=other)
    for i, (frame, start) in enumerate(zip(frames, starts, strict=True)):
        rest = {other: values[i] for other, values in columns.items()}
        if column:
            rest[column] = frame
        table.add_interval(start_time=start, stop_time=start + duration, **rest)
    file.add_time_intervals(table)
    return table


def add_image_set(file, images, ordered=True, names=None):
    """Add images one by one, and their order unless it is left out."""
    names = names or [f"scene{chr(97 + i)}" for i in range(len(images))]
    single = [
        GrayscaleImage(name=name, data=image)
        for name, image in zip(names, images, strict=True)
    ]
    order = None
    if ordered:
        order = ImageReferences(name="order_of_images", data=single)
    together = Images(
        name="scenes", images=single, description="scenes", order_of_images=order
    )
    file.add_stimulus_template(together)
    return together


def add_index_series(file, together, indices, times, name="scenes_shown"):
    kind = "indexed_images" if isinstance(together, Images) else "indexed_timeseries"
    # As a file is read: pynwb no longer makes an index of a series, though files have
    # them.
    series = IndexSeries.__new__(IndexSeries, in_construct_mode=True)
    series.__init__(
        name=name,
        data=np.asarray(indices, np.uint32),
        unit="N/A",
        timestamps=np.asarray(times, float),
        **{kind: together},
    )
    series._in_construct_mode = False
    file.add_stimulus(series)
    return series


def add_traces(file, traces, rate, raw=True, location="VISp"):
    """Add dF/F of ROIs, and the fluorescence that it was computed from."""
    microscope = file.create_device("microscope", "two-photon")
    plane = file.create_imaging_plane(
        name="plane",
        optical_channel=OpticalChannel(
            name="green", description="green", emission_lambda=520.0
        ),
        description="layer 2/3",
        device=microscope,
        excitation_lambda=920.0,
        indicator="GCaMP6f",
        location=location,
    )
    segmentation = ImageSegmentation()
    rois = segmentation.create_plane_segmentation(
        name="ROIs", description="cells", imaging_plane=plane
    )
    rois.add_column("valid_roi", "a cell body")
    for i in range(traces.shape[1]):
        rois.add_roi(pixel_mask=[(i, 0, 1.0)], valid_roi=i != 1)
    module = file.create_processing_module("ophys", "of cells")
    module.add(segmentation)
    region = rois.create_roi_table_region("all", region=list(range(traces.shape[1])))
    module.add(DfOverF())
    module["DfOverF"].create_roi_response_series(
        name="dff", data=traces, rois=region, unit="n.a.", rate=rate
    )
    if raw:
        module.add(Fluorescence())
        region = rois.create_roi_table_region(
            "all", region=list(range(traces.shape[1]))
        )
        module["Fluorescence"].create_roi_response_series(
            name="raw", data=100 * traces + 50, rois=region, unit="lumens", rate=rate
        )


def add_behavior(file, times, running, eye):
    module = file.create_processing_module("behavior", "of the animal")
    speed = BehavioralTimeSeries(name="running")
    module.add(speed)
    speed.create_timeseries(
        name="running_speed", data=running, unit="cm/s", timestamps=times
    )
    series = SpatialSeries(
        name="pupil_position",
        data=eye,
        unit="pixels",
        reference_frame="camera",
        timestamps=times,
    )
    module.add(EyeTracking(spatial_series=series))


def write(file, path):
    with pynwb.NWBHDF5IO(str(path), "w") as target:
        target.write(file)
    return path


def transpose(path, name):
    """Write a dataset with its axes exchanged, as some laboratories do."""
    with h5py.File(path, "r+") as file:
        values, attributes = file[name][...], dict(file[name].attrs)
        del file[name]
        file[name] = values.T
        file[name].attrs.update(attributes)


FRAMES = np.tile(np.arange(4), 5)
ONSETS = 1 + 0.5 * np.arange(20)
IMAGES = pictures(4)
TRAINS = [np.arange(0.1, 12, 0.3), np.arange(0.2, 12, 0.7)]


def allen(path, change=lambda file: None, frames=FRAMES, column="frame", **columns):
    """A file with templates, a table and units, after a change."""
    file = session()
    add_templates(file, IMAGES)
    add_table(file, frames, ONSETS, 0.25, column, **columns)
    add_units(file, TRAINS)
    change(file)
    return write(file, path)


def traces(file):
    add_traces(file, np.random.default_rng(0).normal(size=(400, 3)), 30.0)
