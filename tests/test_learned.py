"""Learned networks leave a snapshot for a file, and come into a new model as far as they fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from streamrnn import recovery
from streamrnn.daemon import Daemon
from streamrnn.events.columns import Events
from streamrnn.exits import ExitCode
from streamrnn.learned import Learned, few
from streamrnn.network.exported import load_network
from streamrnn.rows.network import HEAD, LEARNING_RATE
from streamrnn.settings.schema import Settings
from streamrnn.shard import Shard
from streamrnn.snapshots import Frozen, Header, SnapshotError, write_snapshot
from streamrnn.snapshots.store import DirectoryStore
from streamrnn.transport.script import Broker, ScriptCrash, ScriptLog, Token
from tests.helpers import ALL_INPUTS, PARTITION, settings, walk, with_traits
from tests.test_carrying import HERE, newest
from tests.test_daemon import answers, daemon_settings, script
from tests.token_logs import decoded, records, token_settings


def header(**changes: object) -> Header:
    fields = dict(
        format=1, partition="events-0", position=900, records=800, lineage="a1b2", settings_digest="", seed=0,
        versions={}, genesis=False,
    )  # fmt: skip
    return Header(**(fields | changes))  # type: ignore[arg-type]


def learned_by(*overrides: str) -> tuple[Shard, Learned]:
    chosen = settings(*overrides)
    shard = Shard(chosen, PARTITION)
    shard.process(with_traits(chosen, walk(800, 6, len(chosen.events.features))))
    return shard, Learned.of(header(settings=chosen.state_settings()), shard.saved(), chosen)


@pytest.mark.parametrize(
    "overrides", [[], ["model.cell=lstm"], ["events.features=[a,b]", *ALL_INPUTS], ["model.precision=float64"]]
)
def test_the_torch_module_steps_as_the_kernel_does(tmp_path: Path, overrides: list[str]) -> None:
    chosen = settings(*overrides)
    shard, learned = learned_by(*overrides)
    learned.write(tmp_path / "net.safetensors")
    network = load_network(tmp_path / "net.safetensors")
    log = with_traits(chosen, walk(801, 6, len(chosen.events.features)))
    slot = shard._index.slot(log.streams[800])
    assert slot is not None
    loop = shard._chain.network
    layout = loop.layout
    loop.rates[LEARNING_RATE] = 0.0  # so that the optimiser moves nothing before the step
    before = state_of(loop, slot)
    shard.process(last_of(log))
    at = layout.input_ring + int(loop.counts[slot, HEAD]) * layout.seen
    shown = torch.from_numpy(loop.states[slot, at : at + layout.seen].copy())
    with torch.no_grad():
        stepped = network.stack(network.inputs(shown), before)
    torch.testing.assert_close(stepped, state_of(loop, slot), rtol=1e-4, atol=2e-6)
    assert not torch.equal(stepped, before)


def state_of(loop: Any, slot: int) -> torch.Tensor:
    """A stream's recurrent state."""
    state = loop.layout.state
    at = int(loop.counts[slot, HEAD]) * state
    return torch.from_numpy(loop.states[slot, at : at + state].copy())


def last_of(log: Events) -> Events:
    """The last event of a log alone."""
    columns = ("offsets", "streams", "times", "timestamps", "features", "ends")
    made = replace(log, **{name: getattr(log, name)[-1:] for name in columns})
    made.traits = None if log.traits is None else log.traits.take(slice(-1, None))
    return made


def test_the_file_loads_with_the_names_of_the_torch_module(tmp_path: Path) -> None:
    shard, learned = learned_by("experts.networks=[{cell: lstm}]")
    path = tmp_path / "net.safetensors"
    learned.write(path)
    network = load_network(path)
    tensors = {name: values for name, values in load_file(path).items() if "/" not in name}
    network.load_state_dict(tensors)
    np.testing.assert_array_equal(network.flat(), shard.saved()["network_weights"])
    np.testing.assert_array_equal(load_network(path, "network_lstm").flat(), shard.saved()["network_lstm_weights"])
    again, described = Learned.read(path).header, learned.header.networks["network"]
    assert (again.origin, again.settings) == (learned.header.origin, learned.header.settings)
    assert again.networks["network"].axes == described.axes and again.networks["network"].outputs == described.outputs
    assert described.inputs == ("level of value", "change of value", "missing of value", "error of value")


def test_no_secret_is_exported(tmp_path: Path) -> None:
    _, learned = learned_by()
    path = tmp_path / "net.safetensors"
    learned.write(path)
    text = path.read_bytes()[:20_000].decode(errors="replace")
    assert not any(word in text for word in ("sasl", "http.token", "oauth", "bootstrap"))


@pytest.mark.parametrize("damage", ["cut", "flip", "snapshot", "other", "gone"])
def test_a_file_that_cannot_be_used_stops_the_start_with_the_remedy(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "net.safetensors"
    learned_by()[1].write(path)
    whole = bytearray(path.read_bytes())
    if damage == "cut":
        path.write_bytes(whole[:-9])
    elif damage == "flip":
        whole[-3] ^= 1
        path.write_bytes(whole)
    elif damage == "other":
        path.write_bytes(b"PK\x03\x04" * 100)
    else:
        path.unlink()
    if damage == "snapshot":
        write_snapshot(path, header(), Frozen.of({}))
    chosen = daemon_settings(tmp_path / "snapshots", f"model.start_from={path}")
    broker = Broker([*script(20), Token.EOF])
    assert Daemon(chosen, transport=ScriptLog(broker)).run() == ExitCode.STATE
    assert ("model.start_from" in caplog.text and "set it to null" in caplog.text.lower()) or "to null" in caplog.text
    assert not broker.committed
    if damage != "gone":
        with pytest.raises(SnapshotError):
            Learned.read(path)


def test_a_new_model_starts_from_the_network_and_remembers_where_it_is_from(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "streamrnn.recovery")
    path = tmp_path / "net.safetensors"
    shard, learned = learned_by()
    learned.write(path)
    chosen = daemon_settings(tmp_path / "snapshots", f"model.start_from={path}")
    log = script(200)
    broker = Broker([Token.EOF, *log, Token.EOF])
    assert Daemon(chosen, transport=ScriptLog(broker)).run() == ExitCode.OK
    head, arrays = newest(tmp_path / "snapshots", broker)
    np.testing.assert_array_equal(arrays["network_weights"], shard.saved()["network_weights"])
    assert not arrays["network_first_moment"].any() and head.genesis
    assert head.started_from == learned.header.origin
    assert "all of them fit" in vars(caplog.records[-1])["weights"]
    # It is no part of the settings' identity, and only asked for where a model begins.
    path.unlink()
    assert Daemon(chosen, transport=ScriptLog(broker)).run() == ExitCode.OK
    assert answers(broker) == len(log)
    assert newest(tmp_path / "snapshots", broker)[0].started_from == learned.header.origin
    plain = daemon_settings(tmp_path / "plain")
    assert plain.state_digest() == chosen.state_digest()
    other = Broker([Token.EOF])
    assert Daemon(plain, transport=ScriptLog(other)).run() == ExitCode.OK
    assert other.committed[HERE].lineage != broker.committed[HERE].lineage


def test_what_does_not_fit_is_drawn_and_listed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "streamrnn.recovery")
    path = tmp_path / "net.safetensors"
    _, learned = learned_by("experts.networks=[0.01]")
    learned.write(path)
    chosen = daemon_settings(
        tmp_path / "snapshots", f"model.start_from={path}", "inputs.elapsed=true",
        "experts.networks=[0.01,{cell: lstm}]",
    )  # fmt: skip
    broker = Broker([Token.EOF])
    assert Daemon(chosen, transport=ScriptLog(broker)).run() == ExitCode.OK
    told = vars(caplog.records[-1])["weights"]
    new = "stack.cells.0.w for elapsed"
    assert f"drawn anew: {new}; {new} of network_0.01; all of network_lstm" in told
    arrays, taken = newest(tmp_path / "snapshots", broker)[1], learned.parameters["network_0.01"]
    np.testing.assert_array_equal(arrays["network_0.01_weights"][-9:], [*taken["v"].ravel(), *taken["d"]])
    assert learned.lacks(chosen) == learned.give(chosen, Shard(chosen, HERE).saved())


def test_a_death_between_the_first_commit_and_genesis_starts_from_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "net.safetensors"
    shard, learned = learned_by()
    learned.write(path)
    chosen = daemon_settings(tmp_path / "snapshots", f"model.start_from={path}")
    broker = Broker([Token.EOF])

    def dies(*_: object) -> None:
        raise ScriptCrash

    daemon = Daemon(chosen, transport=ScriptLog(broker))
    with monkeypatch.context() as patch:
        patch.setattr(recovery.Opened, "save", dies)
        with pytest.raises(ScriptCrash):
            daemon.run()
    assert broker.committed and not list(tmp_path.rglob("snapshots/**/*.safetensors"))
    assert Daemon(chosen, transport=ScriptLog(broker)).run() == ExitCode.OK
    found = DirectoryStore(tmp_path / "snapshots", 3).load_newest(
        HERE, broker.committed[HERE].lineage, 0, lambda *_: None
    )
    assert found is not None
    np.testing.assert_array_equal(found[1]["network_weights"], shard.saved()["network_weights"])


def test_listed_tokens_keep_their_weights_and_a_long_vocabulary_is_told_in_short() -> None:
    def of(*overrides: str) -> Settings:
        return token_settings("tokens.of=items", *overrides)

    def learned(chosen: Settings) -> Learned:
        shard = Shard(chosen, PARTITION)
        shard.process(decoded(chosen, records(chosen, 100)))
        return Learned.of(header(settings=chosen.state_settings()), shard.saved(), chosen)

    more = of("tokens.vocabulary=[dog,the,cat]")
    given, fresh = (Shard(more, PARTITION).saved() for _ in range(2))
    missing = learned(of("tokens.vocabulary=[the,cat]")).give(more, given)
    changed = (_inputs(given, more) != _inputs(fresh, more)).any(axis=1)
    assert changed.tolist() == [True, True, False, True, True]  # the end, others, dog, the, cat
    assert "token dog" in few(missing)
    found = of("tokens.vocabulary=1000")
    missing = learned(found).give(found, Shard(found, PARTITION).saved())
    assert len(few(missing)) < 1000


def _inputs(arrays: dict[str, np.ndarray], chosen: Settings) -> np.ndarray:
    wide = 3 * chosen.model.hidden_size
    return arrays["network_weights"][: chosen.tokens.codes * wide].reshape(-1, wide)
