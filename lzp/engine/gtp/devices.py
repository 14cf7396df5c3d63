"""Which GPUs the process sees: decided before anything looks for them."""

import os
from collections.abc import Sequence

#: What CUDA itself reads; it numbers what it shows anew, from 0.
_VARIABLE = "CUDA_VISIBLE_DEVICES"


def choose_devices(gpus: Sequence[int], *, cpu_only: bool) -> None:
    """Show the process these GPUs, in this order, or none; all as they are for no words."""
    if cpu_only:
        os.environ[_VARIABLE] = "-1"
    elif gpus:
        os.environ[_VARIABLE] = ",".join(map(str, gpus))
