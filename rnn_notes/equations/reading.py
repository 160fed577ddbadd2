"""From the names in a tree to what they mean: quantities, indices, definitions."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from rnn_notes.equations.calls import PARAMETERS, applied
from rnn_notes.equations.functions import CALLS
from rnn_notes.equations.nodes import Linear, Node, compact, plain
from rnn_notes.equations.symbols import (
    PAGE,
    SCALAR,
    STEPS,
    Alias,
    Definition,
    Letter,
    Scope,
    family,
)

__all__ = ["Reader", "letters"]

_SPECIAL = {"I": "identity", r"\mathbf{I}": "identity", r"\mathbf{1}": "ones"}
_SPECIAL[r"\mathbb{1}"] = "ones"
_HINTS = {
    "d": r": write the differential as \mathrm{d}",
    "e": r": write \exp(...) for the exponential, e_t for a target",
    r"\ell": r": the loss of a step is \ell_t, their sum is L",
    r"\mathbf{0}": ": write 0 for a zero of any shape",
    "L_": r": the loss of a step is \ell_t",
    r"\hat{y}_": ": the prediction is p_t",
}
_VARIABLES = ("quantity", "defined")
_REFUSED = {
    "tuple": "several things came in brackets, expected one expression",
    "set": "a set came, expected an expression",
    "dots": "dots came, expected every term written out",
}
_FARTHEST = 12  # draws reach a little beyond
_ENTRIES = tuple("ijklmnrsbpq")


def _is_index(name: str) -> bool:
    r"""Whether a name may be an index: a small letter, with a number below or without.

    >>> [_is_index(name) for name in ("t", r"\tau", "t_{1}", "W", r"\mathbf{h}")]
    [True, True, True, False, False]
    """
    return bool(re.fullmatch(r"([a-z]|\\[a-z]+)(_\{\d\})?", name))


class Reader:
    """Gives the nodes of a tree their meaning, under a scope.

    Raises ``EquationError`` for unknown symbols, ambiguous subscripts, indices that are
    bound twice, and derivatives by what is not a variable.
    """

    def __init__(self, scope: Scope) -> None:
        self.scope, self.note = scope, scope.note
        self.bound: tuple[str, ...] = ()
        self.chains: set[str] = set()  # letters of chain rules, each of its own

    def read(self, node: Node) -> Node:
        """The node with a meaning."""
        if reason := _REFUSED.get(node.kind):
            raise node.fail(reason)
        method = getattr(self, f"_{node.kind}", None)
        if method is None:
            return node.with_parts(self.read)
        read: Node = method(node)
        if (read.span, read.form) == (node.span, node.form):
            return read
        return replace(read, span=node.span, form=node.form)

    def index(self, node: Node, most: int = _FARTHEST) -> Linear:
        """The index that a node stands for, such as ``t - 1``."""
        if node.kind == "number" and node.value.isdigit() and len(node.value) < 5:
            if (number := int(node.value)) > most:
                raise node.fail(
                    f"{number} came as a step or a size, expected at most {_FARTHEST}: "
                    "no draw reaches beyond"
                )
            return Linear((), number)
        if node.kind == "add":
            total = Linear()
            for sign, part in zip(node.value, node.parts, strict=True):
                total = total.plus(self.index(part, most), sign)
            return total
        if node.kind == "bars" and compact(node.parts[0]) in self.scope.size_names:
            size = compact(node.parts[0])
            self.note(f"read |{size}| as the size {size}", node)
            return Linear.of(size)
        if node.kind in ("name", "subscripted"):
            text = compact(node)
            name = self.scope.renamed.get(text, text)
            letter = name in self.scope.size_names or _is_index(name)
            if letter and (name in self.bound or not self.scope.binds(name)):
                return Linear.of(name)
        raise node.fail(f"{compact(node)} is no index, expected one such as t or t - 1")

    # Names

    def means(self, name: str) -> bool:
        """Whether a name has a meaning."""
        scope = self.scope
        names = (
            self.bound, scope.ranges, scope.bindings, scope.quantities, _SPECIAL,
            scope.size_names, scope.functions, scope.renamed,
        )  # fmt: skip
        return any(key in known for key in (name, family(name)) for known in names)

    def unfont(self, node: Node, known: bool) -> Node:
        """A letter without its font, unless it has a meaning as it stands."""
        bare = plain(node.value)
        if known or bare == node.value or self.scope.remarks is None:
            return node
        self.note(f"read {node.value} as {bare}", node)
        return replace(node, value=bare)

    def _name(self, node: Node) -> Node:
        node = self.unfont(node, self.means(node.value))
        name = self.scope.renamed.get(node.value, node.value)
        if name in self.bound or name in self.scope.ranges:
            return Node("index", node.span, indices=(Linear.of(name),))
        if name in self.scope.bindings:
            return self._bound_name(node, name, ())
        if (quantity := self.scope.known(name)) and not quantity.indexed:
            return self.quantity(node, name)
        if name in self.scope.size_names:
            return Node("index", node.span, indices=(Linear.of(name),))
        if name in _SPECIAL:
            return Node(_SPECIAL[name], node.span)
        if (quantity or self.scope.family(name)) and name not in _HINTS:
            raise node.fail(f"{name} came without a step, expected one as in {name}_t")
        raise node.fail(f"{name} is not known{_HINTS.get(name, '')}")

    def quantity(self, node: Node, name: str, indices: tuple[Linear, ...] = ()) -> Node:
        """A quantity of the model, called by its own name."""
        self.scope.called.setdefault(name, set()).add(name)
        return Node("quantity", node.span, value=name, indices=indices)

    def _bound_name(self, node: Node, name: str, items: tuple[Node, ...]) -> Node:
        binding = self.scope.bindings[name]
        if name in self.scope.given:
            self.note(f"read {compact(node)} as another name in this notation", node)
        if isinstance(binding, Alias):
            return binding.entry.put_at(node.span)
        if isinstance(binding, Letter):
            wanted = int(binding.indexed)
        else:
            wanted = len(binding.parameters)
        if wanted > 1 and len(items) == 1:
            items = tuple(letters(items[0]))
        if len(items) < wanted:
            raise node.fail(f"{name} came without an index, expected {wanted}")
        indices = tuple(self.index(item) for item in items[:wanted])
        if isinstance(binding, Definition):
            body, binds = binding.body.put_at(node.span), binding.parameters
            if binding.same:
                if body.kind == "quantity" and name in self.scope.given:
                    self.scope.called.setdefault(body.value, set()).add(name)
                values = dict(zip(binds, indices, strict=True))
                return self._entry(_substituted(body, values), items[wanted:])
            quantity = Node(
                "defined", node.span, (body,), PAGE + name, "", indices, binds
            )
        else:
            quantity = Node("quantity", node.span, value=PAGE + name, indices=indices)
        return self._entry(quantity, items[wanted:])

    def _number(self, node: Node) -> Node:
        return replace(node, value=float(node.value))

    def _subscripted(self, node: Node) -> Node:
        base, *items = node.parts
        if base.kind == "norm":
            return self._named_norm(node)
        if base.kind != "name" or base.form == "closed":
            return self._entry(self.read(base), items)
        texts = {base.value, compact(node), f"{base.value}_{{{compact(items[0])}}}"}
        base = self.unfont(base, any(self.means(text) for text in texts))
        node = replace(node, parts=(base, *items))
        first = f"{base.value}_{{{compact(items[0])}}}"
        other = first in self.scope.quantities or self.scope.family(base.value)
        called = [(compact(node), []), (first, items[1:]), (family(base.value), items)]
        called += [] if other else [(base.value, items)]
        for name, rest in called:
            if name in self.scope.bindings:
                return self._bound_name(node, name, tuple(rest))
        if first in self.scope.quantities:
            return self._entry(self.quantity(node, first), items[1:])
        if key := self.scope.family(base.value):
            return self._step(node, key, items)
        places = [place for item in items for place in letters(item)]
        entries = all(p.kind == "number" or compact(p) in _ENTRIES for p in places)
        if base.value in self.scope.quantities and entries:
            return self._entry(self.quantity(node, base.value), items)
        whole = base.value.upper() if base.value.islower() else ""
        if whole in self.scope.quantities and entries and len(places) == 2:
            self.note(f"read {compact(node)} as an entry of {whole}", node)
            return self._entry(self.quantity(node, whole), items)
        return self._special(node, base.value, items)

    def _step(self, node: Node, name: str, items: list[Node]) -> Node:
        if items[0].kind == "mul":
            split = ",".join(compact(part) for part in items[0].parts)
            raise items[0].fail(
                f"the subscript {compact(items[0])} is ambiguous, expected a step, and "
                f"entries after a comma, as in {name}_{{{split}}}"
            )
        index = self.index(items[0])
        place = node.value or ""
        if place != self.scope.model.place and self.scope.model.name:
            marks = {"": "below", "(": "above in ( )", "<": "above in < >"}
            there, here = (marks.get(p, p) for p in (place, self.scope.model.place))
            self.note(f"read a step {there} as one {here}", node)
        return self._entry(self.quantity(node, name, (index,)), items[1:])

    def _special(self, node: Node, name: str, items: list[Node]) -> Node:
        said = items[0].parts[0] if items[0].kind == "set" else items[0]
        if said.kind == "relation" and said.value == ("=",):
            items = list(said.parts)  # the indicator of i = y_t
        if _SPECIAL.get(name) == "ones" and len(items) == 2:
            means = any(map(self.means, {compact(p) for p in items[1].walk()}))
            target = self.read(items[1]) if means else items[1]
            known = self.scope.known(target.value)
            if known and known.role == "onehot":
                self.note("read the indicator as an entry of a one-hot column", node)
                return self._entry(target, items[:1])
            name = r"\delta"
            self.note(r"read the indicator as \delta", node)
        if key := self.above_delta(name):
            return self.gradient_by(node, self._step(node, key, items[:1]), items[1:])
        if name in _SPECIAL and len(items) == 1:
            return Node(_SPECIAL[name], node.span, value=self._sizes(items[0]))
        pair = letters(items[0]) if len(items) == 1 else items
        if name == r"\delta" and len(pair) == 2:
            indices = tuple(self.index(item) for item in pair)
            return Node("delta", node.span, indices=indices)
        weights = [key for key in self.scope.quantities if key.startswith(f"{name}_")]
        if not weights:
            hint = _HINTS.get(f"{name}_", _HINTS.get(name, ""))
            raise node.fail(f"{compact(node)} is not known{hint}")
        text = compact(items[0])
        for key in weights:
            if text.startswith(rest := key[len(name) + 2 : -1]) and text != rest:
                raise node.fail(
                    f"the subscript of {compact(node)} is ambiguous: "
                    f"expected {key}, or an entry of it as in ({key})_{{ij}}"
                )
        raise node.fail(f"{compact(node)} is not known, expected {', '.join(weights)}")

    def above_delta(self, name: str) -> str:
        r"""The quantity y of ``\delta^y``, where the model has it and a loss, or ""."""
        above = re.fullmatch(r"\\delta\^\{(\w+)\}", name)
        return self.scope.family(above[1]) if above and self.scope.losses else ""

    def gradient_by(self, node: Node, by: Node, items: list[Node]) -> Node:
        """The gradient of the model's loss by a quantity, or an entry of it."""
        loss = self.scope.losses[-1]
        text = f"{by.value.rstrip('_')}_{{{by.indices[0]}}}"
        self.note(f"read {compact(node)} as the gradient of {loss} by {text}", node)
        of = Node("quantity", node.span, value=loss)
        return self._entry(Node("derivative", node.span, (of, by), "gradient"), items)

    def _sizes(self, item: Node) -> tuple[str, ...]:
        """The size that stands as the subscript of an identity or of ones."""
        names = tuple(compact(part) for part in letters(item))
        if unknown := [n for n in names if n not in self.scope.size_names]:
            if not unknown[0].isdigit():
                sizes = ", ".join(sorted(self.scope.size_names))
                raise item.fail(f"{unknown[0]} is no size, expected one of {sizes}")
            names = (compact(item),)
        return tuple(sorted(names)) if names != ("1",) else ()

    def _entry(self, base: Node, items: Any) -> Node:
        if not items:
            return base
        places = list(items) if len(items) > 1 else letters(items[0])
        if len(places) > 2:
            raise base.fail(f"{len(places)} indices came, expected at most two")
        indices = tuple(self.index(place) for place in places)
        return Node("entry", base.span, (base,), indices=indices)

    # Everything else that needs a meaning

    def _mul(self, node: Node) -> Node:
        node = self.meaned(node)
        whole = applied(node, self.role, self.left_out)
        if whole.kind != "mul":
            return self.read(whole)
        return whole.with_parts(self.read)

    def left_out(self, text: str, arguments: tuple[Node, ...]) -> None:
        """Note that a function's arguments are left out; all must be known."""
        for part in arguments:
            name = plain(part.value) if part.kind == "name" else ""
            if name and not self.means(name) and name not in PARAMETERS:
                raise part.fail(f"{name} is not known")
        self.note(text, arguments[0])

    def meaned(self, node: Node) -> Node:
        r"""A product, the N of a ``\frac{1}{N} \sum_t`` over steps as their number."""
        sums = [part for part in node.parts if part.kind == "sum"]
        parts = list(node.parts)
        for place, part in enumerate(parts):
            below = part.parts[-1] if part.kind == "fraction" else part
            steps = any(self.counts_steps(one.parts[0], one.parts[-1]) for one in sums)
            if below is not part and steps and self.is_unknown_count(below):
                self.note(f"read {below.value} as {STEPS}, the number of steps", below)
                count = replace(below, value=STEPS)
                parts[place] = replace(part, parts=(part.parts[0], count))
        return replace(node, parts=tuple(parts))

    def is_unknown_count(self, node: Node) -> bool:
        """Whether a node is a capital letter without a meaning."""
        letter = node.kind == "name" and re.fullmatch("[A-Z]", str(node.value))
        return bool(letter) and not self.means(str(node.value))

    def counts_steps(self, letter: Node, body: Node) -> bool:
        """Whether a letter stands as a step in a tree that is not read."""
        return any(
            node.kind == "subscripted"
            and bool(self.scope.family(plain(compact(node.parts[0]))))
            and letter.value in {n.value for n in node.parts[1].walk()}
            for node in body.walk()
        )

    def role(self, head: Node) -> str:
        """What a letter before a bracket is, for ``applied``."""
        inner = head.parts[0] if head.kind == "subscripted" else head
        if inner.kind != "name":
            return ""
        if compact(head) in self.scope.functions:
            return "function"
        bare = plain(str(inner.value))
        other = self.scope.known(self.scope.family(bare) or self.alias(bare))
        known = self.scope.known(bare) or other
        if known and not known.indexed:
            loss = known.shape == SCALAR and known.role == "computed"
            return ("losses" if other and other.indexed else "loss") * loss
        if head.kind == "subscripted" and known and known.shape == SCALAR:
            return "loss"
        return "family" if known else ""

    def alias(self, name: str) -> str:
        """The quantity of the model that a further name of it stands for, or ""."""
        key = next((key for key in (family(name), name) if key in self.scope.given), "")
        binding = self.scope.bindings.get(key)
        if isinstance(binding, Definition) and binding.same:
            return str(binding.body.value)
        return ""

    def _call(self, node: Node) -> Node:
        name = str(node.value)
        bare, primes = name.rstrip("'"), name[len(name.rstrip("'")) :]
        if name == "prod":
            return self.chained(node)
        if name == "onehot":
            return self.target(node)
        if len(node.parts) != 1:
            raise node.fail(f"{len(node.parts)} arguments came, expected one")
        (argument,) = node.parts
        if bare in self.scope.functions:
            definition = self.scope.functions[bare]
            (letter,), body = definition.parameters, definition.body
            if body.kind == "call" and body.parts[0].kind == "name":
                node = replace(node, value=body.value + primes)
                return self._call(node)
            if not primes:
                inside = {letter: replace(argument, form="closed")}
                return self.read(
                    body.exchanged(
                        lambda n: inside.get(n.value) if n.kind == "name" else None
                    )
                )
        if name not in CALLS:
            known = ", ".join(sorted(n for n in CALLS if "'" not in n))
            raise node.fail(f"{name} is not known as a function, expected {known}")
        read = self.read(argument)
        determinant = read.kind == "bars" or read.value == "det"
        if name == "log" and determinant and self.scope.remarks is not None:
            self.note("read the logarithm of a determinant as that of its size", node)
            read = Node("call", read.span, (read,), "abs")
        return replace(node, parts=(read,), value=name)

    def chained(self, node: Node) -> Node:
        """Two derivatives in ``prod(…)``: the chain rule, transposed as it needs."""
        slopes = [self.read(part) for part in node.parts]
        if len(slopes) != 2 or any(slope.kind != "derivative" for slope in slopes):
            raise node.fail("prod came, expected two derivatives in its brackets")
        (_, first), (second, by) = (slope.parts for slope in slopes)
        between = (first.kind, first.value, first.indices)
        if between != (second.kind, second.value, second.indices):
            raise node.fail("prod came, expected its second to start where it ends")
        self.note("read prod as the chain rule, entry by entry", node)
        used = self.chains
        letter = next(n for n in _ENTRIES if n not in {*self.bound, *first.free, *used})
        used.add(letter)
        at = (Linear.of(letter),)
        entries = [
            Node("entry", part.span, (part,), indices=at)
            for part in (slopes[0], second)
        ]
        now = any(index.letters & set(self.bound) for index in first.indices)
        held = (now and not by.indices) or slopes[1].value
        slope = replace(slopes[1], parts=(entries[1], by), value=held)
        term = Node("mul", node.span, (entries[0], slope), ("",))
        return Node("sum", node.span, (term,), letter, binds=(letter,))

    def target(self, node: Node) -> Node:
        r"""``\operatorname{onehot}(k_t)``: the target, whose letter k_t is due."""
        found = [n for n, q in self.scope.quantities.items() if q.is_target]
        (letter,) = node.parts[:1]
        indexed = letter.kind == "subscripted" and len(letter.parts) == 2
        if len(node.parts) != 1 or len(found) != 1 or not indexed:
            raise node.fail("onehot came, expected the letter that is due, as in k_t")
        name = self.scope.family(plain(compact(letter.parts[0])))
        if name not in ("", *found):
            raise node.fail(f"onehot of {compact(letter)} came, expected a new symbol")
        self.note(f"read onehot({compact(letter)}) as the target", node)
        index = (self.index(letter.parts[1]),)
        return Node("quantity", node.span, value=found[0], indices=index)

    def _prime(self, node: Node) -> Node:
        (base,) = node.parts
        name = f"{compact(base)}'"
        if self.means(name):
            return self._name(replace(base, kind="name", value=name, parts=()))
        self.note("read ' as a transpose", node)
        return Node("transpose", node.span, (self.read(base),))

    def _gradient(self, node: Node) -> Node:
        return self._derivative(replace(node, kind="derivative", value="gradient"))

    def _power(self, node: Node) -> Node:
        base, exponent = node.parts
        if exponent.kind == "name" and exponent.value == STEPS:
            raise exponent.fail(
                r"^T came: T is the number of steps, expected ^\top for a transpose"
            )
        index = self.index(exponent, most=9999)
        return Node(node.kind, node.span, (self.read(base),), indices=(index,))

    _elementpower = _power

    def _named_norm(self, node: Node) -> Node:
        base, *items = node.parts
        if (name := compact(items[0])) not in ("2", "F"):
            raise node.fail(f"the norm {name} came, expected 2 or F")
        return Node("norm", node.span, (self.read(base.parts[0]),), name)

    def _sum(self, node: Node) -> Node:
        letter, *limits, body = node.parts
        name = compact(letter)
        if name in self.bound:
            raise letter.fail(f"{name} is bound already by an outer sum or product")
        if name in self.scope.size_names or self.scope.binds(name):
            raise letter.fail(f"{name} came as an index, and it has another meaning")
        name = str(name)
        if limits and self.is_unknown_count(limits[-1]):
            self.note(f"read {compact(limits[-1])} as the last {name}", limits[-1])
            steps = self.counts_steps(letter, body)
            first = limits[0].kind == "number" and limits[0].value == "1"
            if not steps and not first:
                raise limits[-1].fail(f"{compact(limits[-1])} is not known")
            last = replace(limits[-1], value=STEPS)
            limits = [limits[0], last] if steps else []
        indices = tuple(self.index(limit) for limit in limits)
        if any(name in index.letters for index in indices):
            raise letter.fail(f"{name} came in its own limits")
        self.bound = (*self.bound, name)
        read = self.read(body)
        self.bound = self.bound[:-1]
        unsaid = not limits or limits[0].form == "unsaid"
        indices = self.counted(node, name, read, indices, unsaid)
        return Node(node.kind, node.span, (read,), name, indices=indices, binds=(name,))

    _prod = _sum

    def _matrix(self, node: Node) -> Node:
        return node.with_parts(self._term)

    def counted(
        self,
        node: Node,
        name: str,
        body: Node,
        limits: tuple[Linear, ...],
        unsaid: bool,
    ) -> tuple[Linear, ...]:
        """The limits of a sum, those of texts that count steps in another way moved."""
        if node.kind != "sum" or self.scope.remarks is None:
            return limits
        at = [
            (part.value, index)
            for part in body.walk()
            if part.kind in _VARIABLES and name in part.free
            for index in part.indices
            if name in index.letters
        ]
        next_, last = Linear(((name, 1),), 1), Linear.of(STEPS)
        later = bool(at) and all(index == next_ for _, index in at)
        if unsaid and later and limits in ((), (Linear((), 1), last)):
            self.note(f"read {name} as a step from 0 to T - 1", node)
            return Linear(), last.plus(Linear((), -1))
        if limits == (Linear(), last.plus(Linear((), -1))) and any(
            index == Linear.of(name) and key not in self.scope.model.firsts
            for key, index in at
        ):
            self.note("read the steps from 0 to T - 1 as all steps", node)
            return Linear((), 1), last
        return limits

    def copied(self, node: Node) -> tuple[Node, Linear] | None:
        r"""A parameter as one step uses it, ``b^{(t)}``, and that step."""
        if node.kind != "subscripted" or not node.value:
            return None
        base, step, *rest = node.parts
        name = plain(compact(replace(node, parts=(base, *rest)) if rest else base))
        known = self.scope.known(name)
        if known is None or known.role != "parameter":
            return None
        return Node("quantity", node.span, value=name), self.index(step)

    def _derivative(self, node: Node) -> Node:
        if copied := self.copied(node.parts[1]):
            below, step = copied
            above = self.read(node.parts[0])
            if above.within("entry", "transpose").indices != (step,):
                raise node.parts[1].fail(
                    f"{below.value} came with a step, expected it below a quantity of "
                    "that step"
                )
            self.note(f"read {below.value} with a step as what it does in it, ∂⁺", node)
            return Node("derivative", node.span, (above, below), True)
        above, below = (self.read(part) for part in node.parts)
        inside = below.within("transpose", "entry")
        while inside.kind == "call" and inside.value == "vec":
            inside = inside.parts[0].within("transpose", "entry")
        known = self.scope.known(inside.value) if inside.kind == "quantity" else None
        if inside.kind not in _VARIABLES or (known and known.is_target):
            came = compact(node.parts[1])
            what = f"{came} came" if "<" not in came else "an expression came"
            raise below.fail(f"{what} below the line, expected a variable")
        top = self.scope.known(above.value) if above.kind == "quantity" else None
        other = above.value != inside.value
        if top and other and top.depends_on_nothing:
            raise above.fail(
                f"{above.value} depends on nothing here, expected what it is: "
                f"--where '{above.value} = …'"
            )
        if str(inside.value).startswith(PAGE):
            reads = {part.value for part in above.walk()}
            if inside.value not in reads:
                name = inside.value.removeprefix(PAGE).rstrip("_")
                raise below.fail(
                    f"{name} came below the line, and what is above does not read it"
                )
        if node.value is True and above.kind == "quantity" and not above.indices:
            raise above.fail(
                f"{above.value} came below ∂⁺, expected what has a step, whose inputs "
                "are held still"
            )
        return Node("derivative", node.span, (above, below), node.value)

    def _relation(self, node: Node) -> Node:
        if wrong := [symbol for symbol in node.value if symbol not in ("=", ":=")]:
            raise node.fail(
                f"{wrong[0]} came, expected = : only equalities are measured"
            )
        return self.with_step(self.without_names(node)).with_parts(self._term)

    def with_step(self, node: Node) -> Node:
        """A relation whose left side, ``h = ...``, lacks the step of what follows."""
        left, *others = node.parts
        name = str(left.value) if left.kind == "name" else ""
        if self.scope.remarks is None or not self.scope.family(name) or name in _HINTS:
            return node
        inside = [part for other in others for part in other.walk()]
        steps = [
            part.parts[1] for part in inside
            if part.kind == "subscripted" and part.parts[1].kind == "name"
            and self.scope.family(compact(part.parts[0]))
        ]  # fmt: skip
        known = self.scope.known(name)
        other = name in self.scope.bindings or (known and not known.indexed)
        if other or len({step.value for step in steps}) != 1:
            return node
        self.note(f"read {name} as {name}_{compact(steps[0])}", left)
        index = self.scope.model.place
        stepped = Node("subscripted", left.span, (left, steps[0]), index)
        return replace(node, parts=(stepped, *others))

    def new_letter(self, relation: Node) -> str:
        """The letter alone on the left that has no meaning yet, "" if none is."""
        if relation.kind != "relation" or set(relation.value) - {"=", ":="}:
            return ""
        left = relation.parts[0]
        base, *items = left.parts if left.kind == "subscripted" else (left,)
        if (
            base.kind != "name"
            or base.value in _SPECIAL
            or self.above_delta(base.value)
        ):
            return ""
        texts = {base.value, plain(base.value), compact(left)}
        texts |= {f"{base.value}_{{{compact(item)}}}" for item in items[:1]}
        texts -= {*self.scope.functions}  # which would stand before brackets
        return "" if any(map(self.means, texts)) else str(base.value)

    def without_names(self, node: Node) -> Node:
        """A chain without sides such as f(x, h) that only name what they depend on."""
        kept = [n for n, side in enumerate(node.parts) if not (n and self.names(side))]
        if self.scope.remarks is None or not 1 < len(kept) < len(node.parts):
            return node
        parts = tuple(node.parts[n] for n in kept)
        self.note("left out a side that only says what it is a function of", node)
        return replace(node, parts=parts, value=("=",) * (len(kept) - 1))

    def names(self, side: Node) -> bool:
        """Whether a side is no more than an unknown function of some quantities."""
        if side.kind != "mul" or len(side.parts) != 2:
            return False
        head, group = side.parts
        arguments = group.parts if group.kind == "tuple" else (group,)
        letters_ = all(part.kind in ("name", "subscripted") for part in arguments)
        known = self.means(compact(head)) or self.role(head)
        letter = head.kind in ("name", "subscripted") and not known
        return letter and letters_ and group.form == "closed"

    def _add(self, node: Node) -> Node:
        return node.with_parts(self._term)

    def _term(self, node: Node) -> Node:
        """The node with a meaning; a lone 0 takes any shape."""
        read = self.read(node)
        alone = read.kind == "number" and read.value == 0
        return Node("zero", node.span) if alone else read


def _substituted(node: Node, values: dict[str, Linear]) -> Node:
    """The node with indices in place of letters."""
    moved = tuple(index.replaced(values) for index in node.indices)
    inner = {k: v for k, v in values.items() if k not in node.binds}
    parts = tuple(_substituted(part, inner) for part in node.parts)
    return replace(node, indices=moved, parts=parts)


def letters(item: Node) -> list[Node]:
    """The places in a subscript such as ``ij`` or ``11``, one by one."""
    if item.kind == "mul" and not any(item.value):
        return [place for part in item.parts for place in letters(part)]
    if item.kind == "number" and item.value.isdigit():
        return [replace(item, value=digit) for digit in item.value]
    return [item]
