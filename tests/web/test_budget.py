"""The server's share of a processor is what it was given."""

import asyncio
import socket
import time

from streamrnn.web.budget import Budget, PacedSelector


class Hands:
    """A clock and a meter that a test moves."""

    now = 0.0
    used = 0.0


def budget(hands: Hands) -> Budget:
    made = Budget(share=0.05, burst=1.0, spent=lambda: hands.used, clock=lambda: hands.now)
    assert made.overdraft() == 0.0
    return made


def test_what_is_saved_up_may_be_spent_at_once() -> None:
    hands = Hands()
    made = budget(hands)
    hands.used = 0.9
    assert made.overdraft() == 0.0


def test_what_is_overdrawn_is_waited_for_by_the_share() -> None:
    hands = Hands()
    made = budget(hands)
    hands.used = 1.5
    assert made.overdraft() == 10.0
    hands.now = 4.0
    assert round(made.overdraft(), 9) == 6.0
    hands.now = 10.5
    assert made.overdraft() == 0.0


def test_no_more_than_the_burst_is_saved_up() -> None:
    hands = Hands()
    made = budget(hands)
    hands.now = 10_000.0
    assert made.overdraft() == 0.0
    hands.used = 2.0
    assert round(made.overdraft(), 9) == 20.0


def test_what_others_spend_for_it_counts() -> None:
    hands = Hands()
    made = budget(hands)
    made.charge(1.1)
    assert round(made.overdraft(), 9) == 2.0


def test_in_the_long_run_the_share_is_kept() -> None:
    hands = Hands()
    made = budget(hands)
    while hands.now < 1000.0:
        hands.used += 0.01  # what a request costs
        hands.now += max(0.001, made.overdraft())
    assert 0.04 < (hands.used - 1.0) / hands.now < 0.055


def test_a_loop_sleeps_while_it_is_overdrawn_and_sees_all_that_came() -> None:
    made = Budget(share=0.5, burst=0.1)
    loop = asyncio.SelectorEventLoop(PacedSelector(made))
    ours, theirs = socket.socketpair()

    async def hear() -> float:
        ours.setblocking(False)
        made.charge(0.2)  # 0.2 s to wait for
        started = time.monotonic()
        theirs.sendall(b"x")
        assert await asyncio.get_running_loop().sock_recv(ours, 1) == b"x"
        await asyncio.sleep(0)
        return time.monotonic() - started

    try:
        assert 0.1 < loop.run_until_complete(hear()) < 3.0
        assert made.overdraft() == 0.0
    finally:
        loop.close()
        ours.close()
        theirs.close()


def test_with_an_allowance_nothing_waits() -> None:
    loop = asyncio.SelectorEventLoop(PacedSelector(Budget(share=0.5, burst=10.0)))
    started = time.monotonic()
    for _ in range(50):
        loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    assert time.monotonic() - started < 0.5
