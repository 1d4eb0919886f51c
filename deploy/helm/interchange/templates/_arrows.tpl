{{/* Peers of a rule: networks, or pods by selectors; nothing given: every pod of every namespace. */}}
{{- define "interchange.peers" -}}
{{- range .cidrs }}
- ipBlock: {cidr: {{ . }}}
{{- end }}
{{- if or .podSelector .namespaceSelector }}
- podSelector: {matchLabels: {{ toJson .podSelector }}}
  {{- if .namespaceSelector }}
  namespaceSelector: {matchLabels: {{ toJson .namespaceSelector }}}
  {{- end }}
{{- else if not .cidrs }}
- namespaceSelector: {}
{{- end }}
{{- end }}

{{/* Who may come in: as peers, and from outside of the cluster where nobody is named. */}}
{{- define "interchange.from" -}}
{{- if or .podSelector .namespaceSelector -}}
- podSelector: {matchLabels: {{ toJson .podSelector }}}
  {{- if .namespaceSelector }}
  namespaceSelector: {matchLabels: {{ toJson .namespaceSelector }}}
  {{- end }}
{{- else -}}
- namespaceSelector: {}
{{- end }}
{{- end }}

{{- define "interchange.dns" -}}
- ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
  to:
    - namespaceSelector: {}
{{- end }}

{{- define "interchange.to.postgresql" -}}
{{- if eq .Values.postgresql.kind "cloudnativepg" -}}
- ports: [{port: 5432}]
  to:
    - podSelector:
        matchLabels: {cnpg.io/cluster: {{ include "interchange.fullname" . }}-postgresql}
{{- else if eq .Values.postgresql.kind "external" -}}
- ports: [{port: {{ .Values.postgresql.external.port }}}]
  to: {{- include "interchange.peers" .Values.postgresql.external | nindent 4 }}
{{- end }}
{{- end }}

{{- define "interchange.to.nats" -}}
{{- if eq .Values.nats.kind "bundled" -}}
- ports: [{port: 4222}]
  to:
    - podSelector:
        matchLabels: {{- include "interchange.selector" (dict "root" . "component" "nats") | nindent 10 }}
{{- else -}}
- ports: [{port: {{ .Values.nats.port }}}]
  to: {{- include "interchange.peers" .Values.nats | nindent 4 }}
{{- end }}
{{- end }}

{{- define "interchange.to.valkey" -}}
{{- if eq .Values.valkey.kind "bundled" -}}
- ports: [{port: 6379}]
  to:
    - podSelector:
        matchLabels: {{- include "interchange.selector" (dict "root" . "component" "valkey") | nindent 10 }}
{{- else -}}
- ports: [{port: {{ .Values.valkey.port }}}]
  to: {{- include "interchange.peers" .Values.valkey | nindent 4 }}
{{- end }}
{{- end }}

{{/* Mail and partner regions are anywhere on the internet, and nowhere in the cluster's own networks. */}}
{{- define "interchange.to.mail" -}}
- ports:
    {{- range .Values.mail.ports }}
    - port: {{ . }}
    {{- end }}
{{- end }}

{{- define "interchange.to.partners" -}}
{{ include "interchange.to.internet" . }}
{{- end }}

{{/* Organisations' own providers of sign-ins. */}}
{{- define "interchange.to.providers" -}}
{{ include "interchange.to.internet" . }}
{{- end }}

{{- define "interchange.to.internet" -}}
- ports: [{port: 443}]
  to:
    - ipBlock:
        cidr: 0.0.0.0/0
        except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16]
    - ipBlock:
        cidr: ::/0
        except: [fc00::/7, fe80::/10]
{{- end }}

{{- define "interchange.to.otlp" -}}
{{- if .Values.otlp.endpoint -}}
- ports: [{port: {{ .Values.otlp.port }}}]
  to: {{- include "interchange.peers" .Values.otlp | nindent 4 }}
{{- else if .Values.traces.enabled -}}
- ports: [{port: 4318}]
  to:
    - podSelector:
        matchLabels: {{- include "interchange.selector" (dict "root" . "component" "traces") | nindent 10 }}
{{- end }}
{{- end }}

{{/* Pods of ours that use an engine. Arguments: root, engine, more. */}}
{{- define "interchange.users" -}}
{{- $root := .root }}
{{- $engine := .engine }}
{{- range $name, $program := $root.Values.programs }}
{{- if has $engine $program.uses }}
- podSelector:
    matchLabels: {{- include "interchange.selector" (dict "root" $root "component" $name) | nindent 6 }}
{{- end }}
{{- end }}
{{- range .more }}
- podSelector:
    matchLabels: {{- include "interchange.selector" (dict "root" $root "component" .) | nindent 6 }}
{{- end }}
{{- end }}
