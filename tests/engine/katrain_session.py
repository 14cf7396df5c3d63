"""A game in KaTrain without its window: run by a Python that has KaTrain, on one engine.

    python katrain_session.py ENGINE GAME.sgf

KaTrain's own classes start the engine by its path alone, send their queries and keep the
answers; what they kept is printed as one line of JSON.
"""

import json
import os
import sys
import time

os.environ.update(KIVY_NO_ARGS="1", KIVY_NO_CONSOLELOG="1", KIVY_NO_FILELOG="1")

from katrain.core.base_katrain import KaTrainBase
from katrain.core.constants import OUTPUT_ERROR
from katrain.core.engine import KataGoEngine
from katrain.core.game import Game, KaTrainSGF

FAST_VISITS = 12


class KaTrain(KaTrainBase):
    """KaTrain without a window; keeps what it would show as an error."""

    def __init__(self):
        self.errors = []
        super().__init__(force_package_config=True, debug_level=0)

    def log(self, message, level=0):
        if level == OUTPUT_ERROR:
            self.errors.append(str(message))

    def __call__(self, *message):
        self.errors.append(repr(message))


def wait_until(holds, limit_s=120):
    """Wait until a condition holds; False if it does not in time."""
    until = time.monotonic() + limit_s
    while not holds() and time.monotonic() < until:
        time.sleep(0.02)
    return bool(holds())


def told_of(node):
    """Return what KaTrain knows of a position."""
    analysis = node.analysis
    return {
        "complete": node.analysis_complete,
        "visits": node.root_visits,
        "winrate": node.winrate,
        "score": node.score,
        "moves": len(analysis["moves"]),
        "policy": len(analysis["policy"] or []),
        "ownership": len(analysis["ownership"] or []),
        "candidates": [each["move"] for each in node.candidate_moves],
        "points_lost": node.points_lost,
        "comment": node.comment(),
    }


def ponder(engine, node):
    """Let the engine think about a position until it is stopped; tell how that went."""
    before = node.root_visits
    node.analyze(engine, ponder=True)
    grew = wait_until(lambda: node.root_visits > before + 20)
    stopped_s = time.monotonic()
    engine.stop_pondering()
    ended = wait_until(engine.is_idle, 20)
    return {"grew": grew, "ended": ended, "seconds": time.monotonic() - stopped_s}


def main(path, record):
    """Analyze a game, then its last position in KaTrain's other ways."""
    katrain = KaTrain()
    settings = {**katrain.config("engine"), "katago": path, "fast_visits": FAST_VISITS}
    engine = KataGoEngine(katrain, settings)
    game = Game(katrain, engine, move_tree=KaTrainSGF.parse_file(record), analyze_fast=True)
    nodes = list(game.root.nodes_in_tree)
    found = {"all": wait_until(lambda: all(node.analysis_complete for node in nodes), 400)}
    last = nodes[-1]
    found["game"] = [told_of(node) for node in nodes]
    found["ponder"] = ponder(engine, last)
    known = len(last.analysis["moves"])
    last.analyze(engine, visits=30, find_alternatives=True)
    last.analyze(engine, visits=30, region_of_interest=(0, 5, 0, 5))
    found["idle"] = wait_until(engine.is_idle, 100)
    found["more"] = len(last.analysis["moves"]) - known
    engine.shutdown(finish=True)
    found["errors"] = katrain.errors
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
