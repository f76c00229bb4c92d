"""``recording``: the forward operations of a piece of code with their values, and the backward passes inside it."""

from sys import _getframe
from types import TracebackType
from typing import Any, Self

from minigrad.debug.contributions import read_only
from minigrad.debug.forward import ForwardInput, ForwardStep
from minigrad.debug.nodes import StepNode
from minigrad.debug.passes import Pass, Watcher, unwatch, watch
from minigrad.errors import message
from minigrad.graph import Node, wrap
from minigrad.modes import STATE, State
from minigrad.positions import user_frame
from minigrad.tensors import Tensor
from minigrad.writes import share_stamp


class recording:
    """Keep what happens inside of a ``with`` block: each operation with its inputs, and the backward passes.

    Afterwards ``trace()`` and ``explain(W)`` work without the graph, ``step.check()`` can run each operation again, and
    the values of intermediates that no rule saved are there. Arrays are kept by reference, but for those of leaves that
    require grad, which an optimizer may write to: they are copied once. So a recording takes the memory of all
    intermediates until it goes away, and slows the code down by some microseconds an operation.

    It holds in the calling thread only. A backward pass is recorded as far as its graph was made inside of the block.

    Attributes:
        forward: a ``ForwardStep`` for each operation, in the order in which they ran.
        passes: a ``Pass`` for each backward pass.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import debug
        >>> w = mg.tensor([1.0, 2.0], requires_grad=True, name="w")
        >>> with debug.recording() as r:
        ...     loss = (w * 3).tanh().sum()
        ...     loss.backward()
        >>> [step.name for step in r.forward]
        ['mul', 'tanh', 'sum']
        >>> r.forward[0].output
        array([3., 6.], dtype=float32)
        >>> step = r.trace().steps[2]
        >>> step, step.check().passed
        (<Step 3/3 mul (2,)>, True)
    """

    def __init__(self) -> None:
        """Start with nothing recorded."""
        self.forward: list[ForwardStep] = []
        self.passes: list[Pass] = []
        self._recorder: Any = None
        self._token: Any = None

    def __enter__(self) -> Self:
        """Begin to record.

        Raises:
            RuntimeError: if it was entered before, or a function under ``vmap`` is running.
        """
        from minigrad.func.tapes import Tape  # not at the top: it would import all of minigrad.func

        state = STATE.get()
        if self._recorder is not None or isinstance(state.tape, Tape):
            problem = "this recording has been used before."
            remedy = "Make another one: with debug.recording() as r."
            if self._recorder is None:
                problem = (
                    "under vmap one run of the function serves the whole batch, which cannot be recorded from inside."
                )
                remedy = "Record around the call of the function that vmap returned."
            raise RuntimeError(message("recording", problem, remedy))
        self._recorder = Recorder(self, state.tape)
        tape: Any = self._recorder
        self._token = STATE.set(
            State(state.grad_enabled, True, tape, state.module, state.code, state.lasti, state.in_layer, state.outer)
        )
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the recording; what was recorded stays."""
        STATE.reset(self._token)
        watcher = self._recorder.watcher
        watcher.close()
        for step in self.forward:
            step.total = len(self.forward)
            if step.recorded is not None:
                unwatch(step.recorded, watcher)

    def trace(self, number: int = -1) -> Any:
        """Return one of the backward passes, the last one if not said, as a ``Trace``.

        Raises:
            ValueError: if there is none of that number.
        """
        from minigrad.debug.traces import Trace

        return Trace(list(self._pass("trace", number).steps()), self.forward)

    def explain(self, tensor: Any, number: int = -1) -> Any:
        """Return what a gradient is made of, as ``debug.explain`` does, from a backward pass that was recorded.

        Args:
            tensor: the tensor, or its name.
            number: which backward pass, the last one if not said.

        Raises:
            ValueError: if no such pass was recorded, or no tensor of that name is part of it.
        """
        from minigrad.debug import explaining  # type: ignore[attr-defined]

        return explaining.explain_pass(self._pass("explain", number), tensor)

    def _pass(self, who: str, number: int) -> Pass:
        if not self.passes or not -len(self.passes) <= number < len(self.passes):
            raise ValueError(
                message(
                    who,
                    f"{len(self.passes)} backward passes were recorded, got number {number}."
                    if self.passes
                    else "no backward pass was recorded.",
                    "Run the forward pass and loss.backward() inside of the with block."
                    if not self.passes
                    else "They are counted from 0, or from the end with -1.",
                )
            )
        return self.passes[number]

    def __repr__(self) -> str:
        """Return how much was recorded."""
        return f"<recording of {len(self.forward)} operations and {len(self.passes)} backward passes>"


class Recorder(list[Any]):
    """What ``State.tape`` holds under ``recording``: ``record`` appends each operation to it, when it is done."""

    __slots__ = ("_copies", "_makers", "_outer", "_recording", "watcher")

    def __init__(self, owner: recording, outer: Any) -> None:
        """Start with nothing known; ``outer`` is the tape of an outer recording, which sees all of it too."""
        super().__init__()
        self._recording = owner
        self._outer = outer
        self.watcher = Watcher(owner.passes)
        # By the ids of tensors, which are kept along so that an id stays one: who made them, and copies of leaves.
        self._makers: dict[int, tuple[Tensor, int]] = {}
        self._copies: dict[int, tuple[Tensor, int, Tensor]] = {}

    def append(self, entry: tuple[Any, ...]) -> None:
        """Note an operation: ``(op, inputs, result, writes)``."""
        if self._outer is not None:
            self._outer.append(entry)
        op, inputs, result, writes = entry
        if type(writes) is tuple:
            return  # an optimizer's update, a counter: no operation of the forward pass
        results = result if type(result) is tuple else (result,)
        node = node_of(results)
        step = ForwardStep(len(self._recording.forward) + 1, op, node)
        kept = tuple([self._kept(each) for each in inputs])
        step.inputs = self._inputs(step, inputs, kept)
        if node is None:
            step.module = STATE.get().module
            frame = user_frame(_getframe(2))
            if frame is not None:
                step._code, step._lasti = frame.f_code, frame.f_lasti
        else:
            node.inputs = kept
            watch(node, self.watcher)
        self._note_results(step, results, several=type(result) is tuple)
        self._recording.forward.append(step)

    def _note_results(self, step: ForwardStep, results: tuple[Any, ...], several: bool) -> None:
        arrays = []
        for each in results:
            if each is not None:
                self._makers[id(each)] = (each, step.index)
            arrays.append(None if each is None else read_only(each._data))
        shapes = tuple([None if each is None else each.shape for each in arrays])
        dtypes = tuple([None if each is None else each.dtype for each in arrays])
        step.output, step.shape, step.dtype = tuple(arrays), shapes, dtypes
        if not several:
            step.output, step.shape, step.dtype = arrays[0], shapes[0], dtypes[0]

    def _kept(self, value: Any) -> Any:
        """Return an input to be kept: of a tensor a twin without its graph, which shares the array but for a leaf."""
        if type(value) is tuple or type(value) is list:
            return type(value)([self._kept(each) for each in value])
        if not isinstance(value, Tensor):
            return value
        if value._edge is not None:
            twin: Tensor = wrap(value._data)
            share_stamp(twin, value._stamp)
            twin.name = value.name
            return twin
        known = self._copies.get(id(value))
        if known is None or known[1] != value._stamp[0]:
            twin = wrap(value._data.copy())
            twin.name = value.name
            known = self._copies[id(value)] = (value, value._stamp[0], twin)
        return known[2]

    def _inputs(self, step: ForwardStep, inputs: tuple[Any, ...], kept: tuple[Any, ...]) -> tuple[ForwardInput, ...]:
        given, twins = flattened(inputs), flattened(kept)
        names = StepNode(step.recorded).inputs if step.recorded is not None else plain_names(step.op, len(given))
        found = []
        for name, each, twin in zip(names, given, twins):
            if not isinstance(each, Tensor):
                found.append(ForwardInput(name, None, None, each, None))
                continue
            maker = self._makers.get(id(each))
            source = each if maker is None else maker[1]
            found.append(ForwardInput(name, source, twin._data.shape, read_only(twin._data), each.name))
        return tuple(found)


def node_of(results: tuple[Any, ...]) -> Node | None:
    """Return the node that has made some tensors, or None."""
    for each in results:
        edge = None if each is None else each._edge
        if type(edge) is Node:
            return edge
        if type(edge) is tuple:
            node: Node = edge[0]
            return node
    return None


def flattened(inputs: tuple[Any, ...]) -> list[Any]:
    """Return inputs with each sequence that holds tensors as its elements, as a node's edges count them."""
    found: list[Any] = []
    for value in inputs:
        holds = type(value) in (tuple, list) and any(isinstance(each, Tensor) for each in value)
        if holds:
            found.extend(value)
        else:
            found.append(value)
    return found


def plain_names(op: Any, number: int) -> list[str]:
    """Return names for the inputs of an operation without a node: its parameters as far as they go."""
    code = getattr(op, "__code__", None)
    names = [] if code is None else list(code.co_varnames[: code.co_argcount])
    while len(names) < number:
        names.append(f"input{len(names)}")
    return names[:number]
