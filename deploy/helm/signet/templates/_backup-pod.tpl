{{/* The backup pod: the server's pod with another command, without probes and without the labels that services select. */}}
{{- define "signet.backupPod" -}}
{{- $pod := include "signet.pod" . | fromYaml }}
{{- $spec := $pod.spec }}
{{- $container := omit (first $spec.containers) "args" "ports" "startupProbe" "readinessProbe" "livenessProbe" }}
{{- $mounts := concat $container.volumeMounts (list (dict "name" "backups" "mountPath" "/backups") (dict "name" "recipient" "mountPath" "/etc/signet/backup" "readOnly" true)) }}
{{- $script := "exec node /opt/signet/bin/signet.js backup \"/backups/signet-$(date +%Y-%m-%dT%H%M%S).age\" --recipient /etc/signet/backup/recipient" }}
{{- $_ := set $container "name" "backup" }}
{{- $_ := set $container "command" (list "sh" "-c" $script) }}
{{- $_ := set $container "volumeMounts" $mounts }}
{{- $volumes := concat $spec.volumes (list (dict "name" "backups" "persistentVolumeClaim" (dict "claimName" .Values.backup.claim)) (dict "name" "recipient" "secret" (dict "secretName" .Values.backup.recipientSecret "defaultMode" 288))) }}
{{- if not .Values.database.url }}
{{- $claim := printf "data-%s-0" (include "signet.name" .) }}
{{- $volumes = append $volumes (dict "name" "data" "persistentVolumeClaim" (dict "claimName" $claim)) }}
{{- /* The volume of SQLite can be mounted on one node only, so the backup runs on the server's node. */}}
{{- $labels := include "signet.selector" . | fromYaml }}
{{- $term := dict "labelSelector" (dict "matchLabels" $labels) "topologyKey" "kubernetes.io/hostname" }}
{{- $_ := set $spec "affinity" (dict "podAffinity" (dict "requiredDuringSchedulingIgnoredDuringExecution" (list $term))) }}
{{- end }}
{{- $_ := set $spec "containers" (list $container) }}
{{- $_ := set $spec "volumes" $volumes }}
{{- $_ := set $spec "restartPolicy" "Never" }}
{{- toYaml (dict "spec" (omit $spec "topologySpreadConstraints")) }}
{{- end }}
