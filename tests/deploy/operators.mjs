// Reads documents as a JSON list and checks each by the schema of its operator's custom resource.
import { readFileSync } from "node:fs";
import * as keda from "@kubernetes-models/keda/keda.sh/v1alpha1";
import * as prometheus from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";

for (const document of JSON.parse(readFileSync(0))) {
  new { ...keda, ...prometheus }[document.kind](document).validate();
  console.log(document.kind);
}
