"""What the kernels know of the machine: the width of its vectors, its registers and its caches."""

import os
from pathlib import Path

from llvmlite import binding

WIDTHS = (128, 256, 512)


def _widest_vector(features: dict[str, bool]) -> int:
    """The widest vectors, in bits, that masked loads and fused multiply-adds work on."""
    # avx512vl gives the masks and the 32 registers to the narrower widths; every AVX-512 core since 2017 has it.
    if features.get("avx512f") and features.get("avx512vl"):
        return 512
    if features.get("avx2") and features.get("fma"):
        return 256
    return 128  # SSE and NEON; the NEON form has not been run.


def _vector_bits(widest: int) -> int:
    """The width that the environment variable MINIGRAD_VECTOR_BITS asks for, or the widest."""
    text = os.environ.get("MINIGRAD_VECTOR_BITS", "")
    if not text:
        return widest
    possible = [str(bits) for bits in WIDTHS if bits <= widest]
    if text not in possible:
        raise ValueError(
            f"MINIGRAD_VECTOR_BITS: this machine needs {' or '.join(possible)}, came {text!r}; unset it for {widest}"
        )
    return int(text)


def _cache_bytes(level: int, fallback: int) -> int:
    """The size of a core's data cache of this level as Linux tells it, or the fallback."""
    for folder in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*"):
        try:
            kind = (folder / "type").read_text().strip()
            found = int((folder / "level").read_text())
            size = (folder / "size").read_text().strip()
            if found == level and kind != "Instruction" and size.endswith("K"):
                return 1024 * int(size[:-1])
        except (OSError, ValueError):
            continue
    return fallback


_FEATURES: dict[str, bool] = dict(binding.get_host_cpu_features())
WIDEST_BITS = _widest_vector(_FEATURES)
VECTOR_BITS = _vector_bits(WIDEST_BITS)
# AVX-512 and NEON have 32 vector registers, SSE and AVX2 16.
VECTOR_REGISTERS = 32 if _FEATURES.get("avx512vl") or _FEATURES.get("neon") else 16
# The fallbacks are the smallest of the server and desktop cores of the last ten years.
L1_BYTES = _cache_bytes(1, 32 * 1024)
L2_BYTES = _cache_bytes(2, 256 * 1024)
