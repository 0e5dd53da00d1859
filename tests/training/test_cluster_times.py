"""How long a process waits for what is no worker: as long as it was told."""

import contextlib
import os
import pathlib
import signal
import socket
import threading
import time

import pytest
from impostors import drips, hangs_up, listener, says_nothing, worker

from v1keras.training.handshake import meet

STATED = 2.0  # seconds after the timeout or the signal, of docs/distributed.md


def crowded():
    """Return how many processes share a processor, at least 1."""
    return max(1.0, os.getloadavg()[0] / os.cpu_count())


def test_the_documents_state_the_time():
    page = pathlib.Path(__file__).parents[2] / "docs" / "distributed.md"
    assert "ends at most two seconds after that time" in page.read_text()


@pytest.mark.parametrize("behavior", [says_nothing, drips, hangs_up])
@pytest.mark.parametrize("timeout", [0.5, 2.5])
def test_each_process_ends_within_the_stated_time(free_ports, behavior, timeout):
    """However many places are taken, and whenever the patience with one began."""
    here, *others = [f"localhost:{port}" for port in free_ports(5)]
    ports = [int(host.rpartition(":")[2]) for host in others]
    with contextlib.ExitStack() as stack:
        for port in ports:
            stack.enter_context(listener(port, behavior))
        started = time.monotonic()
        with pytest.raises(OSError, match="is no process of this training") as ended:
            meet(here, others, timeout)
        took = time.monotonic() - started
    assert timeout <= took < timeout + STATED
    assert "\n" not in str(ended.value)


def begins_to_wait(process, port):
    """Return when a process begins to listen for others."""
    with socket.socket() as connection:
        while connection.connect_ex(("localhost", port)):
            assert process.poll() is None
            time.sleep(0.02)
    return time.monotonic()


@pytest.mark.slow
def test_commands_end_within_the_stated_time(free_ports, tmp_path, capsys):
    """Three places, one taken by a listener that says nothing."""
    ports, timeout = free_ports(3), 8
    flags = [f"--workdir={tmp_path / 'run'}", "--config.data.recording=gone.h5"]
    flags.append(f"--config.training.cluster_timeout_s={timeout}")
    addresses, ended = [f"localhost:{port}" for port in ports], {}

    def wait(process):
        process.wait()
        ended[process] = time.monotonic()

    with listener(ports[2], says_nothing):
        workers = [worker(addresses, index, *flags) for index in (0, 1)]
        waits = [threading.Thread(target=wait, args=(each,)) for each in workers]
        began = [begins_to_wait(*pair) for pair in zip(workers, ports, strict=False)]
        for thread in waits:
            thread.start()
        for thread, process, start in zip(waits, workers, began, strict=True):
            thread.join(60)
            later = ended[process] - start - timeout
            with capsys.disabled():
                print(f" ended {later:+.2f} s after its {timeout} s")
            errors = process.stderr.read()
            assert process.returncode == 1 and errors.count("\n") == 1, errors
            assert errors.startswith("error: what listens at localhost"), errors
            assert later < STATED * crowded()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_command_at_once(free_ports, tmp_path, number):
    ports = free_ports(2)
    addresses = [f"localhost:{port}" for port in ports]
    with listener(ports[1], says_nothing):
        flags = [f"--workdir={tmp_path / 'run'}", "--config.data.recording=gone.h5"]
        process = worker(addresses, 0, *flags)
        begins_to_wait(process, ports[0])
        process.send_signal(number)
        asked = time.monotonic()
        errors = process.stderr.readline()
        assert time.monotonic() - asked < STATED * crowded()
        assert errors.startswith(f"error: stopped by {number.name} before the training")
        assert process.wait(60) == 128 + number
