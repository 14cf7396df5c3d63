"""How the threads of a CPU share it; to be settled before torch loads."""

import os


def let_threads_sleep() -> None:
    """Let torch's threads sleep while they wait for work; must come before torch is imported.

    They would spin for milliseconds after each operation, on the cores that our own
    convolutions need next: two threads then train no faster than one. Whoever sets
    OMP_WAIT_POLICY is obeyed.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
