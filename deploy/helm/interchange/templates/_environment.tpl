{{/* What every program of ours is told. Arguments: root, name, program. */}}
{{- define "interchange.environment" -}}
{{- $values := .root.Values }}
{{- $name := .name }}
{{- $program := .program }}
- {name: INTERCHANGE_REGION, value: {{ $values.region.code | quote }}}
- {name: INTERCHANGE_LOG_LEVEL, value: {{ $values.logLevel | quote }}}
- {name: INTERCHANGE_METRICS_HOST, value: "0.0.0.0"}
- {name: INTERCHANGE_METRICS_PORT, value: "9090"}
{{- with include "interchange.otlpEndpoint" .root }}
- {name: INTERCHANGE_OTLP_ENDPOINT, value: {{ . | quote }}}
- {name: INTERCHANGE_TRACE_RATIO, value: {{ $values.otlp.ratio | quote }}}
{{- end }}
{{- if has "valkey" $program.uses }}
{{ include "interchange.valkeyEnvironment" .root }}
{{- end }}
{{- if not (eq $name "web") }}
{{ include "interchange.trustEnvironment" .root }}
{{ include "interchange.addressEnvironment" . }}
{{- end }}
{{- include "interchange.tlsEnvironment" .root }}
{{- if not $program.http }}
- {name: INTERCHANGE_GRPC_ADDRESS, value: "[::]:{{ $program.port }}"}
- {name: INTERCHANGE_HEALTH_ADDRESS, value: "[::]:8081"}
- {name: INTERCHANGE_NATS_URL, value: {{ include "interchange.natsUrl" .root | quote }}}
- {name: INTERCHANGE_NATS_SEED_FILE, value: /etc/interchange/keys/bus.nk}
{{- if and (eq $values.nats.kind "external") $values.nats.authoritySecret }}
- {name: INTERCHANGE_NATS_AUTHORITY_FILE, value: /etc/interchange/nats/ca.crt}
{{- end }}
{{- include "interchange.databaseLogin" .root }}
- name: INTERCHANGE_DATABASE_URL
  {{- include "interchange.databaseUrl" (dict "root" .root "service" $name) | nindent 2 }}
{{- end }}
{{- if $program.keys }}
- {name: INTERCHANGE_KEY_ENCRYPTION_FILE, value: /etc/interchange/keys/encryption}
{{- end }}
{{- if eq $name "matching" }}
- {name: INTERCHANGE_INDEX_DIR, value: /var/cache/interchange/index}
{{- end }}
{{- if eq $name "identity" }}
- {name: INTERCHANGE_REGION_DISPLAY_NAME, value: {{ $values.region.displayName | quote }}}
- {name: INTERCHANGE_REDIRECT_URIS, value: "{{ $values.publicUrl }}/sign-in/callback"}
{{- end }}
{{- if eq $name "notifications" }}
- {name: INTERCHANGE_PUBLIC_URL, value: {{ $values.publicUrl | quote }}}
- {name: INTERCHANGE_API_URL, value: {{ $values.publicUrl | quote }}}
- {name: INTERCHANGE_MAIL_FROM, value: {{ $values.mail.from | quote }}}
{{- if $values.mail.existingSecret }}
- {name: INTERCHANGE_MAIL_URL, valueFrom: {secretKeyRef: {name: {{ $values.mail.existingSecret }}, key: url}}}
{{- end }}
{{- if $values.mail.notifySecret }}
- {name: INTERCHANGE_NOTIFY_API_KEY, valueFrom: {secretKeyRef: {name: {{ $values.mail.notifySecret }}, key: notify-api-key}}}
- {name: INTERCHANGE_NOTIFY_TEMPLATE_ID, valueFrom: {secretKeyRef: {name: {{ $values.mail.notifySecret }}, key: notify-template-id}}}
{{- end }}
{{- end }}
{{- if $program.http }}
- {name: INTERCHANGE_HOST, value: "0.0.0.0"}
- {name: INTERCHANGE_PORT, value: {{ $program.port | quote }}}
- {name: INTERCHANGE_TRUSTED_PROXIES, value: {{ join "," $values.trustedProxies | quote }}}
{{- end }}
{{- if eq $name "gateway" }}
- {name: INTERCHANGE_RATE_LIMIT_FACTOR, value: {{ $values.rateLimitFactor | quote }}}
- {name: INTERCHANGE_OPEN_WITHIN_S, value: "30"}
{{- end }}
{{- if eq $name "web" }}
- {name: INTERCHANGE_GATEWAY_URL, value: {{ include "interchange.url" (dict "root" .root "component" "gateway") | quote }}}
- {name: INTERCHANGE_PUBLIC_URL, value: {{ $values.publicUrl | quote }}}
{{- end }}
{{- range $variable, $value := $program.env }}
- {name: {{ $variable }}, value: {{ $value | quote }}}
{{- end }}
{{- end }}

{{/* Where traces go: to a backend, else to the receiver of this chart; empty: nowhere. */}}
{{- define "interchange.otlpEndpoint" -}}
{{- if .Values.otlp.endpoint -}}
{{ .Values.otlp.endpoint }}
{{- else if .Values.traces.enabled -}}
http://{{ include "interchange.fullname" . }}-traces:4318
{{- end -}}
{{- end }}

{{/* Keys of ours. */}}
{{- define "interchange.trustEnvironment" -}}
- {name: INTERCHANGE_SERVICE_KEY_FILE, value: /etc/interchange/keys/service.json}
- {name: INTERCHANGE_SERVICE_KEYS_FILE, value: /etc/interchange/public/services.json}
{{- end }}

{{/* Certificates when they are on. */}}
{{- define "interchange.tlsEnvironment" -}}
{{- if .Values.tls.enabled }}
- {name: INTERCHANGE_TLS_CERTIFICATE_FILE, value: /etc/interchange/tls/tls.crt}
- {name: INTERCHANGE_TLS_KEY_FILE, value: /etc/interchange/tls/tls.key}
- {name: INTERCHANGE_TLS_AUTHORITY_FILE, value: /etc/interchange/tls/ca.crt}
{{- end }}
{{- end }}

{{/* Where those are whom a program calls. Headless services: each replica is an address, and the caller takes turns. */}}
{{- define "interchange.addressEnvironment" -}}
{{- $root := .root }}
{{- range .program.calls }}
{{- $called := get $root.Values.programs . }}
- {name: INTERCHANGE_{{ upper . }}_ADDRESS, value: "dns:///{{ include "interchange.host" (dict "root" $root "component" .) }}:{{ $called.port }}"}
{{- end }}
{{- end }}

{{- define "interchange.valkeyEnvironment" -}}
- name: INTERCHANGE_REDIS_URL
{{- if eq .Values.valkey.kind "bundled" }}
  value: redis://{{ include "interchange.fullname" . }}-valkey:6379/0
{{- else }}
  valueFrom:
    secretKeyRef:
      name: {{ required "valkey.existingSecret: name a Secret with key `url`, or set valkey.kind to bundled" .Values.valkey.existingSecret }}
      key: url
{{- end }}
{{- end }}

{{/* A service's database. Arguments: root, service. */}}
{{- define "interchange.databaseUrl" -}}
{{- $values := .root.Values -}}
{{- if eq $values.postgresql.kind "sqlite" -}}
value: sqlite:////var/lib/interchange/{{ .service }}.db
{{- else if eq $values.postgresql.kind "cloudnativepg" -}}
value: postgresql+psycopg://$(DATABASE_USER):$(DATABASE_PASSWORD)@{{ include "interchange.fullname" .root }}-postgresql-rw:5432/{{ .service }}?sslmode=verify-full&sslrootcert=/etc/interchange/postgresql/ca.crt
{{- else -}}
valueFrom:
  secretKeyRef:
    name: {{ required "postgresql.external.existingSecret: name a Secret with a URL for each service" $values.postgresql.external.existingSecret }}
    key: {{ .service }}
{{- end -}}
{{- end }}

{{/* What the URL refers to; comes before it. */}}
{{- define "interchange.databaseLogin" -}}
{{- if eq .Values.postgresql.kind "cloudnativepg" }}
- {name: DATABASE_USER, valueFrom: {secretKeyRef: {name: {{ include "interchange.fullname" . }}-postgresql-app, key: username}}}
- {name: DATABASE_PASSWORD, valueFrom: {secretKeyRef: {name: {{ include "interchange.fullname" . }}-postgresql-app, key: password}}}
{{- end }}
{{- end }}
