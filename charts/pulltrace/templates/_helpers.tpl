{{- define "pulltrace.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimAll "-" -}}
{{- end -}}

{{- define "pulltrace.fullname" -}}
{{- $name := .Values.nameOverride | default .Chart.Name -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimAll "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimAll "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimAll "-" -}}
{{- end -}}
{{- end -}}

{{- /* Takes {root, suffix}. Cuts the prefix, not the suffix: names must stay distinct. */ -}}
{{- define "pulltrace.resourceName" -}}
{{- $room := sub 62 (len .suffix) | int -}}
{{- printf "%s-%s" (include "pulltrace.fullname" .root | trunc $room | trimAll "-") .suffix -}}
{{- end -}}

{{- define "pulltrace.serverName" -}}
{{- include "pulltrace.resourceName" (dict "root" . "suffix" "server") -}}
{{- end -}}

{{- define "pulltrace.metricsName" -}}
{{- include "pulltrace.resourceName" (dict "root" . "suffix" "server-metrics") -}}
{{- end -}}

{{- define "pulltrace.agentName" -}}
{{- include "pulltrace.resourceName" (dict "root" . "suffix" "agent") -}}
{{- end -}}

{{- /*
The namespace is part of the name because these objects may lie outside it: releases of the same
name in several namespaces must not collide. RBAC names may hold a colon and need no truncation.
*/ -}}
{{- define "pulltrace.rbacName" -}}
{{- printf "%s:%s" .Release.Namespace (include "pulltrace.serverName" .) -}}
{{- end -}}

{{- /* Takes {root, component}. Selectors are immutable: nothing here may depend on a version. */ -}}
{{- define "pulltrace.selectorLabels" -}}
app.kubernetes.io/name: {{ include "pulltrace.name" .root | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- /* Takes {root, component}. */ -}}
{{- define "pulltrace.labels" -}}
{{ include "pulltrace.selectorLabels" . }}
app.kubernetes.io/part-of: pulltrace
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- /* Takes {root, image}. */ -}}
{{- define "pulltrace.image" -}}
{{- .image.repository -}}:{{- .image.tag | default .root.Chart.AppVersion -}}
{{- with .image.digest }}@{{ . }}{{ end -}}
{{- end -}}

{{- define "pulltrace.serverServiceAccountName" -}}
{{- $account := .Values.server.serviceAccount -}}
{{- $account.name | default (ternary (include "pulltrace.serverName" .) "default" $account.create) -}}
{{- end -}}

{{- define "pulltrace.agentServiceAccountName" -}}
{{- $account := .Values.agent.serviceAccount -}}
{{- $account.name | default (ternary (include "pulltrace.agentName" .) "default" $account.create) -}}
{{- end -}}

{{- define "pulltrace.tokenSecretName" -}}
{{- include "pulltrace.resourceName" (dict "root" . "suffix" "agent-token") -}}
{{- end -}}

{{- /* The environment variable with the agent token. Empty without a token. */ -}}
{{- define "pulltrace.tokenEnv" -}}
{{- with .Values.agentToken -}}
{{- if or .value .existingSecret.name -}}
- name: PULLTRACE_AGENT_TOKEN
  valueFrom:
    secretKeyRef:
      name: {{ .existingSecret.name | default (include "pulltrace.tokenSecretName" $) | quote }}
      key: {{ ternary .existingSecret.key "token" (not (empty .existingSecret.name)) | quote }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /*
Takes {root, annotations}. A token given inline restarts the pods when it changes; all other
settings are part of the pod template and do so anyway. The sum is cut so that whoever may read
pods, but not Secrets, cannot use it to confirm a guessed token.
*/ -}}
{{- define "pulltrace.podAnnotations" -}}
{{- with .root.Values.agentToken.value }}
checksum/agent-token: {{ sha256sum . | trunc 8 | quote }}
{{- end }}
{{- with .annotations }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "pulltrace.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop:
    - ALL
{{- end -}}

{{- define "pulltrace.nonRootPodSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65534
runAsGroup: 65534
seccompProfile:
  type: RuntimeDefault
{{- end -}}
