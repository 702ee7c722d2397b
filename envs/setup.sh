#!/bin/sh
# Sets up what `make demo` and `make test` need: a Python environment in .venv from hashed lock files, MultiQC in one
# of its own below it, the command-line tools from PATH if new enough, else conda into .tools, else apt. Nothing
# else is touched. With `run` only what a run needs, without the tests' packages: for containers.
set -eu
purpose=${1:-all}
hashed="-q --disable-pip-version-check --require-hashes"
cd "$(dirname "$0")/.."

version() {
    case $1 in
        bwa) bwa 2>&1 | sed -n 's/^Version: \([0-9.]*\).*/\1/p' ;;
        fastp) fastp --version 2>&1 | sed -n 's/^fastp \([0-9.]*\).*/\1/p' ;;
        *) "$1" --version 2>/dev/null | sed -n '1s/^[^0-9]*\([0-9.]*\).*/\1/p' ;;
    esac
}

at_least() { # version, floor
    [ -n "$1" ] && [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

missing_tools() {
    grep -v -e '^#' -e '^bwa-mem2 ' envs/floors.txt | while read -r tool floor; do
        at_least "$(command -v "$tool" >/dev/null && version "$tool")" "$floor" || echo "$tool"
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

can_apt() {
    command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

apt_install() {
    echo "installing with apt: $*"
    as_root apt-get update -q >/dev/null
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >/dev/null
}

setup_tools() {
    PATH="$PWD/.tools/bin:$PATH"
    lacking=$(missing_tools | tr '\n' ' ')
    [ -z "$lacking" ] && return
    for conda in micromamba mamba conda; do
        if command -v "$conda" >/dev/null; then
            echo "installing with $conda into .tools: $lacking"
            "$conda" env create -q -y -p "$PWD/.tools" -f envs/tools.yaml >/dev/null
            break
        fi
    done
    lacking=$(missing_tools | tr '\n' ' ')
    if [ -n "$lacking" ] && can_apt; then
        apt_install bwa fastp samtools
        lacking=$(missing_tools | tr '\n' ' ')
    fi
    if [ -n "$lacking" ]; then
        echo "error: missing or too old: $lacking; envs/floors.txt says what is needed; put it on PATH, or run as root" \
            "or with sudo on Debian, or install conda" >&2
        exit 1
    fi
}

setup_python() {
    python=${PYTHON:-python3}
    if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        echo "error: $python is older than Python 3.11 or missing; name another with PYTHON=..." >&2
        exit 1
    fi
    if [ ! -x .venv/bin/pip ]; then
        # Debian ships venv apart from Python.
        "$python" -c 'import ensurepip' 2>/dev/null || ! can_apt || apt_install python3-venv
        "$python" -m venv --clear .venv
    fi
    echo "installing the locked Python packages into .venv, MultiQC's into .venv/multiqc (about two minutes)"
    setup_multiqc &
    multiqc=$!
    # A shell without job control leaves its background alone when it is interrupted.
    trap 'kill "$multiqc" 2>/dev/null || true' EXIT
    trap 'exit 130' INT TERM
    set -- -r requirements.lock -r envs/cnvkit.lock
    [ "$purpose" = run ] || set -- "$@" -r envs/dev.lock
    .venv/bin/python -m pip install $hashed "$@"
    # Of igv-notebook the script igv.js is used alone, and none of what the package itself imports.
    .venv/bin/python -m pip install $hashed --no-compile --no-deps -r envs/igv.lock
    # The command `alktrace`, from the files of this clone.
    [ "$purpose" = run ] || .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
    wait "$multiqc"
}

setup_multiqc() {
    "$python" -m venv --clear --without-pip .venv/multiqc
    # The lock leaves out what MultiQC names and a page never imports (`make lock`): what is left is complete.
    .venv/bin/python -m pip --python .venv/multiqc/bin/python install $hashed --no-compile --no-deps -r envs/multiqc.lock
    ln -sf ../multiqc/bin/multiqc .venv/bin/multiqc
}

setup_tools
setup_python
