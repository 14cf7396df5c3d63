"""The game that a board plays with us, and what its commands may use.

The commands' functions are in the *_commands.py files; each takes a `Session` and the words
after the command's name, and answers with text, with a `Stream`, or by raising GtpError.
"""

import sys
import threading
from collections.abc import Callable, Mapping, Sequence, Set
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, Protocol

from lzp.engine.clock import Clock, TimeSettings
from lzp.engine.evaluator import Evaluator
from lzp.engine.gtp.background import Background
from lzp.engine.gtp.engine import Stream
from lzp.engine.gtp.networks import Networks
from lzp.engine.gtp.options import EngineOptions
from lzp.engine.gtp.protocol import Command, GtpError
from lzp.engine.gtp.reader import LineQueue
from lzp.engine.gtp.training_record import Step
from lzp.engine.gtp.waiting import as_answer, wait_for
from lzp.engine.levels import FULL
from lzp.engine.loading import Loaded, describe_check
from lzp.engine.network_file import NetworkFile
from lzp.engine.player import Player
from lzp.go import EMPTY, Game
from lzp.go.constants import MAX_SIDE, MIN_SIDE
from lzp.go.rules import Rules

Handler = Callable[["Session", Sequence[str]], str | Stream]

_DEFAULT_SIDE = 19
#: What a move takes where nobody set a limit: Leela Zero's hour a side is meant for servers.
DEFAULT_MOVE_S = 5.0
#: What a move costs on its way through pipes and boards, unless the board tells the time.
_UNSEEN_S = 0.03


class PlayerMaker(Protocol):
    """Makes players as the flags of a session have them."""

    def make(self, session: "Session", file: NetworkFile) -> Player:
        """Return a player for a network, which is loaded if it is not yet."""
        ...

    def refit(self, session: "Session", player: Player, changed: Set[str]) -> None:
        """Have a player follow flags that have changed, named as EngineOptions does."""
        ...


class Session:
    """One board's game, clock and player.

    Attributes:
        game: the game on the board.
        clock: both sides' clocks; None where only visits or playouts limit a move.
        lines: input that waits; its events end what runs.
        options: the program's flags; see `change`.
        networks: all that may be played with, one for each size of board.
        file: the network of this size; None if none could be read.
        player: what thinks; resolved once kernels are compiled, or to the reason why not.
        background: where pondering and analysis run.
        training: what our searches since the board was cleared teach.
        explanation: of our last move, in words.
        resigned: the color that resigned last, EMPTY if the game went on since.
        has_own_time: whether no board has set a clock.
    """

    def __init__(
        self,
        options: EngineOptions,
        lines: LineQueue,
        networks: Networks,
        handlers: Mapping[str, Handler],
        maker: PlayerMaker,
    ) -> None:
        """Start a game on the first network's board size."""
        self.options = options
        self.lines = lines
        self.networks = networks
        self.file = networks.first
        self.player: Future[Player] = Future()
        self.background = Background()
        self.training: list[Step] = []
        self.explanation = ""
        self.resigned = EMPTY
        self._handlers = handlers
        self._maker = maker
        #: Held while a network is loaded, so that each is measured alone.
        self._loading = threading.Lock()
        self._changed: set[str] = set()
        self._ponders_next = False
        side = self.file.side if self.file is not None else _DEFAULT_SIDE
        self.game = Game(side, options.komi, Rules.parse(options.rules))
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
        # A level that is to be weaker has nothing to think about.
        self._ponders_next = self.options.ponder and self.options.level in (0, FULL)

    def thinker(self) -> Player:
        """Return the player, at rest, after waiting for it; GtpError says why there is none."""
        self.background.wait()
        player = wait_for(self.player, self.lines.interrupt)
        if self._changed:
            changed, self._changed = self._changed, set()
            self._maker.refit(self, player, changed)
        return player

    def load_player(self) -> None:
        """Make the player for this size, in this thread; a failure is what `thinker` raises."""
        file, player = self.file, self.player
        assert file is not None
        with self._loading:
            if self.file is not file:
                return  # the board has gone on to another size
            try:
                player.set_result(self._maker.make(self, file))
            except Exception as error:
                player.set_exception(as_answer(error))

    def change(self, **changes: Any) -> None:
        """Change flags, named as EngineOptions does, from the next search on.

        Raises:
            TypeError: there is no such flag.
        """
        self.options = replace(self.options, **changes)
        self._changed |= changes.keys()
        if self.has_own_time:
            self.set_time(None)
        elif self.clock is not None:
            self.clock.lag_s = self.options.lag_buffer_cs / 100

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
        assert self.loaded is not None
        return self.loaded.evaluators[0]

    @property
    def loaded(self) -> Loaded | None:
        """What runs the network of this size; None before there is a player."""
        return None if self.file is None else self.networks.loaded.get(self.file.side)

    def cross_check(self) -> str | None:
        """Return what a cross-check found so far, in a line; None without one."""
        other = self.options.cross_check
        if other is None or self.loaded is None:
            return None
        return describe_check(self.loaded, other)

    def new_game(self, side: int) -> None:
        """Empty the board and give both sides their time again; komi and rules stay."""
        self.game = Game(side, self.game.komi, self.game.rules)
        self.training, self.explanation, self.resigned = [], "", EMPTY
        if self.clock is not None:
            self.clock.reset()

    def resize(self, side: int) -> None:
        """Start a game on another size, with the network for it; GtpError if there is none."""
        if not MIN_SIDE <= side <= MAX_SIDE:
            raise GtpError("unacceptable size")
        if not self._use_network(side):
            raise GtpError(f"unacceptable size: {self.networks}")
        self.new_game(side)

    def take_over(self, game: Game) -> None:
        """Go on with a game that was read from a file, under the rules that were set here."""
        if not self._use_network(game.side):
            size = f"{game.side}x{game.side}"
            raise GtpError(f"cannot load file: a {size} game; {self.networks}")
        game.rules = self.game.rules
        self.game, self.resigned = game, EMPTY

    def _use_network(self, side: int) -> bool:
        """Play with the network for a size from now on; False if there is none.

        Where no network could be read at all, every size is as good.
        """
        file = self.networks.at(side)
        if file is not None and file is not self.file:
            self.background.wait()
            self.file, self.player = file, Future()
            threading.Thread(target=self.load_player, daemon=True, name="gtp-load").start()
        return file is not None or self.networks.first is None

    def set_time(self, settings: TimeSettings | None) -> None:
        """Play with a clock; None, or one without a limit, leaves it to the flags.

        Where the flags set no limit either, a move takes DEFAULT_MOVE_S.
        """
        lag_s = self.options.lag_buffer_cs / 100
        self.has_own_time = settings is None
        if settings is not None and not settings.is_unlimited:
            self.clock = Clock(settings, lag_s=lag_s, unseen_s=_UNSEEN_S)
        elif self.options.visits or self.options.playouts or self.options.max_time_s:
            self.clock = None
        else:
            each = TimeSettings(main_s=0, byo_s=DEFAULT_MOVE_S + lag_s, periods=1)
            self.clock = Clock(each, lag_s=lag_s)
