"""How well finished games are scored: against their records, and against GNU Go."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lzp.data.sources import RawGame, SourceReader
from lzp.go import BLACK, Game
from lzp.go.counting import final_lead
from lzp.go.final_status import find_status
from lzp.go.rules import DEFAULT_RULES, TERRITORY, Rules, RulesError
from lzp.go.vertex import format_vertex
from lzp.play.bench import Figures
from lzp.play.gtp_client import GtpClient
from lzp.play.programs import find_program
from lzp.play.referee import parse_score
from lzp.sgf import SgfError, read_games, to_game, write_game
from lzp.sgf.record import GameRecord
from lzp.sgf.writer import SgfInfo

#: GNU Go plays on in doubtful positions before it judges them.
_ANSWER_S = 600.0
#: Shorter games were hardly played.
_LEAST_MOVES = 30


@dataclass(frozen=True, slots=True)
class FinishedGame:
    """A game that was counted; only its record is kept, since positions take megabytes."""

    record: GameRecord

    def replayed(self) -> Game:
        """Return the game by the rules that its record names, ours if it names none we know."""
        try:
            rules = Rules.named(self.record.rules)
        except RulesError:
            rules = DEFAULT_RULES
        return to_game(self.record, rules=rules)

    @property
    def lead(self) -> float:
        """Black's lead in points that the players agreed on."""
        margin = self.record.result.margin or 0.0
        return margin if self.record.result.winner == BLACK else -margin


@dataclass(frozen=True, slots=True)
class Verdict:
    """Black's lead in points, and the dead stones' vertices."""

    lead: float
    dead: frozenset[str]


def bench_scores(
    sources: Sequence[Path], games: int, every: int, gnugo: str | None = None
) -> Figures:
    """Score games that ended in two passes and a count; return how often others agree.

    Args:
        sources: files, folders and archives of records.
        games: how many games.
        every: only every n-th of those that fit.
        gnugo: GNU Go's program, asked as well.

    Raises:
        SourceError: a source does not exist.
        ValueError: no game fits.
        EngineError: the program does not answer.
    """
    found = [game for game, _ in zip(_finished_games(sources, every), range(games), strict=False)]
    if not found:
        raise ValueError("no game that ended in two passes and was counted")
    ours, taken_s = _judged_by_us(found)
    figures: Figures = {
        "games": float(len(found)),
        "ms_a_game": 1000 * taken_s / len(found),
        **_agreement("record", ours, [each.lead for each in found]),
    }
    if gnugo is not None:
        theirs = _judged_by_gnugo(gnugo, found)
        leads = [verdict.lead for verdict in theirs]
        same = [a.dead == b.dead for a, b in zip(ours, theirs, strict=True)]
        figures |= _agreement("gnugo", ours, leads)
        figures["dead_as_gnugo"] = float(np.mean(same))
        figures |= {
            f"gnugo_{name}": share
            for name, share in _agreement("record", theirs, [each.lead for each in found]).items()
        }
    return figures


def _agreement(name: str, verdicts: Sequence[Verdict], leads: Sequence[float]) -> Figures:
    """Return the shares of the same winner and of the same score."""
    ours = np.array([verdict.lead for verdict in verdicts])
    theirs = np.array(leads)
    return {
        f"winner_as_{name}": float(np.mean(np.sign(ours) == np.sign(theirs))),
        f"score_as_{name}": float(np.mean(ours == theirs)),
    }


def _judged_by_us(games: Sequence[FinishedGame]) -> tuple[list[Verdict], float]:
    """Return what we make of games, and the seconds that took beside replaying them."""
    _judge(games[0].replayed())  # compiles
    verdicts, taken_s = [], 0.0
    for each in games:
        game = each.replayed()
        started = time.perf_counter()
        verdicts.append(_judge(game))
        taken_s += time.perf_counter() - started
    return verdicts, taken_s


def _judge(game: Game) -> Verdict:
    """Return what we make of a game."""
    status = find_status(game)
    dead = (format_vertex(int(move), game.side) for move in np.flatnonzero(status.dead))
    return Verdict(final_lead(game, status), frozenset(dead))


def _finished_games(sources: Sequence[Path], every: int) -> Iterator[FinishedGame]:
    """Yield every n-th game that was counted after two passes."""
    number = 0
    for raw in SourceReader(sources):
        if not isinstance(raw, RawGame):
            continue
        for record in read_games(raw.text):
            if isinstance(record, SgfError) or not _is_finished(record):
                continue
            number += 1
            if number % every == 0:
                yield FinishedGame(record)


def _is_finished(record: GameRecord) -> bool:
    """Return whether a game ended in two passes and was counted."""
    pass_move = record.side * record.side
    moves = [move for _, move in record.moves]
    is_counted = record.result.ending in ("score", "draw") and record.edited_at is None
    return is_counted and len(moves) >= _LEAST_MOVES and moves[-2:] == [pass_move, pass_move]


def _judged_by_gnugo(program: str, games: Sequence[FinishedGame]) -> list[Verdict]:
    """Return what GNU Go makes of games, each counted as its rules have it."""
    path = find_program(program) or program
    clients: dict[str, GtpClient] = {}
    verdicts = []
    try:
        with tempfile.TemporaryDirectory() as folder:
            for each in games:
                game = each.replayed()
                rules = "japanese" if game.rules.scoring == TERRITORY else "chinese"
                if rules not in clients:
                    clients[rules] = GtpClient(f"{path} --mode gtp --{rules}-rules", "gnugo")
                verdicts.append(_ask(clients[rules], game, Path(folder) / "game.sgf"))
    finally:
        for client in clients.values():
            client.close()
    return verdicts


def _ask(client: GtpClient, game: Game, path: Path) -> Verdict:
    """Show a game to GNU Go by a file and read its verdict."""
    path.write_text(write_game(game, SgfInfo(rules=game.rules.sgf_name)))
    client.send(f"loadsgf {path}", _ANSWER_S)
    dead = client.send("final_status_list dead", _ANSWER_S).split()
    return Verdict(parse_score(client.send("final_score", _ANSWER_S)), frozenset(dead))
