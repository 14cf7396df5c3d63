"""Batch norm over all processes, as pytorch_lightning wants it: switched on by a plugin."""

import torch
from pytorch_lightning.plugins import LayerSync
from pytorch_lightning.plugins.layer_sync import TorchSyncBatchNorm
from torch import nn

from lzp.net.sync_norm import SyncNorm, use_plain_norms, use_sync_norms


class NormSync(LayerSync):
    """Lets the batch norms of a network see the batches of all processes.

    Lightning asks for it where training runs in several processes only. On a GPU torch's
    own norm does it, elsewhere ours; the names in a checkpoint stay the same.
    """

    def apply(self, model: nn.Module) -> nn.Module:
        """Switch the norms of a model over, before it is wrapped for several processes."""
        if torch.distributed.get_backend() == "nccl":
            return TorchSyncBatchNorm().apply(model)
        use_sync_norms(model)
        return model

    def revert(self, model: nn.Module) -> nn.Module:
        """Switch the norms of a model back when training has ended."""
        if any(isinstance(module, SyncNorm) for module in model.modules()):
            use_plain_norms(model)
            return model
        return TorchSyncBatchNorm().revert(model)
