"""A match for people: a line a game, the table of two players, the cross-table of more."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.markup import escape
from rich.table import Table

from lzp.go import BLACK, EMPTY
from lzp.play.match_results import PlayedGame, faults_of, games_between, points_table, tally
from lzp.play.match_rules import FAULTS
from lzp.play.ratings import Ratings, rate
from lzp.play.scoring import judge
from lzp.play.sprt import Sprt


@dataclass(frozen=True, kw_only=True, slots=True)
class MatchView:
    """How far a match is.

    Attributes:
        labels: the players' names.
        games: those that are over.
        total: games of the whole schedule.
        earlier: how many of them earlier runs had played.
        elapsed_s: seconds of this run.
        sprt: the test, if there is one.
    """

    labels: Sequence[str]
    games: Sequence[PlayedGame]
    total: int
    earlier: int = 0
    elapsed_s: float = 0.0
    sprt: Sprt | None = None

    @property
    def left_s(self) -> float | None:
        """Seconds that the games to come will take at this run's rate; None if unknown."""
        played = len(self.games) - self.earlier
        left = self.total - len(self.games)
        return self.elapsed_s / played * left if played and self.elapsed_s else None


def progress_line(view: MatchView) -> str:
    """Return games, rate and time left as one line."""
    played = len(view.games) - view.earlier
    text = f"{len(view.games)} of {view.total} games"
    if played and view.elapsed_s:
        rate_h = 3600 * played / view.elapsed_s
        text += f", {rate_h:,.0f} games/h" if rate_h >= 10 else f", {rate_h:.1f} games/h"
    if view.left_s:
        most = "at most " if view.sprt else ""
        text += f", {most}{duration(view.left_s)} left"
    return text


def duration(seconds: float) -> str:
    """Return a time as two units at most, such as "3 h 20 min"."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} d {hours % 24} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def game_line(view: MatchView, game: PlayedGame) -> str:
    """Return one finished game, and the score of its players so far, as a line."""
    black, white = view.labels[game.black], view.labels[game.white]
    first, second = sorted((game.black, game.white))
    so_far = tally(view.games, first, second)
    line = (
        f"game {game.number + 1}/{view.total}  {black} (B) - {white} (W): "
        f"{result_text(view.labels, game)}, {game.moves} moves, {game.seconds:.0f} s   "
        f"{view.labels[first]} {so_far.points:g}/{so_far.games}"
    )
    if view.sprt is not None:
        line += f", LLR {view.sprt.ratio(tally(view.games)):+.2f}"
    return line + (f", {duration(view.left_s)} left" if view.left_s else "")


def result_text(labels: Sequence[str], game: PlayedGame) -> str:
    """Return who won a game and how."""
    if game.winner == EMPTY:
        return "draw" if game.ending == "score" else f"no result ({game.ending})"
    winner = labels[game.black if game.winner == BLACK else game.white]
    how = f"by {game.points:g}" if game.ending == "score" else f"({game.ending})"
    detail = f": {game.detail}" if game.ending in FAULTS else ""
    return f"{winner} wins {how}{detail}"


def result_table(view: MatchView) -> Table:
    """Return the table of a match, or the cross-table of a round robin."""
    return _duel(view) if len(view.labels) == 2 else _cross_table(view)


def _duel(view: MatchView) -> Table:
    """Return two players' score with its 95 % interval, Elo, and how games ended."""
    a, b = map(escape, view.labels)
    result = tally(view.games)
    strength = judge(result)
    void = len(view.games) - result.games
    table = Table(title=f"{a} against {b}", show_header=False)
    table.add_row("games", f"{len(view.games)} ({void} without result)")
    table.add_row("won - lost - drawn", f"{result.wins} - {result.losses} - {result.draws}")
    table.add_row("pairs of 0 to 2 points", " ".join(map(str, result.pairs)))
    shares = f"(95 %: {strength.score_low:.1%} to {strength.score_high:.1%})"
    table.add_row(f"score of {a}", f"{strength.score:.1%}  {shares}")
    elos = f"(95 %: {strength.elo_low:+.0f} to {strength.elo_high:+.0f})"
    table.add_row("Elo difference", f"{strength.elo:+.0f}  {elos}")
    table.add_row(f"{a} is stronger", f"{strength.superiority:.1%} sure")
    if view.sprt is not None:
        table.add_row("SPRT", sprt_text(view.sprt, view.games))
    as_black = tally([game for game in view.games if game.color_of(0) == BLACK])
    table.add_row(f"{a} as Black", f"{as_black.points:g}/{as_black.games}")
    for player, label in enumerate((a, b)):
        table.add_row(f"losses of {label}", losses_text(view.games, player))
    return table


def sprt_text(sprt: Sprt, games: Sequence[PlayedGame]) -> str:
    """Return where a test stands, as one line."""
    result = tally(games)
    low, high = sprt.bounds
    said = {
        "open": "goes on",
        "H1": f"accepts {sprt.elo1:+g} Elo or more",
        "H0": f"accepts {sprt.elo0:+g} Elo or less",
    }[sprt.verdict(result)]
    return f"{said}; LLR {sprt.ratio(result):+.2f} ({low:.2f} to {high:.2f})"


def losses_text(games: Sequence[PlayedGame], player: int) -> str:
    """Return how many games a player lost in each way, faults always named."""
    lost = [game.ending for game in games if game.result_of(player) == 0.0]
    counts = {ending: lost.count(ending) for ending in sorted(set(lost))}
    return ", ".join(f"{ending} {count}" for ending, count in counts.items()) or "none"


def ratings_of(view: MatchView) -> Ratings:
    """Return the ratings of all players."""
    return rate(points_table(view.games, len(view.labels)))


def _cross_table(view: MatchView) -> Table:
    """Return everybody's points against everybody, the strongest first."""
    ratings = ratings_of(view)
    order = ranking(ratings)
    table = Table(title=f"{len(view.labels)} players, {len(view.games)} games")
    for name in ("", "player", "Elo", "±95 %", "points", "score"):
        table.add_column(name, justify="left" if name == "player" else "right")
    for place in range(len(order)):
        table.add_column(str(place + 1), justify="right")
    table.add_column("illegal, crash, time", justify="right")
    for place, player in enumerate(order):
        table.add_row(*_cross_row(view, ratings, order, place), _faults(view, player))
    if ratings.has_prior:
        table.caption = "A draw is added to each pairing: somebody won or lost every game."
    return table


def ranking(ratings: Ratings) -> list[int]:
    """Return the players' numbers, the strongest first."""
    return sorted(range(len(ratings.elo)), key=lambda player: -ratings.elo[player])


def _cross_row(view: MatchView, ratings: Ratings, order: list[int], place: int) -> list[str]:
    """Return the cells of one player's row but the last."""
    player = order[place]
    results = [tally(view.games, player, other) for other in order]
    points = sum(result.points for result in results)
    games = sum(result.games for result in results)
    error = ratings.errors[player]
    return [
        str(place + 1),
        escape(view.labels[player]),
        f"{ratings.elo[player]:+.0f}",
        f"{error:.0f}" if math.isfinite(error) else "?",
        f"{points:g}/{games}",
        f"{points / games:.1%}" if games else "",
        *["" if other == player else cell_text(view, player, other) for other in order],
    ]


def cell_text(view: MatchView, player: int, other: int) -> str:
    """Return a player's points against another, such as "7.5/10"; "" before their first game."""
    result = tally(view.games, player, other)
    games = len(games_between(view.games, player, other))
    if not games:
        return ""
    void = games - result.games
    return f"{result.points:g}/{result.games}" + (f" ({void} void)" if void else "")


def _faults(view: MatchView, player: int) -> str:
    """Return a player's losses by its own failure."""
    return " ".join(str(count) for count in faults_of(view.games, player).values())


def summary(view: MatchView) -> dict[str, object]:
    """Return a match as plain data for JSON; what is infinite or unknown is null."""
    ratings = ratings_of(view)
    players = [
        {
            "name": label,
            "elo": _finite(ratings.elo[player]),
            "elo_error_95": _finite(ratings.errors[player]),
            "faults": faults_of(view.games, player),
        }
        for player, label in enumerate(view.labels)
    ]
    found: dict[str, object] = {
        "games": len(view.games),
        "total": view.total,
        "players": players,
        "has_prior": ratings.has_prior,
        "pairings": [
            _pairing(view, player, other)
            for player in range(len(players))
            for other in range(player + 1, len(players))
            if games_between(view.games, player, other)
        ],
    }
    if view.sprt is not None:
        result, (low, high) = tally(view.games), view.sprt.bounds
        found["sprt"] = {
            "elo0": view.sprt.elo0,
            "elo1": view.sprt.elo1,
            "llr": view.sprt.ratio(result),
            "low": low,
            "high": high,
            "verdict": view.sprt.verdict(result),
        }
    return found


def _pairing(view: MatchView, player: int, other: int) -> dict[str, object]:
    """Return two players' games as plain data."""
    result = tally(view.games, player, other)
    strength = judge(result)
    return {
        "players": [view.labels[player], view.labels[other]],
        "wins": result.wins,
        "losses": result.losses,
        "draws": result.draws,
        "void": len(games_between(view.games, player, other)) - result.games,
        "pairs": list(result.pairs),
        "score": strength.score,
        "score_95": [strength.score_low, strength.score_high],
        "elo": _finite(strength.elo),
        "elo_95": [_finite(strength.elo_low), _finite(strength.elo_high)],
        "superiority": strength.superiority,
    }


def _finite(number: float) -> float | None:
    """Return a number as JSON can hold it."""
    return float(number) if math.isfinite(number) else None
