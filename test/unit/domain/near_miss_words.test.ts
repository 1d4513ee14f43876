import { expect } from 'chai'
import type { Certificate } from '../../../src/domain/certificate.ts'
import type { DenyCode } from '../../../src/domain/denials.ts'
import type { DevApp } from '../../../src/domain/devapp.ts'
import type { Registrations } from '../../../src/domain/near_miss.ts'
import { alikeMiss } from '../../../src/domain/near_misses/alike.ts'
import { attachedMisses } from '../../../src/domain/near_misses/attached.ts'
import { certificate, devApp, evidence, now, registered, request } from '../../support/evidence.ts'

const valid = 'serial number 0a01, valid to 2027-01-01T00:00:00.000Z'
const later = (ms: number): Date => new Date(now.getTime() + ms)
const other = devApp({ id: 'bolt', name: 'Bolt', clientKey: 'bolt-key' })

/** In which issuers are told apart by name, and keys by a subject that begins alike. */
const registrations: Registrations = {
  alike: () => [],
  byClientKey: (key) => [devApp(), other].find(({ clientKey }) => clientKey === key),
  isIssuedBy: (leaf, issuer) => leaf.issuer === issuer.subject,
  haveSameKey: (one, two) => one.subjectDer === 'key' && two.subjectDer === 'key',
}

function alike(
  changes: Partial<Certificate>,
  beside: Partial<Certificate> = {},
  owners: readonly DevApp[] = [devApp()],
) {
  const given = { certificate: registered(certificate(beside)), owners }
  const { kind, message, cure, devApps } = alikeMiss(certificate(changes), given, now, registrations)
  return { kind, message: message.replace('acme (Acme, production) has ', ''), cure, devApps }
}

describe('what is said of a certificate that nearly is a registered one', () => {
  it('with other bytes', () => {
    expect(alike({})).to.deep.equal({
      kind: 'reissued',
      message: `a certificate of the same issuer and serial number with other bytes, sha256 ${'aa'.repeat(32)}`,
      cure: 'Present that one; or ask the CA why it used a serial number twice (RFC 5280 4.1.2.2), and attach this one to acme.',
      devApps: ['acme'],
    })
  })

  it('of another issuer, by its name or only its key, with one of the common names', () => {
    const shared = { issuer: 'CN=Other', commonNames: ['acme', 'more'] }
    expect(alike(shared).message).to.include(
      'same serial number and common name, issued by CN=Issuer; this one names CN=Other',
    )
    expect(alike(shared).cure).to.equal(
      'Present the certificate of CN=Issuer; or, once the third party confirmed that it changed its CA, attach this one to acme.',
    )
  })

  it('of several DevApps', () => {
    const { message, cure } = alike({ serialNumber: '0b' }, {}, [devApp(), other])
    expect(message).to.include('acme (Acme, production) and bolt (Bolt, production) have a certificate')
    expect(cure).to.equal('Renewed? Attach this one to acme, bolt.')
  })

  it('and has expired, while that one has not', () => {
    const gone = { serialNumber: '0b', notAfter: later(-1) }
    expect(alike(gone)).to.include({ kind: 'newer_registered', message: `a certificate that is still valid: ${valid}` })
    expect(alike(gone, { notAfter: now }).kind).to.equal('newer_registered')
    expect(alike(gone, { notAfter: later(-1) }).kind).to.equal('other_serial')
    expect(alike({ ...gone, notAfter: now }).kind).to.equal('other_serial')
  })

  it('with the same key, or of another issuer', () => {
    const key = { serialNumber: '0b', subjectDer: 'key' }
    expect(alike(key, { subjectDer: 'key' })).to.include({
      kind: 'same_key',
      message: `a certificate with the same key: ${valid}`,
    })
    const stranger = alike({ serialNumber: '0b', issuer: 'CN=Other' })
    expect(stranger.message).to.equal(`a certificate of the same common name and another issuer, CN=Issuer: ${valid}`)
    const imitation = alikeMiss(
      certificate({ serialNumber: '0b' }),
      { certificate: registered(), owners: [devApp()] },
      now,
      { ...registrations, isIssuedBy: () => false },
    )
    expect(imitation.message).to.include('and an issuer of the same name and another key: ')
  })
})

describe('what is said of the right certificate that is refused', () => {
  const said = (owners: readonly DevApp[], code: DenyCode, clientKey?: string) =>
    attachedMisses(
      { certificate: registered(), owners },
      evidence({ request: request({ clientKey }) }),
      code,
      registrations,
    )

  it('names a newer one, of those that hold now', () => {
    const leafOf = (changes: Partial<Certificate>) =>
      registered(certificate({ sha256: 'cc', serialNumber: '0c', ...changes }))
    const newer = { notBefore: new Date('2026-02-01T00:00:00Z') }
    const kinds = (changes: Partial<Certificate>) =>
      said([devApp({ certificates: [leafOf({ ...newer, ...changes })] })], 'cert_expired').map(({ kind }) => kind)
    expect(said([devApp({ certificates: [leafOf(newer)] })], 'cert_expired')).to.deep.equal([
      {
        ...{ kind: 'newer_registered', devApps: ['acme'], sha256: 'cc', provenIssuer: true },
        message: 'acme (Acme, production) has a newer certificate: serial number 0c, valid to 2027-01-01T00:00:00.000Z',
        cure: 'Present that one, and detach this one from acme.',
      },
    ])
    expect(kinds({ notBefore: now, notAfter: now })).to.deep.equal(['newer_registered'])
    expect(kinds({ notBefore: certificate().notBefore })).to.deep.equal([])
    expect(kinds({ notBefore: later(1) })).to.deep.equal([])
    expect(kinds({ notAfter: later(-1) })).to.deep.equal([])
    expect(said([devApp({ certificates: [leafOf(newer)] })], 'product_not_selected')).to.deep.equal([])
  })

  it('names the DevApps that are disabled, where all are, or where one is what it was refused for', () => {
    const off = devApp({ status: 'disabled' })
    const alsoOff = { ...other, status: 'disabled' } as const
    const [both] = said([off, alsoOff], 'cert_expired')
    expect(both).to.include({
      message: 'It is attached to acme (Acme, production, disabled) and bolt (Bolt, production, disabled)',
      cure: 'Enable acme or bolt, or attach it to an enabled DevApp.',
    })
    expect(said([off, other], 'devapp_disabled').map(({ devApps }) => devApps)).to.deep.equal([['acme']])
    expect(said([off, other], 'cert_expired')).to.deep.equal([])
  })

  it('names the environment, and the DevApp that the ClientKey is of', () => {
    const staging = devApp({ id: 'trial', name: 'Trial', environment: 'staging', clientKey: 'trial-key' })
    expect(said([staging], 'product_not_selected')[0]).to.include({
      message: 'It is attached to trial (Trial, staging): in staging only',
      cure: 'Attach it to the DevApp in production, or present the one that is attached there.',
    })
    expect(said([staging, devApp()], 'product_not_selected')).to.deep.equal([])
    const [wrong] = said([devApp(), devApp({ id: 'a2' })], 'devapp_mismatch', 'bolt-key')
    expect(wrong).to.include({
      kind: 'other_devapp',
      message:
        'It is attached to acme (Acme, production) and a2 (Acme, production), and the ClientKey is of bolt (Bolt, production)',
      cure: 'Send the ClientKey of acme or a2, or attach the certificate to bolt.',
    })
    expect(said([staging, devApp()], 'devapp_mismatch', 'bolt-key')[0]?.kind).to.equal('other_devapp')
    expect(said([other], 'product_not_selected', 'bolt-key')).to.deep.equal([])
  })
})
