"""The chart is what Kubernetes takes, renders settings that the daemon takes, and refuses what would not work."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from streamrnn.settings import load
from streamrnn.settings.interpolate import interpolate
from streamrnn.settings.schema import Settings
from tests.deploy.tools import CHART, DEPLOY, run, tool

pytestmark = pytest.mark.tools

OWN = {"PodMonitor", "PrometheusRule", "ScaledObject"}  # of operators: Kubernetes itself has no schema of them
DIGEST = "sha256:" + "0" * 64
VALUES: dict[str, dict[str, Any]] = {
    "the defaults": {},
    "a token, TLS and mutual TLS": {
        "http": {"tokenSecret": {"name": "page", "key": "word"}, "tlsSecret": "tls", "clientCaSecret": "authority"},
        "networkPolicy": {"enabled": False},
        "podMonitor": {"enabled": True, "labels": {"release": "prometheus"}, "tlsConfig": {"insecureSkipVerify": True}},
    },
    "a login at the brokers": {
        "secretFiles": ["kafka-login"],
        "secretEnvironment": [{"name": "KAFKA_USER", "secret": "kafka-login", "key": "user"}],
        "settings": {
            "kafka": {
                "bootstrap_servers": ["a:9093", "b:9093"],
                "security_protocol": "SASL_SSL",
                "sasl_mechanism": "SCRAM-SHA-512",
                "sasl_plain_username": "${KAFKA_USER}",
                "sasl_plain_password": "${file:/run/secrets/kafka-login/password}",
            }
        },
    },
    "snapshots on a shared volume": {"persistence": {"enabled": True, "storageClass": "nfs", "size": "20Gi"}},
    "one pod with a disk that is there": {
        "replicas": 1,
        "persistence": {"enabled": True, "existingClaim": "disk", "accessMode": "ReadWriteOnce"},
    },
    "scaling on lag": {
        "partitions": 8,
        "autoscaling": {"enabled": True, "maxReplicas": 8, "lagThreshold": 1_000_000, "metadata": {"tls": "enable"}},
        "settings": {"transport": {"input": ["meters", "pumps"]}},
        "prometheusRule": {"enabled": True, "labels": {"release": "prometheus"}},
    },
    "everything that is placed by hand": {
        "image": {"repository": "registry/streamrnn", "digest": DIGEST, "pullPolicy": "Always"},
        "imagePullSecrets": [{"name": "pull"}],
        "nameOverride": "learner",
        "podAnnotations": {"a": "b"},
        "podLabels": {"team": "energy"},
        "nodeSelector": {"disk": "fast"},
        "tolerations": [{"key": "batch", "operator": "Exists", "effect": "NoSchedule"}],
        "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": 1, "podAffinityTerm": {"topologyKey": "rack", "labelSelector": {"matchLabels": {"a": "b"}}}}
        ]}},
        "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "rack", "whenUnsatisfiable": "DoNotSchedule"}],
        "priorityClassName": "high",
        "serviceAccount": {"create": False, "name": "mine"},
        "networkPolicy": {"from": [], "egress": [{"ports": [{"port": 9092, "protocol": "TCP"}]}]},
        "podDisruptionBudget": {"maxUnavailable": "25%"},
    },
    "settings with large numbers, lists and groups": {
        "partitions": 12,
        "settings": {
            "snapshots": {"every_records": 5_000_000, "every_seconds": 0.5},
            "streams": {"max_live": 1_000_000},
            "events": {"features": ["load", "heat"], "max_magnitude": 1e15},
            "inputs": {"categories": {"weather": ["rain", "sun"], "shop": 1000}},
            "experts": {"networks": [0.0005, {"cell": "lstm", "hidden_size": 64}]},
            "daemon": {"drain_deadline": 90.5, "memory_limit": None},
        },
    },
}  # fmt: skip

Render = Callable[[dict[str, Any]], list[dict[str, Any]]]


@pytest.fixture
def helm(tmp_path: Path) -> Callable[..., Any]:
    """Helm with values of a file of their own; its output and its errors."""
    program = tool("helm", "STREAMRNN_HELM")

    def call(verb: list[str | Path], values: dict[str, Any]) -> Any:
        (tmp_path / "values.yaml").write_text(yaml.safe_dump(values))
        return run(program, *verb, "--values", tmp_path / "values.yaml", "--kube-version", "1.31.0")

    return call


@pytest.fixture
def render(helm: Callable[..., Any]) -> Render:
    """The documents of a release."""

    def documents(values: dict[str, Any]) -> list[dict[str, Any]]:
        done = helm(["template", "energy", CHART, "--namespace", "forecasts"], values)
        assert done.returncode == 0, done.stderr
        return [document for document in yaml.safe_load_all(done.stdout) if document]

    return documents


def one(documents: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    (found,) = [document for document in documents if document["kind"] == kind]
    return found


def settings_of(documents: list[dict[str, Any]], folder: Path) -> Settings:
    """What the daemon makes of the ConfigMap; each secret, and each file that the settings name, is made up."""
    text = one(documents, "ConfigMap")["data"]["config.yaml"]
    secret = folder / "secret"
    secret.write_text("a secret of some length")
    for part in ("/run/streamrnn/token/token", "/run/secrets/kafka-login/password"):
        text = text.replace("${file:" + part + "}", "${file:" + str(secret) + "}")
    (folder / "config.yaml").write_text(text)
    container = one(documents, "StatefulSet")["spec"]["template"]["spec"]["containers"][0]
    environ = {entry["name"]: entry.get("value", "energy-0") for entry in container["env"]}
    return load(folder / "config.yaml", [], environ).settings


@pytest.mark.parametrize("name", VALUES)
def test_helm_finds_nothing_to_say(name: str, helm: Callable[..., Any]) -> None:
    done = helm(["lint", "--strict", CHART], VALUES[name])
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("version", ["1.27", "1.31", "1.34"])
@pytest.mark.parametrize("name", VALUES)
def test_kubernetes_takes_every_document(name: str, version: str, render: Render) -> None:
    kubernetes_validate = pytest.importorskip("kubernetes_validate")
    kinds = set()
    for document in render(VALUES[name]):
        kinds.add(document["kind"])
        if document["kind"] not in OWN:
            kubernetes_validate.validate(document, version, strict=True)
    assert {"StatefulSet", "ConfigMap", "Service", "PodDisruptionBudget"} <= kinds


def test_the_operators_take_what_is_theirs(render: Render, tmp_path: Path) -> None:
    """By the types and required keys of their custom resources; a key too many they would drop without a word."""
    node, modules = tool("node"), Path(os.environ.get("STREAMRNN_NODE_MODULES", Path(sys.prefix) / "node_modules"))
    if not (modules / "@kubernetes-models").exists():
        pytest.skip(f"@kubernetes-models/keda and /prometheus-operator are not in {modules} (npm; `make test-tools`)")
    (tmp_path / "node_modules").symlink_to(modules)
    shutil.copy(Path(__file__).parent / "operators.mjs", tmp_path)

    def checked(documents: list[dict[str, Any]]) -> Any:
        return run(node, "--preserve-symlinks", tmp_path / "operators.mjs", input=json.dumps(documents))

    values = VALUES["scaling on lag"] | {"podMonitor": {"enabled": True, "tlsConfig": {"insecureSkipVerify": True}}}
    documents = [each for each in render(values | {"http": VALUES["a token, TLS and mutual TLS"]["http"]})
                 if each["kind"] in OWN]  # fmt: skip
    done = checked(documents)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == OWN
    one(documents, "ScaledObject")["spec"]["triggers"][0]["metadata"]["lagThreshold"] = 5
    assert "lagThreshold must be string" in checked(documents).stderr


@pytest.mark.parametrize("name", VALUES)
def test_the_daemon_takes_the_settings(name: str, render: Render, tmp_path: Path) -> None:
    settings = settings_of(render(VALUES[name]), tmp_path)
    assert settings.kafka.group_instance_id == "energy-0"
    assert settings.http.protected or settings.http.unprotected
    given = VALUES[name].get("settings", {})
    for section, values in given.items():
        for key, value in values.items():
            if isinstance(value, int | float | list) and not isinstance(value, bool) and key != "networks":
                found = getattr(getattr(settings, section), key)
                assert list(found) == value if isinstance(value, list) else found == value


def test_by_default_memory_leaves_room_for_the_process(render: Render, tmp_path: Path) -> None:
    documents = render({})
    limit = one(documents, "StatefulSet")["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"]
    settings = settings_of(documents, tmp_path)
    assert limit == "2Gi" and settings.daemon.memory_limit is not None
    assert settings.daemon.memory_limit + (512 << 20) <= 2 << 30


def test_a_pod_is_a_static_member_and_may_do_nothing_but_its_work(render: Render) -> None:
    pod = one(render({}), "StatefulSet")["spec"]["template"]["spec"]
    container = pod["containers"][0]
    name = {"name": "STREAMRNN_KAFKA__GROUP_INSTANCE_ID", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    assert name in container["env"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip


def test_topics_are_made_first_by_one_that_may_no_more_than_the_daemon(render: Render) -> None:
    topics = {"createTopics": {"replicas": 3, "inputPartitions": 8}}
    pod = one(render(topics | VALUES["a login at the brokers"]), "StatefulSet")["spec"]["template"]["spec"]
    (first,), (daemon,) = pod["initContainers"], pod["containers"]
    config = ["--config", "/etc/streamrnn/config.yaml"]
    assert first["args"] == ["topics", "create", *config, "--replicas", "3", "--input", "8"]
    for key in ("image", "env", "volumeMounts", "securityContext"):
        assert first[key] == daemon[key]
    off = one(render({"createTopics": {"enabled": False}}), "StatefulSet")
    assert "initContainers" not in off["spec"]["template"]["spec"]


def test_a_new_lineage_is_begun_by_an_explicit_word_alone(render: Render) -> None:
    for word in (False, True):
        pod = one(render({"newLineage": word}), "StatefulSet")["spec"]["template"]["spec"]
        assert ("--new-lineage" in pod["containers"][0]["args"]) is word


def test_what_was_learned_goes_on_with_each_revision_unless_it_is_said(render: Render) -> None:
    for word in (False, True):
        pod = one(render({"carryOver": word}), "StatefulSet")["spec"]["template"]["spec"]
        environment = {each["name"]: each.get("value") for each in pod["containers"][0]["env"]}
        assert environment.get("STREAMRNN_SNAPSHOTS__REVISION") == ("1" if word else None)


def test_a_pod_has_time_to_drain(render: Render) -> None:
    for deadline in (30, 90.5):
        stateful = one(render({"settings": {"daemon": {"drain_deadline": deadline}}}), "StatefulSet")
        assert stateful["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > deadline + 10


def test_other_settings_roll_the_pods_and_other_values_do_not(render: Render) -> None:
    def checksum(values: dict[str, Any]) -> str:
        template = one(render(values), "StatefulSet")["spec"]["template"]
        return str(template["metadata"]["annotations"]["checksum/config"])

    assert checksum({}) == checksum({"replicas": 3})
    assert checksum({}) != checksum({"settings": {"logging": {"level": "debug"}}})


def test_probes_ask_with_tls_where_there_is_a_certificate(render: Render) -> None:
    for secret, scheme in (("", "HTTP"), ("tls", "HTTPS")):
        container = one(render({"http": {"tlsSecret": secret}}), "StatefulSet")["spec"]["template"]["spec"][
            "containers"
        ][0]
        probes = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "readiness", "liveness")}
        assert {kind: probe["path"] for kind, probe in probes.items()} == {
            "startup": "/livez", "readiness": "/readyz", "liveness": "/livez",
        }  # fmt: skip
        assert {probe["scheme"] for probe in probes.values()} == {scheme}


def test_no_secret_gets_into_a_document(render: Render) -> None:
    for name in ("a token, TLS and mutual TLS", "a login at the brokers"):
        text = one(render(VALUES[name]), "ConfigMap")["data"]["config.yaml"]
        config = json.loads(text)
        for group, key in (("http", "token"), ("kafka", "sasl_plain_password")):
            value = config[group].get(key)
            assert value is None or interpolate(value.replace("file:", "X").replace("/", "_").replace("-", "_"),
                                                _Everything())[1]  # fmt: skip


class _Everything(dict[str, str]):
    def __contains__(self, key: object) -> bool:
        return True

    def __getitem__(self, key: str) -> str:
        return "x"


def test_scaling_stops_at_the_partitions(render: Render) -> None:
    documents = render(VALUES["scaling on lag"])
    scaled = one(documents, "ScaledObject")["spec"]
    assert "replicas" not in one(documents, "StatefulSet")["spec"]
    assert scaled["scaleTargetRef"]["kind"] == "StatefulSet" and scaled["maxReplicaCount"] == 8
    triggers = [trigger["metadata"] for trigger in scaled["triggers"]]
    assert [trigger["topic"] for trigger in triggers] == ["meters", "pumps"]
    for trigger in triggers:
        assert trigger["allowIdleConsumers"] == "false" and trigger["lagThreshold"] == "1000000"
        assert trigger["consumerGroup"] == "streamrnn" and trigger["bootstrapServers"] == "kafka:9092"
        assert all(isinstance(value, str) for value in trigger.values())


def test_the_rules_are_those_of_the_repository(render: Render) -> None:
    rules = one(render(VALUES["scaling on lag"]), "PrometheusRule")
    assert rules["spec"] == yaml.safe_load((DEPLOY / "prometheus/rules.yaml").read_text())


def test_prometheus_shows_the_token(render: Render) -> None:
    endpoint = one(render(VALUES["a token, TLS and mutual TLS"]), "PodMonitor")["spec"]["podMetricsEndpoints"][0]
    assert endpoint["authorization"] == {"type": "Bearer", "credentials": {"name": "page", "key": "word"}}
    assert endpoint["scheme"] == "https"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"replica": 3}, "'replica' not allowed"),
        ({"settings": {"model": {"hiden_size": 3}}}, "'hiden_size' not allowed"),
        ({"settings": {"model": {"hidden_size": "big"}}}, "got string, want integer"),
        ({"replicas": -1}, "minimum: got -1"),
        ({"image": {"digest": "sha256:abc"}}, "does not match pattern"),
        ({"persistence": {"accessMode": "ReadWriteSometimes"}}, "must be one of"),
        ({"settings": {"transport": {"kind": "directory"}}}, "settings.transport.kind must be kafka"),
        ({"settings": {"kafka": {"sasl_plain_password": "hunter2"}}}, "put it into a Secret"),
        ({"settings": {"kafka": {"group_instance_id": "me"}}}, "each pod's own name"),
        ({"settings": {"http": {"token": "0123456789abcdef"}}}, "use http.tokenSecret"),
        ({"settings": {"http": {"enabled": False}}}, "the probes need it"),
        ({"settings": {"http": {"port": 0}}}, "must be a number"),
        ({"settings": {"http": {"host": "127.0.0.1"}}}, "the probes come from outside"),
        ({"settings": {"snapshots": {"store": "directory"}}}, "use persistence"),
        ({"networkPolicy": {"enabled": False}}, "anybody in the cluster could read the page"),
        ({"http": {"clientCaSecret": "authority"}}, "set http.tlsSecret"),
        ({"persistence": {"enabled": True, "accessMode": "ReadWriteOnce"}}, "must be ReadWriteMany"),
        ({"replicas": 5, "partitions": 4}, "more would idle"),
        ({"autoscaling": {"enabled": True}}, "autoscaling needs partitions"),
        ({"autoscaling": {"enabled": True, "maxReplicas": 9}, "partitions": 8}, "more would idle"),
        ({"autoscaling": {"enabled": True, "minReplicas": 5}, "partitions": 8}, "is above autoscaling.maxReplicas"),
    ],
)
def test_what_would_not_work_is_refused(values: dict[str, Any], said: str, helm: Callable[..., Any]) -> None:
    done = helm(["template", "energy", CHART], values)
    assert done.returncode != 0 and said in done.stderr


def test_the_notes_tell_the_next_steps(helm: Callable[..., Any], tmp_path: Path) -> None:
    chart = tmp_path / "streamrnn"  # one that has the notes in a document, since helm shows them to a cluster alone
    shutil.copytree(CHART, chart)
    notes = chart / "templates/NOTES.txt"
    (chart / "templates/_notes.tpl").write_text('{{ define "notes" }}' + notes.read_text() + "{{ end }}")
    (chart / "templates/notes.yaml").write_text('notes: {{ include "notes" . | toJson }}')
    notes.unlink()
    for secret, said in (("", "make sure that your network plugin enforces it"), ("page", "the token as password")):
        done = helm(["template", "energy", chart, "--namespace", "forecasts", "--show-only", "templates/notes.yaml"],
                    {"http": {"tokenSecret": {"name": secret}}})  # fmt: skip
        assert done.returncode == 0, done.stderr
        told = yaml.safe_load(done.stdout)["notes"]
        assert "rollout status statefulset/energy-streamrnn" in told
        assert "-n forecasts port-forward pod/energy-streamrnn-0 9464:9464" in told
        assert said in told
