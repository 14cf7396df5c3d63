"""The structure of the package: sizes, documentation, and who may import what."""

from pathlib import Path

import pytest

from tests.house import rules

FILES = rules.package_files()
FOLDERS = sorted({path.parent.relative_to(rules.ROOT).as_posix() for path in FILES})


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(rules.ROOT)))
def test_file_keeps_the_rules_of_the_house(path: Path) -> None:
    module = rules.read_module(path)
    complaints = [line for rule in rules.RULES for line in rule(module)]
    assert not complaints, "\n" + "\n".join(complaints)


LONG = "def f() -> None:\n    '''Do it.'''\n" + "    g()\n" * 61
BAD = [
    (rules.check_file_length, "a.py", "\n" * 501, "has 501 lines"),
    (rules.check_function_length, "a.py", LONG, "f has 61 lines"),
    (
        rules.check_function_length,
        "a_kernels.py",
        LONG.replace("'''\n", "'''\n" + "    g()\n" * 40),
        "101",
    ),
    (rules.check_argument_count, "a.py", "def f(a, b, c, *, d, e, g): ...", "takes 6 arguments"),
    (rules.check_public_names, "a.py", "def f(a: int) -> int: ...", "f has no docstring"),
    (rules.check_public_names, "a.py", "def f(a) -> int:\n '''Do.'''", "argument a has no type"),
    (rules.check_public_names, "a.py", "def f(a: int):\n '''Do.'''", "f has no return type"),
    (rules.check_public_names, "a.py", "class C:\n '''C.'''\n def f(self) -> int: ...", "3 f has"),
    (rules.check_numba, "lzp/go/a.py", "from numba import njit", "imports numba"),
    (rules.check_numba, "lzp/go/a.py", "def f():\n import numba.types", "imports numba.types"),
    (rules.check_kernel_imports, "lzp/go/a_kernels.py", "from lzp.go import board", "lzp.go.board"),
    (rules.check_kernel_imports, "lzp/go/a_kernels.py", "from .game import Game", "lzp.go.game"),
    (rules.check_kernel_imports, "lzp/go/a_kernels.py", "import os", "imports os"),
    (rules.check_banned_packages, "a.py", "import lightning.pytorch as pl", "imports lightning"),
    (rules.check_banned_packages, "a.py", "from pickle import load", "imports pickle"),
    (rules.check_execution_of_data, "a.py", "eval(line)", "calls eval"),
    (rules.check_execution_of_data, "a.py", "pickle.load(file)", "calls pickle.load"),
    (rules.check_execution_of_data, "a.py", "torch.load(path)", "weights_only"),
    (rules.check_execution_of_data, "a.py", "np.load(p, allow_pickle=True)", "allows pickles"),
    (rules.check_execution_of_data, "a.py", "run(line, shell=True)", "starts a shell"),
]


@pytest.mark.parametrize(("rule", "name", "source", "complaint"), BAD)
def test_rule_complains(rule, name: str, source: str, complaint: str) -> None:
    lines = list(rule(rules.parse_module(Path(name), source)))
    assert len(lines) == 1
    assert complaint in lines[0]


GOOD = [
    (rules.check_function_length, "a_kernels.py", LONG),
    (rules.check_argument_count, "a.py", "def f(self, a, b, c, d, e): ..."),
    (rules.check_argument_count, "lzp/train/a.py", "def __init__(self, a, b, c, d, e, f): ..."),
    (rules.check_public_names, "a.py", "def _f(a): ..."),
    (rules.check_numba, "lzp/jit.py", "import numba"),
    (rules.check_numba, "lzp/winograd/vector_kernels.py", "from llvmlite import ir"),
    (
        rules.check_kernel_imports,
        "lzp/go/a_kernels.py",
        "import numpy as np\nfrom lzp.jit import kernel\nfrom lzp.go.constants import BLACK\n"
        "from lzp.go.board_state import BOARD\nfrom lzp.go.board_kernels import play_move",
    ),
    (rules.check_execution_of_data, "a.py", "torch.load(path, weights_only=True)"),
]


@pytest.mark.parametrize(("rule", "name", "source"), GOOD)
def test_rule_is_content(rule, name: str, source: str) -> None:
    assert list(rule(rules.parse_module(Path(name), source))) == []


def test_every_folder_is_a_package() -> None:
    # import-linter does not see into folders without this file.
    folders = {path.parent for path in FILES}
    missing = [folder for folder in sorted(folders) if not (folder / "__init__.py").is_file()]
    assert not missing


def test_map_names_every_folder() -> None:
    text = (rules.ROOT / "docs" / "map.md").read_text(encoding="utf-8")
    missing = [name for name in FOLDERS if name not in text]
    assert not missing, f"docs/map.md does not mention {missing}"


def test_map_names_only_files_that_exist() -> None:
    text = (rules.ROOT / "docs" / "map.md").read_text(encoding="utf-8")
    named = {word.strip("`,.;()") for word in text.split() if word.startswith(("`lzp/", "`conf/"))}
    assert named
    missing = sorted(name for name in named if not (rules.ROOT / name).exists())
    assert not missing, f"docs/map.md names {missing}"
