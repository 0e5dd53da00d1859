"""Pictures: the documented formats alone, and of no more pixels than are honest."""

import io
import os
import stat
import struct
import time
import zlib

import numpy as np
import pytest
from PIL import Image

from v1keras import zoo
from v1keras.io import pictures

METADATA = {"image_size": (8, 8), "pixels": {"minimum": 0.0, "maximum": 255.0}}
POSTSCRIPT = (
    b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n"
)


def chunk(kind, content):
    checksum = zlib.crc32(kind + content)
    return (
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)
    )


def png(width, height, data):
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head)
    return start + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize("suffix", pictures.FORMATS)
def test_documented_formats_are_read_whatever_the_name(tmp_path, suffix):
    path = tmp_path / "a.picture"
    kind = pictures.FORMATS[suffix]
    Image.fromarray(np.full((8, 8), 100, np.uint8)).save(path, kind)
    np.testing.assert_allclose(zoo.read_images(path, METADATA), 100, atol=1)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PPM", "ICO", "PDF", "TGA"])
def test_other_formats_are_refused(tmp_path, kind):
    path = tmp_path / "a.png"
    Image.fromarray(np.full((8, 8), 100, np.uint8)).save(path, kind)
    with pytest.raises(ValueError, match=r"a\.png: is no PNG or TIFF or BMP or JPEG"):
        zoo.read_images(path, METADATA)


def test_postscript_starts_no_program(tmp_path, monkeypatch):
    """A `gs` stands on the path, and would leave a mark."""
    program, mark = tmp_path / "bin" / "gs", tmp_path / "mark"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ntouch {mark}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    for name in ("a.png", "a.eps", "a.tif"):
        (tmp_path / name).write_bytes(POSTSCRIPT)
        with pytest.raises(ValueError, match="is no PNG or TIFF or BMP or JPEG"):
            zoo.read_images(tmp_path / name, METADATA)
    assert not mark.exists()


@pytest.mark.parametrize("side", [8193, 20_000, 2**31 - 1])
def test_a_picture_that_declares_too_many_pixels(tmp_path, recwarn, side):
    path = tmp_path / "bomb.png"
    path.write_bytes(png(side, side, zlib.compress(bytes(1 << 20))))
    start = time.process_time()
    with pytest.raises(ValueError, match=r"bomb\.png") as raised:
        zoo.read_images(path, METADATA)
    assert "\n" not in str(raised.value) and not recwarn.list
    assert time.process_time() - start < 1


def test_a_picture_that_unpacks_to_more_than_its_pixels(tmp_path):
    path = tmp_path / "bomb.png"
    path.write_bytes(png(8, 8, zlib.compress(bytes(64 << 20))))
    np.testing.assert_array_equal(zoo.read_images(path, METADATA), 0)


def test_damage_within_the_block_names_the_file():
    file = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(file, "PNG")
    cut = io.BytesIO(file.getvalue()[:1000])
    with (
        pytest.raises(ValueError, match="cut.png"),
        pictures.opened(cut, shown_as="cut.png") as image,
    ):
        image.convert("L")
