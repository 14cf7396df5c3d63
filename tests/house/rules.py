"""The rules of the house that ruff and mypy cannot check, as functions from a module to complaints.

Each rule takes a parsed module and returns one line for every place that breaks it.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

FUNCTION_LINES = 60
KERNEL_LINES = 100
FILE_LINES = 500
ARGUMENTS = 5

#: Writes machine code by means of numba and llvmlite themselves.
VECTOR_CODE = Path("lzp/winograd/vector_kernels.py")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Module:
    """One source file and what it parses to."""

    path: Path
    """Path below the root of the checkout."""
    source: str
    tree: ast.Module

    @property
    def is_kernel_file(self) -> bool:
        return self.path.name.endswith("_kernels.py")


def read_module(path: Path) -> Module:
    """Return the parsed file; path is absolute."""
    return parse_module(path.relative_to(ROOT), path.read_text(encoding="utf-8"))


def parse_module(path: Path, source: str) -> Module:
    """Return a module of the given text, as if it stood at path."""
    return Module(path, source, ast.parse(source))


def package_files() -> list[Path]:
    """Return every source file of the package."""
    return sorted((ROOT / "lzp").rglob("*.py"))


def check_file_length(module: Module) -> Iterator[str]:
    """Complain about a file that is longer than FILE_LINES."""
    lines = module.source.count("\n")
    if lines > FILE_LINES:
        yield f"{module.path} has {lines} lines, over {FILE_LINES}"


def check_function_length(module: Module) -> Iterator[str]:
    """Complain about functions longer than the limit, counted without their docstring."""
    limit = KERNEL_LINES if module.is_kernel_file else FUNCTION_LINES
    for function in _functions(module.tree):
        body = function.body[1:] if ast.get_docstring(function) else function.body
        lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0  # type: ignore[operator]
        if lines > limit:
            yield f"{_place(module, function)} has {lines} lines, over {limit}"


def check_argument_count(module: Module) -> Iterator[str]:
    """Complain about functions of more than ARGUMENTS arguments outside kernel files.

    Constructors in lzp/train may take more: Hydra builds them from flat groups of settings.
    """
    if module.is_kernel_file:
        return
    for function in _functions(module.tree):
        if function.name == "__init__" and module.path.is_relative_to("lzp/train"):
            continue
        count = sum(argument.arg not in ("self", "cls") for argument in _arguments(function))
        if count > ARGUMENTS:
            yield f"{_place(module, function)} takes {count} arguments, over {ARGUMENTS}"


def check_public_names(module: Module) -> Iterator[str]:
    """Complain about public functions and classes without docstring or annotations."""
    for owner, node in _public_definitions(module.tree):
        is_method = isinstance(owner, ast.ClassDef)
        if not _is_magic(node.name) and not _is_override(node) and not ast.get_docstring(node):
            yield f"{_place(module, node)} has no docstring"
        if isinstance(node, ast.ClassDef):
            continue
        named = _arguments(node)[1 if is_method and not _is_static(node) else 0 :]
        for argument in named:
            if argument.annotation is None:
                yield f"{_place(module, node)}: argument {argument.arg} has no type"
        if node.returns is None:
            yield f"{_place(module, node)} has no return type"


def check_numba(module: Module) -> Iterator[str]:
    """Complain about numba anywhere but in lzp/jit.py, which sets flags and cache.

    And in the one file that writes code of its own for kernels to call.
    """
    if module.path in (Path("lzp/jit.py"), VECTOR_CODE):
        return
    for node, name in _imports(module):
        if name.split(".")[0] in ("numba", "llvmlite"):
            yield f"{_place(module, node)} imports {name}; use lzp.jit"


def check_kernel_imports(module: Module) -> Iterator[str]:
    """Complain about what a kernel file imports beyond what the cache folder is named by.

    Machine code is looked up under a hash of the kernel, state and constants files and
    jit.py: a value from any other file could change without the code being made anew.
    """
    if not module.is_kernel_file or module.path == VECTOR_CODE:
        return
    for node, name in _imports(module):
        last = name.split(".")[-1]
        ours = name.startswith("lzp.") and (
            last in ("constants", "jit") or last.endswith(("_state", "_kernels"))
        )
        if not ours and name not in ("numpy", "numpy.typing", "math", "typing", "collections.abc"):
            yield f"{_place(module, node)} imports {name} in a kernel file"


def check_banned_packages(module: Module) -> Iterator[str]:
    """Complain about packages that may never come in.

    `import pickle` is allowed, for naming its errors; check_execution_of_data forbids its calls.
    """
    for node, name in _imports(module):
        banned = name.split(".")[0] in ("lightning", "shelve", "marshal", "dill", "joblib")
        if banned or (name == "pickle" and isinstance(node, ast.ImportFrom)):
            yield f"{_place(module, node)} imports {name}"


def check_execution_of_data(module: Module) -> Iterator[str]:
    """Complain about calls that can run what a file contains."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        given = {word.arg: ast.unparse(word.value) for word in node.keywords}
        if name in ("eval", "exec", "compile", "os.system") or name.startswith("pickle."):
            yield f"{_place(module, node)} calls {name}"
        if name == "torch.load" and given.get("weights_only") != "True":
            yield f"{_place(module, node)} calls torch.load without weights_only=True"
        if given.get("allow_pickle", "False") != "False":
            yield f"{_place(module, node)} allows pickles in {name}"
        if given.get("shell", "False") != "False":
            yield f"{_place(module, node)} starts a shell in {name}"


#: Every rule that holds for each file of the package.
RULES: tuple[Callable[[Module], Iterator[str]], ...] = (
    check_file_length,
    check_function_length,
    check_argument_count,
    check_public_names,
    check_numba,
    check_kernel_imports,
    check_banned_packages,
    check_execution_of_data,
)


def _functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def _arguments(function: Function) -> list[ast.arg]:
    spec = function.args
    return [*spec.posonlyargs, *spec.args, *spec.kwonlyargs]


def _public_definitions(
    owner: ast.Module | ast.ClassDef,
) -> Iterator[tuple[ast.Module | ast.ClassDef, Function | ast.ClassDef]]:
    """Yield public functions, classes and their public methods, with what holds them."""
    for node in owner.body:
        if not isinstance(node, Function | ast.ClassDef):
            continue
        if node.name.startswith("_") and not _is_magic(node.name):
            continue
        yield owner, node
        if isinstance(node, ast.ClassDef):
            yield from _public_definitions(node)


def _is_magic(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _decorators(node: Function | ast.ClassDef) -> set[str]:
    return {ast.unparse(decorator).split("(")[0] for decorator in node.decorator_list}


def _is_override(node: Function | ast.ClassDef) -> bool:
    """Return whether the base class documents this: overrides, and setters of properties."""
    names = _decorators(node)
    return "override" in names or any(name.endswith((".setter", ".overload")) for name in names)


def _is_static(node: Function) -> bool:
    return "staticmethod" in _decorators(node)


def _imports(module: Module) -> Iterator[tuple[ast.stmt, str]]:
    """Yield each imported module, functions' own imports included; relative ones resolved.

    `from a import b` counts as a.b where that is a module of ours, and as a otherwise.
    """
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node, name.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*module.path.parts[: -node.level], *base.split(".")]).strip(".")
            for name in node.names:
                path = ROOT.joinpath(*base.split("."), name.name)
                ours = path.is_dir() or path.with_suffix(".py").is_file()
                yield node, f"{base}.{name.name}" if ours else base


def _place(module: Module, node: ast.AST) -> str:
    name = getattr(node, "name", "")
    return f"{module.path}:{getattr(node, 'lineno', 0)} {name}".rstrip()
