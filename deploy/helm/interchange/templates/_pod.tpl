{{/* Pods run as nobody in particular, write nowhere but where a volume is, and can't ask for more. */}}
{{- define "interchange.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "interchange.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* What every pod template has besides its containers. Argument: root. */}}
{{- define "interchange.podDefaults" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- include "interchange.podSecurity" . | nindent 2 }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- with .Values.podDefaults.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.podDefaults.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.podDefaults.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{- define "interchange.container" -}}
image: {{ include "interchange.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  {{- include "interchange.containerSecurity" . | nindent 2 }}
{{- end }}

{{/* Secrets of a program and the places they are mounted at. Arguments: root, name, program. */}}
{{- define "interchange.volumes" -}}
{{- $values := .root.Values }}
- name: tmp
  emptyDir: {sizeLimit: 256Mi}
{{- with .program.scratch }}
- name: scratch
  emptyDir: {sizeLimit: {{ . }}}
{{- end }}
{{- if not (eq .name "web") }}
- name: keys
  secret: {secretName: {{ include "interchange.keys" .root }}-keys-{{ .name }}, defaultMode: 0440}
- name: public
  secret: {secretName: {{ include "interchange.keys" .root }}-keys-public, defaultMode: 0440}
{{- end }}
{{- if $values.tls.enabled }}
- name: tls
  secret: {secretName: {{ include "interchange.fullname" .root }}-{{ .name }}-tls, defaultMode: 0440}
{{- end }}
{{- if has "postgresql" .program.uses }}
{{ include "interchange.databaseVolumes" .root }}
{{- end }}
{{- if and (has "nats" .program.uses) (eq $values.nats.kind "external") $values.nats.authoritySecret }}
- name: nats
  secret: {secretName: {{ $values.nats.authoritySecret }}, items: [{key: ca.crt, path: ca.crt}]}
{{- end }}
{{- if and (has "valkey" .program.uses) (eq $values.valkey.kind "external") $values.valkey.authoritySecret }}
- name: valkey
  secret: {secretName: {{ $values.valkey.authoritySecret }}, items: [{key: ca.crt, path: ca.crt}]}
{{- end }}
{{- end }}

{{- define "interchange.mounts" -}}
{{- $values := .root.Values }}
- {name: tmp, mountPath: /tmp}
{{- if .program.scratch }}
- {name: scratch, mountPath: /var/cache/interchange}
{{- end }}
{{- if not (eq .name "web") }}
- {name: keys, mountPath: /etc/interchange/keys, readOnly: true}
- {name: public, mountPath: /etc/interchange/public, readOnly: true}
{{- end }}
{{- if $values.tls.enabled }}
- {name: tls, mountPath: /etc/interchange/tls, readOnly: true}
{{- end }}
{{- if has "postgresql" .program.uses }}
{{ include "interchange.databaseMounts" .root }}
{{- end }}
{{- if and (has "nats" .program.uses) (eq $values.nats.kind "external") $values.nats.authoritySecret }}
- {name: nats, mountPath: /etc/interchange/nats, readOnly: true}
{{- end }}
{{- if and (has "valkey" .program.uses) (eq $values.valkey.kind "external") $values.valkey.authoritySecret }}
- {name: valkey, mountPath: /etc/interchange/valkey, readOnly: true}
{{- end }}
{{- end }}

{{- define "interchange.databaseVolumes" -}}
{{- $values := .Values -}}
{{- if eq $values.postgresql.kind "sqlite" -}}
- name: data
  persistentVolumeClaim: {claimName: {{ include "interchange.fullname" . }}-data}
{{- else if eq $values.postgresql.kind "cloudnativepg" -}}
- name: postgresql
  secret: {secretName: {{ include "interchange.fullname" . }}-postgresql-ca, items: [{key: ca.crt, path: ca.crt}]}
{{- else if $values.postgresql.external.authoritySecret -}}
- name: postgresql
  secret: {secretName: {{ $values.postgresql.external.authoritySecret }}, items: [{key: ca.crt, path: ca.crt}]}
{{- end }}
{{- end }}

{{- define "interchange.databaseMounts" -}}
{{- $values := .Values -}}
{{- if eq $values.postgresql.kind "sqlite" -}}
- {name: data, mountPath: /var/lib/interchange}
{{- else if or (eq $values.postgresql.kind "cloudnativepg") $values.postgresql.external.authoritySecret -}}
- {name: postgresql, mountPath: /etc/interchange/postgresql, readOnly: true}
{{- end }}
{{- end }}

{{/* Waits for, or with SQLite makes, the schema that this image's program needs. Arguments: root, name. */}}
{{- define "interchange.schema" -}}
- name: schema
  {{- include "interchange.container" .root | nindent 2 }}
  {{- if eq .root.Values.postgresql.kind "sqlite" }}
  args: [migrate, {{ .name }}]
  {{- else }}
  args: [migrate, --wait, {{ .name }}]
  {{- end }}
  env:
    - {name: DATA_DIR, value: /tmp}
    {{- include "interchange.databaseLogin" .root | nindent 4 }}
    - name: {{ upper .name }}_DATABASE_URL
      {{- include "interchange.databaseUrl" (dict "root" .root "service" .name) | nindent 6 }}
  resources: {{- toYaml .root.Values.jobs.resources | nindent 4 }}
  volumeMounts:
    - {name: tmp, mountPath: /tmp}
    {{- include "interchange.databaseMounts" .root | nindent 4 }}
{{- end }}
