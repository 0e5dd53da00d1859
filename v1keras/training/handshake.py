"""The processes of a training find each other before TensorFlow connects them.

Whatever listens at an address would do for TensorFlow, which then waits for ever. So
each process asks all others for a proof that they belong to the same training, gives
its own, and goes on when it has both of each. A proof is a keyed hash of random bytes
of both sides, and the key a hash of what all processes know: the cluster, and the
environment variable `V1KERAS_CLUSTER_SECRET`, where it is set.
"""

import contextlib
import errno
import hashlib
import hmac
import os
import secrets
import socket
import socketserver
import threading
import time
from collections.abc import Sequence

SECRET = "V1KERAS_CLUSTER_SECRET"
_GREETING = b"v1keras\n"
_NONCE, _PROOF = 16, 32  # bytes
_ACCEPTED = b"+"
_LONGEST_HOST = 300  # bytes
_PATIENCE = 2.0  # seconds for one connection
_PAUSE = 0.2  # seconds between two rounds


class _Mismatch(Exception):
    """Something else than a process of this training answered."""


def meet(here: str, others: Sequence[str], timeout_s: float) -> None:
    """Wait until all processes of a cluster have recognized each other.

    Args:
        here: String, this process's HOST:PORT, on which it listens meanwhile.
        others: Sequence of strings, HOST:PORT of the other processes.
        timeout_s: Float, number of seconds to wait; no connection is waited for longer.

    Raises:
        OSError: The port is taken, or not all processes came in time; names them.
    """
    key = _key([here, *others])
    deadline = time.monotonic() + timeout_s
    answers = dict.fromkeys(others, "")
    with _listening(here, others, key) as listener:
        while answers or listener.missing:
            for host in list(answers):
                until = min(time.monotonic() + _PATIENCE, deadline)
                try:
                    _introduce(here, host, key, until)
                    del answers[host]
                except _Mismatch as error:
                    answers[host] = str(error)
                except (OSError, ValueError):
                    # Once it was reached, it is there, even if no time is left for it.
                    if time.monotonic() < deadline:
                        answers[host] = ""
            if time.monotonic() > deadline:
                raise OSError(_complaint(answers, listener.missing, timeout_s))
            if answers or listener.missing:
                time.sleep(min(_PAUSE, max(0.0, deadline - time.monotonic())))


def _key(addresses):
    parts = ["v1keras", os.environ.get(SECRET, ""), *sorted(addresses)]
    return hashlib.sha256("\n".join(parts).encode()).digest()


def _proof(key, side, *parts):
    return hmac.digest(key, b"\n".join([side, *parts]), "sha256")


def _introduce(here, host, key, until):
    """Ask one process for its proof and give it this one's, until some time."""
    name, _, port = host.rpartition(":")
    with socket.create_connection((name, int(port)), _left(until)) as connection:
        own = secrets.token_bytes(_NONCE)
        try:
            connection.sendall(_GREETING + own)
            theirs = _receive(connection, _NONCE, until)
            proof = _receive(connection, _PROOF, until)
            expected = _proof(key, b"answer", host.encode(), own, theirs)
            if not hmac.compare_digest(proof, expected):
                raise _Mismatch("it does not know this training")
            mine = _proof(key, b"question", here.encode(), own, theirs)
            connection.sendall(len(here).to_bytes(2, "big") + here.encode() + mine)
            if _receive(connection, 1, until) != _ACCEPTED:
                raise _Mismatch("it does not know this training")
        except OSError as error:
            raise _Mismatch(f"it says nothing ({error})") from None


def _left(until):
    """Return the seconds until some time, a few milliseconds at least."""
    return max(0.01, until - time.monotonic())


def _receive(connection, size, until):
    """Return so many bytes, or raise an `OSError` if they don't come in time."""
    content = b""
    while len(content) < size:
        connection.settimeout(_left(until))
        part = connection.recv(size - len(content))
        if not part:
            raise OSError("closed")
        content += part
        if time.monotonic() > until:
            raise OSError("too slow")
    return content


class _Server(socketserver.ThreadingTCPServer):
    """Answers the other processes' questions, each in a thread of its own.

    Args:
        address: Tuple `(host, port)` to listen at.
        here: String, this process's HOST:PORT.
        others: Sequence of strings, those of the other processes.
        key: Bytes, the key of all proofs.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, address, here, others, key):
        self.here = here
        self.key = key
        self.missing = set(others)
        super().__init__(address, _Answer)

    def handle_error(self, request, client_address):
        """Leave a stranger without an answer."""


class _Answer(socketserver.BaseRequestHandler):
    def handle(self):
        server, connection = self.server, self.request
        until = time.monotonic() + _PATIENCE
        greeting = _receive(connection, len(_GREETING) + _NONCE, until)
        if not greeting.startswith(_GREETING):
            return
        theirs, own = greeting[len(_GREETING) :], secrets.token_bytes(_NONCE)
        proof = _proof(server.key, b"answer", server.here.encode(), theirs, own)
        connection.sendall(own + proof)
        length = int.from_bytes(_receive(connection, 2, until), "big")
        host = _receive(connection, min(length, _LONGEST_HOST), until)
        expected = _proof(server.key, b"question", host, theirs, own)
        if hmac.compare_digest(_receive(connection, _PROOF, until), expected):
            connection.sendall(_ACCEPTED)
            server.missing.discard(host.decode())


@contextlib.contextmanager
def _listening(here, others, key):
    """Listen at this process's own address for as long as the block runs."""
    host, _, port = here.rpartition(":")
    try:
        server = _Server((host, int(port)), here, others, key)
    except OSError as error:
        # A name that others reach this machine by need not be one of its own.
        foreign = error.errno == errno.EADDRNOTAVAIL
        if not foreign and not isinstance(error, socket.gaierror):
            raise OSError(f"{here}: {error.strerror}") from None
        server = _Server(("", int(port)), here, others, key)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def _complaint(answers, missing, timeout_s):
    """Return the line on processes that did not come in time."""
    silent = [host for host, reason in answers.items() if not reason]
    parts = []
    if silent:
        parts.append(f"no answer from {', '.join(silent)} within {timeout_s:.0f} s")
    for host, reason in answers.items():
        if reason:
            parts.append(
                f"what listens at {host} is no process of this training ({reason})"
            )
    advice = "start all machines of TF_CONFIG within that time"
    if len(silent) < len(answers):
        advice += f", with the same {SECRET}, if any"
    deaf = sorted(missing - answers.keys())
    if deaf:
        parts.append(
            f"{', '.join(deaf)} did not reach this process within {timeout_s:.0f} s"
        )
    return "; ".join([*parts, advice])
