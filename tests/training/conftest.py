import socket

import pytest


@pytest.fixture
def free_ports():
    """Gives so many ports of this machine that nobody listens on."""

    def of(count):
        sockets = [socket.create_server(("localhost", 0)) for _ in range(count)]
        ports = [each.getsockname()[1] for each in sockets]
        for each in sockets:
            each.close()
        return ports

    return of
