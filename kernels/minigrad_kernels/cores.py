"""How many cores this process may use: what Linux tells of them, of affinity masks and of containers' limits."""

import os
from pathlib import Path

_ROOT = Path("/")


def default_threads(root: Path = _ROOT) -> int:
    """Return how many threads the kernels use if nobody sets a number.

    That is one a core: two threads of one core would wait for the same multipliers. NUMBA_NUM_THREADS or, without it,
    OMP_NUM_THREADS says otherwise; but never more than the process may use at a time.

    Args:
        root: Where to find the folders `sys` and `proc`.
    """
    cpus = available_cpus()
    most = min(len(cpus), _quota(root))
    for name in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS"):
        # OpenMP takes a list, of a number for each level of nesting. What is no number is for Numba to complain of.
        text = os.environ.get(name, "").split(",")[0].strip()
        if text.isdecimal() and int(text) > 0:
            return min(int(text), most)
    return min(_distinct_cores(cpus, root), most)


def available_cpus() -> set[int]:
    """The numbers of the logical processors that the calling thread may run on."""
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return set(range(os.cpu_count() or 1))


def _distinct_cores(cpus: set[int], root: Path) -> int:
    """The cores behind logical processors, of which a core may have two."""
    cores = set()
    for cpu in cpus:
        siblings = root / f"sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list"
        try:
            cores.add(siblings.read_text())
        except OSError:
            cores.add(str(cpu))
    return len(cores)


def _quota(root: Path) -> int:
    """The processors whose time the process's control groups grant it, rounded up; very many if there is no limit."""
    limits = [1 << 20]
    for quota, period in _quotas(root / "sys/fs/cgroup", _group(root)):
        if quota.isdecimal() and period.isdecimal() and int(quota) > 0 and int(period) > 0:
            limits.append(-(-int(quota) // int(period)))
    return min(limits)


def _group(root: Path) -> str:
    """The path of the process's control group (version 2), "" for the topmost, which is what a container sees."""
    try:
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            if line.startswith("0::/"):
                return line[4:]
    except OSError:
        pass
    return ""


def _quotas(groups: Path, group: str) -> list[tuple[str, str]]:
    """Microseconds of processor time and of the period in which they may be used, for each group that limits this."""
    found = []
    for folder in [groups / group, *(groups / group).parents]:
        if folder.is_relative_to(groups):
            found.append(_words(folder / "cpu.max"))
    version_1 = groups / "cpu"
    found.append(_words(version_1 / "cpu.cfs_quota_us") + _words(version_1 / "cpu.cfs_period_us"))
    return [(words[0], words[1]) for words in found if len(words) == 2]


def _words(file: Path) -> list[str]:
    """The words of a file, none if it cannot be read."""
    try:
        return file.read_text().split()
    except OSError:
        return []
