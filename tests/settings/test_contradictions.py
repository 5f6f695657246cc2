"""Settings that cannot hold together."""

import pytest

from streamrnn.settings import Settings

TOKENS = ["tokens.field=text", "events.features=[]", "sequences.record=true"]
TWO = ["labels.mode=delayed", "labels.topic=labels"]


@pytest.mark.parametrize(
    ("overrides", "start"),
    [
        (
            ["model.engine=compiled", "model.layers=2"],
            "--set model.engine: compiled is not possible: must be auto or torch with such model.layers",
        ),
        (
            ["model.engine=compiled", "model.layer_norm=true"],
            "--set model.engine: compiled is not possible: must be auto or torch with such model.layer_norm",
        ),
        (
            ["model.engine=compiled", "model.head=student_t"],
            "--set model.engine: compiled is not possible: must be auto or torch with such model.head",
        ),
        (
            ["experts.networks=[0.005,{learning_rate: 0.005}]"],
            "--set experts.networks: [0.005, {learning_rate: 0.005}] is not possible: must not make a network twice",
        ),
        (
            ["experts.networks={cell: gru, hidden_size: 32}"],
            "--set experts.networks: [{cell: gru, hidden_size: 32}] is not possible: must not make a network",
        ),
        (
            ["experts.networks={k2: 2}", "model.k1=3"],
            "--set experts.networks: [{k2: 2}] is not possible: must not have a k2 below model.k1",
        ),
        (
            ["drift.shard=learning_rate", "drift.boost=4", "experts.networks={cell: rnn, learning_rate: 0.3}"],
            "--set drift.boost: 4 is not possible: must not raise experts.networks above 1",
        ),
        (
            ["model.start_from=net.safetensors", "model.kind=none"],
            "--set model.start_from: net.safetensors is not possible: has no effect without a network",
        ),
        (["model.cell=lru", "model.k1=3"], "--set model.cell: lru is not possible: must not be lru with k1 above 1"),
        (["model.cell=lru", "model.layers=2"], "--set model.cell: lru is not possible: must not be lru with layers"),
        (
            ["experts.networks=[{cell: lru}]", "model.k1=2"],
            "--set experts.networks: [{cell: lru}] is not possible: must not be lru with k1 above 1",
        ),
        (
            [*TOKENS, "inputs.calendar=true"],
            "--set inputs.calendar: true is not possible: must be false with tokens",
        ),
        (
            [*TOKENS, "tokens.of=bytes", "tokens.vocabulary=[a,b]"],
            "--set tokens.vocabulary: [a, b] is not possible: must be no list with bytes",
        ),
        (
            [*TOKENS, "tokens.vocabulary=[a,bc]"],
            "--set tokens.vocabulary: [a, bc] is not possible: must list what can come: one character with characters",
        ),
        (
            [*TOKENS, "tokens.of=words", "tokens.marker=||"],
            '--set tokens.marker: "||" is not possible: must be one token',
        ),
        (
            [*TOKENS, "tokens.of=bytes", "tokens.marker=é"],
            r'--set tokens.marker: "\u00e9" is not possible: must be one token',
        ),
        (
            [*TOKENS, "tokens.of=items", "tokens.marker=<end>"],
            '--set tokens.marker: "<end>" is not possible: must be one token',
        ),
        (
            [*TOKENS, "tokens.of=items", "tokens.marker=then", "tokens.vocabulary=[now,later]"],
            "--set tokens.marker: then is not possible: must be among the tokens that are listed",
        ),
        (
            [*TOKENS, "tokens.of=sets", "tokens.marker=then"],
            "--set tokens.marker: then is not possible: must be null with sets",
        ),
        (
            [*TOKENS, "sequences.record=false", "tokens.marker=|"],
            '--set tokens.marker: "|" is not possible: must come with sequences.record, sequences.end or sequences.gap',
        ),
        (
            ["model.lookahead=4"],
            "--set model.lookahead: 4 is not possible: must be 0 without labels.mode: field or delayed",
        ),
        (
            ["model.lookahead=4", "labels.mode=field", "labels.sequence=true", "sequences.gap=60"],
            "--set model.lookahead: 4 is not possible: must be 0 with labels.sequence",
        ),
        (
            ["model.lookahead=4", "labels.mode=field", "model.cell=lru"],
            "--set model.cell: lru is not possible: must not be lru with labels",
        ),
        (["model.k1=9"], "--set model.k1: 9 is not possible: must not be larger than model.k2"),
        (
            ["drift.shard=learning_rate", "drift.boost=4", "model.learning_rate=0.3"],
            "--set drift.boost: 4 is not possible: must not raise model.learning_rate above 1",
        ),
        (["events.features=a,a"], "--set events.features: [a, a] is not possible: must not name a feature twice"),
        (
            ["events.targets=value,value"],
            "--set events.targets: [value, value] is not possible: must not name a target",
        ),
        (["events.targets=b"], "--set events.targets: [b] is not possible: must all be among events.features"),
        (["events.features=stream"], "--set events.features: [stream] is not possible: must not contain"),
        (["events.features=time"], "--set events.features: [time] is not possible: must not contain"),
        (["events.time=stream"], "--set events.time: stream is not possible: must be another field"),
        (["inputs.booleans=[a, a]"], "--set inputs.booleans: [a, a] is not possible: must not name a field twice"),
        (
            ["inputs.booleans=value"],
            "--set inputs.booleans: [value] is not possible: must not name a field of events.features",
        ),
        (
            ["inputs.categories={a: 9}", "inputs.booleans=a"],
            "--set inputs.categories: {a: 9} is not possible: must not name a field of inputs.booleans",
        ),
        (
            ["labels.mode=field", "inputs.categories={label: 9}"],
            "--set inputs.categories: {label: 9} is not possible: must not name a field of labels.field",
        ),
        (
            ["inputs.level=false", "inputs.change=false", "inputs.missing=false", "inputs.error=false"],
            "--set inputs.level: false is not possible: must leave the network something to see",
        ),
        (["events.late_by=5"], "--set events.late_by: 5 is not possible: has no effect without events.late: drop"),
        (
            ["transport.kind=standard", "events.stream=null"],
            "--set events.stream: null is not possible: must name a field",
        ),
        (
            ["transport.input=predictions"],
            "default transport.predictions: predictions is not possible: must be another",
        ),
        (["labels.topic=labels"], "--set labels.topic: labels is not possible: has no effect without labels.mode"),
        (["labels.journal=notes"], "--set labels.journal: notes is not possible: has no effect without labels.topic"),
        (
            [*TWO, "transport.kind=kafka", "transport.input=a,b"],
            "--set labels.topic: labels is not possible: must be null with more than one input",
        ),
        ([*TWO, "transport.kind=standard"], "--set labels.topic: labels is not possible: must be null with standard"),
        (
            [*TWO, "transport.kind=kafka", "kafka.assignment=sticky"],
            "--set kafka.assignment: sticky is not possible: must be range with labels.topic",
        ),
        ([*TWO, "transport.input=labels"], "--set labels.topic: labels is not possible: must be another topic than t"),
        (
            [*TWO, "transport.dead_letters=labels"],
            "--set labels.topic: labels is not possible: must be another topic than transport.dead_letters",
        ),
        ([*TWO, "labels.journal=labels"], "--set labels.journal: labels is not possible: must be another topic than l"),
        (
            [*TWO, "transport.kind=kafka", "snapshots.topic=streamrnn-journal"],
            "default labels.journal: null is not possible: must be another topic than snapshots.topic",
        ),
        (
            [*TWO, "transport.kind=kafka", "kafka.group_id=a b", "snapshots.topic=s"],
            "default labels.journal: null is not possible: must be set",
        ),
    ],
)
def test_contradictions_are_refused(problems, overrides, start):
    (problem,) = problems("", *overrides)
    assert problem.startswith(start)


def test_the_other_setting_is_shown_with_its_place(problems):
    (problem,) = problems("model:\n  k2: 3\n  k1: 4\n")
    assert problem.startswith("config.yaml:3:3 model.k1: 4 ")
    assert problem.endswith("; model.k2 is 3 (config.yaml:2:3).")


def test_nothing_is_said_of_a_setting_whose_partner_is_wrong_anyway(problems):
    (problem,) = problems("model: {k1: 9, k2: many}")
    assert "model.k2: many is not allowed" in problem


@pytest.mark.parametrize("overrides", [["model.k1=8"], ["events.late=drop", "events.late_by=5"], ["events.late=drop"]])
def test_what_fits_together_passes(load_text, overrides):
    load_text("", *overrides)


def test_settings_made_in_code_are_checked_too():
    with pytest.raises(ValueError, match=r"model\.k1 must not be larger"):
        Settings.model_validate({"model": {"k1": 9}})


@pytest.mark.parametrize(
    ("overrides", "key", "text"),
    [
        (["labels.mode=field", "events.features=value,label"], "labels.field", "shown what it is to tell"),
        (["labels.mode=field", "labels.field=time"], "labels.field", "another field than events.time"),
        (["labels.mode=delayed", "labels.id=stream"], "labels.id", "another field than events.stream"),
        (["labels.mode=delayed", "labels.id=value"], "labels.id", "must not be among events.features"),
        (["labels.mode=field", "sequences.end=label"], "sequences.end", "another field than labels.field"),
        (["labels.mode=field", "labels.sequence=true"], "labels.sequence", "must come with sequences.end"),
        (
            ["labels.mode=field", "labels.kind=number", "labels.last=false"], "labels.last",
            "must be true where labels are numbers",
        ),
        (["labels.mode=field", "labels.running=0.1"], "labels.running", "has no effect without labels.sequence"),
        (["labels.last=false"], "labels.last", "without labels.mode: field or delayed"),
        (["labels.mode=field", "labels.dead_letters=true"], "labels.dead_letters", "without labels.mode: delayed"),
        (["labels.mode=delayed", "labels.join=time", "events.time=null"], "labels.join", "must be id"),
        (["labels.mode=field", "labels.kind=number", "labels.classes=[a,b]"], "labels.classes", "must be null"),
        (["labels.mode=field", "labels.classes=[a,a]"], "labels.classes", "must not name a class twice"),
        (["labels.mode=field", "events.targets=value"], "events.targets", "has no effect with labels"),
        (["labels.mode=field", "forecast.season=24"], "forecast.season", "has no effect with labels"),
        (["labels.mode=field", "forecast.interval=60"], "forecast.interval", "has no effect with labels"),
        (["labels.mode=field", "model.k1=2"], "model.k1", "must be 1 with labels"),
        (["labels.mode=field", "model.head=quantiles"], "model.head", "must be point with labels"),
        (["labels.mode=field", "model.kind=none"], "model.kind", "must be network with labels"),
        (["sequences.end=last"], "sequences.end", "has no effect without labels.mode"),
        (["sequences.gap=60"], "sequences.gap", "has no effect without labels.mode"),
    ],
)
def test_labels_that_cannot_be_learned_are_refused(problems, overrides, key, text):
    (problem,) = problems("", *overrides)
    assert f" {key}: " in problem
    assert text in problem


@pytest.mark.parametrize(
    "overrides",
    [
        ["labels.mode=field"],
        ["labels.mode=delayed", "labels.join=time", "labels.id=value"],  # the id has no part in that
        ["labels.mode=field", "labels.sequence=true", "sequences.end=last", "sequences.gap=60"],
    ],
)
def test_labels_that_fit_pass(load_text, overrides):
    load_text("", *overrides)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "events.example"])
def test_an_address_beyond_this_machine_wants_a_token_or_an_explicit_word(problems, load_text, host):
    (problem,) = problems("", f"http.host={host}")
    assert "is an address beyond this machine: set http.token or http.client_ca, or http.unprotected" in problem
    tls = ["http.certificate=c.pem", "http.key=k.pem", "http.client_ca=ca.pem"]
    for word in (["http.unprotected=true"], ["http.token=0123456789abcdef"], tls, ["http.enabled=false"]):
        assert load_text("", f"http.host={host}", *word).settings.http.host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_an_address_of_this_machine_needs_no_word(load_text, host):
    assert load_text("", f"http.host={host}").settings.http.host == host


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (["http.certificate=c.pem"], "must come with a key"),
        (["http.key=k.pem"], "must come with a key"),
        (["http.client_ca=ca.pem"], "needs TLS"),
        (["http.token=short"], "Allowed: a text of 16 characters or more, or null"),
    ],
)
def test_half_a_protection_is_refused(problems, given, text):
    (problem,) = problems("", *given)
    assert text in problem


KAFKA = ["labels.mode=field", "transport.kind=kafka", "kafka.bootstrap_servers=broker:9092"]


@pytest.mark.parametrize(
    ("overrides", "remedy"),
    [
        (["model.lookahead=60"], "lower it, or list the classes, for names may be long"),
        (["model.lookahead=256", f"labels.classes={[f'class {i}' for i in range(100)]}"], "or have fewer classes"),
    ],
)
def test_answers_that_may_not_fit_into_a_record_of_kafka_are_refused(problems, load_text, overrides, remedy):
    (problem,) = problems("", *KAFKA, *overrides)
    assert " model.lookahead: " in problem and remedy in problem
    load_text("", "labels.mode=field", *overrides)  # a folder takes all
    for fits in (["labels.classes=[up,down]"], ["labels.kind=number"]):
        load_text("", *KAFKA, "model.lookahead=256", *fits)
    load_text("", *KAFKA, "model.lookahead=16")
