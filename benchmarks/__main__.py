"""``make bench``."""

from benchmarks import daemon, engine, long_memory

engine.main()
daemon.main()
long_memory.main()
