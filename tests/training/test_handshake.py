"""Only processes of one training count as its workers, and signals are answered."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from impostors import drips, hangs_up, listener, says_nothing, talks, worker

from v1keras.training import handshake
from v1keras.training.handshake import meet


def join(addresses, index, outcomes, timeout_s=20.0):
    others = [host for host in addresses if host != addresses[index]]
    try:
        meet(addresses[index], others, timeout_s)
        outcomes[index] = "met"
    except OSError as error:
        outcomes[index] = str(error)


def meeting(addresses, indices, **options):
    outcomes = {}
    threads = []
    for index in indices:
        arguments = (addresses, index, outcomes)
        threads.append(threading.Thread(target=join, args=arguments, kwargs=options))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return outcomes


def addresses_of(ports):
    return [f"localhost:{port}" for port in ports]


def test_processes_of_one_training_meet(free_ports):
    addresses = addresses_of(free_ports(3))
    assert meeting(addresses, range(3)) == {0: "met", 1: "met", 2: "met"}


def test_who_has_another_secret_is_no_worker(free_ports, monkeypatch):
    """Each side says so of the other."""
    addresses = addresses_of(free_ports(2))
    keys = iter([b"one" * 11, b"two" * 11])
    monkeypatch.setattr(handshake, "_key", lambda hosts: next(keys))
    outcomes = meeting(addresses, range(2), timeout_s=1.0)
    for index, other in enumerate(reversed(addresses)):
        # Who is refused first may see the connection reset instead of an answer.
        head = f"what listens at {other} is no process of this training ("
        reasons = ("it does not know this training); ", "it says nothing (")
        assert outcomes[index].startswith(tuple(head + reason for reason in reasons))
        assert outcomes[index].endswith("the same V1KERAS_CLUSTER_SECRET, if any")


@pytest.mark.parametrize("behavior", [says_nothing, talks, hangs_up, drips])
def test_what_merely_listens_is_no_worker(free_ports, behavior, monkeypatch):
    monkeypatch.setattr(handshake, "_PATIENCE", 0.3)
    ports = free_ports(3)
    addresses = addresses_of(ports)
    started = time.monotonic()
    with listener(ports[2], behavior):
        outcomes = meeting(addresses, [0, 1], timeout_s=1.0)
    assert time.monotonic() - started < 10
    for line in outcomes.values():
        assert f"what listens at {addresses[2]} is no process of this training" in line


def test_strangers_do_not_keep_a_process_from_meeting(free_ports):
    """Who only connects, as port scanners do, neither counts nor is waited for."""
    ports = free_ports(2)
    addresses = addresses_of(ports)
    outcomes = {}
    first = threading.Thread(target=join, args=(addresses, 0, outcomes))
    first.start()
    strangers = []
    for content in (b"", b"GET / HTTP/1.1\r\n\r\n", os.urandom(500)):
        stranger = socket.socket()
        while stranger.connect_ex(("localhost", ports[0])):
            time.sleep(0.05)
        stranger.sendall(content)
        strangers.append(stranger)
    time.sleep(0.3)
    assert first.is_alive()
    join(addresses, 1, outcomes)
    first.join(60)
    assert outcomes == {0: "met", 1: "met"}


@pytest.mark.slow
def test_a_listener_in_a_workers_place(free_ports, tmp_path):
    """Both others end within the time that is theirs, and SIGTERM ends them at once."""
    ports = free_ports(3)
    addresses = addresses_of(ports)
    flags = [f"--workdir={tmp_path / 'run'}", "--config.data.recording=gone.h5"]
    with listener(ports[2], says_nothing):
        short = "--config.training.cluster_timeout_s=4"
        workers = [worker(addresses, index, *flags, short) for index in (0, 1)]
        for process in workers:
            errors = process.communicate(timeout=120)[1]
            assert process.returncode == 1
            assert errors.startswith("error: what listens at localhost")
            assert errors.count("\n") == 1, errors
        process = worker(addresses, 0, *flags)
        stopped_at_once(process, ports[0])


def stopped_at_once(process, port, seconds=0):
    """So long after it began to wait for others, SIGTERM ends it with a line."""
    with socket.socket() as connection:
        while connection.connect_ex(("localhost", port)):
            assert process.poll() is None
            time.sleep(0.1)
    time.sleep(seconds)
    process.send_signal(signal.SIGTERM)
    started = time.monotonic()
    errors = process.stderr.readline()
    assert time.monotonic() - started < 5
    assert errors == "error: stopped by SIGTERM before the training has begun\n"
    assert process.communicate(timeout=60)[1] == ""
    assert process.returncode == 128 + signal.SIGTERM


IMPOSTOR = """
import sys, time
from v1keras.training.handshake import meet
meet(sys.argv[1], [sys.argv[2]], 60)
time.sleep(600)
"""


@pytest.mark.slow
@pytest.mark.parametrize("asked", [True, False])
def test_a_worker_that_ends_before_tensorflow_connects_it(free_ports, asked, tmp_path):
    """TensorFlow itself would wait for it for ever, deaf to every signal."""
    ports = free_ports(2)
    addresses = addresses_of(ports)
    impostor = subprocess.Popen([sys.executable, "-c", IMPOSTOR, *addresses[::-1]])
    timeout = 600 if asked else 8
    process = worker(
        addresses,
        0,
        f"--workdir={tmp_path / 'run'}",
        "--config.data.recording=gone.h5",
        f"--config.training.cluster_timeout_s={timeout}",
    )
    try:
        if asked:
            stopped_at_once(process, ports[0], 10)
        else:
            errors = process.communicate(timeout=120)[1]
            assert process.returncode == 1
            assert "TensorFlow did not connect them within 8 s" in errors
    finally:
        impostor.kill()
        process.kill()
