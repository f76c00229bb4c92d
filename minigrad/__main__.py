"""What can be done from a shell: ``python -m minigrad info``, ``warmup`` and ``step``."""

import argparse
import os
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from llvmlite import binding

import minigrad
from minigrad_kernels import blocks, get_num_threads, machine, tiles
from minigrad_kernels.caching import cache_folder, cache_problem, kernels_folder
from minigrad_kernels.compiling import watch
from minigrad_kernels.warming import warm_up

# What the names of the processor's vector instructions begin with.
VECTOR_FEATURES = ("sse", "avx", "fma", "f16c", "amx", "neon", "sve")
OWN_VARIABLES = ("MINIGRAD_CACHE_DIR", "MINIGRAD_PROGRESS", "MINIGRAD_STEP", "MINIGRAD_VECTOR_BITS")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; without one print the help.

    Args:
        arguments: what stands behind ``python -m minigrad``; None for the process's own.

    Returns:
        The exit status.

    Raises:
        SystemExit: with status 2 for a command that there is not, with 0 after ``--help``.
    """
    parser = argparse.ArgumentParser(prog="python -m minigrad", description=minigrad.__doc__.splitlines()[0])
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    help = "print versions, processor, tiles, threads and where compiled kernels are kept"
    commands.add_parser("info", help=help, description=help).set_defaults(run=info)
    help = "compile every kernel now and keep them on disk, so that no program has to"
    commands.add_parser("warmup", help=help, description=help).set_defaults(run=warmup)
    add_step(commands)
    command = parser.parse_args(arguments)
    if command.command is None:
        parser.print_help()
        return 0
    if command.command == "step":
        return step(command)
    return command.run()


def add_step(commands: Any) -> None:
    """Describe the command ``step``, which takes a script and whatever the script takes."""
    help = "run a script, and step through its backward passes in the terminal"
    command = commands.add_parser(
        "step", help=help, description=help, usage="%(prog)s [options] [-m] SCRIPT [ARGUMENTS ...]"
    )
    command.add_argument(
        "-m", dest="module", action="store_true", help="SCRIPT is the name of a module, as for python -m"
    )
    command.add_argument(
        "--backward", type=positive, metavar="K", help="open the K-th backward pass only (default: each)"
    )
    command.add_argument("--tui", action="store_true", help="use the whole screen (pip install 'minigrad[tui]')")
    command.add_argument("script", metavar="SCRIPT", help="the script to run")
    command.add_argument("arguments", metavar="ARGUMENTS", nargs=argparse.REMAINDER, help="what the script is given")


def positive(text: str) -> int:
    """Return a number of the command line that counts from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a number from 1 is needed, got {text!r}")
    return int(text)


def step(command: argparse.Namespace) -> int:
    """Run a script with its backward passes in the stepper."""
    from minigrad.debug.script import run_script  # here, because the other commands have no use for it

    return run_script(command.script, command.arguments, command.module, command.backward, command.tui)


def info() -> int:
    """Print what one needs to know of an installation."""
    facts = [*versions(), *processor(), *disk(), *environment()]
    width = max(len(name) for name, _ in facts)
    for name, text in facts:
        print(f"{name:{width}}  {text}")
    return 0


def versions() -> list[tuple[str, str]]:
    """Return the versions of what runs."""
    return [
        ("minigrad", f"{minigrad.__version__} in {Path(minigrad.__file__).parent}"),
        ("python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        ("numpy", np.__version__),
        ("numba", numba.__version__),
        ("llvmlite", llvmlite.__version__),
    ]


def processor() -> list[tuple[str, str]]:
    """Return what the kernels know of the machine, and what they make of it."""
    features = []
    for name, present in sorted(binding.get_host_cpu_features().items()):
        if present and name.startswith(VECTOR_FEATURES):
            features.append(name)
    widths = []
    for bits in machine.WIDTHS:
        if bits <= machine.WIDEST_BITS:
            widths.append(str(bits))
    columns = blocks.NR_BYTES // 4
    block_sizes = [
        f"KC {blocks.KC_BYTES // 4} float32, {blocks.KC_BYTES // 8} float64",
        f"MC {blocks.MC_IN_PLACE} rows in place, {blocks.MC_PACKED} packed",
        f"NC {blocks.PANELS} panels",
        f"b in place up to {blocks.IN_PLACE_BYTES // 1024} kB",
    ]
    return [
        ("processor", binding.get_host_cpu_name()),
        ("features", " ".join(features)),
        ("vectors", f"{machine.VECTOR_BITS} bits; this machine has {', '.join(widths)}"),
        ("registers", f"{machine.VECTOR_REGISTERS} vectors"),
        ("caches", f"L1 {machine.L1_BYTES // 1024} kB, L2 {machine.L2_BYTES // 1024} kB"),
        ("tiles", f"{tiles.TILE_ROWS} x {columns} float32, {tiles.TILE_ROWS} x {columns // 2} float64"),
        ("blocks", "; ".join(block_sizes)),
        ("threads", str(get_num_threads())),
    ]


def disk() -> list[tuple[str, str]]:
    """Return where compiled kernels are kept, and how much there is."""
    problem = cache_problem()
    if problem is not None:
        return [("cache", f"none: {problem}; set MINIGRAD_CACHE_DIR to a folder that can be written")]
    return [
        ("cache", f"{cache_folder()}, {amount(cache_folder())}"),
        ("of this version", f"{kernels_folder()}, {amount(kernels_folder())}"),
    ]


def amount(folder: Path | None) -> str:
    """Return how many files there are below a folder, and how large they are."""
    count, size = 0, 0
    for path in folder.rglob("*") if folder is not None else []:
        try:
            if path.is_file():
                size += path.stat().st_size
                count += 1
        except OSError:
            continue  # Another process has just replaced it.
    return f"{count} files, {size / 1e6:.1f} MB"


def environment() -> list[tuple[str, str]]:
    """Return the environment variables that minigrad reads, and those of Numba that are set."""
    names = list(OWN_VARIABLES)
    for name in sorted(os.environ):
        if name not in names and (name.startswith(("MINIGRAD_", "NUMBA_")) or name == "XDG_CACHE_HOME"):
            names.append(name)
    facts = []
    for name in names:
        facts.append((name, os.environ.get(name, "not set")))
    return facts


def warmup() -> int:
    """Compile every kernel that is not on disk yet, with a line for each."""
    if getattr(numba.config, "DISABLE_JIT", False):
        print("NUMBA_DISABLE_JIT is set: kernels run as plain Python, and there is nothing to compile.")
        return 0
    problem = cache_problem()
    if problem is not None:
        remedy = "set MINIGRAD_CACHE_DIR to a folder that can be written"
        print(f"warmup: needed a folder for compiled kernels, came {problem}; {remedy}", file=sys.stderr)
        return 1
    began = time.perf_counter()
    count, seconds = 0, 0.0
    shown = watch.shown
    # The lines below tell the same, but for the kernel that is being compiled, which a terminal can show too.
    watch.shown = shown and sys.stderr is not None and sys.stderr.isatty()
    try:
        for warmed in warm_up():
            for kernel in warmed.compiled:
                print(f"{warmed.done:3}/{warmed.calls}  {kernel.seconds:6.2f} s  {kernel.name}", flush=True)
                count += 1
                seconds += kernel.seconds
    finally:
        watch.shown = shown
    which = f"{count} kernels compiled in {seconds:.1f} s" if count else "Nothing to compile, all kernels were there"
    print(f"{which}; {time.perf_counter() - began:.1f} s in all.")
    print(f"{amount(kernels_folder())} in {kernels_folder()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
