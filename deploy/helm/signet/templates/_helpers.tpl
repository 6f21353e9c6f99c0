{{/* The name of every object: the release's. */}}
{{- define "signet.name" -}}
{{- if contains "signet" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-signet" .Release.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "signet.selector" -}}
app.kubernetes.io/name: signet
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "signet.labels" -}}
{{ include "signet.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* What cannot be right, said before anything is installed. */}}
{{- define "signet.check" -}}
{{- if and (not .Values.api.tlsSecret) (not .Values.api.insecureHttp) }}{{ fail "set api.tlsSecret, or api.insecureHttp for plain HTTP" }}{{ end }}
{{- if and .Values.api.tlsSecret .Values.api.insecureHttp }}{{ fail "api.tlsSecret and api.insecureHttp exclude each other" }}{{ end }}
{{- if and .Values.api.clientCaSecret (not .Values.api.tlsSecret) }}{{ fail "api.clientCaSecret needs api.tlsSecret" }}{{ end }}
{{- if .Values.database.url }}
{{- if not .Values.masterKey.secretName }}{{ fail "with database.url all pods need one master key: set masterKey.secretName" }}{{ end }}
{{- if not .Values.database.passwordSecret.name }}{{ fail "with database.url set database.passwordSecret.name" }}{{ end }}
{{- if not .Values.s3.enabled }}{{ fail "with database.url buckets must be where every pod sees them: set s3.enabled" }}{{ end }}
{{- if not .Values.publicUrl }}{{ fail "with database.url set publicUrl, the address of the public service" }}{{ end }}
{{- end }}
{{- end }}

{{- define "signet.args" -}}
- serve
{{- if .Values.publicUrl }}
- --public-url={{ .Values.publicUrl }}
{{- end }}
{{- if .Values.masterKey.secretName }}
- --master-key-file=/run/signet/master.key
{{- end }}
{{- if .Values.database.url }}
- --database={{ .Values.database.url }}
- --database-password-file=/run/signet/database-password
{{- end }}
{{- if .Values.api.insecureHttp }}
- --insecure-http
{{- else }}
- --tls-cert=/etc/signet/tls/tls.crt
- --tls-key=/etc/signet/tls/tls.key
{{- end }}
{{- if .Values.api.clientCaSecret }}
- --tls-client-ca=/etc/signet/client-ca/ca.crt
{{- end }}
{{- if .Values.s3.enabled }}
- --objects=s3
{{- with .Values.s3.endpoint }}
- --s3-endpoint={{ . }}
{{- end }}
{{- with .Values.s3.region }}
- --s3-region={{ . }}
{{- end }}
{{- with .Values.s3.publicUrl }}
- --s3-public-url={{ . }}
{{- end }}
{{- end }}
{{- range .Values.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end }}

{{- define "signet.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}
