"""The table of scores that commands print."""

from v1keras.evaluation.table import score_table


def test_table_fits_80_columns_and_says_what_is_missing():
    none = {"mean": None, "interval": None, "median": None, "missing": 3}
    full = {"mean": -0.25, "interval": [-0.351, 0.452], "median": 0.5, "missing": 0}
    group = {
        "neurons": 392,
        "correlation": full,
        "cc_norm": none,
        "feve": none,
        "no_ceiling": 3,
        "fraction_near_limit": 0.0,
    }
    metrics = {
        "split": "test",
        "images": 52,
        "ceiling": "none",
        "groups": {"a session with a very long name": group},
    }
    lines = score_table(metrics).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[-1].split() == [
        "a",
        "sessio...long",
        "name",
        "392",
        "-0.250",
        "[-0.351,",
        "0.452]",
        "-",
    ]
