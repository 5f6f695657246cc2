"""Records to events, predictions to records: columns, decoding, encoding, dead letters."""

from streamrnn.events.columns import DeadLetter, Events, Partition, Predictions, Records, Refusal

__all__ = ["DeadLetter", "Events", "Partition", "Predictions", "Records", "Refusal"]
