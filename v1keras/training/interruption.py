"""Ctrl-C and SIGTERM, which schedulers send before they kill: a training stops where it
can resume.
"""

import contextlib
import signal
import threading

STOPPING = (signal.SIGINT, signal.SIGTERM)


class Stopped(KeyboardInterrupt):
    """A training was asked to stop, and its state is on the disk.

    Args:
        message: String, what was saved where.
        number: Integer, number of the signal.
    """

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.number = number


class StopRequest:
    """Number of the signal of `STOPPING` that was received, 0 for none."""

    number = 0

    def receive(self, number, frame):
        """Note a signal; the next one ends the process at once."""
        self.number = number
        for signal_number in STOPPING:
            signal.signal(signal_number, signal.SIG_DFL)


@contextlib.contextmanager
def stop_requests():
    """Yield a `StopRequest` that the signals set for the duration of the block.

    Only the main thread of a process can receive signals: in another, none is noted.

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
    handlers = {}
    for number in STOPPING:
        handlers[number] = signal.signal(number, request.receive)
    try:
        yield request
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
