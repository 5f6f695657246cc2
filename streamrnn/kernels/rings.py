"""Rings: the last steps of a series, in a stretch of a row that is written round and round, the newest at the head."""

from streamrnn.kernels.compile import kernel


@kernel
def place(head, back, length):
    """Index of the entry ``back`` steps before the newest, 0 <= back < length."""
    at = head - back
    return at if at >= 0 else at + length


@kernel
def after(head, length):
    """The head one step on."""
    return head + 1 if head + 1 < length else 0


@kernel
def walk(steps, length, period):
    """How many of ``steps`` empty steps a ring has to walk, so that it is left as if it had walked them all.

    Once an empty stretch fills the ring, what it holds repeats with ``period``: whole periods can be left out.
    """
    return steps if steps <= length else length + (steps - length) % period


@kernel
def carry(row, start, length, head, steps, period):
    """Move a ring by ``steps``; each new entry is the one ``period`` before it, 1 <= period <= length."""
    for _ in range(steps):
        head = after(head, length)
        row[start + head] = row[start + place(head, period % length, length)]


@kernel
def fill(row, start, length, head, steps, value):
    """Move a ring by ``steps`` entries of ``value``."""
    for _ in range(steps):
        head = after(head, length)
        row[start + head] = value
