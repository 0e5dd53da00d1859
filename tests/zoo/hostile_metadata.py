"""What an attacker could write into a preset's metadata.json."""

from tree_changes import removing, setting


def with_deep_attribute(metadata):
    for _ in range(400):
        metadata["recording"] = {"name": metadata["recording"]}


METADATA_CHANGES = {
    "of deep attributes": with_deep_attribute,
    "of a format_version in text": setting(("format_version",), "2"),
    "of scores in a dict": setting(("scores",), {"0": {}}),
    "recording as text": setting(("recording",), "kindel2019"),
    "no pixels": removing("pixels"),
    "pixels as text": setting(("pixels", "minimum"), "0"),
    "pixels upside down": setting(("pixels", "minimum"), 1e9),
    "sessions as a list": setting(("sessions",), ["all"]),
    "neurons of a session as text": setting(("sessions", "all"), "3"),
    "a billion neurons": setting(("neuron_sessions",), [["all", 10**9]]),
    "negative neurons": setting(("neuron_sessions",), [["all", -3]]),
    "command as a list": setting(("command",), ["rm", "-r"]),
    "no commit": removing("commit"),
    "ceiling unknown": setting(("ceiling",), "evil"),
    "config without data": setting(("config",), {}),
    "split_seed as text": setting(("config", "data", "split_seed"), "0"),
    "no scores": setting(("scores",), []),
    "a score as text": setting(("scores", 0, "correlation"), "1"),
    "a score that is infinite": setting(("scores", 0, "cc_norm"), 1e999),
    "format_version as a list": setting(("format_version",), [2]),
    "versions as text": setting(("versions",), "3"),
    "image_size huge": setting(("image_size",), [10**9, 10**9]),
    "image_size of another": setting(("image_size",), [17, 16]),
    "parameters of another": setting(("parameters",), 1),
    "golden as a list": setting(("golden",), []),
    "golden as text": setting(("golden", "rates"), "1"),
    "a latency of nothing": setting(("latency",), {}),
    "behavior as a list": setting(("behavior",), []),
    "name as a number": setting(("name",), 3),
}
