"""How a GTP engine is told the time: each kind of clock in the words that the engine knows."""

from lzp.play.gtp_client import CommandError, GtpClient
from lzp.play.match_clock import MatchClock, TimeControl

_ANSWER_S = 60.0


class EngineTime:
    """One engine's words for a time control.

    `time_settings` knows absolute and Canadian time. Japanese time needs `kgs-time_settings`
    or `kata-time_settings`, Fischer's the latter. An engine without them is told the
    nearest that it can know: one stone in each period, which is the last Japanese period, or
    absolute time that comes back a little with every move. Before each move it is told what
    is left, in whole seconds unless it has been spoken to as KataGo is, who knows fractions.
    """

    def __init__(self, client: GtpClient, control: TimeControl) -> None:
        """Ask an engine what it knows.

        Raises:
            EngineError: it does not answer.
        """
        self._control = control
        self._counts_periods = False
        self._knows_fractions = False
        # Only Fischer's numbers may have fractions; all zeros would mean no limit.
        period = int(control.period_s)
        whole = int(control.main_s) or int(period == 0)
        self.settings = f"time_settings {whole} {period} {control.stones}"
        if control.kind == "byoyomi":
            self._japanese(client)
        elif control.kind == "fischer":
            numbers = f"{_short(control.main_s)} {_short(control.increment_s)}"
            if _knows(client, "kata-time_settings", "fischer"):
                self.settings = f"kata-time_settings fischer {numbers}"
                self._knows_fractions = True

    def _japanese(self, client: GtpClient) -> None:
        """Choose the words for Japanese periods."""
        control = self._control
        numbers = f"{int(control.main_s)} {int(control.period_s)}"
        self.settings = f"time_settings {numbers} 1"
        for command in ("kgs-time_settings", "kata-time_settings"):
            if _knows(client, command, "byoyomi"):
                self.settings = f"{command} byoyomi {numbers} {control.periods}"
                self._counts_periods = True
                return

    def left(self, color: str, clock: MatchClock) -> str:
        """Return the command that says what a color has left."""
        seconds, count = clock.left()
        if self._control.periods and not self._counts_periods:
            count = min(count, 1)
        shown = f"{seconds:.2f}" if self._knows_fractions else str(int(seconds))
        return f"time_left {color} {shown} {count}"


def _short(seconds: float) -> str:
    """Return seconds without needless digits, never as a power of ten."""
    return f"{seconds:.3f}".rstrip("0").rstrip(".")


def _knows(client: GtpClient, command: str, kind: str) -> bool:
    """Return whether an engine has a command for a kind of clock.

    KataGo lists the kinds; others are taken at their word that they have the command.
    """
    listed = _lines(client, "list_commands")
    if command not in listed:
        return False
    if command == "kata-time_settings" and "kata-list_time_settings" in listed:
        return kind in " ".join(_lines(client, "kata-list_time_settings")).split()
    return True


def _lines(client: GtpClient, command: str) -> list[str]:
    """Return the lines of a reply; none if the command is refused."""
    try:
        return [line.strip() for line in client.send(command, _ANSWER_S).splitlines()]
    except CommandError:
        return []
