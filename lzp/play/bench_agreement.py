"""How far a backend and a precision are from the reference, on positions of stored games."""

from dataclasses import dataclass
from pathlib import Path

from lzp.engine.agreement import Tally
from lzp.engine.backends import REFERENCE, find_backend
from lzp.engine.certificate import PRECISION, keep_proof, proves
from lzp.engine.model import open_evaluators, open_network
from lzp.engine.run_options import RunOptions
from lzp.play.accuracy import Sample, open_sampler, sampled_batches
from lzp.play.bench import Figures


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """What is compared with what.

    Attributes:
        weights: the network; None for the one that ships.
        backend: name of what is measured.
        precision: what it computes in.
        against: name of what it is measured against, in float32.
        threads: CPU threads of each.
    """

    weights: Path | None
    backend: str
    precision: str
    against: str
    threads: int


def bench_agreement(compared: Compared, store: Path, sample: Sample) -> Figures:
    """Return the differences; those of int8 from the reference are kept for `--backend auto`.

    Raises:
        ModelError: the network cannot be read, or not be run so.
        StoreError: the store cannot be read, or has no such games.
        ValueError: the split is unknown.
    """
    from lzp.data import GameStore

    file = open_network(compared.weights)
    first, second = (
        open_evaluators(
            file,
            find_backend(name),
            RunOptions(batch_size=16, threads=compared.threads, precision=precision),
        )[0]
        for name, precision in (
            (compared.backend, compared.precision),
            (compared.against, "float32"),
        )
    )
    tally = Tally()
    sampler = open_sampler(second, GameStore.open(store), sample)
    for batch in sampled_batches(sampler, sample.positions):
        tally.add(first.evaluate(batch.planes), second.evaluate(batch.planes))
    found = tally.agreement()
    if found is None:
        return {"positions": 0}
    figures: Figures = {
        "positions": found.positions,
        "winrate_error_most": found.winrate,
        "winrate_error_mean": found.winrate_mean,
        "policy_error_most": found.policy,
        "top1_agreement": found.top1,
    }
    if compared.precision == PRECISION and compared.against == REFERENCE:
        keep_proof(file, compared.backend, found)
        figures["accepted_by_auto"] = proves(found)
    return figures
