"""Files in place of results: a sample that its data fails leaves the reason where its results would stand.

A table without rows would say "nothing found". So each declared output of the job holds the reason instead,
which no reader takes for a result, and which later jobs of the sample hand on.
"""

import errno
import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path

from ..errors import AlktraceError, DataError, InputProblems, Problem
from .atomic import atomic_output
from .shown import shown, without_folders

MARK = b"#unreadable\t"
OF_THE_MACHINE = frozenset(
    {errno.EIO, errno.ENOMEM, errno.ENOSPC, errno.EDQUOT, errno.ESTALE, errno.ETIMEDOUT, errno.EMFILE}
    | {errno.ENFILE, errno.EPIPE, errno.EAGAIN}
)
"""Errors of a disk, a network or a node: the file may be sound, and another try may read it."""


def write_unreadable(problems: Iterable[Problem], paths: Iterable[Path | str]) -> None:
    """Write the reason in place of some results.

    Args:
        problems: what is wrong with the sample's files.
        paths: the outputs of the job, of whatever format.
    """
    said = json.dumps([asdict(told(problem)) for problem in problems], ensure_ascii=False)
    for path in paths:
        with atomic_output(Path(path)) as (partial,):
            partial.write_bytes(MARK + said.encode() + b"\n")


def told(problem: Problem) -> Problem:
    """Return a problem as results tell it: files without the folders outside the working directory."""
    files = ", ".join(shown(file) for file in problem.file.split(", "))
    return replace(
        problem,
        file=files,
        what=without_folders(problem.what),
        remedy=without_folders(problem.remedy),
    )


def read_unreadable(*paths: Path | str) -> tuple[Problem, ...]:
    """Return the reason that the first unreadable of some files holds; nothing if all are results."""
    for path in paths:
        with Path(path).open("rb") as stream:
            if stream.read(len(MARK)) == MARK:
                return tuple(Problem(**item) for item in json.loads(stream.read()))
    return ()


def leave_reason(error: AlktraceError, files: Iterable[Path | str], outputs: Iterable[Path | str]) -> bool:
    """Leave the reason in place of the outputs if a sample's own files ended its job; tell whether so."""
    problems = problems_of_data(error, files)
    if problems:
        write_unreadable(problems, outputs)
    return bool(problems)


def carry_unreadable(paths: Iterable[Path | str], outputs: Iterable[Path | str]) -> bool:
    """Make outputs unreadable where one of the files is, which may be missing; tell whether they are."""
    problems = read_unreadable(*(path for path in paths if Path(path).is_file()))
    if problems:
        write_unreadable(problems, outputs)
    return bool(problems)


def is_readable(path: Path | str) -> bool:
    """Tell whether a file is a result."""
    return not read_unreadable(path)


def problems_of_data(error: AlktraceError, files: Iterable[Path | str]) -> tuple[Problem, ...]:
    """Return what is wrong with a sample's own files; nothing where anything else is at fault.

    Args:
        error: what ended the job.
        files: files of the sample. A wrong file that all samples share must stop the run, not empty it.
    """
    if isinstance(error, DataError):
        found: tuple[Problem, ...] = (error.problem,)
    else:
        found = error.problems if isinstance(error, InputProblems) else ()
    names = [str(file) for file in files]
    # Mates are read together: an error of their pairs names all the files.
    own = {*names, ", ".join(names)}
    return found if all(problem.file in own for problem in found) and not _by_machine(error) else ()


def _by_machine(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in OF_THE_MACHINE):
            return True
        error = error.__cause__ or error.__context__
    return False
