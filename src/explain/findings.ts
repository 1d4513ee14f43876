import { isQwac, purposeName } from '../domain/certificate.ts'
import type { Evidence } from '../domain/evidence.ts'
import type { CheckName } from '../domain/judge.ts'
import { wordsOf } from '../domain/near_miss.ts'
import type { StepEvidence } from './explanation.ts'
import { type RevocationFacts, revocationFinding } from './revocation_finding.ts'

/** What a check looked at, in words and as facts. It decides nothing: whether the check passed is the check's own word. */
export interface Finding {
  readonly found: string
  readonly evidence?: StepEvidence
}

/** What is known of a decision beside its evidence. */
export interface Circumstances {
  /** Of the leaf, and of its issuers where they are asked about too; empty where nobody was asked. */
  readonly revocation: readonly RevocationFacts[]
  /** Whether the ClientSecret was at hand, or taken as right. */
  readonly secretChecked: boolean
}

interface Explained {
  /** Whether the policy asks for it. */
  readonly asked: (evidence: Evidence) => boolean
  /** Whether earlier steps left it something to look at. */
  readonly judges: (evidence: Evidence) => boolean
  readonly finding: (evidence: Evidence, circumstances: Circumstances) => Finding
}

const presented = ({ request }: Evidence) => request.certificate.status === 'presented'
const registered = ({ identity }: Evidence) => identity.binding.status === 'registered'
const selected = ({ identity }: Evidence) => identity.selection.status === 'selected'
const always = () => true
const onMtls = ({ policy }: Evidence) => policy.channel === 'mtls'
const wantsCertificate = ({ policy }: Evidence) => policy.require.has('certificate')

/** A check without an entry does not compile. */
export const explainedChecks: Readonly<Record<CheckName, Explained>> = {
  certificate_presented: { asked: always, judges: always, finding: presentedFinding },
  certificate_validity: {
    asked: onMtls,
    judges: presented,
    finding: ({ request: { certificate: leaf }, now }) =>
      leaf.status === 'presented'
        ? {
            found: `valid from ${leaf.certificate.notBefore.toISOString()} to ${leaf.certificate.notAfter.toISOString()}, judged as of ${now.toISOString()}`,
            evidence: {
              notBefore: leaf.certificate.notBefore.toISOString(),
              notAfter: leaf.certificate.notAfter.toISOString(),
            },
          }
        : { found: 'no certificate' },
  },
  certificate_purpose: {
    asked: onMtls,
    judges: presented,
    finding: ({ request: { certificate: leaf } }) => {
      const purposes = leaf.status === 'presented' ? leaf.certificate.extendedKeyUsage : []
      return purposes === undefined
        ? { found: 'no extendedKeyUsage, which permits every purpose' }
        : {
            found: `extendedKeyUsage ${purposes.map(purposeName).join(', ') || 'empty'}`,
            evidence: { extendedKeyUsage: [...purposes] },
          }
    },
  },
  certificate_registered: { asked: wantsCertificate, judges: presented, finding: registeredFinding },
  revocation: {
    asked: wantsCertificate,
    judges: registered,
    finding: (evidence, { revocation }) => revocationFinding(evidence, revocation),
  },
  basic: { asked: ({ policy }) => policy.require.has('basic'), judges: always, finding: basicFinding },
  devapp_selected: {
    asked: ({ policy }) => policy.require.size > 0,
    judges: ({ identity }) => identity.selection.status !== 'none',
    finding: selectionFinding,
  },
  devapp_enabled: {
    asked: ({ policy }) => policy.require.size > 0,
    judges: selected,
    finding: ({ identity: { selection } }) => ({
      found: selection.status === 'selected' ? `${selection.devApp.id} is ${selection.devApp.status}` : 'no DevApp',
    }),
  },
  product_selected: {
    asked: ({ policy }) => policy.product !== undefined,
    judges: selected,
    finding: ({ policy: { product = '' }, identity: { selection } }) => {
      const products = selection.status === 'selected' ? [...selection.devApp.products] : []
      return {
        found: `the policy's product is ${product}; selected: ${products.join(', ') || 'none'}`,
        evidence: { product, selected: products },
      }
    },
  },
  qwac: {
    asked: ({ policy }) => policy.psd2?.qwac === 'required',
    judges: registered,
    finding: ({ identity: { binding }, qtspAccepted }) => {
      if (binding.status !== 'registered') return { found: 'no registered certificate' }
      const { leaf } = binding.certificate
      if (!isQwac(leaf)) return { found: 'not a QWAC: it lacks QcCompliance, or the QcType web' }
      return { found: `a QWAC; its issuer ${leaf.issuer} is ${qtspAccepted ? '' : 'not '}among the accepted providers` }
    },
  },
  psd2_roles: {
    asked: ({ policy }) => (policy.psd2?.roles.length ?? 0) > 0,
    judges: registered,
    finding: ({ identity: { binding }, policy: { psd2 } }) => {
      const held = binding.status === 'registered' ? (binding.certificate.leaf.qcStatements?.psd2?.roles ?? []) : []
      const asked = psd2?.roles ?? []
      return {
        found: `asked for ${asked.join(psd2?.match === 'any' ? ' or ' : ' and ')}; held: ${held.join(', ') || 'none'}`,
        evidence: { asked: [...asked], held: [...held] },
      }
    },
  },
  psd2_authorised: {
    asked: ({ policy }) => policy.psd2 !== undefined,
    judges: registered,
    finding: ({ identity: { binding }, withdrawnRoles }) => {
      const identifier = binding.status === 'registered' ? binding.certificate.leaf.organizationIdentifier : undefined
      const withdrawn = [...withdrawnRoles]
      return {
        found: `withdrawn from ${identifier ?? 'a certificate without organizationIdentifier'}: ${withdrawn.join(', ') || 'nothing'}`,
        evidence: { withdrawn },
      }
    },
  },
}

function presentedFinding({ request: { certificate } }: Evidence): Finding {
  switch (certificate.status) {
    case 'absent':
      return { found: 'no client certificate' }
    case 'malformed':
      return { found: `a client certificate that cannot be read: ${certificate.cause}` }
    case 'presented': {
      const { subject, issuer, serialNumber, sha256 } = certificate.certificate
      return {
        found: `${subject}, serial number ${serialNumber}, issued by ${issuer}`,
        evidence: { subject, issuer, serialNumber, sha256 },
      }
    }
  }
}

function registeredFinding({ identity: { binding } }: Evidence): Finding {
  switch (binding.status) {
    case 'registered': {
      const { sha256 } = binding.certificate.leaf
      return {
        found: `attached to ${wordsOf(binding.owners)}, sha256 ${sha256}`,
        evidence: { devApps: binding.owners.map(({ id }) => id), sha256 },
      }
    }
    case 'other_issuer':
    case 'differs':
      return {
        found: `another certificate is registered under its serial number and common name: sha256 ${binding.registered.sha256}, issued by ${binding.registered.issuer}`,
        evidence: { registered: binding.registered.sha256 },
      }
    case 'unregistered':
    case 'not_presented':
      return { found: 'attached to no DevApp' }
  }
}

function basicFinding(
  { request: { basic }, secretVerified, secretLock }: Evidence,
  { secretChecked }: Circumstances,
): Finding {
  if (basic.status !== 'presented') return { found: `Authorization: ${basic.status.replace('_', ' ')}` }
  const { clientKey } = basic
  const evidence = { clientKey }
  if (secretLock !== undefined)
    return {
      found: `the secret was not looked at: too many were wrong, ${secretLock.by === 'address' ? 'from this address' : `for the ClientKey ${clientKey}`}`,
      evidence,
    }
  if (!secretChecked)
    return {
      found: secretVerified
        ? `the ClientKey ${clientKey} is known; the secret was not checked: taken as right`
        : `no DevApp has the ClientKey ${clientKey}`,
      evidence,
    }
  return {
    found: secretVerified
      ? `the ClientKey ${clientKey} with its secret`
      : `the ClientKey ${clientKey} is unknown, or the secret is not one of its DevApp's that are in force`,
    evidence,
  }
}

function selectionFinding({ identity: { selection, binding } }: Evidence): Finding {
  const owners = binding.status === 'registered' ? binding.owners : []
  switch (selection.status) {
    case 'selected':
      return { found: wordsOf([selection.devApp]), evidence: { devApp: selection.devApp.id } }
    case 'ambiguous':
      return { found: `the certificate serves ${wordsOf(owners)}`, evidence: { devApps: owners.map(({ id }) => id) } }
    case 'mismatch':
      return { found: `the ClientKey is of none of the certificate's DevApps: ${wordsOf(owners)}` }
    case 'none':
      return { found: 'no DevApp' }
  }
}
