"""Commands that Leela Zero's own clients use to gather training data; not in the list.

Every finished search of a move is kept until the board is cleared. Where leelaz ends itself
(nothing to write, a file that is not there), there is an answer.
"""

import gzip
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lzp.engine.gtp.arguments import Args, need, read_color
from lzp.engine.gtp.protocol import GtpError
from lzp.engine.gtp.session import Handler, Session
from lzp.engine.gtp.training_record import (
    Step,
    debug_text,
    read_saved,
    saved_text,
    training_text,
)
from lzp.features import encode
from lzp.features.leela_chunks import SIDE, TEXT, ChunkPosition, format_record
from lzp.go import EMPTY, Game
from lzp.sgf import GameRecord, SgfError, read_games, split_games, to_game
from lzp.weights.atomic import replacing

#: Games of a file that dump_supervised writes.
_GAMES_PER_FILE = 32


def dump_training(session: Session, args: Args) -> str:
    """dump_training WINNER FILE: the searches of the game, to FILE.0.gz."""
    need(args, 2)
    winner = read_color(args[0])
    _write_zipped(_chunk(args[1:], 0), training_text(_steps(session), winner))
    return ""


def dump_debug(session: Session, args: Args) -> str:
    """dump_debug FILE: how sure the searches of the game were, to FILE.0.gz."""
    need(args, 1)
    options, file = session.options, session.file
    network = str(options.weights or (file.name if file is not None else ""))
    text = debug_text(_steps(session), options.resign_percent, network)
    _write_zipped(_chunk(args, 0), text)
    return ""


def save_training(session: Session, args: Args) -> str:
    """save_training FILE: the searches so far, to go on with the game another time."""
    need(args, 1)
    path = Path(" ".join(args))
    _write(path, saved_text(_steps(session)))
    return ""


def load_training(session: Session, args: Args) -> str:
    """load_training FILE: the searches of a game that goes on."""
    need(args, 1)
    path = Path(" ".join(args))
    try:
        session.training = read_saved(path.read_text(encoding="ascii"))
    except OSError as error:
        raise GtpError(f"cannot load {path}: {error.strerror or error}") from None
    except ValueError as error:
        raise GtpError(f"cannot load {path}: {error}") from None
    return ""


def dump_supervised(session: Session, args: Args) -> str:
    """dump_supervised SGF FILE: every position of the games in a record, with its move.

    Written to FILE.0.gz, FILE.1.gz ... of 32 games each, the games in random order. Those
    without a winner, on other boards than 19x19 or with a move that is not legal are left
    out.
    """
    need(args, 2)
    path = Path(args[0])
    try:
        text = path.read_bytes()
    except OSError as error:
        raise GtpError(f"cannot load {path}: {error.strerror or error}") from None
    records = [record for part in split_games(text) for record in read_games(part)]
    games = [game for record in records if (game := list(_positions(record)))]
    random.Random(session.options.seed).shuffle(games)
    for number, start in enumerate(range(0, len(games), _GAMES_PER_FILE)):
        chosen = games[start : start + _GAMES_PER_FILE]
        _write_zipped(_chunk(args[1:], number), b"".join(part for game in chosen for part in game))
    count = sum(map(len, games))
    return f"{count} training positions of {len(games)} games; {len(records)} games in file"


def _positions(record: GameRecord | SgfError) -> Iterator[bytes]:
    """Yield the training records of a game; none if it is one to leave out."""
    if isinstance(record, SgfError) or record.side != SIDE or record.result.winner == EMPTY:
        return
    try:
        game = to_game(record)
    except SgfError:
        return
    replayed = Game(SIDE)
    replayed.set_up(game.setup, record.first_player)
    for color, move in game.moves:
        replayed.to_play = color
        policy = np.zeros(replayed.pass_move + 1, np.float32)
        policy[move] = 1
        value = 1 if color == record.result.winner else -1
        yield format_record(ChunkPosition(encode(replayed.boards)[0], policy, value), TEXT)
        replayed.play(move, color, superko=False)


def _steps(session: Session) -> list[Step]:
    """Return the searches of the game; GtpError if there is nothing that can be written."""
    if session.game.side != SIDE:
        raise GtpError(f"training data is for {SIDE}x{SIDE} boards")
    if not session.training:
        raise GtpError("no searches to write since the board was cleared")
    return session.training


def _chunk(words: Args, number: int) -> Path:
    """Return the name of a numbered file."""
    return Path(f"{' '.join(words)}.{number}.gz")


def _write_zipped(path: Path, content: bytes) -> None:
    """Write a file as gzip."""
    _write(path, gzip.compress(content, mtime=0))


def _write(path: Path, content: bytes) -> None:
    """Put a file in its place once it is complete; GtpError if it cannot be written."""
    try:
        with replacing(path) as file:
            file.write(content)
    except OSError as error:
        raise GtpError(f"cannot write {path}: {error.strerror or error}") from None


HANDLERS: dict[str, Handler] = {
    "dump_training": dump_training,
    "dump_debug": dump_debug,
    "dump_supervised": dump_supervised,
    "save_training": save_training,
    "load_training": load_training,
}
