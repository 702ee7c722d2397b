"""Parts of Snakemake that cost a graph of tens of thousands of jobs time and memory for nothing, replaced.

Each replacement answers as Snakemake's own does; what is not for files on disk goes on to that.
`tests/unit/test_lean_graph.py` holds them against each other.
"""

import gc
import os
from collections.abc import Callable, Iterable, Mapping
from types import FunctionType, MethodType
from typing import Any

COLLECT = (50_000, 20, 100)
"""Python looks for cycles after so many new objects, not after 700: those of a graph stay."""
NOTHING: frozenset[Any] = frozenset()
MARKS = ("temp_output", "protected_output", "touch_output", "pipe_or_service_output", "_queue_input")
"""Sets of a job that are filled when it is made and only read from then on; most are empty."""


def lean_graph(modules: Mapping[str, Any]) -> None:
    """Replace what makes Snakemake's graph slow and large; before it is built.

    Args:
        modules: loaded modules by name, `sys.modules`.
    """
    gc.set_threshold(*COLLECT)
    own = [module for name, module in modules.items() if name.partition(".")[0] == "snakemake"]
    io, dag, job = modules["snakemake.io"], modules["snakemake.dag"], modules["snakemake.jobs"].Job
    ask = modules["snakemake.common"].get_function_params
    put_in_place(own, ask, known_parameters(ask))
    put_in_place(own, io.is_flagged, keep_flags_lean(io))
    containers = modules["snakemake.iocontainers"]
    share_guards(containers.Namedlist, containers.AttributeGuard)
    share_marks(job)
    share_files_of_edges(dag.DAG)
    compare_names_of_outputs(dag.DAG)
    look_in_turn(job)
    ask_late(job)
    format_what_is_named(job, modules["snakemake.utils"])
    format_commands_once(job)
    read_scripts_once(dag.ScriptProcessor)


def put_in_place(modules: Iterable[Any], old: Any, new: Any) -> None:
    """Replace a function in every module that has imported it."""
    for module in modules:
        for name in [name for name, value in vars(module).items() if value is old]:
            setattr(module, name, new)


def known_parameters(ask: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function that finds the parameters of a function once; Snakemake does so at every call.

    Args:
        ask: Snakemake's own. Names and kinds are asked for, which stand in the code of a function.
    """
    known: dict[tuple[Any, bool], Any] = {}

    def parameters(function: Any) -> Any:
        bound = isinstance(function, MethodType)
        plain = function.__func__ if bound else function
        # An attribute may say something else than the code does.
        if not isinstance(plain, FunctionType) or vars(plain):
            return ask(function)
        key = plain.__code__, bound
        if key not in known:
            known[key] = ask(function)
        return known[key]

    return parameters


def share_guards(namedlist: Any, guard: Any) -> None:
    """Let all lists of files and names of rules have the same guards of `index` and `sort`.

    Args:
        namedlist: Snakemake's class.
        guard: class of what stands in its lists for each of these methods.
    """
    make = namedlist.__init__
    namedlist._allowed_overrides = ["index", "sort"]
    for name in namedlist._allowed_overrides:
        setattr(namedlist, name, guard(name))

    def begin(self: Any, toclone: Any = None, fromdict: Any = None, **ways: Any) -> None:
        if ways:
            make(self, toclone, fromdict, **ways)
            return
        list.__init__(self, () if toclone is None else toclone)
        self._names = {}
        if isinstance(toclone, namedlist):
            self._take_names(toclone._get_names())
        for key, item in (fromdict or {}).items():
            self.append(item)
            self._add_name(key)

    namedlist.__init__ = begin


def keep_flags_lean(io: Any) -> Callable[[Any, str], bool]:
    """Let a file have a dictionary of flags once it has a flag.

    Args:
        io: Snakemake's module of files; parts of its classes are replaced.

    Returns:
        What tells whether a file has a flag, without making a dictionary.
    """
    text, file, ask = io.AnnotatedString, io._IOFile, io.is_flagged
    clone, of_any = file.clone_flags, file.is_flagged
    _start_without_flags(text, io.is_callable)

    def has_flag(self: Any, flag: str) -> bool:
        held = self._file if type(self) is file else self
        if type(held) is text:
            return bool(held._flags) and bool(held._flags.get(flag))
        return type(held) is not str and of_any(self, flag)

    def is_flagged(value: Any, flag: str) -> bool:
        if type(value) is text or type(value) is file:
            return has_flag(value, flag)
        return type(value) is not str and ask(value, flag)

    def clone_flags(self: Any, other: Any, skip_storage_object: bool = False) -> None:
        given = other._file
        if type(given) is str or (type(given) is text and not given._flags):
            self._file = text(self._file)
        else:
            clone(self, other, skip_storage_object)

    text.is_flagged = file.is_flagged = has_flag
    file.clone_flags = clone_flags
    return is_flagged


def _start_without_flags(text: Any, is_callable: Callable[[Any], bool]) -> None:
    def begin(self: Any, value: Any) -> None:
        if type(value) is not str and is_callable(value):
            self.callable = value

    def flags(self: Any) -> dict[str, Any]:
        return _LateFlags(self) if self._flags is None else self._flags

    def set_flags(self: Any, given: dict[str, Any]) -> None:
        self._flags = given

    text._flags = text.callable = None
    text.__init__ = begin
    text.flags = property(flags, set_flags)
    # Read back in a process whose Snakemake is as it comes.
    text.__getstate__ = lambda self: {"_flags": dict(self._flags or {}), "callable": self.callable}


class _LateFlags(dict[str, Any]):
    """Flags of a text that has none; they become its own with the first."""

    def __init__(self, text: Any) -> None:
        super().__init__()
        self._text = text

    def __setitem__(self, flag: str, value: Any) -> None:
        super().__setitem__(flag, value)
        self._text._flags = self

    def update(self, *given: Any, **named: Any) -> None:
        for flag, value in dict(*given, **named).items():
            self[flag] = value


def share_marks(job: Any) -> None:
    """Let jobs without temporary, protected or other special outputs share one empty set of them."""
    make = job.__init__

    def begin(self: Any, *given: Any, **named: Any) -> None:
        make(self, *given, **named)
        for name in MARKS:
            if not getattr(self, name):
                setattr(self, name, NOTHING)

    job.__init__ = begin


def share_files_of_edges(dag: Any) -> None:
    """Let both directions of the graph share the set of files of an edge."""
    update = dag.update_

    async def update_(self: Any, job: Any, *given: Any, **named: Any) -> None:
        if job in self._dependencies:
            return
        await update(self, job, *given, **named)
        for other, files in self._dependencies.get(job, {}).items():
            self.depending[other][job] = files

    dag.update_ = update_


def compare_names_of_outputs(dag: Any) -> None:
    """Look by their names whether an output lies in another one; Snakemake makes and sorts paths of all."""
    check = dag.check_directory_outputs

    def check_directory_outputs(self: Any) -> None:
        outputs = {str(file) for job in self.jobs for file in job.output}
        folders: set[str] = set()
        for path in outputs:
            folder = os.path.dirname(path)  # noqa: PTH120
            while folder and folder not in folders:
                folders.add(folder)
                folder = os.path.dirname(folder)  # noqa: PTH120
        odd = any(path.startswith(("/", ".")) or "//" in path or "/." in path for path in outputs)
        if odd or not outputs.isdisjoint(folders):
            check(self)

    dag.check_directory_outputs = check_directory_outputs


def look_in_turn(job: Any) -> None:
    """Look at the outputs of a job one after the other: tasks for each of all jobs wait beside each other.

    Args:
        job: Snakemake's class.
    """
    mintime, check = job.output_mintime.fget, job.check_protected_output

    async def output_mintime(self: Any) -> Any:
        if self.benchmark or any(file.is_storage for file in self.output):
            return await mintime(self)
        times = [(await file.mtime()).local_or_storage() for file in self.output if await file.exists()]
        return min(times, default=None)

    async def check_protected_output(self: Any) -> None:
        for file in self.output:
            if await file.protected():
                await check(self)

    job.output_mintime = property(output_mintime)
    job.check_protected_output = check_protected_output


def ask_late(job: Any) -> None:
    """Make the parameters of a job for its conda environment only where a function asks for them.

    Args:
        job: Snakemake's class.
    """

    def conda_env_spec(self: Any) -> Any:
        if self._conda_env_spec is None:
            self._conda_env_spec = self.rule.expand_conda_env(
                self.wildcards_dict, lambda: self.params, self.input
            )
        return self._conda_env_spec

    job.conda_env_spec = property(conda_env_spec)


class _Named(dict[str, Any]):
    """What a text of a rule may name, found where it does so."""

    def __init__(self, job: Any, given: Mapping[str, Any]) -> None:
        super().__init__(given)
        self._job = job

    def __missing__(self, name: str) -> Any:
        job = self._job
        if name == "wildcards":
            return job._format_wildcards
        if name in ("rule", "rulename"):
            return job.rule.name
        if name in ("input", "output", "params", "threads", "resources", "log", "jobid", "name"):
            return getattr(job, name)
        if name == "bench_iteration":
            return None
        return job.rule.workflow.globals[name]


def format_what_is_named(job: Any, utils: Any) -> None:
    """Find what a message or a command names, not everything that it might.

    Args:
        job: Snakemake's class.
        utils: its module of formatters.
    """
    whole = job.format_wildcards

    def format_wildcards(self: Any, string: str, **variables: Any) -> str:
        formatter = utils.SequenceFormatter(separator=" ")
        formatter.element_formatter = utils.QuotedFormatter(None)
        try:
            return formatter.vformat(string, (), _Named(self, variables))  # type: ignore[no-any-return]
        except Exception:
            return whole(self, string, **variables)  # type: ignore[no-any-return]

    job.format_wildcards = format_wildcards


def format_commands_once(job: Any) -> None:
    """Format the command of a job once where it is asked for twice in a row, as Snakemake's log does.

    Args:
        job: Snakemake's class.
    """
    make = job.shellcmd.fget
    last: tuple[Any, ...] = (None, None, None, None)

    def shellcmd(self: Any) -> Any:
        nonlocal last
        known, params, resources, text = last
        if known is self and params is self._params and resources is self._resources:
            return text
        text = make(self)
        last = self, self._params, self._resources, text
        return text

    job.shellcmd = property(shellcmd)


def read_scripts_once(processor: Any) -> None:
    """Look once whether the script of a rule is there, not for each of its jobs.

    Args:
        processor: Snakemake's class.
    """
    look = processor.process_job
    seen: set[tuple[str, str]] = set()

    def process_job(self: Any, job: Any) -> None:
        script = str(getattr(job.rule, self.script_type) or "")
        key = self.script_type, f"{job.rule.name} {script}"
        if key not in seen:
            look(self, job)
        # Names with wildcards are of a job.
        if "{" not in script:
            seen.add(key)

    processor.process_job = process_job
