"""lzp-gtp as a process of its own, for tests."""

import contextlib
import io
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

PROGRAM = [sys.executable, "-m", "lzp.engine.gtp.cli"]
SHIPPED = Path(__file__).parents[2] / "lzp" / "networks" / "default.txt.gz"
#: Generous: what is promised is 50 ms after the batch in work, on a machine of one's own.
SOON_S = 2.0


class Engine:
    """The program with its pipes; output is read in a thread, with the time of each line."""

    def __init__(self, *args, **environment):
        self.process = subprocess.Popen(
            [*PROGRAM, *map(str, args)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | environment,
            # Whoever is started in the background of a script ignores it otherwise.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        assert self.process.stdin
        assert isinstance(self.process.stdout, io.BufferedReader)
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        self.text = b""
        self.has_left = False
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        while not self.has_left:
            if select.select([self.stdout], [], [], 0.01)[0]:
                chunk = self.stdout.read1(65536)
                if not chunk:
                    return
                self.text += chunk

    def stop_reading(self):
        """Close our end of the program's output, as a board does that dies."""
        self.has_left = True
        self.reader.join()
        self.stdout.close()

    def send(self, text):
        self.stdin.write(text.encode())
        self.stdin.flush()

    def wait_for(self, pattern, timeout_s=60.0):
        """Wait until the output so far matches; return the seconds that took."""
        started = time.monotonic()
        while not re.search(pattern, self.text.decode(), re.DOTALL):
            assert time.monotonic() - started < timeout_s, self.text
            time.sleep(0.002)
        return time.monotonic() - started

    def close(self):
        with contextlib.suppress(OSError):
            self.stdin.close()
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.stdout.close()
