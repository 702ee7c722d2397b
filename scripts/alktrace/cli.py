"""Resistance mechanisms of ALK-positive lung cancer after first-line lorlatinib: one table per timepoint."""

import argparse
import locale
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Protocol

from . import __version__
from .commands import (
    assay,
    check,
    classify,
    cohort,
    completion,
    demo,
    docs,
    export_site,
    init,
    knowledge,
    one,
    precision,
    run,
    show,
    verify,
)
from .errors import AlktraceError
from .io.atomic import place_error

EXIT_STATUS = """\
exit status: 0 done; 1 the input, or a job of the run, is at fault: each problem is a line on standard error;
2 wrong use of the command; 3 done, but without samples whose files cannot be read: each is named;
4 (verify) done, but something is not equal; 130 interrupted (a run ends its jobs and then with 1).
Results go to standard output, progress and problems to standard error."""


class Command(Protocol):
    """A module of a command: its text is the help, its example works as printed."""

    EXAMPLE: str

    def add_arguments(self, parser: argparse.ArgumentParser, /) -> None:
        """Add the arguments of the command."""

    def main(self, options: argparse.Namespace, /) -> int:
        """Run the command; return the exit status."""


COMMANDS: dict[str, Command] = {
    "demo": demo,
    "init": init,
    "check": check,
    "run": run,
    "one": one,
    "show": show,
    "verify": verify,
    "classify": classify,
    "cohort": cohort,
    "export-site": export_site,
    "precision": precision,
    "assay": assay,
    "knowledge": knowledge,
    "completion": completion,
    "docs": docs,
}


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="alktrace",
        description=__doc__,
        epilog=f"{EXIT_STATUS}\n`alktrace COMMAND --help` has an example of each.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"alktrace {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        text = (command.__doc__ or "").strip()
        own = commands.add_parser(
            name,
            help=text.splitlines()[0].removesuffix("."),
            description=text,
            epilog=f"example:\n  {command.EXAMPLE}\n\n{EXIT_STATUS}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(own)
        own.set_defaults(main=command.main, parser=own)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit status."""
    if arguments is None:
        _speak_utf8()
    parser = build_parser()
    if "_ARGCOMPLETE" in os.environ:
        import argcomplete

        argcomplete.autocomplete(parser)
    given = sys.argv[1:] if arguments is None else arguments
    # What stands behind `--` is not ours to understand; argparse would, differently from version to version.
    ours = given[: given.index("--")] if "--" in given else given
    options = parser.parse_args(ours)
    handed_on = given[len(ours) + 1 :]
    if handed_on and not hasattr(options, "handed_on"):
        options.parser.error("takes nothing behind `--`")
    options.handed_on = handed_on
    return _guarded(options)


def _speak_utf8() -> None:
    """Start the command once more where the locale has another encoding: sheets and file names are UTF-8."""
    known = sys.flags.utf8_mode or "PYTHONUTF8" in os.environ
    if not known and locale.getencoding().lower() not in ("utf-8", "utf8"):
        os.environ["PYTHONUTF8"] = "1"
        os.execv(sys.executable, sys.orig_argv)


def _guarded(options: argparse.Namespace) -> int:
    """Run the command; whatever goes wrong is a line and a status, never a traceback."""
    try:
        status = int(options.main(options))
        sys.stdout.flush()
        return status
    except AlktraceError as error:
        return _failed(str(error))
    except BrokenPipeError:
        _drop_output()  # who read it has seen enough
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except OSError as error:
        if said := place_error(error, error.filename or "output"):
            _drop_output()
            return _failed(str(said))
        if error.filename is None:
            return _fault(error)
        return _failed(f"{error.filename}: {error.strerror}; correct the path, or ask for the permission")
    except Exception as error:
        return _fault(error)


def _drop_output() -> None:
    """Forget what could not be printed: at exit the interpreter would flush it once more and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failed(text: str) -> int:
    print(f"error: {text}", file=sys.stderr)
    return 1


def _fault(error: Exception) -> int:
    """Say that the program is at fault, and where it left what its authors need."""
    told = traceback.format_exc()
    try:
        descriptor, path = tempfile.mkstemp(prefix="alktrace-", suffix=".log")
        os.close(descriptor)
        Path(path).write_text(told, encoding="utf-8")
    except OSError:
        path = f"this:\n{told}"
    name = type(error).__name__
    return _failed(f"{name}: {error}; this is a fault of alktrace, please report it together with {path}")
