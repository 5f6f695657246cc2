"""``make bench``."""

from benchmarks import daemon, engine

engine.main()
daemon.main()
