"""The engine processes that one table of a match has at hand."""

from collections.abc import Sequence
from dataclasses import dataclass

from lzp.play.gtp_client import CommandError, EngineError, GtpClient
from lzp.play.match_rules import GameRules, MatchError
from lzp.play.referee import Referee

#: Starting may compile kernels or read a large network.
_START_S = 300.0
#: Engines of a round robin that a table keeps running; each may hold a large network.
_MOST_RUNNING = 4


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """An engine that takes part.

    Attributes:
        command: its command line.
        name: what to call it; empty for what it calls itself.
    """

    command: str
    name: str = ""


class EngineTable:
    """Engines and a referee of one table; games are played at it one after the other."""

    def __init__(self, specs: Sequence[EngineSpec], referee: str | None, rules: GameRules) -> None:
        """Start nothing yet."""
        self._specs = specs
        self._rules = rules
        self._clients: dict[int, GtpClient] = {}
        self.referee = Referee(referee)

    def client(self, player: int) -> GtpClient:
        """Return a player's engine, started if it is not running.

        Raises:
            MatchError: it does not start.
        """
        client = self._clients.pop(player, None)
        if client is None:
            spec = self._specs[player]
            label = spec.name or chr(ord("A") + player)
            try:
                client = GtpClient(spec.command, label)
            except EngineError as error:
                raise MatchError(str(error)) from None
            self._clients[player] = client  # to be ended with the others while it warms up
            if self._rules.time_control is not None:
                _warm_up(client, self._rules.side)
        self._clients[player] = client  # last in the dictionary: used last
        if len(self._clients) > _MOST_RUNNING:
            self._clients.pop(next(iter(self._clients))).close()
        return client

    def names(self) -> list[str]:
        """Return what to call each player, every engine started once.

        Raises:
            MatchError: one of them does not start or does not answer.
        """
        try:
            told = [
                self.client(player).send("name", _START_S) for player in range(len(self._specs))
            ]
        except (EngineError, CommandError) as error:
            raise MatchError(str(error)) from None
        names = [spec.name or name for spec, name in zip(self._specs, told, strict=True)]
        return [
            f"{name} {chr(ord('A') + player)}" if names.count(name) > 1 else name
            for player, name in enumerate(names)
        ]

    def drop(self) -> None:
        """End all engines at once, after a failure: what state they are in is not known."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            client.kill()

    def close(self) -> None:
        """Let the engines and the referee leave."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            client.close()
        self.referee.close()

    def kill(self) -> None:
        """End all processes; may be called from another thread than the one that plays."""
        for client in list(self._clients.values()):
            client.kill()
        self.referee.kill()


def _warm_up(client: GtpClient, side: int) -> None:
    """Let a new engine make a move before clocks run: what loads a network is no thinking.

    An engine that fails at it will fail in its game, where it is counted.
    """
    commands = (f"boardsize {side}", "clear_board", "time_settings 0 1 1", "genmove b")
    for command in (*commands, "clear_board"):
        try:
            client.send(command, _START_S)
        except CommandError:
            continue
        except EngineError:
            return
