"""A search that runs beside the commands that do not need it.

Pondering and analysis end at the next line, but a batch on its way to the network cannot be
called back. So they run in a thread of their own: the line is answered at once, and only a
command that thinks itself waits for the batch.
"""

import threading
from collections.abc import Callable

#: What is run: ends soon after its signal is set; what it returns is not used.
Work = Callable[[threading.Event], object]


class Background:
    """Runs one piece of work at a time in a thread; for use by one other thread."""

    def __init__(self) -> None:
        """Start at rest."""
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._error: BaseException | None = None

    def start(self, work: Work, on_end: Callable[[], None] = lambda: None) -> None:
        """Run work, after what ran before has ended.

        Args:
            work: called with the signal that ends it.
            on_end: called in the thread once the work is over, failed or not.
        """
        self.wait()
        self._stop = threading.Event()
        self._error = None
        # Not a daemon: cut off inside a runtime at the interpreter's end, it would abort.
        self._thread = threading.Thread(
            target=self._run, args=(work, self._stop, on_end), name="gtp-background"
        )
        self._thread.start()

    def _run(self, work: Work, stop: threading.Event, on_end: Callable[[], None]) -> None:
        """Run work and keep its failure for whoever asks."""
        try:
            work(stop)
        except BaseException as error:
            self._error = error
        finally:
            self._thread = None
            on_end()

    @property
    def is_running(self) -> bool:
        """Whether work is not over yet."""
        return self._thread is not None

    def stop(self) -> None:
        """Ask what runs to end; does not wait for it."""
        self._stop.set()

    def wait(self) -> None:
        """Ask what runs to end, and wait until it has."""
        self.stop()
        thread = self._thread
        if thread is not None:
            thread.join()

    def take_error(self) -> BaseException | None:
        """Return what the last work failed with, once; None if it did not."""
        error, self._error = self._error, None
        return error
