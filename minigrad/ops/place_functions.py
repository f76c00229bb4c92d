"""The functions of shapes and places, one family a file."""

from minigrad.ops.diagonals import (
    DiagonalMethods,
    diag,
    diag_embed,
    diagflat,
    diagonal,
)
from minigrad.ops.flips import (
    FlipMethods,
    flip,
    fliplr,
    flipud,
    roll,
    rot90,
)
from minigrad.ops.index_writes import (
    IndexWriteMethods,
    index_add,
    index_copy,
    index_fill,
    index_put,
)
from minigrad.ops.masks import (
    MaskMethods,
    masked_fill,
    masked_scatter,
    masked_select,
)
from minigrad.ops.padding import (
    constant_pad_nd,
)
from minigrad.ops.scatter_reductions import (
    ScatterReductionMethods,
    scatter_reduce,
)
from minigrad.ops.scattering import (
    ScatterMethods,
    scatter,
    scatter_add,
)
from minigrad.ops.searching import (
    SearchMethods,
    argwhere,
    bucketize,
    isin,
    nonzero,
    searchsorted,
    unique,
)
from minigrad.ops.selections import (
    SelectionMethods,
    index_select,
    narrow,
    select,
    take,
    take_along_dim,
)
from minigrad.ops.splitting import (
    SplittingMethods,
    dsplit,
    hsplit,
    tensor_split,
    vsplit,
)
from minigrad.ops.stacking import (
    atleast_1d,
    atleast_2d,
    atleast_3d,
    block_diag,
    broadcast_tensors,
    column_stack,
    dstack,
    hstack,
    meshgrid,
    vstack,
)
from minigrad.ops.tilings import (
    TilingMethods,
    repeat_interleave,
    tile,
)
from minigrad.ops.triangles import (
    TriangleMethods,
    tril,
    tril_indices,
    triu,
    triu_indices,
)
from minigrad.ops.windows import (
    WindowMethods,
)

__all__ = [
    "argwhere",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "block_diag",
    "broadcast_tensors",
    "bucketize",
    "column_stack",
    "constant_pad_nd",
    "diag",
    "diag_embed",
    "diagflat",
    "diagonal",
    "dsplit",
    "dstack",
    "flip",
    "fliplr",
    "flipud",
    "hsplit",
    "hstack",
    "index_add",
    "index_copy",
    "index_fill",
    "index_put",
    "index_select",
    "isin",
    "masked_fill",
    "masked_scatter",
    "masked_select",
    "meshgrid",
    "narrow",
    "nonzero",
    "repeat_interleave",
    "roll",
    "rot90",
    "scatter",
    "scatter_add",
    "scatter_reduce",
    "searchsorted",
    "select",
    "take",
    "take_along_dim",
    "tensor_split",
    "tile",
    "tril",
    "tril_indices",
    "triu",
    "triu_indices",
    "unique",
    "vsplit",
    "vstack",
]


class PlaceMethods(
    DiagonalMethods,
    FlipMethods,
    IndexWriteMethods,
    MaskMethods,
    ScatterMethods,
    ScatterReductionMethods,
    SearchMethods,
    SelectionMethods,
    SplittingMethods,
    TilingMethods,
    TriangleMethods,
    WindowMethods,
):
    """The methods of these families."""

    __slots__ = ()
