"""NumPy's expressions for sums, orders, distances and products of several operands; as ``expressions.py``."""

RUNNING = {
    "cumsum": ("x, 0", "np.cumsum(x)"),
    "cumsum | rows": ("A, 1", "np.cumsum(A, 1)"),
    "cumprod": ("a, 0", "np.cumprod(a)"),
    "logcumsumexp": ("x, 0", "np.logaddexp.accumulate(x)"),
    "cummax": ("x, 0", "(v := np.maximum.accumulate(x), np.maximum.accumulate(np.where(x == v, np.arange(n), 0)))"),
    "cummin": ("x, 0", "(v := np.minimum.accumulate(x), np.maximum.accumulate(np.where(x == v, np.arange(n), 0)))"),
    "diff": ("x", "np.diff(x)"),
    "trapezoid": ("x", "np.trapezoid(x)"),
    "gradient": ("x", "np.gradient(x)"),
    "prod": ("a", "a.prod()"),
    "nansum": ("x", "np.nansum(x)"),
    "nanmean": ("x", "np.nanmean(x)"),
    "var_mean": ("x", "(x.var(ddof=1), x.mean())"),
    "std_mean": ("x", "(x.std(ddof=1), x.mean())"),
    "cov": ("A", "np.cov(A, dtype=f)"),
    "corrcoef": ("A", "np.corrcoef(A, dtype=f)"),
}

ORDERS = {
    "sort": ("x", "(x[k := np.argsort(x)], k)"),
    "argsort": ("x", "np.argsort(x)"),
    "msort": ("A", "np.sort(A, 0)"),
    "topk": ("x, 5", "(x[k := (t := np.argpartition(-x, 5)[:5])[np.argsort(-x[t])]], k)"),
    "kthvalue": ("x, n // 2", "(x[k := np.argpartition(x, n // 2 - 1)[n // 2 - 1]], k)"),
    "median": ("x", "np.partition(x, (n - 1) // 2)[(n - 1) // 2]"),
    "nanmedian": ("x", "np.partition(x[~np.isnan(x)], (n - 1) // 2)[(n - 1) // 2]"),
    "mode": (
        "i",
        "(w := (v := np.unique(i, return_counts=True))[0][v[1].argmax()], np.flatnonzero(i == w)[-1])",
    ),
    "quantile": ("x, 0.3", "np.quantile(x, f.type(0.3))"),
    "aminmax": ("x", "(x.min(), x.max())"),
    "histc": ("x, 16", "np.histogram(x, 16)[0].astype(f)"),
    "bincount": ("j", "np.bincount(j)"),
}

DISTANCES = {
    "dist": ("x, y", "np.linalg.norm(x - y)"),
    "cdist": (
        "A, B",
        "np.sqrt(np.maximum(np.square(A).sum(1)[:, None] + np.square(B).sum(1) - 2 * A @ B.T, 0))",
    ),
    "nn.functional.pdist": (
        "A",
        "np.sqrt(np.maximum((q := np.square(A).sum(1))[:, None] + q - 2 * A @ A.T, 0))[np.triu_indices(r, 1)]",
    ),
    "renorm": ("A, 2, 0, 1.0", "A * np.where((q := np.linalg.norm(A, 2, 1, keepdims=True)) > 1, 1 / (q + 1e-7), 1)"),
    "linalg.vector_norm": ("x", "np.linalg.norm(x)"),
}

SEVERAL = {
    "einsum": ("'ij,jk->ik', S, T", "np.einsum('ij,jk->ik', S, T, optimize=True)"),
    "tensordot": ("S, T, 1", "np.tensordot(S, T, 1)"),
    "inner": ("S, T", "np.inner(S, T)"),
    "vdot": ("x, y", "np.vdot(x, y)"),
    "linalg.vecdot": ("A, B", "(A * B).sum(1)"),
    "linalg.cross": ("K, N", "np.cross(K, N)"),
    "cross": ("K, N, -1", "np.cross(K, N)"),
    "kron": ("e, e", "np.kron(e, e)"),
    "linalg.vander": ("x, 4", "x[:, None] ** np.arange(4, dtype=f)"),
    "addmv": ("e, S, e", "e + S @ e"),
    "addr": ("T, e, e", "T + np.outer(e, e)"),
    "baddbmm": ("G, G, H", "G + G @ H"),
    "addbmm": ("G[0], G, H", "G[0] + (G @ H).sum(0)"),
    "nn.functional.bilinear": ("L, L, W", "np.einsum('ni,oij,nj->no', L, W, L, optimize=True)"),
}
