"""An evaluator that keeps answering when what runs the network fails.

A fault costs its own batch some time and nothing else:

====================================  ===================================================
what happens                          what is done
====================================  ===================================================
it raises, or answers in wrong shape  the batch is tried again in halves, and no batch is
(out of memory, a lost device)        larger from then on
one position alone fails              the spare answers it: ONNX Runtime on the CPU, which
                                      is opened when it is first needed
some answers are no numbers           the spare answers those positions
the spare was needed three times in   the spare answers everything from then on
a row
the spare fails as well               `NoAnswerError`; the next batch is tried anew
====================================  ===================================================

Each of these is told in a line when it happens first.
"""

import sys
import threading
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from lzp.engine.backends import BACKENDS, REFERENCE, why_unusable
from lzp.engine.evaluator import Answer, Evaluator, evaluate_in_parts
from lzp.engine.model import open_evaluators
from lzp.engine.network_file import NetworkFile, first_line
from lzp.engine.run_options import RunOptions

#: How often in a row the spare is needed before the evaluator is given up.
_MOST_STRIKES = 3
#: Positions that the spare runs at once.
_SPARE_BATCH = 8
#: Runtimes put whole source lines into their messages; what is told ends here.
_REASON_LENGTH = 160
_NO_PROBABILITIES = "it answered with something else than probabilities"


class NoAnswerError(ValueError):
    """Neither the evaluator nor the spare could answer; the text is the last reason."""


class Spare:
    """An evaluator that is opened when it is first needed; for any number of threads."""

    def __init__(self, open_it: Callable[[], Evaluator]) -> None:
        """Know how to open the evaluator."""
        self._open = open_it
        self._evaluator: Evaluator | None = None
        self._lock = threading.Lock()

    def evaluate(self, planes: NDArray[np.uint8]) -> Answer:
        """See `Evaluator.evaluate`.

        Raises:
            NoAnswerError: it cannot be opened, or fails.
        """
        with self._lock:
            try:
                if self._evaluator is None:
                    self._evaluator = self._open()
                answer = self._evaluator.evaluate(planes)
            except Exception as error:
                raise NoAnswerError(f"the CPU cannot answer either: {_reason(error)}") from error
        if not _has_shape(answer, planes) or not sound_rows(answer).all():
            raise NoAnswerError(f"the CPU cannot answer either: {_NO_PROBABILITIES}")
        return answer


class ResilientEvaluator:
    """An `Evaluator` over one that may fail; from one thread at a time, as that is."""

    def __init__(self, evaluator: Evaluator, spare: Spare, tell: Callable[[str], None]) -> None:
        """Guard an evaluator.

        Args:
            evaluator: what is asked first.
            spare: what is asked when that fails.
            tell: hears of faults, in a line each.
        """
        self.side = evaluator.side
        self.name = evaluator.name
        self._evaluator = evaluator
        self._spare = spare
        self._tell = tell
        self._most: int | None = None
        self._strikes = 0
        self._has_told = False

    @property
    def is_given_up(self) -> bool:
        """Whether the spare answers everything."""
        return self._strikes >= _MOST_STRIKES

    def evaluate(self, planes: NDArray[np.uint8]) -> Answer:
        """See `Evaluator.evaluate`.

        Raises:
            NoAnswerError: nothing can answer.
        """
        if self.is_given_up:
            return self._spare.evaluate(planes)
        if self._most is None or len(planes) <= self._most:
            return self._evaluate(planes)
        return evaluate_in_parts(planes, self._most, self.evaluate)

    def _evaluate(self, planes: NDArray[np.uint8]) -> Answer:
        """Evaluate a batch of an allowed size, by whatever works."""
        try:
            answer = self._evaluator.evaluate(planes)
        except Exception as error:  # the runtimes' exceptions share no base class
            return self._try_less(planes, _reason(error))
        if not _has_shape(answer, planes):
            shapes = " and ".join(str(list(array.shape)) for array in answer)
            return self._try_less(planes, f"it answered with arrays of shape {shapes}")
        sound = sound_rows(answer)
        if sound.all():
            self._strikes = 0
            return answer
        return self._mended(planes, answer, sound)

    def _try_less(self, planes: NDArray[np.uint8], reason: str) -> Answer:
        """Evaluate a batch that failed in halves, or by the spare if it is one position."""
        if len(planes) == 1:
            self._strike(reason)
            return self._spare.evaluate(planes)
        self._most = (len(planes) + 1) // 2
        self._tell(f"{self.name}: {reason}; at most {self._most} at once from now on")
        return evaluate_in_parts(planes, self._most, self.evaluate)

    def _mended(
        self, planes: NDArray[np.uint8], answer: Answer, sound: NDArray[np.bool_]
    ) -> Answer:
        """Return an answer with its unsound rows replaced by the spare's."""
        self._strike(_NO_PROBABILITIES)
        policy, winrate = (array.copy() for array in answer)
        policy[~sound], winrate[~sound] = self._spare.evaluate(planes[~sound])
        return policy, winrate

    def _strike(self, reason: str) -> None:
        """Count a batch that needs the spare, and tell what that means."""
        self._strikes += 1
        if self.is_given_up:
            self._tell(f"{self.name}: {reason}; the CPU answers from now on")
        elif not self._has_told:
            self._has_told = True
            self._tell(f"{self.name}: {reason}; the CPU answers in its place")


def guard(
    evaluators: Sequence[Evaluator],
    file: NetworkFile,
    tell: Callable[[str], None] | None = None,
) -> list[Evaluator]:
    """Return the evaluators of a network's lanes, each guarded, with one spare for all.

    Args:
        evaluators: one for each lane.
        file: the network, of which the spare is made.
        tell: hears of faults; None writes them to stderr.
    """
    spare = Spare(lambda: open_on_cpu(file))
    tell = tell_on_stderr if tell is None else tell
    return [ResilientEvaluator(evaluator, spare, tell) for evaluator in evaluators]


def open_on_cpu(file: NetworkFile) -> Evaluator:
    """Return a network on the CPU, in float32 and on one thread.

    Raises:
        ModelError: it cannot be run there.
    """
    backend = BACKENDS[REFERENCE]
    if why_unusable(backend, file):
        backend = BACKENDS["torchscript"]
    return open_evaluators(file, backend, RunOptions(batch_size=_SPARE_BATCH, threads=1))[0]


def tell_on_stderr(line: str) -> None:
    """Write a line to stderr, whatever else is kept quiet."""
    print(f"lzp: {line}", file=sys.stderr, flush=True)


def sound_rows(answer: Answer) -> NDArray[np.bool_]:
    """Return which positions of an answer have probabilities and a winrate, bool [B].

    A NaN fails every comparison, and it is the least and the most of its row.
    """
    policy, winrate = answer
    sound = (policy.min(axis=1) >= 0) & (policy.max(axis=1) < np.inf)
    return np.asarray(sound & (winrate >= 0) & (winrate <= 1))


def _reason(error: Exception) -> str:
    """Return what was raised as a line of bearable length."""
    line = first_line(error)
    return line if len(line) <= _REASON_LENGTH else f"{line[:_REASON_LENGTH]}..."


def _has_shape(answer: Answer, planes: NDArray[np.uint8]) -> bool:
    """Return whether an answer has a row for each position and a column for each move."""
    policy, winrate = answer
    count, moves = len(planes), planes.shape[2] * planes.shape[3] + 1
    return policy.shape == (count, moves) and winrate.shape == (count,)
