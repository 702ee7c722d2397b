"""Print what makes a shell complete commands and options.

For bash and zsh: `source <(alktrace completion bash)`; for fish: `alktrace completion fish | source`.
"""

import argparse

EXAMPLE = "alktrace completion bash > alktrace.bash"
SHELLS = ("bash", "zsh", "fish")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("shell", choices=SHELLS, help="the shell to complete in")


def main(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    print(run(options.shell))
    return 0


def run(shell: str) -> str:
    """Return the code that a shell must run."""
    from argcomplete.shell_integration import shellcode

    return shellcode(["alktrace"], shell=shell)
