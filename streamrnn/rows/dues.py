"""Rows of the loop that finds when answers fall due which wait for later events."""

# "due" int64: the newest event's number in its stream, the newest that is answered; then a ring with a place for each
# event that may wait: its offset, and how many classes were known before it. "due_labels" float64 holds the labels that
# have come for them, "due_ids" uint8 their ids: a byte with the length and one, 0 for none, then UTF-8.
# "due_classes" is the shard's: of how many classes the labels were that it learned from. An answer knows these, and
# those that were known before its event, but none that was only seen in a label that waits.
NEWEST, ANSWERED = range(2)
RING = 2
OFFSET, CLASSES = range(2)
RING_FIELDS = 2
ID_WIDTH = 65

# int64 fields of an answer that falls due: the record before which it comes, its stream's slot, its event's number in
# the stream, events of the stream since, and what is kept of the event; live streams by then.
PLACE, SLOT, NUMBER, AGO, EVENT_OFFSET, EVENT_CLASSES, LIVE = range(7)
FIELDS = 7
