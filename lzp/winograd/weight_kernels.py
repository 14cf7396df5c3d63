"""The product that changes a convolution's weights between their forms.

As a kernel, because numpy's product would wake threads of its own, which then wait for more
work at full speed: on the very cores that the convolutions are divided among.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from lzp.jit import kernel

Float = TypeVar("Float", np.float32, np.float64)


@kernel
def multiply(left: NDArray[Float], right: NDArray[Float], product: NDArray[Float]) -> None:
    """Write the product of a small matrix [m, k] and a wide one [k, n] into [m, n]."""
    for row in range(left.shape[0]):
        target = product[row]
        target[:] = 0
        for inner in range(left.shape[1]):
            factor = left[row, inner]
            if factor == 0:
                continue
            source = right[inner]
            for column in range(len(target)):
                target[column] += factor * source[column]
