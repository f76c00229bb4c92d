"""The default number of threads follows cores, affinity, containers' limits and the environment."""

import pytest

from minigrad_kernels import cores


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A machine of four logical processors that are two cores, all of which the process may use."""
    for cpu in range(4):
        write(tmp_path, f"sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list", f"{cpu % 2},{cpu % 2 + 2}\n")
    monkeypatch.setattr(cores, "available_cpus", {0, 1, 2, 3}.copy)
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    return tmp_path


def write(root, path, text):
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def test_there_is_one_thread_a_core(root, monkeypatch):
    assert cores.default_threads(root) == 2
    monkeypatch.setattr(cores, "available_cpus", {1, 3}.copy)
    assert cores.default_threads(root) == 1


def test_processors_of_which_nothing_is_known_count_as_cores(root, tmp_path_factory):
    assert cores.default_threads(tmp_path_factory.mktemp("empty")) == 4


@pytest.mark.parametrize(
    ("group", "limit", "threads"),
    [("", "100000 100000", 1), ("", "150000 100000", 2), ("", "max 100000", 2), ("box/inner", "50000 100000", 1)],
)
def test_a_container_limits_the_threads(root, group, limit, threads):
    write(root, "proc/self/cgroup", f"0::/{group}\n")
    write(root, f"sys/fs/cgroup/{group}/cpu.max", limit)
    assert cores.default_threads(root) == threads


def test_the_limit_of_a_group_around_this_one_counts(root):
    write(root, "proc/self/cgroup", "0::/box/inner\n")
    write(root, "sys/fs/cgroup/box/cpu.max", "100000 100000")
    write(root, "sys/fs/cgroup/box/inner/cpu.max", "max 100000")
    assert cores.default_threads(root) == 1


@pytest.mark.parametrize(("quota", "threads"), [("100000", 1), ("-1", 2)])
def test_an_old_container_limits_the_threads(root, quota, threads):
    write(root, "sys/fs/cgroup/cpu/cpu.cfs_quota_us", quota)
    write(root, "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000")
    assert cores.default_threads(root) == threads


@pytest.mark.parametrize(
    ("numba", "omp", "threads"),
    [("1", "3", 1), (None, "1", 1), (None, "3,2", 3), (None, "64", 4), (None, "0", 2), (None, "many", 2), ("", "1", 1)],
)
def test_the_environment_sets_the_threads_up_to_the_processors(root, monkeypatch, numba, omp, threads):
    for name, value in (("NUMBA_NUM_THREADS", numba), ("OMP_NUM_THREADS", omp)):
        if value is not None:
            monkeypatch.setenv(name, value)
    assert cores.default_threads(root) == threads
