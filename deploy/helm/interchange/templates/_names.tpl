{{- define "interchange.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "interchange.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "interchange.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "interchange.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* Labels of everything. Arguments: root, component. */}}
{{- define "interchange.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: interchange
{{ include "interchange.selector" . }}
{{- end }}

{{/* What finds the pods of a component, and never changes. Arguments: root, component. */}}
{{- define "interchange.selector" -}}
app.kubernetes.io/name: {{ include "interchange.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "interchange.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* Whose parcels of keys there are, separated by spaces: see `interchange keys`. */}}
{{- define "interchange.parcels" -}}
{{- without (keys .Values.programs | sortAlpha) "web" | join " " }} cli public bus bus-server
{{- end }}

{{/* Programs with a database, separated by spaces. */}}
{{- define "interchange.keepers" -}}
{{- $keepers := list }}
{{- range $name, $program := .Values.programs }}
{{- if has "postgresql" $program.uses }}{{ $keepers = append $keepers $name }}{{ end }}
{{- end }}
{{- join " " $keepers }}
{{- end }}

{{/* Prefix of the Secrets with keys. */}}
{{- define "interchange.keys" -}}
{{- .Values.keys.prefix | default (include "interchange.fullname" .) -}}
{{- end }}

{{/* Whether an engine lives in this chart: then jobs that need it can't run before everything else. */}}
{{- define "interchange.natsUrl" -}}
{{- if eq .Values.nats.kind "bundled" -}}
nats://{{ include "interchange.fullname" . }}-nats:4222
{{- else -}}
{{ .Values.nats.url }}
{{- end -}}
{{- end }}

{{/* Host names that a program's certificate is for. Arguments: root, component. */}}
{{- define "interchange.host" -}}
{{ include "interchange.fullname" .root }}-{{ .component }}.{{ .root.Release.Namespace }}.svc
{{- end }}

{{/* How gateway and pages are asked. */}}
{{- define "interchange.scheme" -}}
{{ ternary "https" "http" .Values.tls.enabled }}
{{- end }}

{{/* Where gateway or pages answer inside the cluster. Arguments: root, component. */}}
{{- define "interchange.url" -}}
{{ include "interchange.scheme" .root }}://{{ include "interchange.host" . }}:{{ (get .root.Values.programs .component).port }}
{{- end }}
