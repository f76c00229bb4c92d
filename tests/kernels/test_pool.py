"""Helpers take parts of work that is posted, sleep when there is none, and are missed by nobody."""

import ctypes
import os
import threading
import time

import pytest

from minigrad_kernels import atomics, pool
from minigrad_kernels.cores import available_cpus
from minigrad_kernels.jit import kernel, run

AS_PYTHON = os.environ.get("MINIGRAD_PYTHON_KERNELS", "0") not in ("", "0")
cores = len(available_cpus())
Part = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)


@kernel
def run_all(board: int, function: int, arguments: int, parts: int, helpers: int) -> bool:
    return pool.run_parts(board, function, arguments, parts, helpers)


@kernel
def ask_about_waking(board: int, helpers: int, work: int, enough: int) -> bool:
    return pool.worth_waking(board, helpers, work, enough)


@kernel
def use_words(address: int) -> tuple[int, int, int, bool, bool]:
    stored = atomics.store_word(address, 5)
    before = atomics.add_to_word(address, 2)
    replaced = atomics.replace_word(address, 7, 11)
    refused = atomics.replace_word(address, 7, 13)
    atomics.yield_core()
    return stored, before, atomics.load_word(address), replaced, refused


@kernel
def count_up(address: int, times: int) -> None:
    for _ in range(times):
        atomics.add_to_word(address, 1)


@kernel
def cpu() -> int:
    return atomics.current_cpu()


@pytest.fixture
def helpers():
    """A pool of its own, and what makes the address of a C function of a Python function."""
    own = pool.Pool()
    yield own
    own.stop()


def address_of(function):
    return ctypes.cast(function, ctypes.c_void_p).value


def wait_until(condition):
    """Wait for what must come soon; fail after a minute, which no machine is busy for."""
    stop = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < stop
        time.sleep(0.001)


def test_words_are_read_written_added_to_and_replaced():
    word = ctypes.c_int64(0)
    assert run(use_words)(ctypes.addressof(word)) == (5, 5, 11, True, False)
    assert word.value == 11


@pytest.mark.skipif(AS_PYTHON, reason="plain Python's steps are several")
def test_additions_of_threads_at_once_all_count():
    word = ctypes.c_int64(0)
    count_up(ctypes.addressof(word), 0)  # Compiles.
    counters = [threading.Thread(target=count_up, args=(ctypes.addressof(word), 100_000)) for _ in range(3)]
    for counter in counters:
        counter.start()
    for counter in counters:
        counter.join()
    assert word.value == 300_000


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="cores cannot be told")
def test_a_thread_knows_its_core():
    assert run(cpu)() in {-1, *os.sched_getaffinity(0)}


def test_every_part_runs_once_and_with_the_arguments(helpers):
    ran = []

    @Part
    def note(arguments, part):
        ran.append((arguments, part))
        return 1

    for arguments in (7, 8):
        assert run(run_all)(helpers.board, address_of(note), arguments, 5, 0)
        assert sorted(ran) == [(arguments, part) for part in range(5)]
        ran.clear()


def test_work_succeeds_only_if_all_of_its_parts_do(helpers):
    @Part
    def fail_at_two(arguments, part):
        return int(part != 2)

    assert not run(run_all)(helpers.board, address_of(fail_at_two), 0, 5, 0)
    assert run(run_all)(helpers.board, address_of(fail_at_two), 0, 2, 0)


def test_work_that_finds_the_board_taken_is_done_in_the_same_parts(helpers):
    inner = []

    @Part
    def note(arguments, part):
        inner.append(part)
        return int(part != arguments)

    @Part
    def post_another(arguments, part):
        return int(run(run_all)(helpers.board, address_of(note), arguments, 3, 0))

    assert run(run_all)(helpers.board, address_of(post_another), -1, 1, 0)
    assert inner == [0, 1, 2]
    assert not run(run_all)(helpers.board, address_of(post_another), 1, 1, 0)


def test_work_is_worth_waking_helpers_for_when_enough_of_it_has_come(helpers):
    answers = []
    for _ in range(7):
        answers.append(run(ask_about_waking)(helpers.board, 1, 40, 100))
    # What the answer was given for is asked about again, and no longer counts.
    assert answers == [False, False, True, False, False, False, True]
    assert not run(ask_about_waking)(helpers.board, 0, 1000, 100)


@pytest.mark.skipif(AS_PYTHON, reason="helpers run machine code")
@pytest.mark.skipif(cores == 1, reason="a helper on the caller's core takes no part")
def test_a_helper_that_slept_takes_a_part_when_it_is_woken(helpers):
    helpers.wake(1)
    wait_until(lambda: helpers.helpers[0].asleep)
    both = threading.Barrier(2)

    @Part
    def meet(arguments, part):
        # Each part waits for the other, so two threads must run them.
        both.wait(60)
        return 1

    helpers.wake(1)
    assert run_all(helpers.board, address_of(meet), 0, 2, 1)
    wait_until(lambda: helpers.helpers[0].asleep)
    assert atomics.load_word(helpers.board + pool.AWAKE) == 0


@pytest.mark.skipif(AS_PYTHON, reason="helpers run machine code")
def test_stopped_helpers_end_and_work_is_done_without_them(helpers):
    helpers.wake(2)
    helpers.stop()
    for helper in helpers.helpers:
        assert not helper.is_alive()

    @Part
    def succeed(arguments, part):
        return 1

    assert run_all(helpers.board, address_of(succeed), 0, 9, 2)


@pytest.mark.skipif(AS_PYTHON, reason="helpers run machine code")
def test_where_no_thread_can_be_started_there_are_fewer_helpers(helpers, monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(pool.Helper, "start", refuse)
    helpers.wake(2)
    assert helpers.helpers == []
