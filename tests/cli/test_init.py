"""``streamrnn init`` writes a settings file that holds, for every preset, and says what it saw."""

import gzip
import json
import math
from itertools import chain, islice
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from streamrnn.cli.app import app
from streamrnn.demo.scenes import SCENES
from streamrnn.events.columns import Partition, Records
from streamrnn.events.decode import Decoder
from streamrnn.exits import ExitCode
from streamrnn.presets.templates import PRESETS
from streamrnn.settings import load
from streamrnn.settings.keys import keys
from tests.presets.make import meters


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def init(*options: str, preset: str = "forecast") -> Result:
    return CliRunner().invoke(app, ["init", "--preset", preset, *options])


def write(path: str, preset: str, count: int = 4000, streams: int = 5) -> None:
    lines = b"".join(islice(chain.from_iterable(SCENES[preset](0, streams)), count))
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(lines)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("looked_at", [False, True])
def test_every_preset_passes_check(preset: str, looked_at: bool) -> None:
    write("var/log/events/0.jsonl", preset)
    result = init(*(["--from-topic", "var/log/events"] if looked_at else []), preset=preset)
    assert result.exit_code == 0, result.output
    checked = CliRunner().invoke(app, ["check", "--config", "config.yaml", "--set", "http.port=0"])
    assert checked.exit_code == ExitCode.OK, checked.output
    assert "WARN" not in checked.output and "FAIL" not in checked.output


@pytest.mark.parametrize("preset", PRESETS)
def test_every_setting_has_a_comment_and_state_is_marked(preset: str) -> None:
    init(preset=preset)
    lines = Path("config.yaml").read_text().splitlines()
    assert max(map(len, lines)) <= 120
    settings = [at for at, line in enumerate(lines) if line.startswith("  ") and not line.lstrip().startswith("#")]
    assert len(settings) >= 10
    assert all(lines[at - 1].lstrip().startswith("#") for at in settings)


@pytest.mark.parametrize("name", ["history.csv", "history.csv.gz", "history.jsonl", "history.jsonl.gz"])
def test_a_file_tells_fields_interval_and_seasons(name: str) -> None:
    records = [dict(record.fields) for record in meters(3, 24 * 70, weekly=6.0)]
    if ".csv" in name:
        rows = [f"{r['meter']},{r['ts']:.0f},{r['value']}" for r in records]
        text = "\n".join(["meter,ts,value", *rows]) + "\n"
    else:
        text = "".join(json.dumps(record) + "\n" for record in records)
    Path(name).write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    result = init("--from-file", name)
    assert result.exit_code == 0, result.output
    settings = load(Path("config.yaml"), environ={}).settings
    assert (settings.events.stream, settings.events.time, settings.events.features) == ("meter", "ts", ("value",))
    assert (settings.forecast.interval, settings.forecast.season) == (3600.0, 24)
    assert settings.forecast.horizons == (1, 6, 24) and settings.inputs.calendar
    if "forecast.long_season" in keys():
        assert settings.forecast.long_season == 168
    assert "autocorrelation" in result.stdout and "a day (24 steps) later" in result.stdout
    assert "# Seen: autocorrelation" in Path("config.yaml").read_text()
    replayed = CliRunner().invoke(app, ["replay", name, "--config", "config.yaml", "--set", "model.kind=none"])
    assert replayed.exit_code == 0, replayed.output


def test_flags_categories_and_what_is_left_out_are_named() -> None:
    rows = [
        {
            "stream": "a", "time": 60 * n, "heat": (n * 7) % 13 + 0.5, "open": n % 2, "mode": "xy"[n // 7 % 2],
            "ok": n % 3 > 0,
        }
        for n in range(200)
    ]  # fmt: skip
    Path("log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = init("--from-file", "log.jsonl")
    settings = load(Path("config.yaml"), environ={}).settings
    assert settings.events.features == ("heat", "open") and settings.events.targets == ("heat",)
    assert settings.inputs.booleans == ("ok",) and settings.inputs.categories == {"mode": ("x", "y")}
    for shown in ("open (0, 1)", "mode (x, y)", "ok (false, true)"):
        assert shown in result.stdout


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["x", "", "y"], {"mode": ("x", "y")}),
        ([""], {}),
        (["true", "false"], {"mode": ("true", "false")}),
        ([1.5, "x"], {}),
    ],
)
def test_what_it_finds_the_daemon_takes(values: list[object], expected: dict[str, tuple[str, ...]]) -> None:
    modes = [values[n % 7 % len(values)] for n in range(99)]
    rows = [{"stream": "a", "time": 60 * n, "heat": n * 7 % 13 + 0.5, "mode": mode} for n, mode in enumerate(modes)]
    lines = [json.dumps(row).encode() for row in rows]
    Path("log.jsonl").write_bytes(b"\n".join(lines))
    init("--from-file", "log.jsonl")
    settings = load(Path("config.yaml"), environ={}).settings
    assert settings.inputs.booleans == ()
    assert settings.inputs.categories == expected
    raw = Records(Partition("log", 0), list(range(99)), [None] * 99, [*lines], [math.nan] * 99, 99)
    assert Decoder.from_settings(settings, False).decode(raw).rejects == []


def test_it_writes_over_nothing_without_being_told() -> None:
    Path("config.yaml").write_text("mine")
    refused = init()
    assert refused.exit_code == ExitCode.SETTINGS and "add --force" in refused.stderr
    assert Path("config.yaml").read_text() == "mine"
    assert init("--force").exit_code == 0
    assert init("--output", "other.yaml").exit_code == 0


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--from-file", "nowhere.csv"), "nowhere.csv cannot be read: No such file or directory. Check --from-file"),
        (("--from-file", "table.parquet"), "name it .csv or .jsonl"),
        (("--from-file", "empty.csv"), "empty.csv is empty"),
        (("--from-file", "empty.jsonl"), "there is no record to look at"),
        (("--from-file", "text.jsonl"), "there is no record to look at"),
        (("--from-file", "torn.csv.gz"), "torn.csv.gz cannot be read"),
        (("--from-file", "words.csv"), "the records have a, b. Give each number a field of its own, such as"),
        (("--from-file", "lists.jsonl"), 'Give each number in band a field of its own, such as "band1": 0.5'),
        (("--from-file", "bearers.jsonl"), "refused (no_stream). Name the field with --stream (bearer looks like one"),
        (("--set", "tokens.off=words"), "unknown key. Did you mean of?"),
        (("--set", "model.hidden_size=0"), "--set model.hidden_size: 0 is not allowed"),
        (("--set", "http.token=hush-hush-hush-hush"), "is a secret, which is not copied"),
        (("--from-file", "quoted.jsonl"), "numbers in quotes, which the daemon refuses: v (1.5, 2.5"),
        (("--from-topic", "nowhere"), "holds no <number>.jsonl: give --from-topic the folder"),
        (("--from-topic", "a/b", "--bootstrap", "x:1"), "leave out --bootstrap"),
        (("--from-file", "words.csv", "--from-topic", "x"), "exclude each other"),
        (("--label", "x"), "add --from-file or --from-topic"),
        (("--output", "."), "is a folder"),
        (("--output", "no/such/config.yaml"), "cannot be written: No such file or directory"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_remedy(options: tuple[str, ...], text: str) -> None:
    Path("empty.csv").touch()
    Path("empty.jsonl").touch()
    Path("table.parquet").touch()
    Path("text.jsonl").write_text("hello\n[1, 2]\n\xff\n", encoding="latin-1")
    Path("torn.csv.gz").write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 1000)[:-20])
    Path("words.csv").write_text("a,b\n" + "x,y\n" * 10)
    Path("lists.jsonl").write_text('{"stream": "a", "band": [0.5, 1.5]}\n' * 10)
    Path("bearers.jsonl").write_text("".join(f'{{"bearer": "{"ab"[n % 2]}", "v": {n**2}.5}}\n' for n in range(20)))
    Path("quoted.jsonl").write_text("".join(f'{{"time": {n}, "v": "{n % 7 + 0.5}"}}\n' for n in range(1, 100)))
    result = init(*options)
    assert result.exit_code == ExitCode.SETTINGS, result.output
    assert text in result.stderr and "Traceback" not in result.stderr
    assert not Path("config.yaml").exists()


def test_a_misspelled_preset_is_met_with_the_nearest() -> None:
    assert "did you mean anomaly?" in init(preset="anomly").stderr


@pytest.mark.parametrize("options", [[], ["--preset", "nothing"]])
def test_without_a_preset_all_are_told_with_what_they_are_for(options: list[str]) -> None:
    refused = CliRunner().invoke(app, ["init", *options])
    assert refused.exit_code == ExitCode.SETTINGS
    told = CliRunner().invoke(app, ["init", "--help"]).stdout
    for preset in PRESETS.values():
        assert any(line.split() == [preset.name, *preset.task.split()] for line in refused.stderr.splitlines())
        assert any(line.split()[:1] == [preset.name] and len(line.split()) > 5 for line in told.splitlines())


def test_a_file_that_lacks_a_setting_is_not_said_to_be_ready() -> None:
    rows = [{"stream": "a", "time": 60 * n, "v": n % 7 + 0.5, "outcome": "xyz"[n % 3]} for n in range(300)]
    Path("log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = init("--from-file", "log.jsonl", preset="sequence-label")
    assert result.stdout.splitlines()[-1] == (
        "Next: settle sequences.end or sequences.gap in config.yaml, then streamrnn check --config config.yaml"
    )


def test_init_and_replay_agree_on_what_is_a_boolean() -> None:
    rows = [f"{60 * n},{n % 7 + 0.5},{'Yes' if n % 3 else 'no'},{n % 2},{'TRUE' if n % 5 else '0'}" for n in range(200)]
    Path("log.csv").write_text("\n".join(["time,v,open,flag,ok", *rows]) + "\n")
    assert init("--from-file", "log.csv").exit_code == 0
    settings = load(Path("config.yaml"), environ={}).settings
    assert settings.inputs.booleans == ("open", "ok") and settings.inputs.categories == {}
    assert settings.events.features == ("v", "flag")  # numbers 0 and 1 need no other kind of field
    replayed = CliRunner().invoke(
        app, ["replay", "log.csv", "--config", "config.yaml", "--set", "model.kind=none", "--json"]
    )
    assert json.loads(replayed.stdout)["refused"] == 0


def test_where_the_log_is_goes_along_and_passwords_do_not() -> None:
    Path("site.yaml").write_text(
        "transport: {kind: kafka, input: readings}\n"
        "kafka: {bootstrap_servers: [broker:9093], security_protocol: SASL_SSL, sasl_mechanism: PLAIN,\n"
        "        sasl_plain_username: me, sasl_plain_password: hush}\n"
    )
    assert init("--config", "site.yaml").exit_code == 0
    text = Path("config.yaml").read_text()
    assert "hush" not in text and 'sasl_plain_password: "${KAFKA_SASL_PLAIN_PASSWORD}"' in text
    settings = load(Path("config.yaml"), environ={"KAFKA_SASL_PLAIN_PASSWORD": "x"}).settings
    assert settings.transport.input == ("readings",) and settings.kafka.security_protocol == "SASL_SSL"


def test_hostile_names_stay_in_their_comments() -> None:
    name = "a\nmodel: {hidden_size: 4}\n\x1b[2J${HOME}"
    Path("log.jsonl").write_text(
        "".join(json.dumps({"stream": name, "time": 60 * n, name: n % 7 + 0.5, "x": name}) + "\n" for n in range(100))
    )
    assert init("--from-file", "log.jsonl").exit_code == 0
    settings = load(Path("config.yaml"), environ={"HOME": "x"}).settings
    assert settings.events.features == (name,) and settings.model.hidden_size == 32


SAID = ("tokens.of=words", "model.hidden_size=128", "tokens.order=2", "seed=3", "http.port=0")


@pytest.mark.parametrize("looked_at", [False, True])
def test_what_set_says_stands_in_the_file(looked_at: bool) -> None:
    write("var/log/events/0.jsonl", "text")
    options = [*chain.from_iterable(("--set", each) for each in SAID)]
    result = init(*options, *(["--from-topic", "var/log/events"] if looked_at else []), preset="text")
    assert result.exit_code == 0, result.output
    settings = load(Path("config.yaml"), environ={}).settings
    assert (settings.tokens.of, settings.model.hidden_size, settings.tokens.order) == ("words", 128, 2)
    assert (settings.seed, settings.http.port, settings.tokens.field) == (3, 0, "text")
    assert "words  (as you said)" in result.stdout


def test_what_set_says_the_data_do_not_change() -> None:
    rows = [{"bearer": "ab"[n % 2], "note": "so " * 9 + str(n), "move": ["e4", "e5"], "end": n % 4 == 3}
            for n in range(80)]  # fmt: skip
    Path("log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    said = ("events.stream=bearer", "tokens.field=move", "sequences.end=null", "tokens.most=1")
    result = init("--from-file", "log.jsonl", *chain.from_iterable(("--set", each) for each in said), preset="text")
    settings = load(Path("config.yaml"), environ={}).settings
    assert (settings.events.stream, settings.tokens.field, settings.tokens.of) == ("bearer", "move", "items")
    assert settings.sequences.end is None and settings.tokens.most == 1
    assert "Some of move have more tokens than tokens.most allows (1;" in result.stdout
