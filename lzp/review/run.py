"""Reviewing records one after the other, so that a bad one costs only itself."""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from lzp.engine.search import EvaluationError
from lzp.go import BLACK, WHITE
from lzp.review.annotate import annotate, comments_by_ply
from lzp.review.files import HTML, JSON, SGF, Job, is_review
from lzp.review.html import write_page
from lzp.review.judgment import average
from lzp.review.networks import Networks
from lzp.review.plain import review_as_json
from lzp.review.played import PlayedGame, play_through
from lzp.review.progress import progress_bar
from lzp.review.review import Review, ReviewParams, review_game
from lzp.review.words import color_name, percent
from lzp.sgf import SgfError, read_game
from lzp.sgf.additions import RecordText, count_games
from lzp.weights.atomic import replacing


def review_all(
    jobs: Sequence[Job], networks: Networks, params: ReviewParams, *, quiet: bool
) -> int:
    """Review records and write what comes of each as soon as it is complete.

    Args:
        jobs: in this order.
        networks: for their boards.
        params: how.
        quiet: whether only what failed is told.

    Returns:
        How many could not be reviewed; each is told in a line on stderr.
    """
    failures = 0
    for number, job in enumerate(jobs, 1):
        place = f"{number} of {len(jobs)}" if len(jobs) > 1 else ""
        try:
            line = _review_one(job, networks, params, place)
        except (EvaluationError, OSError, ValueError) as error:
            failures += 1
            print(f"lzp-review: {_reason(job, error)}", file=sys.stderr, flush=True)
        else:
            if not quiet:
                print(line, flush=True)
    return failures


def _review_one(job: Job, networks: Networks, params: ReviewParams, place: str) -> str:
    """Review one record and write its files; return what to say of it."""
    start = time.monotonic()
    text = _read(job.source)
    played = play_through(read_game(text))
    record = RecordText(text)
    network = networks.open(played.record.side)
    for note in [*played.notes, *_remarks(text, played)]:
        print(f"lzp-review: {job.source}: {note}", file=sys.stderr, flush=True)
    with progress_bar(job.source.name, place) as on_share:
        review = review_game(played, network, params, on_share)
    _write(job, text, record, review)
    return _summary(job, review, time.monotonic() - start)


def _read(path: Path) -> bytes:
    """Return a record's bytes.

    Raises:
        SgfError: it is a review already.
        OSError: it cannot be read.
    """
    text = path.read_bytes()
    if is_review(text):
        raise SgfError("is a review already; give the record that it was made of")
    return text


def _remarks(text: bytes, played: PlayedGame) -> list[str]:
    """Return what a user should know of a record before waiting for its review."""
    games = count_games(text)
    remarks = []
    if games > 1:
        remarks.append(f"the first of {games} games is reviewed, the others stay as they are")
    if played.record.komi is None:
        remarks.append(f"no komi in it: {played.game.komi:g} is taken")
    return remarks


def _write(job: Job, text: bytes, record: RecordText, review: Review) -> None:
    """Write a review in every form that is wanted; each file whole or not at all."""
    plain = review_as_json(review, comments_by_ply(record, review))
    contents = {}
    if SGF in job.outputs:
        contents[SGF] = annotate(text, review)
    if HTML in job.outputs:
        contents[HTML] = write_page(plain, _title(job, review)).encode()
    if JSON in job.outputs:
        contents[JSON] = json.dumps(plain, indent=1, allow_nan=False).encode()
    for form, content in contents.items():
        with replacing(job.outputs[form]) as file:
            file.write(content)


def _title(job: Job, review: Review) -> str:
    """Return the page's title: who played, or the file's name."""
    record = review.record
    if not (record.black or record.white):
        return job.source.name
    return f"{record.black or 'Black'} – {record.white or 'White'}"


def _summary(job: Job, review: Review, elapsed_s: float) -> str:
    """Return a line for a review that is written."""
    counts = []
    for color in (BLACK, WHITE):
        found = average(review.moves, color)
        counts.append(
            f"{color_name(color)} {percent(found.lost)} a move, "
            f"{found.mistakes + found.blunders} mistakes"
        )
    files = ", ".join(str(path) for path in job.outputs.values())
    done = f"{len(review.moves)} moves in {elapsed_s:.0f} s"
    return f"{job.source}: {done}; {'; '.join(counts)}: {files}"


def _reason(job: Job, error: Exception) -> str:
    """Return in a line which record failed and why."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        name = error.filename2 or error.filename or job.source
        return f"{name}: {error.strerror}"
    return " ".join(f"{job.source}: {text}".split())
