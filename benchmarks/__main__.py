"""``make bench``: all parts, or those named (ARGS="kafka"); ``--quick`` for a glance where a part knows one."""

import sys
from importlib import import_module

PARTS = (
    "engine", "features", "daemon", "hostile", "long_memory", "lookahead", "drift", "vanishing", "uses",
    "handwriting", "nab", "tokens", "kafka", "rolling",
)  # fmt: skip
QUICK = ("nab", "kafka", "rolling")

words = sys.argv[1:]
quick = "--quick" in words
chosen = [word for word in words if word != "--quick"]
unknown = [word for word in chosen if word not in PARTS]
if unknown:
    sys.exit(f"there is no part {unknown[0]!r}: there are {', '.join(PARTS)}, and the option --quick")
for part in chosen or PARTS:
    main = import_module(f"benchmarks.{part}").main
    main(quick=True) if quick and part in QUICK else main()
