"""The chart's values.schema.json: what stands here, and the settings as the daemon itself describes them.

``python -m tests.deploy.chart_schema`` writes it anew.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from streamrnn.settings.describe import json_schema

CHART = Path(__file__).parents[2] / "deploy/helm/streamrnn"
FILE = CHART / "values.schema.json"

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
NAME: Schema = {"type": "string", "pattern": "^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$", "maxLength": 253}
FLAG: Schema = {"type": "boolean"}
MAP: Schema = {"type": "object", "additionalProperties": TEXT}
ANY: Schema = {"type": "object"}
LIST: Schema = {"type": "array", "items": ANY}


def whole(least: int) -> Schema:
    return {"type": "integer", "minimum": least}


def of(**properties: Schema) -> Schema:
    """An object that has these keys and no others."""
    return {"type": "object", "properties": properties, "additionalProperties": False}


def items(item: Schema) -> Schema:
    return {"type": "array", "items": item}


PROBE = of(periodSeconds=whole(1), timeoutSeconds=whole(1), failureThreshold=whole(1))
VALUES = {
    "image": of(
        repository={"type": "string", "minLength": 1},
        tag=TEXT,
        digest={"type": "string", "pattern": "^(sha256:[0-9a-f]{64})?$"},
        pullPolicy={"enum": ["Always", "IfNotPresent", "Never"]},
    ),
    "imagePullSecrets": items(of(name=NAME)),
    "nameOverride": NAME,
    "fullnameOverride": NAME,
    "replicas": whole(0),
    "partitions": {"type": ["integer", "null"], "minimum": 1},
    "createTopics": of(
        enabled=FLAG,
        replicas={"type": "integer", "minimum": -1},
        inputPartitions={"type": ["integer", "null"], "minimum": 1},
    ),
    "carryOver": FLAG,
    "newLineage": FLAG,
    "http": of(tokenSecret=of(name=NAME, key={"type": "string", "minLength": 1}), tlsSecret=NAME, clientCaSecret=NAME),
    "secretFiles": items({**NAME, "minLength": 1}),
    "secretEnvironment": items(
        of(
            name={"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
            secret={**NAME, "minLength": 1},
            key={"type": "string", "minLength": 1},
        )
        | {"required": ["name", "secret", "key"]}
    ),
    "persistence": of(
        enabled=FLAG,
        existingClaim=NAME,
        accessMode={"enum": ["ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]},
        storageClass=TEXT,
        size={"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?([KMGTP]i?)?$"},
    ),
    "resources": of(requests=ANY, limits=ANY, claims=LIST),
    "probes": of(startup=PROBE, readiness=PROBE, liveness=PROBE),
    "graceSeconds": whole(5),
    "minReadySeconds": whole(0),
    "podDisruptionBudget": of(
        enabled=FLAG, maxUnavailable={"anyOf": [whole(0), {"type": "string", "pattern": "^[0-9]+%$"}]}
    ),
    "networkPolicy": {
        "type": "object",
        "properties": {"enabled": FLAG, "from": LIST, "egress": LIST},
        "additionalProperties": False,
    },
    "podMonitor": of(
        enabled=FLAG, labels=MAP, interval={"type": "string", "pattern": "^[0-9]+(ms|s|m)$"}, tlsConfig=ANY
    ),
    "prometheusRule": of(enabled=FLAG, labels=MAP),
    "autoscaling": of(
        enabled=FLAG,
        minReplicas=whole(1),
        maxReplicas=whole(1),
        lagThreshold=whole(1),
        pollingInterval=whole(1),
        scaleDownSeconds={"type": "integer", "minimum": 0, "maximum": 3600},
        authentication=NAME,
        metadata=MAP,
    ),
    "serviceAccount": of(create=FLAG, name=NAME, annotations=MAP),
    "podAnnotations": MAP,
    "podLabels": MAP,
    "nodeSelector": MAP,
    "tolerations": LIST,
    "affinity": ANY,
    "topologySpreadConstraints": LIST,
    "priorityClassName": TEXT,
}


def schema() -> Schema:
    """The whole, as it stands in the file."""
    # Helm's regular expressions know no look-ahead; the daemon goes on to refuse what one refuses.
    settings = json.loads(re.sub(r"\(\?![^)]*\)", "", json.dumps(json_schema())))
    return {
        "$schema": settings.pop("$schema"),
        "title": "values of the streamrnn chart",
        "type": "object",
        "additionalProperties": False,
        "properties": {**VALUES, "settings": {key: value for key, value in settings.items() if key != "$defs"},
                       "global": ANY},
        "$defs": settings["$defs"],
    }  # fmt: skip


def text() -> str:
    return json.dumps(schema(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
