"""Game records to training batches: sources, conversion, the game store, the sampler.

convert([Path("games")], Path("games.lzps"))
store = GameStore.open("games.lzps")
for batch in PositionSampler(store, "train", SamplerParams(batch_size=256)).batches(epoch=0):
    ...
"""

from lzp.data.arrow import StoreError
from lzp.data.columns import NO_RANK
from lzp.data.convert import Progress, convert
from lzp.data.game_filter import SPLITS, GameFilter
from lzp.data.mixture import StoreMixture
from lzp.data.reasons import REASONS, ConvertOptions
from lzp.data.report import ConversionReport
from lzp.data.sampler import PositionSampler, SamplerParams
from lzp.data.samples import Batch
from lzp.data.sources import SourceError
from lzp.data.store import GameStore

__all__ = [
    "NO_RANK",
    "REASONS",
    "SPLITS",
    "Batch",
    "ConversionReport",
    "ConvertOptions",
    "GameFilter",
    "GameStore",
    "PositionSampler",
    "Progress",
    "SamplerParams",
    "SourceError",
    "StoreError",
    "StoreMixture",
    "convert",
]
