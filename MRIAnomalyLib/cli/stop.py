"""End with the program that started this one: killing a launcher does not reach the process behind it, a closed pipe does."""

from __future__ import annotations

import _thread
import os
import signal
import threading
import time

from ..errors import Cancelled

_GRACE_SECONDS = 5.0  # for a library's long call to return and for half-written files to be taken away


def stop_when_input_closes() -> None:
    """From now on, when standard input ends this process is cancelled, as by Ctrl-C, and ended for good if it does not react."""
    threading.Thread(target=_wait_and_stop, daemon=True).start()


def _wait_and_stop() -> None:
    # straight from the descriptor: a thread inside sys.stdin would hold its lock while Python ends
    while os.read(0, 4096):
        pass
    _thread.interrupt_main(signal.SIGTERM)  # its handler is set in __main__; that of Ctrl-C may be switched off in a child
    time.sleep(_GRACE_SECONDS)
    os._exit(Cancelled.exit_code)
