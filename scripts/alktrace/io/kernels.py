"""Compiled kernels, kept by what they do: the same code finds them again wherever it lies.

Numba's own cache is indexed by the path of the source and looks at one file alone: another clone compiles
anew, and a change in a kernel of another module, or in the order of the fields of a named tuple, is not seen.
Here a kernel is kept under a digest of its byte code, of all that it uses, of the types it is called with and
of the processor. Each is a file of its own that appears whole: jobs on many nodes may write at the same time.
"""

import hashlib
import logging
import pickle
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.core import serialize, types
from numba.core.registry import CPUDispatcher

from .kernel_folder import SUFFIX, kernel_folder
from .kernel_loading import load_kernel, read_kernel

F = TypeVar("F", bound=Callable[..., Any])
LIBRARIES = ("numpy", "math")
DIGEST_BYTES = hashlib.sha256().digest_size
# What a file that is no kernel, or one of classes that have moved, can raise.
UNREADABLE = (OSError, pickle.UnpicklingError, EOFError, AttributeError, ImportError, ValueError, KeyError)

# Of numba, untyped, or with options that its types do not name.
njit: Callable[..., Any] = numba.njit
dumps: Callable[[Any], bytes] = serialize.dumps

logger = logging.getLogger("alktrace")


def kernel(function: F) -> F:
    """Compile a function; the machine code is kept and runs without the GIL."""
    # Said, since numba takes it from a caller that does not count.
    compiled: Any = njit(nogil=True, _nrt=True)(function)
    compiled._cache = KernelCache(compiled)
    return cast(F, compiled)


def lean_kernel(function: F) -> F:
    """Compile a function that makes no arrays and returns none; it counts no references to its arguments.

    Counting is an atomic addition per array and call, a fifth of the consensus when each small kernel did it.
    """
    compiled: Any = njit(nogil=True, _nrt=False)(function)
    compiled._cache = KernelCache(compiled)
    return cast(F, compiled)


def kernel_code(compiled: CPUDispatcher) -> str:
    """Return a digest of a kernel and of all kernels, constants and classes that it uses.

    Raises:
        TypeError: it uses something whose changes would not be seen.
    """
    digest = hashlib.sha256()
    seen: set[CPUDispatcher] = set()
    waiting = [compiled]
    while waiting:
        found = waiting.pop()
        if found not in seen:
            seen.add(found)
            waiting += reversed(list(_parts(found, digest.update)))
    return digest.hexdigest()


def _parts(compiled: CPUDispatcher, update: Callable[[bytes], None]) -> Iterator[CPUDispatcher]:
    """Tell a digest what stands in a kernel; give the kernels it calls."""
    function: Any = compiled.py_func
    if function.__closure__:
        raise TypeError(f"kernel {function.__qualname__} uses variables of a function around it")
    update(repr((function.__name__, function.__defaults__, sorted(compiled.targetoptions.items()))).encode())
    for code in _codes(function.__code__):
        constants = [None if item == function.__doc__ else item for item in code.co_consts]
        update(code.co_code)
        update(repr([_constant(item) for item in constants]).encode())
        for name in code.co_names:
            update(name.encode())
            value = function.__globals__.get(name)
            if isinstance(value, CPUDispatcher):
                yield value
            elif name in function.__globals__:
                update(_value(f"{function.__qualname__} uses {name}", value))


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for item in code.co_consts:
        if isinstance(item, CodeType):
            yield from _codes(item)


def _constant(item: object) -> object:
    # The order of a set is not that of another run; a function within counts by its own code.
    if isinstance(item, frozenset):
        return sorted(map(repr, item))
    return "code" if isinstance(item, CodeType) else item


def _value(where: str, value: object) -> bytes:
    """Return what a global variable of a kernel is; what is not known here might change unseen."""
    if isinstance(value, int | float | str | bytes | np.generic | None):
        return repr(value).encode()
    if isinstance(value, np.ndarray):
        return repr((value.dtype, value.shape)).encode() + value.tobytes()
    if isinstance(value, type):
        return repr((value.__module__, value.__qualname__, getattr(value, "_fields", ()))).encode()
    if isinstance(value, ModuleType) and value.__name__ in LIBRARIES:
        return value.__name__.encode()
    raise TypeError(f"kernel {where}, a {type(value).__name__}, which `_value` does not know")


def _described(kind: Any) -> str:
    """Return a type in full: the name of a named tuple does not say its fields."""
    inner = [_described(item) for item in getattr(kind, "types", ())]
    return f"{kind} {getattr(kind, 'fields', ())} {inner}"


def _check_lean(compiled: CPUDispatcher, result: Any) -> None:
    """Refuse a lean kernel with arrays of its own: returned they are freed too early, else never."""
    models, typed = result.target_context.data_model_manager, result.type_annotation
    kinds = [result.signature.return_type]
    for item, signature in typed.calltypes.items():
        if getattr(item, "op", "") == "call" and isinstance(typed.typemap[item.func.name], types.Dispatcher):
            kinds.append(signature.return_type)
    if any(models[kind].contains_nrt_meminfo() for kind in kinds):
        raise TypeError(f"lean kernel {compiled.py_func.__qualname__} makes or returns arrays")


class KernelCache:
    """Machine code of one kernel in files, one per types of its arguments; the interface is that of numba."""

    def __init__(self, compiled: CPUDispatcher) -> None:
        """Look at no file yet: kernels may use others that are defined further down."""
        self._compiled = compiled
        self._code = ""

    @property
    def cache_path(self) -> Path:
        """Folder of the files."""
        return kernel_folder() / f"numba-{numba.__version__}-{sys.implementation.cache_tag}"

    def load_overload(self, signature: Any, target_context: Any) -> Any:
        """Return the compiled result for the types of a call, None if there is none that can be read."""
        path, key = self._entry(signature, target_context.codegen())
        try:
            content = path.read_bytes()
            if hashlib.sha256(content[DIGEST_BYTES:]).digest() != content[:DIGEST_BYTES]:
                raise ValueError("damaged")
            found, parts = read_kernel(content[DIGEST_BYTES:])
            return load_kernel(target_context, parts) if found == key else None
        except FileNotFoundError:
            return None
        except UNREADABLE as error:
            logger.warning("kernel %s cannot be read (%r) and is compiled again", path, error)
            return None

    def save_overload(self, signature: Any, result: Any) -> None:
        """Keep machine code; a folder that cannot be written to is told and survived.

        Raises:
            TypeError: a lean kernel returns arrays, or takes them from a kernel that does.
        """
        if not self._compiled.targetoptions["_nrt"]:
            _check_lean(self._compiled, result)
        if result.library.has_dynamic_globals:
            return  # addresses of this process
        path, key = self._entry(signature, result.codegen)
        content: bytes = dumps((key, result._reduce()))
        # Nodes of a cluster share folders and process ids, not these names.
        partial = path.with_suffix(f".{uuid.uuid4().hex}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(hashlib.sha256(content).digest() + content)
            partial.replace(path)
        except OSError as error:
            logger.warning("kernels cannot be kept (%s): each job compiles them", error)

    def _entry(self, signature: Any, codegen: Any) -> tuple[Path, str]:
        """Return the file and the full description of a kernel for the types of a call."""
        self._code = self._code or kernel_code(self._compiled)
        kinds = "; ".join(map(_described, getattr(signature, "args", signature)))
        key = "\n".join([self._code, kinds, repr(codegen.magic_tuple())])
        function = self._compiled.py_func
        digest = hashlib.sha256(key.encode()).hexdigest()[:24]
        return self.cache_path / f"{function.__name__}-{digest}{SUFFIX}", key
