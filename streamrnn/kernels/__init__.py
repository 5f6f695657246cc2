"""The compiled engine's functions: the record loop and its parts, for one fixed machine target."""

from streamrnn.kernels import target

target.fix()
