"""The boards that cannot be had here, with the real program: GoGui, Lizzie, LizzieYzy, Sabaki.

Written after their sources (GoGui 1.6.0, Lizzie 0.7.4, LizzieYzy 2023-08, Sabaki 0.52 and
0.60): how each cuts what it hears into replies, what it overlooks, and what it dies of. What
would end a client's reader thread is kept as `died`. gtp_clients.py reads single lines.
"""

import io
import re
import subprocess
import threading

from tests.engine.gtp_clients import LIZZIE_MOVE, java_int, lizzie_kata
from tests.engine.gtp_process import PROGRAM

_WAIT_S = 60.0


class Client:
    """A board with its engine: sends text, and reads lines in a thread of its own.

    Attributes:
        died: what ended the reading, None while it goes on.
        replies: of each reply its first character and its text.
    """

    mixes_stderr = False

    def __init__(self, *flags):
        self.died, self.replies, self.log = None, [], []
        self.changed = threading.Condition()
        self.process = subprocess.Popen(
            [*PROGRAM, *map(str, flags)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if self.mixes_stderr else subprocess.DEVNULL,
        )
        assert self.process.stdin
        assert isinstance(self.process.stdout, io.BufferedReader)
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        self.thread = threading.Thread(target=self._listen)
        self.thread.start()

    def _listen(self):
        for raw in self.stdout:
            with self.changed:
                self.log.append(raw)
                if self.died is None:
                    try:
                        self.read(raw.decode().rstrip("\r\n"))
                    except Exception as error:
                        self.died = f"{type(error).__name__}: {error} at {raw!r}"
                self.changed.notify_all()

    def read(self, line):
        raise NotImplementedError

    def write(self, text):
        self.stdin.write(text.encode())
        self.stdin.flush()

    def wait_until(self, condition, what="an answer"):
        with self.changed:
            ended = self.changed.wait_for(lambda: self.died or condition(), timeout=_WAIT_S)
            assert self.died is None, self.died
            assert ended, f"no {what}: {self.log[-5:]}"

    def leave(self, timeout_s=10):
        """Wait for the process to end, as it should by itself, and return its code."""
        try:
            return self.process.wait(timeout_s)
        finally:
            self.process.kill()
            self.thread.join()
            self.stdout.close()
            self.stdin.close()


class GoGui(Client):
    """Waits for each reply; takes what stands before a reply for an invalid response."""

    def __init__(self, *flags):
        self.invalid, self._reply = [], ""
        super().__init__(*flags)

    def read(self, line):
        if not self._reply and line[:1] not in ("=", "?"):
            if line:
                self.invalid.append(line)
        elif line:
            self._reply += line + "\n"
        else:
            head, self._reply = self._reply, ""
            # The status, an id if there is one, and the first blank are cut off.
            text = head.partition(" ")[2] if " " in head else ""
            self.replies.append((head[0], text.strip()))

    def ask(self, command):
        count = len(self.replies)
        self.write(command + "\n")
        self.wait_until(lambda: len(self.replies) > count)
        return self.replies[-1]

    def ok(self, command):
        status, text = self.ask(command)
        assert status == "=", (command, text)
        return text


def pairs_until_pv(segment):
    """Keys and values of a segment as both Lizzies cut it: at single blanks, up to pv."""
    words = segment.strip().split(" ")
    found: dict[str, str] = {}
    for index in range(0, len(words) - 1, 2):
        if words[index] == "pv":
            return found, words[index + 1 :]
        found[words[index]] = words[index + 1]
    return found, []


class Lizzie(Client):
    """An id on every command; stderr and stdout are one stream; errors end the reading."""

    mixes_stderr = True

    def __init__(self, *flags):
        self.number, self.answered, self.analyze_number = 0, 0, -1
        self.is_kata, self.version, self.best, self.moves = False, "", [], []
        self.ownership = None
        self.names = {}
        super().__init__(*flags)

    def command(self, text):
        self.number += 1
        self.names[self.number] = text
        if text.split()[0] in ("lz-analyze", "kata-analyze"):
            self.analyze_number, self.best = self.number, []
        self.write(f"{self.number} {text}\n")
        return self.number

    def analyze(self, text):
        """Start an analysis, which waits until all earlier commands are answered."""
        number = self.number
        self.wait_until(lambda: self.answered >= number)
        return self.command(text)

    def read(self, line):
        if line.startswith("info "):
            if self.answered >= self.analyze_number:  # others are the last analysis's
                self.best = self._kata(line) if self.is_kata else self._leela(line)
        elif " -> " in line:
            assert re.fullmatch(r" *\S+ -> +\d+ \(V: .*%\).* PV: .*", line), "no summary"
        elif line.startswith("play "):
            self.moves.append(self._move(line.split(" ")[1]))
        elif line[:1] in ("=", "?"):
            words = line.split(" ")
            self.answered = int(words[0][1:])  # dies of a reply without an id
            self._answer(words[1:], line)

    def _answer(self, words, line):
        name = self.names[self.answered].split()[0]
        self.replies.append((line[0], " ".join(words)))
        if name == "name":
            self.is_kata = " ".join(words).startswith("KataGo")
        elif name == "version" and not self.is_kata:
            self.version = words[0]
            assert int(words[0].split(".")[1]) >= 15, "requires 0.15 or later"
        elif name == "genmove":
            self.moves.append(self._move(words[0]))

    def _kata(self, line):
        moves, self.ownership = lizzie_kata(line, 9)
        return [{**move, "winrate": 100 * move["winrate"]} for move in moves]

    def _leela(self, line):
        moves = []
        for part in line[5:].split(" info "):
            found, pv = pairs_until_pv(part)
            shares = {key: java_int(found[key]) for key in ("visits", "winrate", "lcb", "prior")}
            assert all(0 <= shares[key] <= 10000 for key in ("winrate", "lcb", "prior"))
            shares["winrate"] /= 100
            moves.append({**shares, "move": self._move(found["move"]), "pv": pv})
        return moves

    @staticmethod
    def _move(text):
        return text if LIZZIE_MOVE.fullmatch(text) or text == "resign" else "pass"

    def winrate(self):
        """The mean of the listed moves by visits, as the graph shows it; NaN without visits."""
        visits = sum(move["visits"] for move in self.best)
        total = sum(move["winrate"] * move["visits"] for move in self.best)
        return total / visits if visits else float("nan")


class LizzieYzy(Client):
    """No ids: a line that begins with = or ? is one reply more."""

    def __init__(self, *flags):
        self.segments, self.lines, self.plays, self.sent = [], [], [], 0
        super().__init__(*flags)

    def read(self, line):
        if line[:1] in ("=", "?"):
            # "=name" without a blank is taken for an empty reply.
            self.replies.append((line[0], line[2:] if line[1:2] == " " else ""))
        elif line.startswith("info "):
            self.lines.append(line)
            self.segments = [pairs_until_pv(part) for part in line[5:].split(" info ")]
        elif line.startswith("play "):
            self.plays.append(line[5:])
        elif self.replies and line:
            status, text = self.replies[-1]
            self.replies[-1] = (status, f"{text}\n{line}")

    def command(self, text):
        self.sent += 1
        self.write(text + "\n")

    def settle(self):
        """Wait until as many replies are counted as commands were sent."""
        self.wait_until(lambda: len(self.replies) >= self.sent)
        assert len(self.replies) == self.sent, self.replies


class Sabaki(Client):
    """Sends in bursts; keeps lines that begin exactly as it wants them."""

    def __init__(self, *flags):
        self.infos, self.plays, self._first = [], [], None
        super().__init__(*flags)

    def read(self, line):
        if self._first is None and line[:1] in ("=", "?"):
            self._first = line
        elif self._first is not None and not line:
            self.replies.append((self._first[0], self._first[1:].strip()))
            self._first = None
        elif self._first is not None and line.startswith("info "):
            self.infos.append(line)
        elif self._first is not None and line.startswith("play "):
            self.plays.append(line[5:].strip())
        elif self._first is not None:
            self._first += "\n" + line

    def burst(self, *commands):
        """Send commands at once and return the replies to them."""
        count = len(self.replies)
        self.write("".join(f"{command}\n" for command in commands))
        self.wait_until(lambda: len(self.replies) >= count + len(commands))
        return self.replies[count:]
