{{/* files/envoy.yaml, which is the reference configuration of Envoy, with hostnames, routes and upstream filled in. */}}
{{- define "devapp-authz.bootstrap" -}}
{{- $bootstrap := include "devapp-authz.hostnamesIn" (dict "root" . "file" "files/envoy.yaml") | fromYaml -}}
{{- /* A hostname to try certificates on is optional, and has no values here. */ -}}
{{- $listener := index $bootstrap.static_resources.listeners 0 -}}
{{- $chains := list -}}
{{- range $listener.filter_chains -}}
{{- if ne .name "try" -}}{{- $chains = append $chains . -}}{{- end -}}
{{- end -}}
{{- $_ := set $listener "filter_chains" $chains -}}
{{- range $chains -}}
{{- range .filters -}}
{{- $_ := set (index .typed_config.route_config.virtual_hosts 0) "routes" (include "devapp-authz.routes" $ | fromYamlArray) -}}
{{- end -}}
{{- end -}}
{{- range $bootstrap.static_resources.clusters -}}
{{- if eq .name "upstream" -}}
{{- $_ := set . "load_assignment" (include "devapp-authz.endpoint" (dict "cluster" "upstream" "address" $.Values.upstream.host "port" $.Values.upstream.port) | fromYaml) -}}
{{- if $.Values.upstream.tlsSecret -}}
{{- $_ := set . "transport_socket" (include "devapp-authz.upstreamTls" $ | fromYaml) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $admin := dict "name" "admin" "type" "STATIC" "load_assignment" (include "devapp-authz.endpoint" (dict "cluster" "admin" "address" "127.0.0.1" "port" 9901) | fromYaml) -}}
{{- $_ := set $bootstrap.static_resources "clusters" (append $bootstrap.static_resources.clusters $admin) -}}
{{- $probes := .Files.Get "files/probes.yaml" | fromYaml -}}
{{- $_ := set $bootstrap.static_resources "listeners" (append $bootstrap.static_resources.listeners $probes) -}}
{{- /* The pod's own preStop asks for it, over loopback. */ -}}
{{- $_ := set $bootstrap.admin "allow_paths" (append $bootstrap.admin.allow_paths (dict "prefix" "/drain_listeners")) -}}
{{- toYaml $bootstrap -}}
{{- end -}}

{{/* A file of the reference, the hostnames and the base of refusals' types being those of this release. */}}
{{- define "devapp-authz.hostnamesIn" -}}
{{- $values := .root.Values -}}
{{- $text := .root.Files.Get .file | replace "api.example.com" $values.hostnames.mtls.host | replace "api2.example.com" $values.hostnames.tls.host -}}
{{- with ($values.config.answers | default dict).type_base -}}
{{- $text = $text | replace "https://devapp-authz.example/denials#" . -}}
{{- end -}}
{{- $text -}}
{{- end -}}

{{- define "devapp-authz.routes" -}}
{{- range .Values.routes }}
- match: { path_separated_prefix: {{ .prefix | quote }} }
  route: { cluster: upstream, timeout: {{ .timeout | default $.Values.upstream.timeout }} }
  typed_per_filter_config:
    envoy.filters.http.ext_authz:
      '@type': type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute
      check_settings: { context_extensions: { policy: {{ .policy | quote }} } }
{{- end }}
{{- end -}}

{{- define "devapp-authz.endpoint" -}}
cluster_name: {{ .cluster }}
endpoints:
  - lb_endpoints:
      - endpoint: { address: { socket_address: { address: {{ .address | quote }}, port_value: {{ .port }} } } }
{{- end -}}

{{- define "devapp-authz.upstreamTls" -}}
name: envoy.transport_sockets.tls
typed_config:
  '@type': type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
  sni: {{ .Values.upstream.host | quote }}
  common_tls_context:
    tls_certificates:
      - certificate_chain: { filename: /etc/envoy/tls/upstream/tls.crt }
        private_key: { filename: /etc/envoy/tls/upstream/tls.key }
        watched_directory: { path: /etc/envoy/tls/upstream }
    validation_context:
      trusted_ca: { filename: /etc/envoy/tls/upstream/ca.crt }
      watched_directory: { path: /etc/envoy/tls/upstream }
      match_typed_subject_alt_names: [{ san_type: DNS, matcher: { exact: {{ .Values.upstream.host | quote }} } }]
{{- end -}}
