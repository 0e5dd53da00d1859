import contextlib
import socket

import pytest


@pytest.fixture
def free_ports():
    """Gives ports of this machine that are no one else's until the test ends.

    Their sockets stay bound and never listen. The kernel gives such a port to nobody
    who asks for any, and refuses connections to it; a process that asks for that very
    port with SO_REUSEADDR, as servers do, gets it.
    """
    with contextlib.ExitStack() as held:

        def hold(port):
            holder = held.enter_context(socket.socket())
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            holder.bind(("", port))
            return holder.getsockname()[1]

        def of(count, first=None):
            """Give so many ports: any, or those from `first` on.

            Raises:
                OSError: one of those from `first` on is taken.
            """
            ports = range(first, first + count) if first else [0] * count
            return [hold(port) for port in ports]

        yield of
