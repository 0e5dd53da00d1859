"""Checks of what v1keras needs on a machine: `v1keras doctor`."""

import dataclasses
import importlib
import importlib.metadata
import os
import pathlib
import platform
import shutil
import tempfile
import textwrap

from v1keras import zoo
from v1keras._version import __version__
from v1keras.data import sources
from v1keras.data.sources.locate import FOLDER_VARIABLE
from v1keras.io import backend
from v1keras.io.download import cache_folder
from v1keras.io.quiet import quiet_start
from v1keras.training import precision
from v1keras.workflows import provenance

_WIDTH = 80
_LEAST_ROOM = 200 << 20  # bytes: the quickstart's workdir, several times over
_PACKAGES = (
    *("tensorflow", "keras", "tensorflow-probability", "tf-keras", "numpy", "scipy"),
    "h5py",
)
# Of Keras's own settings file.
_KERAS_DEFAULTS = {"floatx": "float32", "image_data_format": "channels_last"}


@dataclasses.dataclass
class Finding:
    """One line of the table.

    Args:
        name: String, name of what was checked.
        found: String, its state in words.
        fix: String, how to mend it; "" if nothing is broken.
    """

    name: str
    found: str
    fix: str = ""


def examine() -> list[Finding]:
    """Check everything, in the order of the table."""
    here = pathlib.Path.cwd()
    return [
        _package(),
        _versions(),
        _keras(),
        *_devices(),
        _data(),
        _presets(),
        _folder("folder here", here, "change to a folder that you can write to"),
        _cache(),
    ]


def table(findings: list[Finding]) -> str:
    """Return the findings as text of at most 80 columns.

    Example:

    >>> findings = [
    ...     Finding("keras", "3.15.1"),
    ...     Finding("cache", "no room", "make some"),
    ... ]
    >>> print(table(findings))
    keras        ok      3.15.1
    cache        BROKEN  no room
                         fix: make some
    """
    lines = []
    for finding in findings:
        state = "BROKEN" if finding.fix else "ok"
        head = f"{finding.name:<12} {state:<7} "
        lines += _wrap(finding.found, head, len(head))
        if finding.fix:
            lines += _wrap(f"fix: {finding.fix}", " " * len(head), len(head))
    return "\n".join(lines)


def _wrap(text, head, indent):
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=head,
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
    )


def _package():
    commit = provenance.commit() or "no checkout"
    return Finding("v1keras", f"{__version__} in {provenance.ROOT}; commit: {commit}")


def _versions():
    """Compare the installed packages with those that v1keras requires."""
    from packaging.requirements import Requirement  # which Keras brings

    try:
        lines = importlib.metadata.requires("v1keras") or []
    except importlib.metadata.PackageNotFoundError:
        lines = []  # used from a checkout that is not installed
    wrong = []
    for requirement in map(Requirement, lines):
        marker = requirement.marker
        if marker is not None and not marker.evaluate({"extra": ""}):
            continue
        version = _version(requirement.name) or "0"
        if not requirement.specifier.contains(version, prereleases=True):
            wrong.append(repr(f"{requirement.name}{requirement.specifier}"))
    versions = [f"{name} {_version(name) or 'missing'}" for name in _PACKAGES]
    text = ", ".join([f"Python {platform.python_version()}", *versions])
    fix = f"pip install {' '.join(wrong)}" if wrong else ""
    return Finding("versions", text, fix)


def _version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _keras():
    """Name Keras's backend, and what its settings file changes."""
    path, stated = backend.settings_file(), backend.settings()
    text = f"backend {backend.backend()}"
    try:
        backend.require_tensorflow("training")
    except ValueError as error:
        return Finding("keras", text, str(error))
    changed = [
        f"{key} {stated[key]}"
        for key, usual in _KERAS_DEFAULTS.items()
        if stated.get(key, usual) != usual
    ]
    if changed:
        text += f"; {path} sets {', '.join(changed)}, which changes no model of v1keras"
    return Finding("keras", text)


def _devices():
    if _keras().fix:
        return []
    try:
        with quiet_start():
            tf = importlib.import_module("tensorflow")
            importlib.import_module("v1keras.models")
            gpus = tf.config.list_physical_devices("GPU")
            details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    except Exception as error:  # whatever a half-installed package raises
        return [
            Finding(
                "devices",
                f"TensorFlow and Keras do not start: {error}",
                "pip install --force-reinstall v1keras, into a new environment",
            )
        ]
    capabilities = [gpu.get("compute_capability", (0, 0)) for gpu in details]
    return [
        _processors([str(gpu.get("device_name", "a GPU")) for gpu in details]),
        Finding("precision", f"float32; {_bfloat16(capabilities)}"),
    ]


def _processors(gpus):
    """Return the finding on CPU cores and GPUs, from the names of the GPUs."""
    cores = os.cpu_count()
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    text = f"{cores} CPU cores; {len(gpus)} GPUs"
    if gpus:
        return Finding("devices", f"{text}: {', '.join(gpus)}")
    if not pathlib.Path("/proc/driver/nvidia/version").exists():
        return Finding("devices", text)
    text += "; an NVIDIA driver is here, but TensorFlow sees no GPU"
    if os.environ.get("CUDA_VISIBLE_DEVICES") in ("-1", ""):
        return Finding("devices", text)
    fix = (
        "pip install 'v1keras[gpu]'; or hide the driver's GPUs on purpose with"
        " CUDA_VISIBLE_DEVICES=-1"
    )
    return Finding("devices", text, fix)


def _bfloat16(capabilities):
    """Say which devices compute bfloat16 in hardware.

    NVIDIA GPUs do from compute capability 8.0.
    """
    ways = precision.cpu_bfloat16()
    if ways is None:
        places = ["not known of this CPU"]
    elif ways:
        places = [f"in hardware on the CPU ({', '.join(ways)})"]
    else:
        places = ["only emulated on the CPU (slow)"]
    for i, capability in enumerate(capabilities):
        in_hardware = tuple(capability) >= precision.GPU_CAPABILITY
        places.append(f"{'in hardware' if in_hardware else 'only emulated'} on GPU {i}")
    return f"bfloat16 {', '.join(places)}"


def _data():
    name = os.environ.get(FOLDER_VARIABLE)
    if not name:
        return Finding(
            "data",
            f"{FOLDER_VARIABLE} is not set: public datasets are downloaded where they"
            " are served freely",
        )
    folder = pathlib.Path(name)
    if not folder.is_dir():
        fix = f"set {FOLDER_VARIABLE} to the folder of your datasets, or unset it"
        return Finding("data", f"{FOLDER_VARIABLE} is {name}, which is no folder", fix)
    try:
        subfolders = sorted(path for path in folder.iterdir() if path.is_dir())
        names = [path.name for path in subfolders if any(path.iterdir())]
    except OSError as error:
        return Finding(
            "data",
            f"{folder} can't be read: {error.strerror}",
            "let yourself read it (chmod)",
        )
    datasets = ", ".join(filter(_is_dataset, names)) or "no public dataset"
    return Finding("data", f"{FOLDER_VARIABLE} is {folder}, which holds {datasets}")


def _is_dataset(name):
    """Return whether a folder is named as a public dataset, or as a family of them."""
    return any(
        source == name or source.startswith(f"{name}_") for source in sources.SOURCES
    )


def _presets():
    names, broken = zoo.names(), []
    for name in names:
        try:
            zoo.check_files(name)
        except (ValueError, OSError) as error:
            broken.append(str(error))
    if broken or not names:
        fix = (
            "pip install --force-reinstall --no-deps v1keras; in a checkout: git"
            " checkout -- zoo"
        )
        return Finding(
            "presets",
            f"{len(broken)} of {len(names)} damaged: {'; '.join(broken)}",
            fix,
        )
    return Finding(
        "presets", f"{len(names)}, every file has its sha256: {', '.join(names)}"
    )


def _cache():
    fix = "set XDG_CACHE_HOME to a folder that you can write to"
    try:
        return _folder("cache", cache_folder(), fix)
    except OSError as error:
        return Finding("cache", str(error).partition(";")[0], fix)


def _folder(name, folder, fix):
    """Check that a folder can be written to, or made, and how much room it has."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
        free = shutil.disk_usage(existing).free
    except OSError as error:
        return Finding(name, f"{folder}: can't be written to ({error.strerror})", fix)
    fix = f"make room there, or {fix}" if free < _LEAST_ROOM else ""
    text = f"{folder}: can be written to, {free / 1e9:.1f} GB free"
    return Finding(name, text, fix)
