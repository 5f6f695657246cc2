"""How many acts of each kind a run has."""

from tests.chaos.hand import DROPPED, ERRORS, POINTS


def plan(
    kills: int, at_points: int, zombies: int, rebalances: int, freezes: int, restarts: int, drops: int, errors: int
) -> dict[str, int]:
    """Acts by name; ``at_points``, ``drops`` and ``errors`` are of each kind."""
    points = [*(f"kill {name}" for name in POINTS), "kill in restore", "kill in snapshot"]
    return {
        "kill at random": kills,
        **dict.fromkeys(points, at_points),
        "zombie": zombies,
        "rebalance": rebalances,
        "broker freeze": freezes,
        "broker restart": restarts,
        **{f"drop {name} response": drops for name in DROPPED},
        **{f"error {code} in {name}": errors for name, code in ERRORS},
    }


BRIEF = plan(2, 1, 1, 1, 1, 1, 1, 0)
LONG = plan(100, 4, 30, 30, 20, 5, 3, 1)
#: For each change: about a minute.
QUICK = {
    "kill at random": 1, "kill after EndTxn, before its reply": 1, "kill in snapshot": 1, "zombie": 1, "rebalance": 1,
    "broker freeze": 1, "drop EndTxn response": 1, "drop Produce response": 1,
}  # fmt: skip
