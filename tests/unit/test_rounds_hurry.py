"""What cannot wait for its turn: a job of the rounds is done at once when it is asked for."""

from __future__ import annotations

import threading

from kiosk.health.rounds import Job, Rounds


def test_a_job_that_is_asked_for_is_due_now_and_the_others_are_not() -> None:
    done: list[str] = []

    def look() -> None:
        done.append("look")

    def sweep() -> None:
        done.append("sweep")

    rounds = Rounds((Job(look, 20.0), Job(sweep, 60.0)), crashed=lambda error: None, clock=lambda: 5.0)
    rounds.step()
    assert done == ["look", "sweep"]
    rounds.step()
    assert done == ["look", "sweep"], "nothing is due"
    rounds.hurry(look)
    rounds.step()
    assert done == ["look", "sweep", "look"]
    rounds.step()
    assert len(done) == 3, "once"


def test_what_is_asked_for_while_it_is_being_done_is_done_once_more() -> None:
    done: list[int] = []

    def look() -> None:
        done.append(len(done))
        if len(done) == 1:
            rounds.hurry(look)

    rounds = Rounds((Job(look, 20.0),), crashed=lambda error: None, clock=lambda: 5.0)
    rounds.step()
    rounds.step()
    rounds.step()
    assert done == [0, 1]


def test_the_thread_that_sleeps_until_its_next_turn_is_woken() -> None:
    done = threading.Semaphore(0)
    rounds = Rounds((Job(done.release, 3600.0),), crashed=lambda error: None)
    rounds.start()
    try:
        assert done.acquire(timeout=20)
        rounds.hurry(done.release)
        assert done.acquire(timeout=20)
    finally:
        rounds.stop()
