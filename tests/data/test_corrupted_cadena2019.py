"""Damaged files of Cadena et al. (2019): each gets one line that names the file."""

import fake_datasets
import numpy as np
import pytest
from corrupted_files import Executes, objects, refused

from v1keras.data import sources

pytestmark = pytest.mark.usefixtures("elsewhere")


def cadena_cases():
    content = fake_datasets.cadena()
    for key in (
        "images",
        "responses",
        "image_types",
        "image_numbers",
        "subject_id",
        "session_id",
        "unit_id",
        "repetitions",
    ):
        yield f"{key} missing", {k: v for k, v in content.items() if k != key}
        yield f"{key} too few", content | {key: content[key][1:]}
    for key in ("images", "responses"):
        yield f"{key} transposed", content | {key: content[key].T}
        yield f"{key} words", content | {key: content[key].astype(str)}
    yield "negative", content | {"responses": content["responses"] - 10}
    yield (
        "infinite",
        content
        | {
            "responses": np.where(
                content["responses"] == 2, np.inf, content["responses"]
            )
        },
    )
    yield "unknown type", content | {"image_types": np.full((40, 1), "conv9")}
    yield "a list", [content]
    yield "executes", content | {"images": Executes()}
    yield "executes in a cell", content | {"image_types": objects(40)}
    yield "is code", Executes()
    yield "a class", content | {"images": np.random.RandomState}
    yield "records", content | {"images": np.zeros(40, [("a", "f4")])}


@pytest.mark.parametrize(
    ("how", "content"),
    cadena_cases(),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_cadena_content_that_does_not_fit(tmp_path, how, content):
    refused(
        lambda path: sources.read("cadena2019", path),
        fake_datasets.cadena_file(tmp_path / "cadena_ploscb_data.pkl", content),
    )


def test_cadena_file_that_is_damaged(tmp_path):
    """A pickle has no checksum: a changed byte in an array is a changed number. It is
    cut here, and changed where its instructions stand.
    """
    content = fake_datasets.cadena_file(
        tmp_path / "whole.pkl", fake_datasets.cadena()
    ).read_bytes()
    whole = sources.read("cadena2019", tmp_path / "whole.pkl")
    path = tmp_path / "cadena_ploscb_data.pkl"
    for share in np.linspace(0, 0.999, 25):
        path.write_bytes(content[: int(share * len(content))])
        refused(lambda path: sources.read("cadena2019", path), path)
    for position in range(2, 60):
        path.write_bytes(
            content[:position]
            + bytes([content[position] ^ 0x24])
            + content[position + 1 :]
        )
        refused(lambda path: sources.read("cadena2019", path), path, whole)
