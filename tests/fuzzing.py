"""Hostile input for every reader: what a target is, what is right, and how wrong answers are looked for.

Right is: it ends within `SECONDS` and `MEMORY`, and if with an error, then with one that tells the user
what to do. Where a slow plain truth exists, what was read equals it. The targets stand in `fuzz_targets` and
are used twice: hypothesis draws edits of right files (`properties/test_fuzzing.py`), and atheris looks for
more, led by the lines it reaches: `python fuzz_targets.py TARGET FOLDER SECONDS`.
"""

import re
import resource
import shutil
import struct
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from alktrace.errors import AlktraceError

ROOT = Path(__file__).resolve().parents[1]
RIGHT = ROOT / "tests" / "bad_input" / "right"
EXAMPLES = ROOT / "docs" / "examples"
SECONDS = 5.0
"""Processor time of one example; the slowest right one needs a tenth of it."""
MEMORY = 1 << 30

# --- edits -----------------------------------------------------------------------------------------

LETTERS = "\t\n\r\0\x1c\x85\u2028\u3000 ,;:|/\\\"'=-+*?!%<>()[]{}#.&_@~^$`01٣¹½ä😀\ufeff\ud800"
WORDS = (
    "nan inf 1e999 -1 1_0 0x1f 1.5 .. ../ true null [] {} &a *a !!int <<: p. \\u0000 2026-02-30 9999-12-31"
)
LONG = ("9" * 18, "9" * 99, "9" * 5000, "0x" + "f" * 5000, "[" * 300, "a" * 40_000)
SIGNS = [
    text.encode("utf-8", "surrogatepass") for text in (*LETTERS, *WORDS.split(), *LONG, "", "\r\n", '"\n')
]
VALUES = (0, 1, 2, 4, 15, 255, 65_535, 1 << 24, 1 << 29, (1 << 31) - 1, 1 << 31, (1 << 32) - 1)
NUMBERS = [*(struct.pack("<I", value) for value in VALUES), b"\0", b"\xff", b"Z", b"B", b"H", b"?", b"\n"]
_TOKEN = re.compile(rb"[A-Za-z0-9]+|[^A-Za-z0-9]")
RAW, EDITS = b"\0", b"\1"


def decoded(data: bytes, seeds: Sequence[bytes], *, packed: bool) -> bytes:
    """Return the input that a fuzzer's bytes mean.

    Behind `RAW` it is the bytes as they are. Behind anything else it is a seed with edits, so that cells,
    keys and tags change as wholes: a byte chooses the seed, and of every four two say where, one what is done
    there and one with which piece.
    """
    if not data[1:] or data[:1] == RAW:
        return data[1:]
    seed = seeds[data[1] % len(seeds)]
    tokens = [seed[i : i + 1] for i in range(len(seed))] if packed else _TOKEN.findall(seed)
    pieces = NUMBERS if packed else SIGNS
    known = list(tokens)
    for high, low, kind, which in zip(*(data[2 + i :: 4] for i in range(4)), strict=False):
        at = (high << 8 | low) * len(tokens) // 65_536
        piece = pieces[which % len(pieces)]
        length = len(piece) if packed else 1
        match kind % 7:
            case 0 | 1:
                tokens[at : at + length] = [piece]
            case 2:
                tokens.insert(at, piece)
            case 3:
                tokens[at : at + 1] = known[which * len(known) // 256 :][:1]
            case 4:
                del tokens[at : at + 1 + which % 16]
            case 5:
                tokens[at:at] = tokens[at : at + 1 + which % 32]
            case _:
                tokens.insert(at, bytes([which]))
    return b"".join(tokens)


# --- judging ---------------------------------------------------------------------------------------

Reader = Callable[[bytes, Path], None]


@dataclass(frozen=True)
class Target:
    """One reader of the program.

    Attributes:
        name: says what is read.
        file: file of the right project that the catalogue of wrong input breaks; empty if none is.
        seeds: right inputs, made once.
        read: reads an input, with a folder to write into, and compares with the plain truth.
        examples: edits that take about two seconds.
        packed: numbers in bytes, no text.
    """

    name: str
    file: str
    seeds: Callable[[], Sequence[bytes]]
    read: Reader
    examples: int
    packed: bool

    def judge(self, content: bytes, folder: Path) -> None:
        """Read an input.

        Raises:
            Exception: it was not right: any error that is none of those allowed, or an AssertionError.
        """
        began = time.process_time()
        try:
            self.read(content, folder)
        except AlktraceError as error:
            assert str(error).strip(), "an error that says nothing"
            str(error).encode("utf-8", "replace")
        took = time.process_time() - began
        assert took < SECONDS, f"{took:.1f} seconds"


@contextmanager
def bounded_memory() -> Iterator[None]:
    """Let an input that asks for more than `MEMORY` fail instead of the machine."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def written(folder: Path, name: str, content: bytes) -> Path:
    """Write a file anew and return its path."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def right(*names: str) -> Callable[[], list[bytes]]:
    """Return files of the right project as seeds."""
    return lambda: [(RIGHT / name).read_bytes() for name in names]


TARGETS: dict[str, Target] = {}


def target(
    name: str,
    seeds: Callable[[], Sequence[bytes]],
    *,
    file: str = "",
    examples: int,
    packed: bool = False,
) -> Callable[[Reader], Reader]:
    """Register a reader."""

    def register(read: Reader) -> Reader:
        TARGETS[name] = Target(name, file, cache(seeds), read, examples, packed)
        return read

    return register


def text_of(content: bytes) -> str:
    """Return text as an argument or a cell can hold it."""
    return content.decode("utf-8", "replace")


# --- atheris ---------------------------------------------------------------------------------------


def catalogue_seeds(target: Target) -> list[bytes]:
    """Return what the catalogue of wrong input makes of the file that a target reads."""
    from bad_input.bad_inputs import right_project

    with TemporaryDirectory() as folder:
        return _seeds_of(target, right_project(Path(folder)), Path(folder))


def _seeds_of(target: Target, project: Path, folder: Path) -> list[bytes]:
    from bad_input.bad_inputs import CHANGES, entries

    found = []
    for number, entry in enumerate(entries()):
        named = (change for kind, change in entry.items() if kind in CHANGES)
        if target.file and any(target.file in change for change in named):
            broken = shutil.copytree(project, folder / str(number))
            with suppress(Exception):  # changes of other files than the right ones
                for kind, change in CHANGES.items():
                    if kind in entry:
                        change(broken, entry[kind])
            if (broken / target.file).is_file():
                found.append((broken / target.file).read_bytes())
    return found


def search(target: Target, folder: Path, seconds: int) -> None:
    """Let atheris look for inputs that are not right; each goes to `folder/found` once, by what it breaks.

    Does not return: libFuzzer ends the process when the time is over.
    """
    import atheris

    # numba compiles the functions as they are written.
    kernels = [
        ".".join(path.relative_to(ROOT / "scripts").with_suffix("").parts)
        for path in (ROOT / "scripts" / "alktrace").rglob("*.py")
        if "@kernel" in path.read_text(encoding="utf-8")
    ]
    place, corpus, found = (folder / name for name in ("place", "corpus", "found"))
    for path in (place, corpus, found):
        path.mkdir(parents=True, exist_ok=True)
    known: set[str] = set()
    seeds = target.seeds()

    def one(data: bytes) -> None:
        content = decoded(data, seeds, packed=target.packed)
        try:
            target.judge(content, place)
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)
            name = f"{type(error).__name__}-{Path(frames[-1].filename).stem}-{frames[-1].lineno}"
            if name not in known:
                known.add(name)
                (found / f"{name}.txt").write_text(
                    "".join(traceback.format_exception(error)[-12:]), "utf-8", "replace"
                )
                (found / name).write_bytes(content)

    with atheris.instrument_imports(include=["alktrace"], exclude=kernels):
        for content in seeds:  # imports what it needs
            target.judge(content, place)
    for number, content in enumerate([*seeds, *catalogue_seeds(target)]):
        (corpus / str(number)).write_bytes(RAW + content)
        (corpus / f"{number}-edited").write_bytes(EDITS + bytes([number % 256]) + bytes(range(0, 120, 3)))
    options = f"-max_total_time={seconds} -timeout=30 -rss_limit_mb=4096 -print_final_stats=1 -verbosity=0"
    arguments = [*options.split(), f"-artifact_prefix={found}/", str(corpus)]
    with bounded_memory():
        atheris.Setup([sys.argv[0], *arguments], one)
        atheris.Fuzz()
