"""Logs to read events from and to write predictions to: a directory of files, standard input, a script for tests."""

from streamrnn.transport.base import Assignment, Committed, Transport, TransportError
from streamrnn.transport.factory import open_transport

__all__ = ["Assignment", "Committed", "Transport", "TransportError", "open_transport"]
