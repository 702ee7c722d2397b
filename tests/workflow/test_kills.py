"""Killed again and again, a run ends by the same command alone, with the bytes of one that was left alone.

`-s` shows which rules were running at each kill.
"""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rough_runs import Run, check_end, new_project
from workflow_runs import NEEDS_TOOLS

pytestmark = [NEEDS_TOOLS, pytest.mark.long, pytest.mark.timeout(2400)]

SEED = 17
KILLS = 50
"""All tests of this file together make at least so many."""


@pytest.fixture(scope="module")
def kills() -> Iterator[Counter[str]]:
    """Number of kills by the rules that were running."""
    made: Counter[str] = Counter()
    yield made
    number = made.pop("kills", 0)
    print(f"\n{number} kills:", ", ".join(f"{rule} {count}" for rule, count in made.most_common()))


@pytest.fixture
def run(small_demo: Path, tmp_path: Path) -> Iterator[Run]:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    made = Run(new_project(small_demo, tmp_path / "run").folder, tmp_path, {"TMPDIR": str(temporary)})
    yield made
    made.stop()


@pytest.fixture
def clock() -> random.Random:
    return random.Random(SEED)


def kill_all(run: Run) -> None:
    """Kill every process of a run at once."""
    os.killpg(run.process.pid, signal.SIGKILL)


def kill_masters(run: Run) -> None:
    """Kill what starts jobs; the jobs live on."""
    for process in run.processes():
        if process.is_master:
            process.kill()


def note(kills: Counter[str], kind: str, rules: set[str]) -> None:
    kills.update(("kills", *(rules or {"no job"})))
    print(f"kill {kills['kills']}, {kind}:", *sorted(rules))


@pytest.mark.parametrize(("kill", "times"), [(kill_all, 16), (kill_masters, 12)])
def test_a_run_that_is_killed_over_and_over(
    kill: Callable[[Run], None],
    times: int,
    run: Run,
    undisturbed: Run,
    clock: random.Random,
    kills: Counter[str],
) -> None:
    for number in range(times):
        run.start()
        # The first kill comes before any job, the others as the jobs go on.
        least = number * undisturbed.begun() // times
        run.wait_for(lambda: run.begun() >= least)  # noqa: B023
        time.sleep(clock.uniform(0, 1.5))
        rules = run.running()
        kill(run)
        note(kills, kill.__name__, rules)
        assert run.end() == -signal.SIGKILL
    run.start()
    check_end(run, undisturbed)


@pytest.mark.parametrize("whole", [True, False], ids=["all of a job", "one process of a pipe"])
def test_a_job_of_every_rule_is_killed(
    whole: bool, run: Run, undisturbed: Run, clock: random.Random, kills: Counter[str]
) -> None:
    """A job that is killed is tried once more, and the run does not fail by it."""
    run.start()
    killed: set[str] = set()
    while run.process.poll() is None:
        for first in [job[0] for job in run.jobs() if job[0].rule not in killed]:
            time.sleep(clock.uniform(0, 0.3))
            # By now it may have ended, or have started more.
            job = next((job for job in run.jobs() if job[0].number == first.number), [])
            victims = job if whole else clock.sample(job, 1) if len(job) > 1 else []
            if hit := sum([process.kill() for process in victims]):
                killed.add(first.rule)
                note(kills, f"{hit} of {len(job)} processes", {first.rule})
        time.sleep(0.02)
    check_end(run, undisturbed)


def test_there_were_many_kills(kills: Counter[str]) -> None:
    assert kills["kills"] >= KILLS
