"""A backward pass that is recorded while it runs: ``Watcher`` notes what its nodes' rules are given and return."""

from collections.abc import Iterator
from typing import Any

from minigrad.debug.nodes import flattened
from minigrad.debug.step import Step
from minigrad.gradients import Sweep
from minigrad.graph import Node
from minigrad.hooks import Hooks
from minigrad.tensors import Tensor


class Pass:
    """One recorded backward pass.

    Attributes:
        who: what ran it: ``backward``, ``grad``, ``steps``.
        order: its nodes, the first one to be visited first.
        roots: the edges that it began at.
        earlier: the gradient that each leaf below it had before, or None.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import debug
        >>> w = mg.tensor(3.0, requires_grad=True)
        >>> with debug.recording() as r:
        ...     (w * w).exp().backward()
        >>> r.passes[0].who, [step.node.name for step in r.passes[0].steps()]
        ('backward', ['exp', 'mul'])
    """

    __slots__ = ("_places", "_sweep", "_taken", "earlier", "order", "roots", "who")

    def __init__(self, sweep: Sweep) -> None:
        """Begin with no step taken."""
        self.who = sweep.who
        self.order = list(sweep.order)
        self._sweep: Sweep | None = sweep
        self.roots = list(sweep.roots)
        self.earlier: dict[Tensor, Any] = {}
        self._places = {}
        for index, node in enumerate(self.order):
            self._places[node] = index
            for edge in node.edges:
                if isinstance(edge, Tensor):
                    self.earlier[edge] = edge.grad
        self._taken: dict[Node, Step] = {}

    def belongs(self, sweep: Sweep) -> bool:
        """Return whether this is the record of a pass."""
        return self._sweep is sweep

    def close(self) -> None:
        """Let go of the engine's pass: the recording is over."""
        self._sweep = None

    def take(self, node: Node, grad_output: Any, before: list[Any]) -> None:
        """Note what a node's rule is given."""
        step = Step()
        step.index = self._places[node] + 1
        step.total = len(self.order)
        step.recorded = node
        step._found = None
        step._saved = kept_saved(node)
        step._before = before
        step._grad_output = plain(grad_output)
        step._grads = None
        self._taken[node] = step

    def give(self, node: Node, grads: tuple[Any, ...]) -> None:
        """Note what a node's rule has returned."""
        self._taken[node]._grads = plain(grads)

    def steps(self) -> Iterator[Step]:
        """Go through the steps, also those of nodes that no gradient reached."""
        for index, node in enumerate(self.order, start=1):
            step = self._taken.get(node)
            if step is None:
                step = Step()
                step.index, step.total, step.recorded = index, len(self.order), node
                step._found, step._saved, step._before = None, None, []
                step._grad_output = step._grads = None
            yield step


class Watcher:
    """Who is told of the visits to nodes, and notes them in the passes of a recording."""

    __slots__ = ("nodes", "passes", "running")

    def __init__(self, passes: list[Pass]) -> None:
        """Note visits in ``passes``."""
        self.passes = passes
        # Those that it watches.
        self.nodes: list[Node] = []
        # The rules that are running: a hook may run a pass of its own in the midst of another.
        self.running: list[tuple[Node, Pass]] = []

    def before_rule(self, node: Node, grad_output: Any, sweep: Sweep) -> None:
        """Note what a rule is about to be given."""
        running = self.pass_of(sweep)
        before = []
        for edge in node.edges:
            before.append(None if type(edge) is list else plain(sweep.pending.get(edge)))
        running.take(node, grad_output, before)
        self.running.append((node, running))

    def after_rule(self, node: Node, grads: tuple[Any, ...]) -> None:
        """Note what a rule has returned."""
        while self.running:  # a rule that raised has left its place behind
            visited, running = self.running.pop()
            if visited is node:
                running.give(node, grads)
                return

    def pass_of(self, sweep: Sweep) -> Pass:
        """Return the record of a pass, begun here if it is new."""
        for known in reversed(self.passes):
            if known.belongs(sweep):
                return known
        new = Pass(sweep)
        self.passes.append(new)
        return new

    def close(self) -> None:
        """See nothing more."""
        for each in self.passes:
            each.close()
        for node in self.nodes:
            unwatch(node, self)
        self.nodes = []


class WatchedHooks(Hooks):
    """The hooks of a node under a recording: the user's, if there are any, and the watchers that see what they make."""

    __slots__ = ("node", "watchers")

    node: Node
    watchers: list[Watcher]

    def before_rule(self, node: Node, grad_output: Any, sweep: Any) -> Any:
        """Run the hooks, and note what the rule will be given."""
        grad_output = super().before_rule(node, grad_output, sweep)
        for watcher in list(self.watchers):
            watcher.before_rule(node, grad_output, sweep)
        return grad_output

    def after_rule(self, grads: tuple[Any, ...], grad_output: Any) -> tuple[Any, ...]:
        """Run the hooks, and note what they leave of what the rule returned."""
        grads = super().after_rule(grads, grad_output)
        for watcher in list(self.watchers):
            watcher.after_rule(self.node, grads)
        return grads


def watch(node: Node, watcher: Watcher) -> None:
    """Let a watcher see the visits to a node; the user's own hooks stay."""
    hooks = node.hooks
    if not isinstance(hooks, WatchedHooks):
        new = WatchedHooks()
        new.node = node
        new.watchers = []
        if hooks is not None:
            rehang(hooks, new)
        node.hooks = hooks = new
    if watcher not in hooks.watchers:
        hooks.watchers.append(watcher)
        watcher.nodes.append(node)


def unwatch(node: Node, watcher: Watcher) -> None:
    """Let a watcher see no more of a node; the user's own hooks stay."""
    hooks = node.hooks
    if not isinstance(hooks, WatchedHooks) or watcher not in hooks.watchers:
        return
    hooks.watchers.remove(watcher)
    if not hooks.watchers:
        node.hooks = None
        if hooks._by_kind or hooks.retained:
            node.hooks = Hooks()
            rehang(hooks, node.hooks)


def rehang(old: Hooks, new: Hooks) -> None:
    """Give the hooks of one object to another; handles to a hook stay valid, because its registry is the same."""
    new._by_kind = old._by_kind
    new.retained = old.retained


def plain(value: Any) -> Any:
    """Return an array of a Tensor, as passes with create_graph hand on; the elements of a tuple likewise."""
    if type(value) is tuple:
        return tuple([plain(each) for each in value])
    return value._data if isinstance(value, Tensor) else value


def kept_saved(node: Node) -> tuple[Any, ...] | None:
    """Return what a node's rule reads, with a recording's copies of leaves in the place of the leaves."""
    copies = {}
    for edge, each in zip(node.edges, flattened(node.inputs or ())):
        if isinstance(edge, Tensor) and isinstance(each, Tensor):
            copies[id(edge._data)] = each._data
    saved = []
    for value in node.saved or ():
        saved.append(copies.get(id(value), value))
    return None if node.saved is None else tuple(saved)
