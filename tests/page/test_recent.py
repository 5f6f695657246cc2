"""The last answers are kept within bounds, and what was seen is not told again."""

from streamrnn.events.columns import Predictions
from streamrnn.page.points import points_of
from streamrnn.page.recent import Recent
from streamrnn.shard import Shard
from tests.helpers import PARTITION, settings, walk


def answers(n: int, pieces: int) -> list[Predictions]:
    shard, log = Shard(settings(), PARTITION), walk(n, 5)
    step = n // pieces
    return [shard.process(log.cut(at, at + step))[0] for at in range(0, n, step)]


def test_the_newest_are_kept_whole_batches_at_a_time() -> None:
    recent, batches = Recent(most_events=100), answers(400, 10)
    for each in batches:
        recent.on_answers(PARTITION, each)
    kept = [each for _, each in recent.since(-1)]
    assert [each is other for each, other in zip(kept, batches[-2:], strict=True)] == [True, True]


def test_bytes_are_bounded_too() -> None:
    recent, batches = Recent(most_bytes=30_000), answers(400, 10)
    for each in batches:
        recent.on_answers(PARTITION, each)
    assert 1 <= len(recent.since(-1)) < 10


def test_only_what_is_new_is_told() -> None:
    recent, batches = Recent(), answers(100, 4)
    for each in batches[:3]:
        recent.on_answers(PARTITION, each)
    number = recent.since(-1)[-1][0]
    assert recent.since(number) == []
    recent.on_answers(PARTITION, batches[3])
    ((_, only),) = recent.since(number)
    assert only is batches[3]


def test_a_batch_larger_than_the_bound_is_kept_alone() -> None:
    recent, (whole,) = Recent(most_events=10), answers(100, 1)
    recent.on_answers(PARTITION, whole)
    assert len(recent.since(-1)) == 1
    assert sum(1 for _ in points_of(whole, "s0")) == whole.streams.count("s0") > 10
