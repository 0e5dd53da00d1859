"""Ctrl-C and SIGTERM (what schedulers send before they kill): a training stops where it
can go on.
"""

import contextlib
import signal
import threading

STOPPING = (signal.SIGINT, signal.SIGTERM)


class Stopped(KeyboardInterrupt):
    """A training was asked to stop, and its state is on the disk.

    Args:
        message: what was saved where.
        number: of the signal.
    """

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.number = number


class StopRequest:
    """Whether one of `STOPPING` has come; `number` is which, 0 for none."""

    number = 0

    def receive(self, number, frame):
        self.number = number
        for each in STOPPING:
            signal.signal(each, signal.SIG_DFL)  # who asks twice does not want to wait


@contextlib.contextmanager
def stop_requests():
    """Yields a `StopRequest` that the signals set as long as the block lasts; outside
    the main thread it stays unset.

    Example:

    >>> with stop_requests() as request:
    ...     signal.raise_signal(signal.SIGTERM)
    ...     request.number == signal.SIGTERM
    True
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.signal(number, request.receive) for number in STOPPING}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
