{{/* The name of every object, derived from the name of the release. */}}
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

{{/* Checks of the values. They fail before anything is installed. */}}
{{- define "signet.check" -}}
{{- if and (not .Values.api.tlsSecret) (not .Values.api.insecureHttp) }}{{ fail "set api.tlsSecret, or api.insecureHttp for plain HTTP" }}{{ end }}
{{- if and .Values.api.tlsSecret .Values.api.insecureHttp }}{{ fail "api.tlsSecret and api.insecureHttp cannot be combined: set one of them" }}{{ end }}
{{- if and .Values.api.clientCaSecret (not .Values.api.tlsSecret) }}{{ fail "api.clientCaSecret needs api.tlsSecret" }}{{ end }}
{{- if and .Values.enrollment.enabled .Values.api.insecureHttp (not .Values.enrollment.names) }}{{ fail "enrollment.enabled with api.insecureHttp requires enrollment.names, the names in the certificate of the listener" }}{{ end }}
{{- if and (not .Values.database.url) .Values.replicas (gt (int .Values.replicas) 1) }}{{ fail "replicas above 1 need PostgreSQL: set database.url, or set replicas to 1" }}{{ end }}
{{- if and .Values.backup.enabled (not .Values.backup.recipientSecret) }}{{ fail "backup.enabled requires backup.recipientSecret, a Secret with the key recipient" }}{{ end }}
{{- if and .Values.backup.enabled (not .Values.backup.claim) }}{{ fail "backup.enabled requires backup.claim, the PersistentVolumeClaim for the backups" }}{{ end }}
{{- if .Values.database.url }}
{{- if not .Values.masterKey.secretName }}{{ fail "database.url requires masterKey.secretName, because all pods need the same master key" }}{{ end }}
{{- if not .Values.database.passwordSecret.name }}{{ fail "database.url requires database.passwordSecret.name" }}{{ end }}
{{- if not .Values.s3.enabled }}{{ fail "database.url requires s3.enabled, because all pods need the same buckets" }}{{ end }}
{{- if not .Values.publicUrl }}{{ fail "database.url requires publicUrl, the address of the public service" }}{{ end }}
{{- end }}
{{- end }}

{{/* Environment of the container, so that commands run by kubectl exec need no flags. */}}
{{- define "signet.env" -}}
# The server creates this folder in the volume with mode 0700.
- name: SIGNET_DATA
  value: /data/signet
- name: SIGNET_METRICS_LISTEN
  value: 0.0.0.0:9090
{{- with .Values.publicUrl }}
- name: SIGNET_PUBLIC_URL
  value: {{ . | quote }}
{{- end }}
{{- if .Values.masterKey.secretName }}
- name: SIGNET_MASTER_KEY_FILE
  value: /run/signet/master.key
{{- end }}
{{- with .Values.database.url }}
- name: SIGNET_DATABASE
  value: {{ . | quote }}
- name: SIGNET_DATABASE_PASSWORD_FILE
  value: /run/signet/database-password
{{- end }}
{{- if .Values.api.insecureHttp }}
- name: SIGNET_INSECURE_HTTP
  value: "true"
{{- else }}
- name: SIGNET_TLS_CERT
  value: /etc/signet/tls/tls.crt
- name: SIGNET_TLS_KEY
  value: /etc/signet/tls/tls.key
{{- end }}
{{- if .Values.api.clientCaSecret }}
- name: SIGNET_TLS_CLIENT_CA
  value: /etc/signet/client-ca/ca.crt
{{- end }}
{{- if .Values.enrollment.enabled }}
- name: SIGNET_ENROLL_LISTEN
  value: 0.0.0.0:8443
{{- with .Values.enrollment.names }}
- name: SIGNET_ENROLL_NAMES
  value: {{ join "," . | quote }}
{{- end }}
{{- end }}
{{- if .Values.workers }}
- name: SIGNET_WORKERS
  value: {{ .Values.workers | quote }}
{{- end }}
{{- if .Values.s3.enabled }}
- name: SIGNET_OBJECTS
  value: s3
{{- with .Values.s3.endpoint }}
- name: SIGNET_S3_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- with .Values.s3.region }}
- name: SIGNET_S3_REGION
  value: {{ . | quote }}
{{- end }}
{{- with .Values.s3.publicUrl }}
- name: SIGNET_S3_PUBLIC_URL
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- with .Values.administratorSecret }}
- name: SIGNET_ROOT_ACCESS_KEY_ID
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: accessKeyId
- name: SIGNET_ROOT_SECRET_ACCESS_KEY
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: secretAccessKey
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "signet.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}
