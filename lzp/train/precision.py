"""Number formats: what a processor multiplies fast, and what a device can compute in at all."""

from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from lzp.train.config_values import ConfigError

_CPU_FACTS = Path("/proc/cpuinfo")
#: Words for bf16 arithmetic: AVX-512 and AMX of x86, and Arm's.
_BF16_WORDS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})


def install_precision() -> None:
    """Let `${lzp_cpu_precision:}` in a configuration stand for the fast one of this machine."""
    OmegaConf.register_new_resolver("lzp_cpu_precision", cpu_precision, replace=True)


def cpu_precision(facts: Path = _CPU_FACTS) -> str:
    """Return "bf16-mixed" where the processor has instructions for it, else "32-true".

    Without them bf16 is emulated: the same figures, several times as slow. Only Linux
    says what a processor has; elsewhere 32-true is taken.

    Args:
        facts: the file in which Linux describes the processors.
    """
    try:
        words = facts.read_text(errors="replace").split()
    except OSError:
        return "32-true"
    return "32-true" if _BF16_WORDS.isdisjoint(words) else "bf16-mixed"


def check_precision(trainer: dict[str, Any]) -> None:
    """Refuse fp16 where Lightning would quietly compute in bf16.

    Args:
        trainer: the group of that name, checked.

    Raises:
        ConfigError: mixed fp16 is asked for on the CPU.
    """
    import torch

    accelerator = trainer.get("accelerator", "auto")
    on_cpu = accelerator == "cpu" or (
        accelerator == "auto" and not torch.accelerator.is_available()
    )
    if on_cpu and trainer.get("precision") in ("16-mixed", 16, "16"):
        raise ConfigError(
            "trainer.precision: 16-mixed needs a GPU; the CPU has bf16-mixed and 32-true"
        )
