"""A letter followed by brackets: a function's call, a step, or a factor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rnn_notes.equations.nodes import Node, compact, plain

__all__ = ["PARAMETERS", "applied"]

PARAMETERS = (r"\theta", r"\Theta")  # all of them at once

_WRAPS = ("transpose", "power", "elementpower", "prime", "subscripted")
_Role = Callable[[Node], str]
_Note = Callable[[str, tuple[Node, ...]], None]


def applied(node: Node, role: _Role, note: _Note) -> Node:
    r"""A product in which the brackets after some letters are their arguments.

    node : a "mul" as it is parsed
    role : for the letter before a bracket, "function", "family" (it takes a step),
           "loss" (what stands in its brackets is said in passing), "losses" (it has one
           a step too) or nothing
    note : what is called with a remark, and with what is left out

    >>> from rnn_notes.equations.parsing import parse
    >>> [[product]] = parse("W f(x)")
    >>> read = applied(product, lambda n: "function" * (n.value == "f"), print)
    >>> [part.kind for part in read.parts]
    ['name', 'call']
    """
    if node.kind != "mul":
        return node
    factors, links = [node.parts[0]], []
    for link, factor in zip(node.value, node.parts[1:], strict=True):
        joined = None if link else _joined(factors[-1], factor, role, note)
        if joined is None:
            factors.append(factor)
            links.append(link)
        else:
            factors[-1] = joined
    if len(factors) == 1:
        return replace(factors[0], form=node.form)
    return replace(node, parts=tuple(factors), value=tuple(links))


def _joined(head: Node, factor: Node, role: _Role, note: _Note) -> Node | None:
    """What a head and the bracket after it are together, None if they are factors."""
    group = factor
    while not group.form and group.kind in _WRAPS:
        group = group.parts[0]
    if group.form != "closed":
        return None
    if head.kind in ("gradient", "derivative") and not head.form:
        of, by = head.parts
        inner = _joined(of, group, lambda n: role(n) * (role(n) != "family"), note)
        whole = None if inner is None else replace(head, parts=(inner, by))
    else:
        whole = _called(head, group, role, note)
    if whole is None:
        return None
    return _around(factor, group, replace(whole, span=(head.span[0], group.span[1])))


def _called(head: Node, group: Node, role: _Role, note: _Note) -> Node | None:
    """A letter with its arguments."""
    letter, primes = head, ""
    while letter.kind == "prime" and not letter.form:
        letter, primes = letter.parts[0], primes + "'"
    kind = role(letter) if not letter.form else ""
    arguments = group.parts if group.kind == "tuple" else (replace(group, form=""),)
    if kind == "function":
        return Node("call", head.span, arguments, compact(letter) + primes)
    bare = kind == "family" and head.kind == "name"
    if bare and all(node.kind in ("name", "number", "add") for node in group.walk()):
        return Node("subscripted", head.span, (head, *arguments), "[")
    losses = kind in ("loss", "losses")
    if kind and _said_in_passing(group, losses):
        step = _step(arguments)
        own = head.parts[1] if head.kind == "subscripted" and not head.value else step
        if step and own and compact(own) != compact(step):
            return None  # they stand at another step than what reads them
        said = f"left out what {compact(letter)} is said to be a function of"
        note(said, arguments)
        if step and (bare or (kind == "losses" and head.kind == "name")):
            return Node("subscripted", head.span, (head, step))
        return head
    return None


def _said_in_passing(group: Node, losses: bool) -> bool:
    r"""Whether brackets are no factor: several letters, or ``\theta`` behind a loss."""
    if group.kind == "tuple":
        return all(part.kind in ("name", "subscripted") for part in group.parts)
    return losses and group.kind == "name" and plain(group.value) in PARAMETERS


def _step(arguments: tuple[Node, ...]) -> Node | None:
    """The step at which all arguments stand, None if they do not say one."""
    steps = [part.parts[1] for part in arguments if part.kind == "subscripted"]
    same = len({compact(step) for step in steps}) == 1
    return steps[0] if same and len(steps) == len(arguments) else None


def _around(factor: Node, group: Node, whole: Node) -> Node:
    """A factor with the bracket inside it exchanged."""
    if factor is group:
        return whole
    first, *rest = factor.parts
    span = (whole.span[0], factor.span[1])
    return replace(factor, span=span, parts=(_around(first, group, whole), *rest))
