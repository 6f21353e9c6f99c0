{{/*
The pod. Kubernetes makes the files of a Secret readable to a group, and Signet refuses a master key that other users can read.
The init container therefore copies the files to a volume in memory, where only its user can read them.
*/}}
{{- define "signet.pod" -}}
metadata:
  labels:
    {{- include "signet.selector" . | nindent 4 }}
  {{- with .Values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "signet.name" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: 45
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    fsGroup: 10001
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  {{- if or .Values.masterKey.secretName .Values.database.url }}
  initContainers:
    - name: secrets
      image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      command:
        - node
        - -e
        - |
          const { readFileSync, readdirSync, writeFileSync } = require('node:fs')
          for (const name of readdirSync('/secrets'))
            for (const file of readdirSync(`/secrets/${name}`).filter((file) => !file.startsWith('..')))
              writeFileSync(`/run/signet/${file}`, readFileSync(`/secrets/${name}/${file}`), { mode: 0o600 })
      securityContext:
        {{- include "signet.containerSecurity" . | nindent 8 }}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      volumeMounts:
        - name: run
          mountPath: /run/signet
        {{- if .Values.masterKey.secretName }}
        - name: master-key
          mountPath: /secrets/master-key
          readOnly: true
        {{- end }}
        {{- if .Values.database.url }}
        - name: database-password
          mountPath: /secrets/database-password
          readOnly: true
        {{- end }}
  {{- end }}
  containers:
    - name: signet
      image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args:
        - serve
        {{- range .Values.extraArgs }}
        - {{ . | quote }}
        {{- end }}
      env:
        {{- include "signet.env" . | nindent 8 }}
      ports:
        - name: api
          containerPort: 8080
        - name: public
          containerPort: 8081
        - name: metrics
          containerPort: 9090
        {{- if .Values.enrollment.enabled }}
        - name: enroll
          containerPort: 8443
        {{- end }}
      startupProbe:
        httpGet:
          path: /healthz
          port: public
        periodSeconds: 2
        failureThreshold: 60
      readinessProbe:
        httpGet:
          path: /healthz
          port: public
        periodSeconds: 5
        timeoutSeconds: 3
      # The probe does not use /healthz, because an unreachable database does not require a restart.
      livenessProbe:
        tcpSocket:
          port: public
        periodSeconds: 10
        failureThreshold: 6
      securityContext:
        {{- include "signet.containerSecurity" . | nindent 8 }}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      volumeMounts:
        - name: data
          mountPath: /data
        - name: run
          mountPath: /run/signet
        # SQLite writes temporary files here when a sort exceeds its memory.
        - name: tmp
          mountPath: /tmp
        {{- if .Values.api.tlsSecret }}
        - name: tls
          mountPath: /etc/signet/tls
          readOnly: true
        {{- end }}
        {{- if .Values.api.clientCaSecret }}
        - name: client-ca
          mountPath: /etc/signet/client-ca
          readOnly: true
        {{- end }}
        {{- if .Values.database.caSecret }}
        - name: database-ca
          mountPath: /etc/signet/database
          readOnly: true
        {{- end }}
  volumes:
    - name: run
      emptyDir:
        medium: Memory
        sizeLimit: 1Mi
    - name: tmp
      emptyDir: {}
    {{- if .Values.database.url }}
    - name: data
      emptyDir: {}
    - name: database-password
      secret:
        # Mode 0440: group 10001 can read the files, and other users cannot.
        defaultMode: 288
        secretName: {{ .Values.database.passwordSecret.name }}
        items:
          - key: {{ .Values.database.passwordSecret.key }}
            path: database-password
    {{- end }}
    {{- with .Values.masterKey.secretName }}
    - name: master-key
      secret:
        # Mode 0440: group 10001 can read the files, and other users cannot.
        defaultMode: 288
        secretName: {{ . }}
        items:
          - key: master.key
            path: master.key
    {{- end }}
    {{- with .Values.api.tlsSecret }}
    - name: tls
      secret:
        # Mode 0440: group 10001 can read the files, and other users cannot.
        defaultMode: 288
        secretName: {{ . }}
    {{- end }}
    {{- with .Values.api.clientCaSecret }}
    - name: client-ca
      secret:
        # Mode 0440: group 10001 can read the files, and other users cannot.
        defaultMode: 288
        secretName: {{ . }}
    {{- end }}
    {{- with .Values.database.caSecret }}
    - name: database-ca
      secret:
        # Mode 0440: group 10001 can read the files, and other users cannot.
        defaultMode: 288
        secretName: {{ . }}
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if .Values.affinity }}
  affinity:
    {{- toYaml .Values.affinity | nindent 4 }}
  {{- else if .Values.database.url }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "signet.selector" . | nindent 10 }}
  {{- end }}
{{- end }}
