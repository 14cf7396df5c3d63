"""Proofs that a quantized network is exact enough, kept for the choice of a backend.

A short measurement cannot tell 99 % of first moves from 97 %; `lzp-bench agreement` can,
on as many positions of real games as the proof asks for.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from lzp.engine.agreement import Agreement
from lzp.engine.backends import BACKENDS
from lzp.engine.choice import INT8_LIMITS, INT8_POSITIONS
from lzp.engine.measured_cache import machine_key, read_measured, write_measured
from lzp.engine.network_file import NetworkFile
from lzp.engine.quantized_graph import FORM

PRECISION = "int8"


def proves(found: Agreement) -> bool:
    """Tell whether an agreement with float32 suffices for int8 to be chosen."""
    return found.positions >= INT8_POSITIONS and INT8_LIMITS.admit(found)


def keep_proof(file: NetworkFile, backend: str, found: Agreement) -> None:
    """Keep how far a backend's int8 is from float32, good or bad, for this machine."""
    write_measured(_key(machine_key(), file, backend), asdict(found))


def proven_backends(file: NetworkFile, machine: Mapping[str, Any]) -> frozenset[str]:
    """Return the backends whose int8 was found exact enough for a network.

    Args:
        file: the network.
        machine: of `machine_key`.
    """
    return frozenset(name for name in BACKENDS if _is_proven(_key(machine, file, name)))


def _is_proven(key: Mapping[str, Any]) -> bool:
    found = read_measured(key)
    try:
        return found is not None and proves(Agreement(**found))
    except TypeError:  # entries of another form
        return False


def _key(machine: Mapping[str, Any], file: NetworkFile, backend: str) -> dict[str, Any]:
    network = {"network": file.digest, "backend": backend}
    return {**machine, **network, "what": PRECISION, "quantized": FORM}
