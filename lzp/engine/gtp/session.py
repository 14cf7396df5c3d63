"""The game that a board plays with us, and what its commands may use.

The commands' functions are in the *_commands.py files; each takes a `Session` and the words
after the command's name, and answers with text, with a `Stream`, or by raising GtpError.
"""

import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future

from lzp.engine.clock import Clock, TimeSettings
from lzp.engine.evaluator import Evaluator
from lzp.engine.gtp.background import Background
from lzp.engine.gtp.engine import Stream
from lzp.engine.gtp.options import EngineOptions
from lzp.engine.gtp.protocol import Command, GtpError
from lzp.engine.gtp.reader import LineQueue
from lzp.engine.gtp.waiting import wait_for
from lzp.engine.loading import Loaded, describe_check
from lzp.engine.network_file import NetworkFile
from lzp.engine.player import Player
from lzp.go import Game
from lzp.go.constants import MAX_SIDE, MIN_SIDE

Handler = Callable[["Session", Sequence[str]], str | Stream]

_DEFAULT_SIDE = 19
#: What a move takes where nobody set a limit: Leela Zero's hour a side is meant for servers.
DEFAULT_MOVE_S = 5.0
#: What a move costs on its way through pipes and boards, unless the board tells the time.
_UNSEEN_S = 0.03


class Session:
    """One board's game, clock and player.

    Attributes:
        game: the game on the board.
        clock: both sides' clocks; None where only visits or playouts limit a move.
        lines: input that waits; its events end what runs.
        options: the program's flags.
        file: the network's file; None if it could not be read.
        loaded: what runs the network; None before there is a player.
        player: what thinks; resolved once kernels are compiled, or to the reason why not.
        background: where pondering and analysis run.
    """

    def __init__(
        self,
        options: EngineOptions,
        lines: LineQueue,
        file: NetworkFile | None,
        handlers: Mapping[str, Handler],
    ) -> None:
        """Start a game on the network's board size."""
        self.options = options
        self.lines = lines
        self.file = file
        self.loaded: Loaded | None = None
        self.player: Future[Player] = Future()
        self.background = Background()
        self._handlers = handlers
        self._ponders_next = False
        side = file.side if file is not None else _DEFAULT_SIDE
        self.game = Game(side, options.komi)
        self.clock: Clock | None
        self.set_time(None)

    def respond(self, command: Command) -> str | Stream:
        """Answer a command of catalog.SESSION_COMMANDS."""
        self._ponders_next = False
        return self._handlers[command.name](self, command.args)

    def idle(self) -> None:
        """Think until the next line, if the last command made a move of ours."""
        if self._ponders_next:
            self._ponders_next = False
            player, game = self.thinker(), self.game.copy()
            self.background.start(lambda stop: self._ponder(player, game, stop))

    def _ponder(self, player: Player, game: Game, stop: threading.Event) -> None:
        """Ponder; what goes wrong there is told, and the next command is answered."""
        try:
            player.ponder(game, stop)
        except Exception as error:
            text = " ".join(str(error).split())
            text = f"{text or 'failed'} ({type(error).__name__})"
            print(f"lzp-gtp: pondering: {text}", file=sys.stderr, flush=True)

    def end_idle(self) -> None:
        """End the pondering, without waiting for the batch that is on its way."""
        self.background.stop()

    def ponder_next(self) -> None:
        """Use the time until the next line for thinking, unless that is switched off."""
        self._ponders_next = self.options.ponder

    def thinker(self) -> Player:
        """Return the player, at rest, after waiting for it; GtpError says why there is none."""
        self.background.wait()
        return wait_for(self.player, self.lines.interrupt)

    def thinker_on_time(self, color: int) -> Player:
        """Return the player as `thinker` does, on a color's time."""
        if self.clock is not None:
            self.clock.start(color)
        try:
            return self.thinker()
        except GtpError:
            if self.clock is not None:
                self.clock.stop(color)
            raise

    def network(self) -> Evaluator:
        """Return what runs the network, at rest, after waiting for it; GtpError says why not."""
        self.thinker()
        if self.loaded is None:
            raise GtpError("no network")
        return self.loaded.evaluators[0]

    def cross_check(self) -> str | None:
        """Return what a cross-check found so far, in a line; None without one."""
        other = self.options.cross_check
        if other is None or self.loaded is None:
            return None
        return describe_check(self.loaded, other)

    def new_game(self, side: int) -> None:
        """Empty the board and give both sides their time again; komi stays."""
        self.game = Game(side, self.game.komi)
        if self.clock is not None:
            self.clock.reset()

    def resize(self, side: int) -> None:
        """Start a game on another size, which must be the network's; GtpError if it is not."""
        if self.file is not None and side != self.file.side:
            only = f"{self.file.side}x{self.file.side}"
            raise GtpError(f"unacceptable size: {self.file.name} is for {only}")
        if not MIN_SIDE <= side <= MAX_SIDE:
            raise GtpError("unacceptable size")
        self.new_game(side)

    def take_over(self, game: Game) -> None:
        """Go on with a game that was read from a file."""
        if self.file is not None and game.side != self.file.side:
            raise GtpError(f"cannot load file: a {game.side}x{game.side} game")
        self.game = game

    def set_time(self, settings: TimeSettings | None) -> None:
        """Play with a clock; None, or one without a limit, leaves it to the flags.

        Where the flags set no limit either, a move takes DEFAULT_MOVE_S.
        """
        lag_s = self.options.lag_buffer_cs / 100
        if settings is not None and not settings.is_unlimited:
            self.clock = Clock(settings, lag_s=lag_s, unseen_s=_UNSEEN_S)
        elif self.options.visits or self.options.playouts:
            self.clock = None
        else:
            each = TimeSettings(main_s=0, byo_s=DEFAULT_MOVE_S + lag_s, periods=1)
            self.clock = Clock(each, lag_s=lag_s)
