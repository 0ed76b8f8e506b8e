{{- define "sensor.name" -}}
{{- default .Release.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "sensor.selector" -}}
app.kubernetes.io/name: sensor
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "sensor.labels" -}}
{{ include "sensor.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "sensor.maskSecret" -}}
{{- default (printf "%s-mask" (include "sensor.name" .)) .Values.mask.existingSecret -}}
{{- end -}}
