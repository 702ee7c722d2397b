"""Snakemake's scheduler looks for jobs once a timespan, however often it is asked to."""

import threading
import time

from snakemake.scheduling.job_scheduler import JobScheduler

from alktrace.workflow.mended import keep_one_timer

DELAY = 0.05


class Scheduler:
    """The part of Snakemake's class that is used."""

    def __init__(self) -> None:
        self._open_jobs = threading.Semaphore(0)

    def _schedule_reevalutation(self, delay: float) -> None:
        raise NotImplementedError


keep_one_timer(Scheduler)


def test_many_looks_give_one_more() -> None:
    scheduler = Scheduler()
    for _ in range(100):
        scheduler._schedule_reevalutation(DELAY)
    assert scheduler._open_jobs.acquire(timeout=5)
    time.sleep(4 * DELAY)
    assert not scheduler._open_jobs.acquire(blocking=False)


def test_every_look_is_followed_by_the_next() -> None:
    scheduler = Scheduler()
    for _ in range(50):  # as the scheduler does: the look that a timer starts asks for the next one at once
        scheduler._schedule_reevalutation(0)
        assert scheduler._open_jobs.acquire(timeout=5)


def test_no_timer_keeps_a_run_from_ending() -> None:
    Scheduler()._schedule_reevalutation(3600)
    assert all(thread.daemon for thread in threading.enumerate() if isinstance(thread, threading.Timer))


def test_what_is_replaced_is_there() -> None:
    assert callable(JobScheduler._schedule_reevalutation)
    assert "_open_jobs" in JobScheduler.__init__.__code__.co_names
