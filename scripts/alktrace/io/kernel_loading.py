"""Compiled kernels back in memory, without what only a compiler needs.

Numba gets ready to compile before it loads: it imports its implementation of Python and numpy, compiles its
reference counting and parses the intermediate code of each kernel. A job whose kernels are all known pays for
that with half a second and 50 MB; here it waits until something is compiled.
"""

import importlib
import io
import pickle
import sys
from typing import Any

from numba.core import codegen, compiler, environment
from numba.core.runtime import nrt

REBUILD_ENVIRONMENT = (environment.__name__, "_rebuild_env")
# Set up where numba's hashing is imported; without it LLVM ends the process.
HASH_SECRET, HASHING = b"numba_hashsecret", "numba.cpython.hashing"

# Of numba, untyped.
llvm: Any = vars(codegen)["ll"]
environments: Any = environment
runtime: Any = vars(nrt)["_nrt"]
CompileResult: Any = compiler.CompileResult
JITCodeLibrary: Any = codegen.JITCodeLibrary


class _Library(JITCodeLibrary):  # type: ignore[misc]
    """Machine code of a kernel; its intermediate code is parsed where another kernel is compiled with it."""

    bitcode = b""
    _shared_module: Any = None

    def get_pointer_to_function(self, name: str) -> int:
        self._ensure_finalized()
        return int(self._codegen._engine.get_function_address(name))

    def _get_module_for_linking(self) -> Any:
        if self._shared_module is None:
            self._shared_module = llvm.parse_bitcode(self.bitcode)
            self._codegen._engine._load_defined_symbols(self._shared_module)
        return super()._get_module_for_linking()


class _Unpickler(pickle.Unpickler):
    """Reads a kernel without importing the modules whose functions stand in it."""

    def find_class(self, module: str, name: str) -> Any:
        return _environment if (module, name) == REBUILD_ENVIRONMENT else super().find_class(module, name)


def _environment(module: str, constants: list[Any], name: str) -> Any:
    """Return the constants of a compiled function; only interpreted code looks at the variables beside."""
    known = environments.lookup_environment(name)
    if known is not None:
        return known
    # By its name numba finds the module again where the kernel becomes part of another that is kept.
    variables = vars(sys.modules[module]) if module in sys.modules else {"__name__": module}
    made = environments.Environment(variables)
    made.consts[:] = constants
    made.env_name = name
    environments.Environment._memo[name] = made
    return made


def read_kernel(content: bytes) -> tuple[str, tuple[Any, ...]]:
    """Return the description of a pickled kernel, and its parts for `load_kernel`."""
    description, parts = _Unpickler(io.BytesIO(content)).load()
    return description, parts


def load_kernel(context: Any, parts: tuple[Any, ...]) -> Any:
    """Return the compiled result whose parts numba took apart (`CompileResult._reduce`).

    Args:
        context: numba's context of the processor.
        parts: library, description of the function, environment and what else belongs to it.
    """
    (name, kind, code), description, own, signature, object_mode, lifted, note, start, others = parts
    if kind != "object" or start:
        context.refresh()
        return CompileResult._rebuild(context, *parts)
    machine_code, bitcode = code
    _define_symbols(machine_code)
    library = _Library(context.codegen(), name)
    library.bitcode = bitcode
    library.enable_object_caching()
    library._set_compiled_object(machine_code)
    library._finalize_final_module()
    entry = context.get_executable(library, description, own)
    for other in others:
        library.codegen.set_env(other.env_name, other)
    return CompileResult(
        target_context=context, typing_context=context.typing_context, library=library, environment=own,
        entry_point=entry, fndesc=description, type_annotation=note, signature=signature,
        objectmode=object_mode, lifted=lifted, typing_error=None, call_helper=None, metadata=None,
        reload_init=start, referenced_envs=others,
    )  # fmt: skip


def _define_symbols(machine_code: bytes) -> None:
    """Tell LLVM where numba's runtime lies (as `numba.core.runtime.nrt` does), and the seeds of hashes."""
    for name, address in runtime.c_helpers.items():
        llvm.add_symbol(name if name.startswith("_") else f"NRT_{name}", address)
    if HASH_SECRET in machine_code:
        importlib.import_module(HASHING)
