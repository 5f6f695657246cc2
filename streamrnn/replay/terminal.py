"""Tables for a terminal."""

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

_ANY = 10_000  # characters


def number_table(title: str, names: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A table whose first column folds where there is little room; the others hold numbers, which stay whole.

    Parameters
    ----------
    title : above it
    names : of the columns, of which each may have several lines
    rows : as many cells each
    """
    columns = list(zip(names, *rows, strict=True))
    table = Table(title=title, box=box.SIMPLE, padding=(0, 1, 0, 0))
    table.add_column(names[0], overflow="fold")
    for column in columns[1:]:
        longest = max(len(line) for cell in column for line in cell.split("\n"))
        table.add_column(column[0], justify="right", no_wrap=True, min_width=longest)
    for name, *numbers in zip(*(column[1:] for column in columns), strict=True):
        table.add_row(escape(name), *numbers)
    return table


def show(table: Table) -> None:
    """Print a table; a terminal that is too narrow for it breaks its lines, where rich would cut its numbers."""
    console = Console()
    least = Measurement.get(console, console.options.update(max_width=_ANY), table).minimum
    Console(width=max(console.width, least)).print(table)
