{{- define "streamrnn.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "streamrnn.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "streamrnn.labels" -}}
{{ include "streamrnn.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "streamrnn.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "streamrnn.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "streamrnn.claim" -}}
{{- default (printf "%s-snapshots" (include "streamrnn.fullname" .)) .Values.persistence.existingClaim -}}
{{- end -}}

{{- define "streamrnn.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "streamrnn.port" -}}
{{- dig "http" "port" 9464 .Values.settings | int -}}
{{- end -}}

{{- define "streamrnn.scheme" -}}
{{- if .Values.http.tlsSecret }}HTTPS{{ else }}HTTP{{ end -}}
{{- end -}}

{{- define "streamrnn.input" -}}
{{- $input := dig "transport" "input" "events" .Values.settings -}}
{{- if kindIs "string" $input }}{{ list $input | toJson }}{{ else }}{{ $input | toJson }}{{ end -}}
{{- end -}}

{{- define "streamrnn.environment" -}}
- name: STREAMRNN_KAFKA__GROUP_INSTANCE_ID
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
{{- if .Values.carryOver }}
- name: STREAMRNN_SNAPSHOTS__REVISION
  value: {{ .Release.Revision | quote }}
{{- end }}
{{- range .Values.secretEnvironment }}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key }}
{{- end }}
{{- end -}}

{{- define "streamrnn.mounts" -}}
- name: config
  mountPath: /etc/streamrnn
  readOnly: true
- name: tmp
  mountPath: /tmp
{{- if .Values.persistence.enabled }}
- name: snapshots
  mountPath: /var/lib/streamrnn/snapshots
{{- end }}
{{- if .Values.http.tokenSecret.name }}
- name: token
  mountPath: /run/streamrnn/token
  readOnly: true
{{- end }}
{{- if .Values.http.tlsSecret }}
- name: tls
  mountPath: /run/streamrnn/tls
  readOnly: true
{{- end }}
{{- if .Values.http.clientCaSecret }}
- name: client-ca
  mountPath: /run/streamrnn/client-ca
  readOnly: true
{{- end }}
{{- range .Values.secretFiles }}
- name: secret-{{ . }}
  mountPath: /run/secrets/{{ . }}
  readOnly: true
{{- end }}
{{- end -}}

{{- /* What cannot work, or would not be safe, is refused with the way out. */ -}}
{{- define "streamrnn.check" -}}
{{- $set := .Values.settings -}}
{{- if ne (dig "transport" "kind" "directory" $set) "kafka" -}}
{{- fail "settings.transport.kind must be kafka: a directory log belongs to one process (see deploy/systemd)" -}}
{{- end -}}
{{- range $path := list "kafka.sasl_plain_password" "kafka.ssl_password" -}}
{{- $parts := splitList "." $path -}}
{{- $value := dig (index $parts 0) (index $parts 1) "" $set -}}
{{- if and $value (not (regexMatch "^\\$\\{[^}]+\\}$" (toString $value))) -}}
{{- fail (printf "settings.%s stands in plain text, and would in the ConfigMap: put it into a Secret, name that in secretFiles and write ${file:/run/secrets/NAME/KEY}" $path) -}}
{{- end -}}
{{- end -}}
{{- range $key := list "token" "certificate" "key" "client_ca" "unprotected" -}}
{{- if hasKey (dig "http" dict $set) $key -}}
{{- fail (printf "settings.http.%s is set by the chart: use http.tokenSecret, http.tlsSecret or http.clientCaSecret" $key) -}}
{{- end -}}
{{- end -}}
{{- if not (dig "http" "enabled" true $set) -}}
{{- fail "settings.http.enabled: the probes need it; leave it out" -}}
{{- end -}}
{{- if has (dig "http" "host" "0.0.0.0" $set) (list "127.0.0.1" "::1" "localhost") -}}
{{- fail "settings.http.host: the probes come from outside the pod; leave it out" -}}
{{- end -}}
{{- if eq (include "streamrnn.port" .) "0" -}}
{{- fail "settings.http.port must be a number: the probes ask there" -}}
{{- end -}}
{{- if hasKey (dig "kafka" dict $set) "group_instance_id" -}}
{{- fail "settings.kafka.group_instance_id is each pod's own name, set by the chart: leave it out" -}}
{{- end -}}
{{- if and .Values.http.clientCaSecret (not .Values.http.tlsSecret) -}}
{{- fail "http.clientCaSecret needs TLS: set http.tlsSecret" -}}
{{- end -}}
{{- if not (or .Values.http.tokenSecret.name .Values.http.clientCaSecret .Values.networkPolicy.enabled) -}}
{{- fail "anybody in the cluster could read the page: set http.tokenSecret.name or http.clientCaSecret, or networkPolicy.enabled to true" -}}
{{- end -}}
{{- range $key := list "store" "path" "shared" -}}
{{- if hasKey (dig "snapshots" dict $set) $key -}}
{{- fail (printf "settings.snapshots.%s is set by the chart: use persistence" $key) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.carryOver (hasKey (dig "snapshots" dict $set) "revision") -}}
{{- fail "settings.snapshots.revision is the release's, as carryOver is true: leave it out, or set carryOver to false" -}}
{{- end -}}
{{- $most := ternary .Values.autoscaling.maxReplicas .Values.replicas .Values.autoscaling.enabled | int -}}
{{- if and .Values.persistence.enabled (ne .Values.persistence.accessMode "ReadWriteMany") (gt $most 1) -}}
{{- fail "persistence.accessMode must be ReadWriteMany where there is more than one pod: whichever gets a partition must find its snapshots. Or set persistence.enabled to false, which keeps them in Kafka" -}}
{{- end -}}
{{- if and (kindIs "invalid" .Values.partitions) .Values.autoscaling.enabled -}}
{{- fail "autoscaling needs partitions: set it to the number of partitions of the input topic" -}}
{{- end -}}
{{- if and (not (kindIs "invalid" .Values.partitions)) (gt $most (int .Values.partitions)) -}}
{{- fail (printf "%d pods for %d partitions: %s at most that many, more would idle" $most (int .Values.partitions) (ternary "autoscaling.maxReplicas may be" "replicas may be" .Values.autoscaling.enabled)) -}}
{{- end -}}
{{- if and .Values.autoscaling.enabled (gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas)) -}}
{{- fail "autoscaling.minReplicas is above autoscaling.maxReplicas" -}}
{{- end -}}
{{- end -}}

{{- /* config.yaml, written as JSON, which is YAML: helm's YAML would write a million as 1e+06. */ -}}
{{- define "streamrnn.settings" -}}
{{- $http := dict "host" "0.0.0.0" -}}
{{- if .Values.http.tokenSecret.name -}}{{- $_ := set $http "token" "${file:/run/streamrnn/token/token}" -}}{{- end -}}
{{- if .Values.http.tlsSecret -}}
{{- $_ := set $http "certificate" "/run/streamrnn/tls/tls.crt" -}}
{{- $_ := set $http "key" "/run/streamrnn/tls/tls.key" -}}
{{- end -}}
{{- if .Values.http.clientCaSecret -}}{{- $_ := set $http "client_ca" "/run/streamrnn/client-ca/ca.crt" -}}{{- end -}}
{{- if not (or .Values.http.tokenSecret.name .Values.http.clientCaSecret) -}}{{- $_ := set $http "unprotected" true -}}{{- end -}}
{{- $own := dict "http" $http -}}
{{- if .Values.persistence.enabled -}}
{{- $_ := set $own "snapshots" (dict "store" "directory" "path" "/var/lib/streamrnn/snapshots" "shared" true) -}}
{{- end -}}
{{- mergeOverwrite $own (deepCopy .Values.settings) | toPrettyJson -}}
{{- end -}}
