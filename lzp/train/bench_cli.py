"""`lzp-bench train`: how fast training is on this machine, as a table and as JSON.

Imports little, so that a missing part of the installation gets one line.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console
from rich.table import Table

from lzp.command_line import OneLineParser

_DESCRIPTION = """\
Measure training on this machine in turns: the step alone, again and again on one batch in
memory, and the whole loop of lzp-train with its loader, logs and checkpoints. Medians over
rounds, with the least and the most."""

_EPILOG = """\
examples:
  lzp-bench train
  lzp-bench train --network small --batch 128 --batch 512 --store games.lzps
  lzp-bench train --network 10x128 --network 20x256 --batch 1024 --device cuda \\
    --precision bf16-mixed --channels-last --compile --roof 790
  lzp-bench train --network modern-mini optimizer=sgd trainer.gradient_clip_val=null

The operations of a step are counted as six for each multiplication of the forward pass. The
roof is the faster of a large matrix product and a large convolution, unless --roof gives it."""

#: What the table says, the figure's name, and its form.
_ROWS = (
    ("step alone, samples/s", "step_samples_per_s", ",.0f"),
    ("loop, samples/s", "loop_samples_per_s", ",.0f"),
    ("loop / step", "ratio", ".3f"),
    ("loop waits for data", "waiting_share", ".2%"),
    ("loop, TFLOPS", "tflops", ".3g"),
    ("loop, share of roof", "share_of_roof", ".1%"),
)
_PRECISIONS = ("32-true", "bf16-mixed", "16-mixed")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the command line names; bad input gives one line and exit code 2."""
    values = _parser().parse_args(arguments)
    try:
        found = _measure(values)
    except ModuleNotFoundError as error:
        _fail(f"needs {error.name}, which is not installed: pip install 'lzp[train]'")
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    if values.json:
        print(json.dumps({"bench": "train", **found}))
    else:
        Console().print(_table(found))


def _measure(values: argparse.Namespace) -> dict[str, Any]:
    """Run the benchmark."""
    import torch

    from lzp.train.bench import TrainBench, bench_training
    from lzp.train.entry import expected_errors, explain
    from lzp.train.guards import StoppedError

    bench = TrainBench(
        networks=values.network or ["mini"],
        batches=values.batch or [128],
        precision=values.precision,
        device=values.device,
        channels_last=values.channels_last,
        compile_net=values.compile,
        roof_tflops=values.roof,
        store=values.store,
        rounds=values.rounds,
        round_s=values.seconds,
        overrides=values.overrides,
    )
    try:
        return bench_training(bench)
    except StoppedError:
        raise KeyboardInterrupt from None
    except torch.OutOfMemoryError:
        _fail("the device's memory is too small: try a smaller --batch")
    except expected_errors() as error:
        _fail(explain(error))


def _fail(text: str) -> NoReturn:
    """End with one line and code 2."""
    print(f"lzp-bench train: {' '.join(text.split())}", file=sys.stderr)
    raise SystemExit(2) from None


def _table(found: dict[str, Any]) -> Table:
    """Return the figures as a table, a column for each network and batch size."""
    title = f"lzp-bench train: {found['precision']}, roof {found['roof_tflops']:.3g} TFLOPS"
    table = Table(title=title, caption=found["device"])
    table.add_column()
    for run in found["runs"]:
        table.add_column(f"{run['network']}, batch {run['batch_size']}", justify="right")
    for label, name, form in _ROWS:
        table.add_row(label, *(_with_spread(run, name, form) for run in found["runs"]))
    return table


def _with_spread(run: dict[str, Any], name: str, form: str) -> str:
    """Return a figure as text, with the least and the most where they were measured."""
    text = f"{run[name]:{form}}"
    if f"{name}_low" not in run:
        return text
    return f"{text} ({run[f'{name}_low']:{form}} to {run[f'{name}_high']:{form}})"


def _positive(text: str) -> int:
    """Read a whole number of 1 or more."""
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of 1 or more, not {text!r}")
    return int(text)


def _positive_number(text: str) -> float:
    """Read a number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number above 0, not {text!r}")
    return number


def _parser() -> argparse.ArgumentParser:
    """Return the parser of `lzp-bench train`."""
    parser = OneLineParser(
        prog="lzp-bench train",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("overrides", nargs="*", metavar="KEY=VALUE", help="as lzp-train takes them")
    add("--network", action="append", metavar="NAME",
        help="as lzp-train names it, or BLOCKSxFILTERS; may be repeated (mini)")  # fmt: skip
    add("--batch", type=_positive, action="append", metavar="N",
        help="positions a step; may be repeated (128)")  # fmt: skip
    add("--store", type=Path, metavar="DIR", help="a game store (random games)")
    add("--precision", choices=_PRECISIONS, default="32-true", help="(32-true)")
    add("--device", default="auto", metavar="NAME", help="cpu, cuda, ... (auto)")
    add("--channels-last", action="store_true", help="memory layout of the network")
    add("--compile", action="store_true", help="let torch compile the network")
    add("--roof", type=_positive_number, metavar="TFLOPS",
        help="what the device can do: an H100 790 in bf16 (measured)")  # fmt: skip
    add("--rounds", type=_positive, default=5, metavar="N", help="rounds of each kind (5)")
    add("--seconds", type=_positive_number, default=3.0, metavar="S", help="a round (3)")
    add("--json", action="store_true", help="one line of JSON instead")
    return parser


if __name__ == "__main__":
    main()
