"""What `$ALKTRACE_PYTHON` starts in a run that has a warm process: a script of ours as a fork of it.

The Python that starts this loads nothing but the standard library, in 20 ms; the script finds its modules
loaded. It gets the descriptors, folder, environment and arguments of this process, and its status becomes the
status of this one. Where that cannot be, the same Python is started cold, in place of this.
"""

import marshal
import os
import signal
import socket
import sys
from collections.abc import Sequence
from typing import NoReturn

VARIABLE = "ALKTRACE_WARM"
"""Names the socket of the server."""
HEAD = 8
"""Bytes that say how many follow."""
STREAMS = 3
"""Standard input, output and error."""
COLD = b"cold"
"""In place of a status: nothing was run."""
Request = tuple[bytes, list[str], dict[bytes, bytes]]
"""Folder, path of the script and its arguments, environment; made and read by one Python."""


def send(server: socket.socket, request: Request) -> None:
    """Send a request with the descriptors of standard input, output and error."""
    said = marshal.dumps(request)
    socket.send_fds(server, [len(said).to_bytes(HEAD, "little")], list(range(STREAMS)))
    server.sendall(said)


def wait_for_status(server: socket.socket) -> bytes:
    """Return how the script ended; nothing where the server did before it."""
    try:
        return server.recv(16)
    except OSError:
        return b""


def end_as(status: bytes) -> NoReturn:
    """End as the script did; nothing said means that the server is gone, and the script with it."""
    code = int(status or 1)
    if not status:
        print(f"{sys.argv[1]}: the warm process of the run ended", file=sys.stderr)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL) if -code not in (signal.SIGKILL, signal.SIGSTOP) else None
        os.kill(os.getpid(), -code)
    sys.exit(code)


def start_cold(arguments: Sequence[str]) -> NoReturn:
    """Become the Python that was asked for."""
    os.execv(sys.executable, [sys.executable, *arguments])


def main(arguments: Sequence[str]) -> NoReturn:
    """Run a script with its arguments."""
    # Ended by a signal, not by a traceback; the server then ends the script.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if not arguments or not (arguments[0] == "-m" or arguments[0].endswith(".py")):
        start_cold(arguments)
    try:
        # A socket in place of a closed one would be handed on as that.
        for descriptor in range(STREAMS):
            os.fstat(descriptor)
        server = socket.socket(socket.AF_UNIX)
        server.connect(os.environ[VARIABLE])
        # Not `pathlib`: it takes as long to load as all else here.
        folder = os.fsencode(os.getcwd())  # noqa: PTH109
        # The server starts nothing before it has all of this.
        send(server, (folder, list(arguments), dict(os.environb)))
    except (OSError, KeyError):
        start_cold(arguments)
    status = wait_for_status(server)
    if status == COLD:
        start_cold(arguments)
    end_as(status)


if __name__ == "__main__":
    main(sys.argv[1:])
