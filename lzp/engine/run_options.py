"""How a network is run: the words for it. Imports nothing heavy, for the command lines."""

from dataclasses import dataclass

#: What numbers are computed in, most exact first. Answers are float32 always.
PRECISIONS = ("float32", "float16", "bfloat16", "int8")
#: All that `lzp.engine.backends` has, in its order; a test holds them together.
BACKEND_NAMES = (
    "onnxruntime", "openvino", "winograd", "torchscript", "cuda", "tensorrt", "torch-cuda",
)  # fmt: skip

AUTO = "auto"
#: Leela Zero's words. Half is a wish: where nothing has it, float32 will do.
SINGLE, HALF = "single", "half"
PRECISION_WORDS = (AUTO, *PRECISIONS, SINGLE, HALF)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOptions:
    """How a network is run.

    Attributes:
        batch_size: most positions run at once; larger requests are split.
        threads: CPU threads of one evaluation.
        lanes: evaluators that are used at the same time, each with so many threads.
        precision: one of `PRECISIONS`.

    Raises:
        ValueError: a number below 1, or another word for a precision.
    """

    batch_size: int
    threads: int
    lanes: int = 1
    precision: str = "float32"

    def __post_init__(self) -> None:
        for name in ("batch_size", "threads", "lanes"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)}, expected 1 or more")
        if self.precision not in PRECISIONS:
            known = ", ".join(PRECISIONS)
            raise ValueError(f"precision: {self.precision!r}, expected one of {known}")
