"""What listens in a worker's place, and the workers that wait for it."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time


def says_nothing(connection):
    time.sleep(30)


def talks(connection):
    """As a web server, or TensorFlow's of another training."""
    with contextlib.suppress(OSError):
        while True:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 100)


def hangs_up(connection):
    connection.close()


def drips(connection):
    with contextlib.suppress(OSError):
        while True:
            connection.sendall(b"\0")
            time.sleep(0.5)


@contextlib.contextmanager
def listener(port, behavior):
    """Something that listens at a port and is no worker."""
    server = socket.create_server(("localhost", port))

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection = server.accept()[0]
                arguments = (connection,)
                threading.Thread(target=behavior, args=arguments, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield
    finally:
        server.close()


def worker(addresses, index, *flags):
    setting = {
        "cluster": {"worker": addresses},
        "task": {"type": "worker", "index": index},
    }
    return subprocess.Popen(
        [sys.executable, "-m", "v1keras.train", *flags],
        env=os.environ | {"TF_CONFIG": json.dumps(setting)},
        stderr=subprocess.PIPE,
        text=True,
    )
