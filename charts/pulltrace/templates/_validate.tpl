{{- /*
Refuses values that are valid one by one but not together. The schema could do so too, but only
with messages that do not say what to set.
*/ -}}
{{- define "pulltrace.validate" -}}
{{- $errors := list -}}
{{- $server := .Values.server -}}
{{- $service := $server.service -}}
{{- $agent := .Values.agent -}}
{{- $token := .Values.agentToken -}}

{{- if not (regexMatch "^[a-z][-a-z0-9]*$" (include "pulltrace.fullname" .)) -}}
{{- $errors = append $errors (printf "the release name %q does not give valid Service names (lower-case letters, digits and '-', a letter first): set fullnameOverride" .Release.Name) -}}
{{- end -}}

{{- if and $token.value $token.existingSecret.name -}}
{{- $errors = append $errors "agentToken.value and agentToken.existingSecret.name are both set: set only one of them" -}}
{{- else if and $token.value (not (regexMatch "^[!-~]{16,}$" $token.value)) -}}
{{- $errors = append $errors "agentToken.value is too weak or malformed: set at least 16 printable ASCII characters without spaces, for example from \"openssl rand -hex 32\"" -}}
{{- end -}}

{{- if and $agent.runtimeSocket.enabled (not $agent.runtimeSocket.risksAcknowledged) -}}
{{- $errors = append $errors "agent.runtimeSocket.enabled gives the agents, as root, control of containerd on each node: set agent.runtimeSocket.risksAcknowledged=true to accept this" -}}
{{- end -}}

{{- if not $service.exposureAcknowledged -}}
{{- if ne $service.type "ClusterIP" -}}
{{- $errors = append $errors (printf "server.service.type=%s exposes the server, which has no login, outside the cluster: set server.service.exposureAcknowledged=true to accept this" $service.type) -}}
{{- end -}}
{{- if $server.ingress.enabled -}}
{{- $errors = append $errors "server.ingress.enabled exposes the server, which has no login, outside the cluster: set server.service.exposureAcknowledged=true to accept this" -}}
{{- end -}}
{{- end -}}

{{- if and $service.nodePort (eq $service.type "ClusterIP") -}}
{{- $errors = append $errors "server.service.nodePort has no meaning for server.service.type=ClusterIP: set the type to NodePort or LoadBalancer, or leave the port out" -}}
{{- end -}}
{{- if ne $service.type "LoadBalancer" -}}
{{- if $service.loadBalancerClass -}}
{{- $errors = append $errors "server.service.loadBalancerClass needs server.service.type=LoadBalancer" -}}
{{- end -}}
{{- if $service.loadBalancerSourceRanges -}}
{{- $errors = append $errors "server.service.loadBalancerSourceRanges needs server.service.type=LoadBalancer" -}}
{{- end -}}
{{- end -}}

{{- if and $server.ingress.enabled (not $server.ingress.hosts) -}}
{{- $errors = append $errors "server.ingress.enabled needs at least one host: set server.ingress.hosts" -}}
{{- end -}}

{{- if and .Values.rbac.create (not $server.serviceAccount.create) (not $server.serviceAccount.name) -}}
{{- $errors = append $errors "rbac.create would grant the server's permissions to every pod that uses the namespace's default service account: set server.serviceAccount.name, or rbac.create=false" -}}
{{- end -}}
{{- if and $server.serviceAccount.create $agent.serviceAccount.create (eq (include "pulltrace.serverServiceAccountName" .) (include "pulltrace.agentServiceAccountName" .)) -}}
{{- $errors = append $errors "server.serviceAccount.name and agent.serviceAccount.name are the same, but agents need none of the server's permissions: set different names" -}}
{{- end -}}

{{- if $errors -}}
{{- fail (printf "\n\npulltrace: these values do not fit together:\n- %s\n" (join "\n- " $errors)) -}}
{{- end -}}
{{- end -}}
