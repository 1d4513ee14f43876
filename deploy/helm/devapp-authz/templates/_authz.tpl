{{/* authz.yaml: the configuration that was given, with what the chart itself decides. */}}
{{- define "devapp-authz.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- $_ := set $config "listen" "unix:/run/devapp-authz/authz.sock" -}}
{{- $_ := set $config "admin" "unix:/run/devapp-authz/admin.sock" -}}
{{- $_ := set $config "metrics" (dict "listen" "0.0.0.0:9464") -}}
{{- $_ := set $config "hostnames" (dict "mtls" (list .Values.hostnames.mtls.host) "tls" (list .Values.hostnames.tls.host)) -}}
{{- if .Values.registry.file.existingSecret -}}
{{- $_ := set $config "registry" (dict "file" "devapps.yaml") -}}
{{- else -}}
{{- $_ := set $config "registry" (dict "postgres" (merge (dict "url" "${DATABASE_URL}") .Values.registry.postgres.options)) -}}
{{- end -}}
{{- if .Values.qtsps.existingConfigMap -}}
{{- $_ := set $config "qtsps" "/etc/qtsps" -}}
{{- end -}}
{{- if .Values.redis.existingSecret -}}
{{- $redis := dict "ocsp" (dict "cache" (dict "redis" (dict "url" "${REDIS_URL}"))) -}}
{{- $config = mergeOverwrite $config $redis -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{/* A variable from a key of a Secret. */}}
{{- define "devapp-authz.secretVariable" -}}
- name: {{ .name }}
  valueFrom: { secretKeyRef: { name: {{ .secret | quote }}, key: {{ .key | quote }} } }
{{- end -}}

{{- define "devapp-authz.environment" -}}
{{- if .Values.redis.existingSecret }}
{{ include "devapp-authz.secretVariable" (dict "name" "REDIS_URL" "secret" .Values.redis.existingSecret "key" .Values.redis.key) }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* With what every container of the service reads. */}}
{{- define "devapp-authz.mounts" -}}
- { name: config, mountPath: /etc/devapp-authz, readOnly: true }
{{- if .Values.qtsps.existingConfigMap }}
- { name: qtsps, mountPath: /etc/qtsps, readOnly: true }
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}
