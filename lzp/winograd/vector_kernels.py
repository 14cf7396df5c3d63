"""Vector instructions for kernels: products of small blocks and transforms of small grids.

Numba keeps no array in registers, and so reaches a tenth of what a processor can multiply.
The functions made here are LLVM code instead, in which every number's place is fixed. With
NUMBA_DISABLE_JIT=1 they are plain numpy, which says what they compute.

All arrays are flat float32. Where something lies is given by the index of its first number
and by steps, counted in numbers too; nothing is checked against the ends of the arrays.
"""

from collections.abc import Callable, Iterator, Sequence
from inspect import Parameter, Signature, signature
from typing import Any, TypeVar, cast

import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from lzp.jit import IS_COMPILED

#: Numbers in a vector: an AVX-512 register where there are such, else an AVX register, which
#: LLVM splits where they are narrower still. Results do not depend on it but for rounding.
LANES = 16 if binding.get_host_cpu_features().get("avx512f") else 8
#: Columns of a block of a product: two vectors.
BLOCK_COLUMNS = 2 * LANES
#: Most rows of a block. Of 6 rows 12 of the 16 AVX registers hold the sums, so that two products
#: can begin in every cycle although each takes four; AVX-512 has 32, so that a row of B, once
#: loaded, can serve for 12 rows.
BLOCK_ROWS = 12 if LANES == 16 else 6

CACHE_LINE = 16  # numbers

Array = NDArray[np.float32]
#: Matrices that are applied one after the other.
Factors = Sequence[NDArray[np.float64]]
F = TypeVar("F", bound=Callable[..., None])

_LLVM = cast(Any, cgutils)  # which has no annotations
_INDEX = ir.IntType(64)
_VECTOR = ir.VectorType(ir.FloatType(), LANES)
_LANE = ir.IntType(32)
#: Caches as LLVM names them when something is to be fetched.
_FIRST_CACHE, _SECOND_CACHE = 3, 2
_FUSED = ("contract",)  # product and sum may become one instruction, which rounds once


def make_product(*, turned: bool = False) -> Callable[..., None]:
    """Return a function that multiplies two blocks: ``C = A·B``, or ``C = C + Aᵀ·B``.

    What comes next is fetched meanwhile: what lies behind B into the second cache, the next
    block's B if blocks follow each other, and what lies behind the rows of A into the first,
    the next rows if there are no gaps. With 128 columns that is a quarter of the time.

    Args:
        turned: A is turned, and its product is added to what C holds.

    Returns:
        A function of (rows, depth, a, a_start, a_step, b, b_start, c, c_start, c_step). C has
        `rows` rows, 1 to `BLOCK_ROWS`. A has `depth` columns, `depth` rows if it is turned, and
        rows a_step apart; B has `depth` rows of `BLOCK_COLUMNS` numbers without gaps; the rows
        of C are c_step apart.
    """

    def multiply(
        rows: int,
        depth: int,
        a: Array,
        a_start: int,
        a_step: int,
        b: Array,
        b_start: int,
        c: Array,
        c_start: int,
        c_step: int,
    ) -> None:
        lines, numbers = np.arange(rows)[:, None], np.arange(depth)
        right = b[b_start : b_start + depth * BLOCK_COLUMNS].reshape(depth, BLOCK_COLUMNS)
        where = c_start + c_step * lines + np.arange(BLOCK_COLUMNS)
        if turned:
            c[where] += a[a_start + lines + a_step * numbers] @ right
        else:
            c[where] = a[a_start + a_step * lines + numbers] @ right

    def write(code: "_Code", values: Sequence[Any]) -> None:
        # Code for each number of rows, so that all of the sums have registers.
        builder = code.builder
        end = builder.append_basic_block("end")
        choice = builder.switch(values[0], end)
        for rows in range(1, BLOCK_ROWS + 1):
            block = builder.append_basic_block(f"rows_{rows}")
            choice.add_case(code.index(rows), block)
            builder.position_at_end(block)
            _write_product(code, rows, values[1:], turned=turned)
            builder.branch(end)
        builder.position_at_end(end)

    return _as_code(multiply, write)


def _write_product(code: "_Code", rows: int, values: Sequence[Any], *, turned: bool) -> None:
    """Write the product of blocks, one of so many rows; see `make_product`."""
    depth, a, a_start, a_step, b, b_start, c, c_start, c_step = values
    row_step, step = (code.index(1), a_step) if turned else (a_step, code.index(1))
    left = [code.move(a, code.add(a_start, code.times(row_step, row))) for row in range(rows)]
    lines = [code.move(c, code.add(c_start, code.times(c_step, row))) for row in range(rows)]
    places = [[code.move(line, code.index(at)) for at in (0, LANES)] for line in lines]
    sums = [
        [code.variable(code.load(place) if turned else None) for place in pair] for pair in places
    ]
    right = code.move(b, b_start)
    next_right = code.move(right, code.times(depth, BLOCK_COLUMNS))
    next_left = code.move(left[0], code.times(a_step, rows))
    with _LLVM.for_range(code.builder, depth, intp=_INDEX) as loop:
        start = code.times(loop.index, BLOCK_COLUMNS)
        for at in range(0, BLOCK_COLUMNS, CACHE_LINE):
            code.prefetch(code.move(next_right, code.add(start, code.index(at))), _SECOND_CACHE)
        if not turned:  # else they lie beside those that are multiplied
            line = code.move(next_left, code.times(loop.index, CACHE_LINE))
            code.prefetch(line, _FIRST_CACHE)
        index = code.builder.mul(loop.index, step)
        _add_products(code, left, code.move(right, start), index, sums)
    for pair, totals in zip(places, sums, strict=True):
        for place, total in zip(pair, totals, strict=True):
            code.store(code.builder.load(total), place)


def make_transform(factors: Factors) -> Callable[..., None]:
    """Return a function that transforms a grid of vectors: ``Y = M·X·Mᵀ``, lane by lane.

    Args:
        factors: M is their product, the first one rightmost.

    Returns:
        A function of (x, x_start, x_row, x_column, y, y_start, y_row, y_column): an array,
        where its grid starts, and the steps between rows and between columns.
    """

    def transform(
        x: Array,
        x_start: int,
        x_row: int,
        x_column: int,
        y: Array,
        y_start: int,
        y_row: int,
        y_column: int,
    ) -> None:
        cells = _transform(factors, x[_cells(factors[0].shape[1], x_start, x_row, x_column)])
        y[_cells(len(cells), y_start, y_row, y_column)] = cells

    def write(code: "_Code", values: Sequence[Any]) -> None:
        source, target = _Grid(code, *values[:4]), _Grid(code, *values[4:])
        for column, cells in enumerate(_transformed_columns(code, factors, source)):
            for row, cell in enumerate(cells):
                code.store(cell, target.place(row, column))

    return _as_code(transform, write)


def make_layer_end(factors: Factors, *, adds: bool) -> Callable[..., None]:
    """Return a function that ends a layer: ``Y = max(0, M·X·Mᵀ + bias)``, lane by lane.

    Args:
        factors: M is their product, the first one rightmost.
        adds: add what Y holds before the maximum is taken: the sum of a residual block.

    Returns:
        A function of the arguments that `make_transform` names and of two more: an array
        that holds the vector of biases, and where.
    """

    def end_layer(
        x: Array,
        x_start: int,
        x_row: int,
        x_column: int,
        y: Array,
        y_start: int,
        y_row: int,
        y_column: int,
        bias: Array,
        bias_start: int,
    ) -> None:
        cells = _transform(factors, x[_cells(factors[0].shape[1], x_start, x_row, x_column)])
        where = _cells(len(cells), y_start, y_row, y_column)
        cells = cells + bias[bias_start : bias_start + LANES]
        y[where] = np.maximum(cells + y[where] if adds else cells, np.float32(0))

    def write(code: "_Code", values: Sequence[Any]) -> None:
        source, target = _Grid(code, *values[:4]), _Grid(code, *values[4:8])
        bias, zero = code.load(code.move(*values[8:])), code.constant(0.0)
        for column, cells in enumerate(_transformed_columns(code, factors, source)):
            for row, cell in enumerate(cells):
                place = target.place(row, column)
                total = code.builder.fadd(cell, bias)
                if adds:
                    total = code.builder.fadd(total, code.load(place))
                # What is not a number stays so, as in numpy: it is not below zero.
                negative = code.builder.fcmp_ordered("<", total, zero)
                code.store(code.builder.select(negative, zero, total), place)

    return _as_code(end_layer, write)


def _cells(size: int, start: int, row: int, column: int) -> NDArray[np.int64]:
    """Return the indices of a square grid of vectors, [size, size, LANES]."""
    steps = np.arange(size)
    corners = start + row * steps[:, None] + column * steps
    return np.asarray(corners[..., None] + np.arange(LANES), np.int64)


def _transform(factors: Factors, cells: Array) -> Array:
    """Return M·X·Mᵀ of a grid [n, n, LANES]."""
    for factor in factors:
        matrix = factor.astype(np.float32)
        cells = np.einsum("ai,bj,ijl->abl", matrix, matrix, cells)
    return cells


def _as_code(plain: F, write: Callable[["_Code", Sequence[Any]], None]) -> F:
    """Return what kernels call: the code that `write` writes, or the plain function.

    Args:
        plain: computes the same in numpy.
        write: is given the arguments of `plain` as values of LLVM, arrays as the addresses
            of their first numbers.
    """
    if not IS_COMPILED:
        return plain

    def generate(context: Any, builder: Any, kinds: Any, given: Any) -> Any:
        values = [
            context.make_array(kind)(context, builder, value).data
            if isinstance(kind, types.Array)
            else value
            for kind, value in zip(kinds.args, given, strict=True)
        ]
        write(_Code(builder), values)
        return context.get_dummy_value()

    def typed(_context: Any, *given: Any) -> tuple[Any, Any]:
        kinds = [kind if isinstance(kind, types.Array) else types.int64 for kind in given]
        return types.void(*kinds), generate

    typed.__name__ = plain.__name__
    # Numba asks for names of arguments, of which the first is the context.
    names = ["context", *signature(plain).parameters]
    kind = Parameter.POSITIONAL_OR_KEYWORD
    typed.__signature__ = Signature([Parameter(name, kind) for name in names])  # type: ignore[attr-defined]
    return cast(F, intrinsic(typed))


class _Code:
    """Writes LLVM code for vectors."""

    def __init__(self, builder: Any) -> None:
        self.builder = builder

    def index(self, number: int) -> Any:
        return ir.Constant(_INDEX, number)

    def add(self, left: Any, right: Any) -> Any:
        return self.builder.add(left, right)

    def times(self, step: Any, count: int) -> Any:
        return self.builder.mul(step, self.index(count))

    def move(self, address: Any, steps: Any) -> Any:
        return self.builder.gep(address, [steps])

    def constant(self, number: float) -> Any:
        return ir.Constant(_VECTOR, [number] * LANES)

    def variable(self, first: Any = None) -> Any:
        """Return a place for a vector, zeros at first or another; a register in the end."""
        place = _LLVM.alloca_once(self.builder, _VECTOR)
        self.builder.store(self.constant(0.0) if first is None else first, place)
        return place

    def load(self, address: Any) -> Any:
        vector = self.builder.load(self.builder.bitcast(address, _VECTOR.as_pointer()))
        vector.align = 4
        return vector

    def store(self, vector: Any, address: Any) -> None:
        place = self.builder.bitcast(address, _VECTOR.as_pointer())
        self.builder.store(vector, place).align = 4

    def prefetch(self, address: Any, cache: int) -> None:
        """Have a line fetched into a cache, if there is one; a wrong address does no harm."""
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        fetch = _LLVM.get_or_insert_function(self.builder.module, kind, "llvm.prefetch.p0")
        # To read, into which cache, data.
        options = [ir.Constant(number, option) for option in (0, cache, 1)]
        self.builder.call(fetch, [self.builder.bitcast(address, byte), *options])

    def repeat(self, number: Any) -> Any:
        """Return a vector that holds one number in every lane."""
        unset = ir.Constant(_VECTOR, ir.Undefined)
        first = self.builder.insert_element(unset, number, ir.Constant(_LANE, 0))
        lanes = ir.Constant(ir.VectorType(_LANE, LANES), [0] * LANES)
        return self.builder.shuffle_vector(first, unset, lanes)

    def add_product(self, left: Any, right: Any, total: Any) -> Any:
        product = self.builder.fmul(left, right, flags=_FUSED)
        return self.builder.fadd(product, total, flags=_FUSED)

    def weighted_sum(self, weights: Sequence[float], vectors: Sequence[Any]) -> Any:
        """Return a sum of products; no code for weights of 0, no products for 1 and -1."""
        terms = [term for term in zip(weights, vectors, strict=True) if term[0]]
        terms.sort(key=lambda term: term[0] != 1)
        weight, total = terms[0]
        if weight != 1:
            total = self.builder.fmul(total, self.constant(weight))
        for weight, vector in terms[1:]:
            if weight == 1:
                total = self.builder.fadd(total, vector)
            elif weight == -1:
                total = self.builder.fsub(total, vector)
            else:
                total = self.add_product(vector, self.constant(weight), total)
        return total


class _Grid:
    """Where a square grid of vectors lies."""

    def __init__(self, code: _Code, array: Any, start: Any, row: Any, column: Any) -> None:
        self._code = code
        self._corner = code.move(array, start)
        self._row = row
        self._column = column

    def place(self, row: int, column: int) -> Any:
        """Return the address of a vector."""
        down, right = self._code.times(self._row, row), self._code.times(self._column, column)
        return self._code.move(self._corner, self._code.add(down, right))


def _transformed_columns(code: _Code, factors: Factors, grid: _Grid) -> Iterator[list[Any]]:
    """Yield the columns of M·X·Mᵀ, each as soon as it can be had: registers are few."""
    steps = range(factors[0].shape[1])
    rows = [
        _apply(code, factors, [code.load(grid.place(row, column)) for column in steps])
        for row in steps
    ]
    for column in zip(*rows, strict=True):
        yield _apply(code, factors, column)


def _apply(code: _Code, factors: Factors, vectors: Sequence[Any]) -> list[Any]:
    """Return M times a column of vectors."""
    for factor in factors:
        vectors = [code.weighted_sum(weights, vectors) for weights in factor.tolist()]
    return list(vectors)


def _add_products(
    code: _Code, left: list[Any], right: Any, index: Any, sums: list[list[Any]]
) -> None:
    """Add a column of A times a row of B to the sums of all rows of C.

    Args:
        code: is written to.
        left: the addresses of the rows of A.
        right: that of the row of B.
        index: how far on the column lies.
        sums: the places of the sums, two vectors for each row.
    """
    line = [code.load(code.move(right, code.index(at))) for at in (0, LANES)]
    for address, pair in zip(left, sums, strict=True):
        number = code.repeat(code.builder.load(code.move(address, index)))
        for vector, total in zip(line, pair, strict=True):
            code.builder.store(code.add_product(number, vector, code.builder.load(total)), total)
