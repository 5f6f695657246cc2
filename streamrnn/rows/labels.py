"""Rows of the loops that learn from labels: which event a label is of, what labels are known, what awaits them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from streamrnn.rows.cells import state_size
from streamrnn.rows.dues import ID_WIDTH
from streamrnn.rows.scale import ScaleRows

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

# Kinds of rows: records; the ends of sequences that silence ended; answers that fall due behind their events.
EVENT, LABEL, CLOSING, DUE = range(4)

# What a record did for labels: nothing, it brought the label of an event, one that came too late, or one of no event.
NOTHING, MATCHED, LATE, UNMATCHED = range(4)

# "join" int64: events of the stream, then a ring of what is known of each: its key, its offset, whether it awaits its
# label. The ring is twice as long as labels are taken, to tell a late label from one that fits no event.
EVENTS = 0
JOIN_RING = 1
KEY, OFFSET, WAITING = range(3)
JOIN_FIELDS = 3
EMPTY, PENDING, SETTLED = range(3)

# "known" float64: the newest labelled event's label, its number in the stream, how many labels were known, the last
# change, and their scale; then a ring with the last known label as it stood at each event, and where numbers are
# answered behind their events with what stood beside it.
LAST, NEWEST, LABELS, CHANGE, MEAN, VARIANCE, ERRORS, SQUARED_ERROR, ABSOLUTE_ERROR = range(9)
KNOWN_RING = 9
KNOWN_LAST, KNOWN_MEAN, KNOWN_RMS, KNOWN_UNIT = range(4)

NUMBER_INPUTS = 3  # standing, last change, age

# "sequences" float64; where silence ends them also the last event's offset, and the newest label since the beginning
LAST_TIME, ENDED, HELD_OFFSET, HOLDS, HELD_LABEL = range(5)
SEQUENCE_FIELDS = 2
HELD_FIELDS = 5

EXPERTS = ("last label", "usual label")  # the networks follow
LAST_LABEL, USUAL_LABEL, NETWORK = range(3)

# "class_tallies" int64 of a stream and of the shard: labels, those that had a last label to compare with, those that
# differed from it; then labels of each class.
CLASS_LABELS, COMPARED, CHANGED = range(3)
CLASS_TALLIES = 3

# float64 scores of classes: how many, right answers and log loss of the mixture, of the last label, of the most
# frequent class
COUNT, CORRECT, LOG_LOSS, LAST_CORRECT, LAST_LOG_LOSS, FREQUENT_CORRECT, FREQUENT_LOG_LOSS = range(7)
CLASS_SCORES = 7


@dataclass(frozen=True, slots=True)
class LabelRows:
    """Sizes of the label loops' arrays.

    Attributes
    ----------
    classes : most classes there can be; 0 where labels are numbers
    within : events of its stream after which a label is still learned; 0 where it stands in the event itself
    hinted : the last known label is shown to the network
    k2 : steps of a learning window
    scale_inputs : inputs that come from the features
    categories : codes that an event has
    state : numbers of the network's state at one step
    networks : how many networks learn
    lookahead : events behind its own that an answer waits for at most
    id_width : bytes in which an event's id is kept until its answer; 0 where there are none, or no answer waits
    """

    classes: int
    within: int
    hinted: bool
    k2: int
    scale_inputs: int
    categories: int
    state: int
    networks: int
    lookahead: int
    id_width: int

    @classmethod
    def from_settings(cls, settings: Settings) -> LabelRows:
        """The sizes that these settings ask for."""
        labels, model = settings.labels, settings.model
        return cls(
            classes=labels.most_classes,
            within=labels.within if labels.mode == "delayed" else 0,
            hinted=labels.last,
            k2=model.k2,
            scale_inputs=ScaleRows.from_settings(settings).inputs,
            categories=len(settings.inputs.categories),
            state=state_size(model.cell, model.hidden_size, model.layers),
            networks=1 + len(settings.experts.networks),
            lookahead=model.lookahead,
            id_width=ID_WIDTH if model.lookahead and labels.mode == "delayed" and labels.join == "id" else 0,
        )

    @property
    def waiting(self) -> int:
        """Events of a stream that may await their answer, or their label."""
        return max(self.within, self.lookahead) + 1

    @property
    def answering(self) -> int:
        """Kind of the rows in which events are answered."""
        return DUE if self.lookahead else EVENT

    @property
    def join_steps(self) -> int:
        """Events of a stream whose keys are known."""
        return 2 * (self.within + 1)

    @property
    def known_fields(self) -> int:
        """Numbers that are kept of what labels were known at each event that may await its answer or label."""
        return 4 if self.lookahead and not self.classes else 1

    @property
    def window_steps(self) -> int:
        """Steps whose states and inputs are held: those that may await their label, and the window before."""
        return self.waiting + self.k2

    @property
    def label_numbers(self) -> int:
        """Numbers that tell the last known label."""
        return self.classes or NUMBER_INPUTS

    @property
    def label_inputs(self) -> int:
        """Inputs that come from labels."""
        return self.label_numbers if self.hinted else 0

    @property
    def outputs(self) -> int:
        """Outputs of the head: one for each class, or one."""
        return self.classes or 1

    @property
    def seen(self) -> int:
        """Numbers that are kept of a step's inputs: a code in place of each embedding."""
        return self.scale_inputs + self.label_inputs + self.categories

    @property
    def states_width(self) -> int:
        """Numbers in a row of states and inputs."""
        return self.window_steps * (self.state + self.seen)

    @property
    def counts_width(self) -> int:
        """Numbers in a row of window lengths: the stream's age, then one for each event that may await its label, and
        behind these how far its answer looked ahead."""
        return 1 + self.waiting * (2 if self.lookahead else 1)

    @property
    def experts(self) -> int:
        """Whose answers are mixed."""
        return len(EXPERTS) + self.networks

    @property
    def opinions(self) -> int:
        """Numbers that are kept of the experts for each event that may await its label."""
        return self.experts * (self.classes + 1) if self.classes else self.experts + 2
