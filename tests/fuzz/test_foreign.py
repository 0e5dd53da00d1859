import fuzzing
import pytest

FORMATS = ["MATLAB_4", "MATLAB_5", "MATLAB_5_PACKED", "NPY", "NPZ", "NPZ_PACKED"]
FORMATS += ["CSV", "PICKLE", "ZIP", "ZIP_PACKED", "TAR", "TAR_PACKED", "TAR_MATLAB"]
FORMATS += ["PNG", "PNG_COLOUR", "JPEG", "TIFF", "TIFF_PACKED", "TIFF_DEFLATED"]
FORMATS += ["BMP"]


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_damaged_files_of_others_are_refused(name):
    fuzzing.check("foreign_formats", name, 200)
