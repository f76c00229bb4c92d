"""What a notebook shows of a tensor. Nothing here runs, nor is imported, before a notebook asks."""

from typing import Any


class NotebookMethods:
    """The methods that IPython looks for, as methods of Tensor."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        """Return shape, dtype, name and origin, the numbers in colour, and the gradient beside them."""
        from minigrad.debug.tensor_html import html_of

        return html_of(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Return the tensor in each form that a notebook may choose from: a line, and the numbers in colour."""
        return {"text/plain": repr(self), "text/html": self._repr_html_()}
