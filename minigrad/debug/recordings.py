"""``recording``: the forward operations of a piece of code with their values, and the backward passes inside it."""

from sys import _getframe
from types import FrameType, TracebackType
from typing import Any, Self

from minigrad.debug.contributions import read_only
from minigrad.debug.explaining import Explanation, explain_pass
from minigrad.debug.forward import ForwardInput, ForwardStep, Readers, leading_to
from minigrad.debug.nodes import StepNode, flattened
from minigrad.debug.passes import Pass, Watcher, watch
from minigrad.debug.traces import Trace
from minigrad.errors import message
from minigrad.gradients import total
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
    intermediates until it goes away, and takes some 10 microseconds more an operation.

    It holds in the calling thread only. Of a backward pass through a graph that was made outside of the block, the
    steps are recorded.

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
        self._used = False
        self._recorder: Any = None
        self._token: Any = None

    def __enter__(self) -> Self:
        """Begin to record.

        Raises:
            RuntimeError: if it was entered before, or a function under ``vmap`` is running.
        """
        state = STATE.get()
        if self._used:
            problem = "this recording has been used before."
            raise RuntimeError(message("recording", problem, "Make another one: with debug.recording() as r."))
        # By its module, because importing minigrad.func takes 13 ms; the tape of anomaly() hands on what it sees.
        if type(state.tape).__module__.startswith("minigrad.func."):
            problem = "under vmap one run of the function serves the whole batch, which cannot be recorded from inside."
            remedy = "Record around the call of the function that vmap returned."
            raise RuntimeError(message("recording", problem, remedy))
        self._used = True
        self._recorder = Recorder(self, state.tape)
        tape: Any = self._recorder
        self._token = STATE.set(
            State(state.grad_enabled, True, tape, state.module, state.code, state.lasti, state.in_layer, state.outer)
        )
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the recording; what was recorded stays."""
        STATE.reset(self._token)
        self._recorder.close()
        # The two hold each other: the graph is to be freed when the recording goes away, and not at some later time.
        self._recorder = self._token = None

    def trace(self, number: int = -1) -> Trace:
        """Return a backward pass and what it went back through, as a ``Trace``.

        Args:
            number: which pass, the last one if not said.

        Raises:
            ValueError: if there is none of that number.
        """
        run = self._pass("trace", number)
        steps, forward = list(run.steps()), leading_to(run.order, self.forward)
        for each in forward[-1:]:
            if steps and each.recorded is steps[0].recorded and type(each.output) is not tuple:
                steps[0].found["root"] = each.output
        return Trace(steps, forward)

    def explain(self, tensor: Any, number: int = -1) -> Explanation:
        """Return what a gradient is made of, as ``debug.explain`` does, from a backward pass that was recorded.

        Args:
            tensor: the tensor, or its name.
            number: which backward pass, the last one if not said.

        Raises:
            ValueError: if no such pass was recorded, or no tensor of that name is part of it.
        """
        return explain_pass(self._pass("explain", number), tensor)

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

    __slots__ = ("_copies", "_makers", "_places", "_recording", "outer", "watcher")

    def __init__(self, owner: recording, outer: Any) -> None:
        """Start with nothing known; ``outer`` is the tape of an outer recording, which sees all of it too."""
        super().__init__()
        self._recording = owner
        self.outer = outer
        self.watcher = Watcher(owner.passes)
        # By the ids of tensors, which are kept along so that an id stays one: who made them, and copies of leaves.
        self._makers: dict[int, tuple[Tensor, int]] = {}
        self._copies: dict[int, tuple[Tensor, int, Tensor]] = {}
        self._places: dict[Node, int] = {}

    def close(self) -> None:
        """Let go of the tensors and nodes that were watched, and note their names."""
        self.watcher.close()
        forward = self._recording.forward
        for step in forward:
            step.total = len(forward)
        for tensor, place in self._makers.values():
            forward[place - 1]._label = tensor.name
        self._makers, self._copies, self._places = {}, {}, {}

    @property
    def looks_on(self) -> bool:
        """Whether it goes by no shape: in-place changes of shape ask."""
        return self.outer is None or getattr(self.outer, "looks_on", False)

    def on_pass(self, order: list[Node]) -> None:
        """Watch the nodes of a backward pass that begins; they may be older than the recording."""
        if hasattr(self.outer, "on_pass"):
            self.outer.on_pass(order)
        for node in order:
            watch(node, self.watcher)

    def append(self, entry: tuple[Any, ...]) -> None:
        """Note an operation: ``(op, inputs, result, writes)``. ``record`` calls this."""
        self.note(entry, _getframe(1))

    def note(self, entry: tuple[Any, ...], frame: FrameType) -> None:
        """Note an operation that was recorded in a frame, which leads to where the user called it."""
        if isinstance(self.outer, Recorder):
            self.outer.note(entry, frame)
        elif self.outer is not None:
            self.outer.append(entry)
        op, inputs, result, writes = entry
        if type(writes) is tuple or adds_to_a_gradient(frame):
            return  # no operation of a forward pass, as an optimizer's update and a generator's counter are none
        results = result if type(result) is tuple else (result,)
        node = node_of(results)
        step = ForwardStep(len(self._recording.forward) + 1, op, node)
        kept = tuple([self._kept(each) for each in inputs])
        step.inputs = self._inputs(step, inputs, kept)
        if node is None:
            step.module = STATE.get().module
            caller = user_frame(frame)
            if caller is not None:
                step._code, step._lasti = caller.f_code, caller.f_lasti
        else:
            node.inputs = kept
            self._places[node] = step.index
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
        readers = Readers(step.recorded)
        for place, (name, each, twin) in enumerate(zip(names, given, twins)):
            reader = readers, place
            if not isinstance(each, Tensor):
                found.append(ForwardInput(name, None, None, each, None, reader))
                continue
            source = self._source(each)
            found.append(ForwardInput(name, source, twin._data.shape, read_only(twin._data), each.name, reader))
        return tuple(found)

    def _source(self, tensor: Tensor) -> Any:
        """Return the number of the operation that made a tensor; the tensor itself if none here did."""
        edge = tensor._edge
        node = edge[0] if type(edge) is tuple else edge
        # In-place changes of shape give a tensor the node of another one.
        place = self._places.get(node) if type(node) is Node else None
        if place is not None:
            return place
        maker = self._makers.get(id(tensor))
        return tensor if maker is None else maker[1]


def adds_to_a_gradient(frame: FrameType) -> bool:
    """Return whether what is recorded is the engine's own sum of a gradient and what an earlier pass had left."""
    operation = frame.f_back
    caller = None if operation is None else operation.f_back
    return caller is not None and caller.f_code is total.__code__


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


def plain_names(op: Any, number: int) -> list[str]:
    """Return names for the inputs of an operation without a node: its parameters as far as they go."""
    code = getattr(op, "__code__", None)
    names = [] if code is None else list(code.co_varnames[: code.co_argcount])
    while len(names) < number:
        names.append(f"input{len(names)}")
    return names[:number]
