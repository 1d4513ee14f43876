import type { DenyCode, gatewayDenials } from './denials.ts'

/** What people need to know of a refusal beside what the caller reads. `docs/denials.md` is made from it. */
export interface DenialGuidance {
  /** What was found. */
  readonly meaning: string
  /** What the third party does about it. */
  readonly caller: string
  /** What the platform team does about it. */
  readonly operator: string
  /** What `detail` of the decision's log line holds; `undefined` where the line has none. */
  readonly detail: string | undefined
}

export const denialGuide: Readonly<Record<DenyCode | keyof typeof gatewayDenials, DenialGuidance>> = {
  request_malformed: {
    meaning:
      'The request cannot be judged: it carries several `Authorization` values, or a client certificate arrived on the 1-way hostname, or Envoy sent something else than the attributes of an HTTP request. Envoy answers with the same code, and a status of its own, what is no HTTP that it takes: 400, 408, 426 or 431.',
    caller:
      'Send one `Authorization` header, with one value. With a status other than 400: a complete request in time (408), HTTP/1.1 or HTTP/2 (426), fewer or shorter headers (431).',
    operator:
      'Several requests of one client: a fault there. A certificate on the 1-way channel, or missing attributes: compare the filter chains and the ext_authz filter with `envoy/envoy.yaml`.',
    detail:
      'Which of the three it was. Of what Envoy refused by itself the service has no line: see `details` of its access log.',
  },
  wrong_hostname: {
    meaning:
      'The hostname of the TLS handshake (SNI), the one that the request names (Host) and the channel of the API are not all of the same kind. 1-way and 2-way APIs are reached on different hostnames.',
    caller:
      'Send the request to the hostname that the answer names, over a connection made for it. A connection to the other hostname must not be reused.',
    operator:
      'Nothing, as long as few callers are concerned. All callers of one API: its route names a policy of the other channel. All callers of one hostname: it is missing in `hostnames`.',
    detail: '`sni`, `host` and the `channel` that the policy asks for.',
  },
  cert_missing: {
    meaning: 'The API asks for a client certificate, and the connection brought none.',
    caller: 'Present the certificate that is registered with the DevApp in the TLS handshake.',
    operator:
      'Envoy refuses such a handshake by itself: check `require_client_certificate: true` on the 2-way filter chain, and `include_peer_certificate: true` in the ext_authz filter.',
    detail: undefined,
  },
  cert_malformed: {
    meaning: 'The client certificate that Envoy handed over is not X.509 in strict DER, or too long.',
    caller: 'Order a certificate that follows RFC 5280.',
    operator: 'Read the certificate with `devapp-authz cert show`. The registry would not have accepted it either.',
    detail: 'What could not be read.',
  },
  cert_chain_untrusted: {
    meaning:
      'On the hostname to try a certificate on: no path of valid certificates leads from the certificate, over those that came with it, to a CA in the trust store, which holds the chains of the enabled DevApps. On the 2-way hostname Envoy refuses it in the handshake, with a TLS alert and without a word.',
    caller:
      'Send the intermediate certificates with your own in the handshake. Where they are there: present the certificate that is registered with the DevApp, or ask the platform team to register its chain.',
    operator:
      'Nothing, where the third party is not registered. Else `devapp-authz chain check` says what is wrong with the chain, and `devapp-authz truststore` which CAs are trusted: those of disabled DevApps are not.',
    detail: 'Where the path ends, or what makes it invalid.',
  },
  cert_not_yet_valid: {
    meaning: "The certificate's notBefore lies in the future.",
    caller: 'Use the certificate from the time on that the answer names.',
    operator: 'Where many callers are concerned, the clock of the gateway is slow.',
    detail: undefined,
  },
  cert_expired: {
    meaning:
      "The certificate's notAfter has passed. Envoy looks at the dates in the handshake only, and a connection may outlive them.",
    caller: 'Register a new certificate, and present that one.',
    operator: 'Where many callers are concerned, the clock of the gateway is fast.',
    detail: undefined,
  },
  cert_purpose: {
    meaning:
      'The certificate has an extended key usage, and neither clientAuth nor anyExtendedKeyUsage is in it (RFC 5280 4.2.1.12).',
    caller:
      'Order a certificate for client authentication: a QWAC with clientAuth, or one of a CA that issues for client authentication. Public CAs no longer do by default.',
    operator: 'Nothing.',
    detail: '`extendedKeyUsage`: the purposes that the certificate has, as OIDs.',
  },
  cert_not_registered: {
    meaning: 'No DevApp has a certificate with this serial number and common name.',
    caller: 'Register the certificate with the DevApp, or present the one that is registered.',
    operator:
      'With `likely_renewal` in the log line, the certificate has the common name of a registered one and was signed by its issuer: attach its chain with `devapp-authz devapp attach-certificate`, unless it is an earlier one. Otherwise let `devapp-authz explain` say what it nearly is. A registration that is missing was refused: the log says why, under `registry refused`.',
    detail: undefined,
  },
  cert_issuer_mismatch: {
    meaning:
      'A certificate with this serial number and common name is registered, but the issuer of the registered one did not sign the one presented. Another CA can give out both again.',
    caller: 'Present the registered certificate, or register this one.',
    operator:
      'Compare the issuers. Where the third party cannot explain it, somebody has had its name certified by another CA that the trust store holds.',
    detail: '`registered issuer`: who issued the registered certificate.',
  },
  cert_differs: {
    meaning:
      'A registered certificate has the same serial number, common name and issuer, but other bytes: another key, other dates or other roles. The registered leaf is the identity, byte for byte.',
    caller: 'Present the registered certificate, or register the reissued one.',
    operator:
      'A CA must never use a serial number twice (RFC 5280 4.1.2.2). Compare both with `devapp-authz cert show`, and ask the CA.',
    detail: '`registered sha256`: the fingerprint of the registered certificate.',
  },
  cert_revoked: {
    meaning: "The issuer's signed OCSP answer says that the certificate is revoked.",
    caller: 'Ask the CA why, order a new certificate and register it.',
    operator:
      'Nothing, as a rule. Where the CA says that it was a mistake, the answer is asked for again after `ocsp.cache.revoked_max_age`.',
    detail: '`reason` (RFC 5280 5.3.1) and `since`: what the issuer says about it.',
  },
  cert_on_hold: {
    meaning: "The issuer's signed OCSP answer says certificateHold: the certificate is suspended, and may come back.",
    caller: 'Have the hold lifted by the CA, or order a new certificate.',
    operator: 'Nothing. After the hold is lifted, the answer is asked for again after `ocsp.cache.revoked_max_age`.',
    detail: '`reason`, which is certificateHold, and `since`.',
  },
  issuer_revoked: {
    meaning:
      'With `ocsp.check: chain`: a signed answer says that a CA between the certificate and its root is revoked. Everything that it issued is refused.',
    caller: 'Order a certificate of another CA and register it.',
    operator:
      'Ask the CA what happened. Every DevApp with a certificate below it is concerned: `devapp-authz ocsp status` shows which.',
    detail: '`ca`: which one it is; `reason` (RFC 5280 5.3.1) and `since`: what its issuer says about it.',
  },
  cert_status_unknown: {
    meaning: "The issuer's responder answered that it does not know the certificate. Unknown is not good.",
    caller: 'A certificate that was issued just now: try again in a few minutes. Otherwise ask the CA.',
    operator:
      'Where all certificates of one issuer are concerned, the wrong responder is asked: see `ocsp.issuers`. The answer is asked for again after `ocsp.cache.unknown_max_age`.',
    detail: undefined,
  },
  revocation_no_source: {
    meaning: 'The certificate names no OCSP responder, and the configuration names none for its issuer.',
    caller: 'Register a certificate that names an OCSP responder (RFC 5280 4.2.2.1).',
    operator:
      "Name the issuer's responder in `ocsp.issuers`. As a last resort, `on_no_source: allow` in the policy lets such certificates pass unasked.",
    detail: undefined,
  },
  revocation_unavailable: {
    meaning:
      'No responder of the issuer gave a signed answer that holds, within `ocsp.timeout`, and none is remembered that may still be used.',
    caller: 'Try again after the time in `Retry-After`.',
    operator:
      "See from `detail` what each responder did: no connection is the network's or the CA's, a rejected answer the CA's. While a CA is down, `on_unavailable: allow` in a policy lets its certificates pass, except those whose last answer said revoked.",
    detail: 'What each responder that was asked did, or that none answered in time.',
  },
  qwac_required: {
    meaning:
      'The registered certificate is no QWAC: it lacks QcCompliance or the type web (ETSI EN 319 412-5 4.2.1, 4.2.3).',
    caller: 'Register an eIDAS QWAC of a qualified trust service provider.',
    operator: 'Read the statements of the certificate with `devapp-authz cert show`.',
    detail: undefined,
  },
  qtsp_not_trusted: {
    meaning: 'The certificate says that it is a QWAC, and its issuing CA is not among those in `qtsps`.',
    caller: 'Register a QWAC of a trust service provider that the API accepts.',
    operator:
      "Look the issuer up in the EU trusted lists. Where it stands there as granted for QWACs, add its CA certificate to the folder `qtsps`; otherwise somebody's own CA wrote the statements.",
    detail: '`issuer`: who issued the certificate.',
  },
  psd2_role_missing: {
    meaning: 'The certificate lacks a PSD2 role that the API asks for, by OID (ETSI TS 119 495 5.1).',
    caller: 'Register a QWAC with the role, which the competent authority has to have authorised.',
    operator: 'Nothing. Roles of later editions are shown by `devapp-authz cert show`, and grant nothing.',
    detail: '`held`: the roles that the certificate has.',
  },
  psd2_authorisation_withdrawn: {
    meaning:
      "The certificate is valid and names the role, and the third party's organizationIdentifier is on the list of `psd2.withdrawn`: without the roles withdrawn there, too few are left for the policy, or none at all.",
    caller:
      'Ask the competent authority that granted the authorisation. Once it is granted again, tell the platform team; the certificate may stay.',
    operator:
      "Compare the list with the authority's public register, or the EBA's. The list is read again whenever it changes.",
    detail:
      '`organizationIdentifier`, as in the certificate; `withdrawn`: the roles on the list; `left`: those of the certificate that remain.',
  },
  devapp_disabled: {
    meaning: 'The credentials are right, and the DevApp that they belong to is disabled.',
    caller: 'Ask the platform team.',
    operator: 'Set `status: enabled` in the registry once the reason is gone.',
    detail: undefined,
  },
  product_not_selected: {
    meaning: "The DevApp's products do not contain the API product that the policy names.",
    caller: 'Select the API product for the DevApp on the portal.',
    operator: "Nothing; or the route names another API's policy.",
    detail: undefined,
  },
  devapp_ambiguous: {
    meaning: 'The certificate serves several DevApps, and nothing says which of them calls.',
    caller: 'Name the DevApp by its ClientKey, in the header that the answer names.',
    operator: 'Nothing. A certificate of its own for each DevApp, or each environment, avoids it.',
    detail: undefined,
  },
  basic_missing: {
    meaning: 'The API asks for HTTP Basic, and there is no `Authorization`, or one of another scheme.',
    caller: 'Send `Authorization: Basic` with Base64 of ClientKey, colon and ClientSecret (RFC 7617).',
    operator:
      'Where all callers are concerned, Envoy does not hand the header over: see `allowed_headers` of the ext_authz filter.',
    detail: undefined,
  },
  basic_malformed: {
    meaning: '`Authorization: Basic` is there and cannot be read (RFC 7617 2), or is there several times.',
    caller: 'Send Base64 of ClientKey, colon and ClientSecret in UTF-8, once.',
    operator: 'Nothing.',
    detail: 'What could not be read; never a part of it.',
  },
  basic_invalid: {
    meaning:
      'There is no such ClientKey, or the ClientSecret is wrong or past its `not_after`. Which of them is not said, nor to be seen from the time it took.',
    caller: 'Check both; where the secret is lost, have a new one made.',
    operator:
      'One DevApp after a change of its secret: the new hash is not in the registry. Many different ones: somebody is guessing.',
    detail: undefined,
  },
  too_many_attempts: {
    meaning:
      'Too many wrong secrets came for this ClientKey from this address, or from this address for whichever ClientKeys, or for this ClientKey from many addresses. The secret of this request was not looked at. The lock lasts longer each time.',
    caller:
      'Stop sending the wrong secret: look for a program that still has an old one. Then wait as long as `Retry-After` says. From another address, the right secret is accepted.',
    operator:
      '`devapp-authz basic lockouts` lists the locks, and `devapp-authz basic unlock` lifts one. `basic.lockout` has the limits. Where every request has the same address, Envoy does not see the real one: see `xff_num_trusted_hops`.',
    detail: 'Which of the two it was: `client_key` or `address`.',
  },
  devapp_mismatch: {
    meaning:
      'Each credential is right by itself, and they belong to different DevApps: the certificate, the ClientKey of Basic, or the header that names one.',
    caller: 'Send the ClientKey and the certificate of the same DevApp.',
    operator: 'Nothing; or the certificate is registered with another DevApp than the third party believes.',
    detail: undefined,
  },
  too_many_requests: {
    meaning:
      'More certificates are tried than the `rate` of the policy answers: by this source, or by all together. Only the hostname to try a certificate on has one.',
    caller: 'Wait as long as `Retry-After` says. APIs are not concerned.',
    operator:
      'Raise `rate` in the policy, where third parties share an address. `total` bounds what strangers can cost.',
    detail: 'Which of the two it was: `source` or `total`.',
  },
  policy_unknown: {
    meaning: "The route names no policy, or one that the configuration doesn't have.",
    caller: 'Tell the platform team.',
    operator:
      'Name one of `policies` in the `context_extensions` of the route. Roll a new policy out before the route that names it.',
    detail: '`policy`: the name that the route gave, or none.',
  },
  registry_unavailable: {
    meaning: 'No registry has been read since the service started.',
    caller: 'Try again after the time in `Retry-After`.',
    operator:
      'See `registry refused` in the log. Once a registry was read, a later one that does not hold up leaves the last good one in force.',
    detail: 'That nothing was read yet.',
  },
  deadline_exceeded: {
    meaning: 'The check took longer than `deadline`.',
    caller: 'Try again after the time in `Retry-After`.',
    operator:
      'Responders have the time `ocsp.timeout` and Redis its own; what is left is load: too little CPU, or many wrong secrets where the registry holds argon2id hashes.',
    detail: '`deadline`, in milliseconds.',
  },
  internal_error: {
    meaning: 'A fault of the service. It refuses what it did not expect.',
    caller: 'Tell the platform team, with the `request_id`.',
    operator: 'The log line stands at the level error. Report it, with its stack.',
    detail: 'The exception and its stack.',
  },
  route_unknown: {
    meaning: 'No route of the gateway matches the path. Envoy answers by itself; the service is not asked.',
    caller: 'Check the path, also for escaped slashes and doubled ones.',
    operator: 'Nothing; or a route is missing.',
    detail: "`details` of Envoy's access log: route_not_found.",
  },
  body_too_large: {
    meaning: 'The body is longer than the gateway takes. Envoy answers by itself.',
    caller: 'Send a shorter body.',
    operator: "Raise the limit of the filter that buffers, where the API needs it. It costs Envoy's memory.",
    detail: "`details` of Envoy's access log: which filter refused.",
  },
  gateway_unavailable: {
    meaning:
      'The service is down, stalls or takes longer than the timeout of the ext_authz filter. Envoy lets nothing through and answers by itself.',
    caller: 'Try again in a few seconds. The request has not reached the API.',
    operator:
      'See whether the service runs and listens on `listen`. Where it does, its `deadline` has to lie below the timeout of the ext_authz filter.',
    detail: "`details` of Envoy's access log: ext_authz_error.",
  },
  upstream_unavailable: {
    meaning:
      'The call was allowed, and the API behind the gateway cannot be reached, breaks off or is late. Envoy answers by itself, with 503, 502 or 504. What the API itself answers passes unchanged.',
    caller:
      'Ask whether the request took effect before sending it again, unless repeating it does no harm (RFC 9110 9.2.2).',
    operator: 'See whether the upstream of the route runs, and how its response times compare with the timeout there.',
    detail: "`details` of Envoy's access log: what became of the upstream; `flags` says it in two letters.",
  },
}
