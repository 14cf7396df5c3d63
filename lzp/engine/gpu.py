"""What the driver says of NVIDIA GPUs, without any library of CUDA."""

import ctypes
import sys
from functools import cache

#: What a backend for such a GPU says where `has_nvidia_gpu` says no.
NO_NVIDIA_GPU = "no NVIDIA GPU with a working driver"


def has_nvidia_gpu() -> bool:
    """Ask the driver whether there is a GPU, so that CUDA is not tried, and logs, in vain."""
    return gpu_name() is not None


@cache
def gpu_name() -> str | None:
    """Return how the driver calls the first GPU; None where there is none that works."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return None
    count, name = ctypes.c_int(0), ctypes.create_string_buffer(256)
    if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)) or count.value < 1:
        return None
    device = ctypes.c_int(0)
    if driver.cuDeviceGet(ctypes.byref(device), 0) or driver.cuDeviceGetName(name, 256, device):
        return "a GPU without a name"
    return name.value.decode(errors="replace")
