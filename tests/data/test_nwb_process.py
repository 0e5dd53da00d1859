"""What libhdf5 does to the process that reads an NWB file stays there."""

import sys

import pytest

pytest.importorskip("pynwb")

import nwb_files  # noqa: E402

from v1keras.data.sources import nwb, nwb_process  # noqa: E402
from v1keras.io.hdf5_process import FileProcess  # noqa: E402

EXPECTED = {
    "abort": r"crashed libhdf5 \(SIGABRT\)",
    "crash": r"crashed libhdf5 \(SIGSEGV\)",
    "end": r"crashed libhdf5 \(status 3\)",
    "loop": "takes longer to read than a file of its size should",
    "memory": "asks for more memory than a file of its size should",
}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux's limits")
@pytest.mark.parametrize("harm", EXPECTED)
def test_harm_is_one_line_and_the_next_file_is_read(harm, tmp_path, monkeypatch):
    path = tmp_path / "a.nwb"
    nwb_files.allen(path)
    monkeypatch.setenv("HARM", harm)
    harmful = FileProcess("harmful_nwb", "")
    with monkeypatch.context() as patched:
        patched.setattr(nwb_process, "_SERVER", harmful)
        for _ in range(2):  # the process that started the one which was harmed goes on
            with pytest.raises(ValueError, match=EXPECTED[harm]) as refused:
                nwb.read([path])
            text = str(refused.value)
            assert text.startswith(str(path)) and "\n" not in text
    harmful.close()
    assert nwb.read([path]).neuron_count == 2


def test_no_part_of_pynwb_is_in_this_process(python, tmp_path):
    nwb_files.allen(tmp_path / "a.nwb")
    code = "import sys; from v1keras.data.sources import nwb; nwb.read(['a.nwb'])\n"
    code += "assert not {'pynwb', 'hdmf'} & sys.modules.keys()"
    done = python("-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
