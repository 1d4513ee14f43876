import { host, http, type Mutation, mtlsContext, route, table, tls, tlsContext } from './fixture.ts'

const combined = [...mtlsContext, 'common_tls_context', 'combined_validation_context']
const byDefault = [...combined, 'default_validation_context']
const early = [...http, 'early_header_mutation_extensions']
const details = [...http, 'forward_client_cert_details']
const add = (key: string) => [{ header: { key, value: 'someone' } }]

export const connectionMutations: readonly Mutation[] = [
  {
    ...{ code: 'listener_without_tls', title: 'TLS is left out', put: [...tls, 'transport_socket'] },
  },
  {
    ...{ code: 'client_certificate_optional', title: 'none is demanded' },
    ...{ put: [...mtlsContext, 'require_client_certificate'], value: false },
  },
  {
    ...{ code: 'client_certificate_on_tls', title: 'one is demanded on a 1-way hostname', put: tlsContext },
    value: (old: { common_tls_context: object }) => ({
      ...old,
      require_client_certificate: true,
      common_tls_context: {
        ...old.common_tls_context,
        validation_context: { trusted_ca: { filename: 'ca.pem' }, suppress_client_ca_list: true },
      },
    }),
    found: [...tlsContext, 'require_client_certificate'],
  },
  {
    ...{ code: 'tls_version', title: 'TLS 1.1 is accepted', value: 'TLSv1_1' },
    put: [...mtlsContext, 'common_tls_context', 'tls_params', 'tls_minimum_protocol_version'],
  },
  {
    ...{ code: 'early_data', title: 'QUIC is spoken', put: [...tls, 'transport_socket', 'typed_config'] },
    value: ({ '@type': _, ...downstream_tls_context }: Record<string, unknown>) => ({
      '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport',
      downstream_tls_context,
    }),
    found: [...tls, 'transport_socket', 'typed_config', 'enable_early_data'],
  },
  {
    ...{ code: 'untrusted_accepted', title: 'any certificate is taken', value: 'ACCEPT_UNTRUSTED' },
    put: [...byDefault, 'trust_chain_verification'],
  },
  {
    ...{ code: 'untrusted_accepted', title: 'by number', value: 1, put: [...byDefault, 'trust_chain_verification'] },
  },
  {
    ...{ code: 'expired_accepted', title: 'expired ones are taken', value: true },
    put: [...byDefault, 'allow_expired_certificate'],
  },
  { code: 'trust_store_missing', title: 'nothing is verified', put: combined },
  {
    ...{ code: 'trust_store_missing', title: 'no CA is named', put: [...mtlsContext, 'common_tls_context'] },
    value: ({ combined_validation_context, ...others }: Record<string, unknown>) => ({
      ...others,
      validation_context: { suppress_client_ca_list: true },
    }),
    found: [...mtlsContext, 'common_tls_context', 'validation_context', 'trusted_ca'],
  },
  {
    ...{ code: 'trust_store_without_anchor', title: 'the default is empty', put: [...byDefault, 'trusted_ca'] },
  },
  {
    ...{
      code: 'trust_store_without_anchor',
      title: 'there is no default',
      put: [...mtlsContext, 'common_tls_context'],
    },
    value: ({ combined_validation_context, ...others }: Record<string, Record<string, unknown>>) => ({
      ...others,
      validation_context_sds_secret_config: combined_validation_context?.['validation_context_sds_secret_config'],
    }),
    found: [...mtlsContext, 'common_tls_context', 'validation_context_sds_secret_config'],
    also: ['client_ca_list_sent'],
  },
  { code: 'client_ca_list_sent', title: 'the default stays', put: [...byDefault, 'suppress_client_ca_list'] },
  {
    ...{ code: 'ambiguous_paths_kept', title: 'the filter is left out', put: [...http, 'http_filters'] },
    value: (filters: unknown[]) => filters.slice(1),
  },
  {
    ...{ code: 'ambiguous_paths_kept', title: 'it only counts them', found: [...http, 'http_filters'], value: 'LOG' },
    put: [...http, 'http_filters', 0, 'typed_config', 'rules', 'action'],
  },
  {
    ...{ code: 'identity_headers_kept', title: 'one is not removed', found: early },
    ...{ put: [...early, 0, 'typed_config', 'mutations'], value: (old: unknown[]) => old.slice(1) },
  },
  { code: 'identity_headers_kept', title: 'none is removed', put: early },
  ...[table, host, route].map((scope) => ({
    ...{ code: 'identity_headers_overwritten', title: `one is removed late (${scope.at(-2)})` },
    ...{ put: [...scope, 'request_headers_to_remove'], value: ['x-other', 'X-DevApp-Id'] },
    found: [...scope, 'request_headers_to_remove', 1],
  })),
  {
    ...{ code: 'identity_headers_overwritten', title: 'one is set', put: [...route, 'request_headers_to_add'] },
    ...{ value: add('x-tpp-id'), found: [...route, 'request_headers_to_add', 0] },
  },
  ...['FORWARD_ONLY', 'APPEND_FORWARD', 'ALWAYS_FORWARD_ONLY', 2].map((value) => ({
    ...{ code: 'xfcc_not_sanitized', title: `${value}`, put: details, value },
  })),
  { code: 'xfcc_set', title: 'Envoy sets it', put: details, value: 'SANITIZE_SET' },
  {
    ...{ code: 'xfcc_set', title: 'it is filled', put: [...http, 'set_current_client_cert_details'] },
    value: { cert: true },
  },
  {
    ...{ code: 'underscores_allowed', title: 'the default stays' },
    put: [...http, 'common_http_protocol_options', 'headers_with_underscores_action'],
  },
  { code: 'path_not_normalized', title: 'paths stay as they are', put: [...http, 'normalize_path'], value: false },
  { code: 'slashes_not_merged', title: 'slashes stay as they are', put: [...http, 'merge_slashes'] },
  ...[undefined, 'KEEP_UNCHANGED'].map((value) => ({
    ...{ code: 'escaped_slashes_kept', title: `escaped slashes: ${value}`, value },
    put: [...http, 'path_with_escaped_slashes_action'],
  })),
  { code: 'remote_address_believed', title: 'the default stays', put: [...http, 'use_remote_address'] },
  { code: 'trusted_hops', title: 'a proxy is believed', put: [...http, 'xff_num_trusted_hops'], value: 1 },
  { code: 'internal_addresses', title: 'the default stays', put: [...http, 'internal_address_config'] },
  {
    ...{ code: 'internal_addresses', title: 'private addresses count', put: [...http, 'internal_address_config'] },
    value: { cidr_ranges: [{ address_prefix: '10.0.0.0', prefix_len: 8 }] },
  },
  { code: 'request_id_kept', title: 'it is kept', put: [...http, 'preserve_external_request_id'], value: true },
  {
    ...{ code: 'http_10_accepted', title: 'it is accepted', value: true },
    put: [...http, 'http_protocol_options', 'accept_http_10'],
  },
  { code: 'local_replies_plain', title: 'the form is left out', put: [...http, 'local_reply_config'] },
  {
    ...{ code: 'admin_exposed', title: 'it listens everywhere', value: '0.0.0.0', found: ['admin', 'address'] },
    put: ['admin', 'address', 'socket_address', 'address'],
  },
]
