import { expect } from 'chai'
import type { Certificate } from '../../../src/domain/certificate.ts'
import { deny } from '../../../src/domain/decision.ts'
import type { DevApp } from '../../../src/domain/devapp.ts'
import type { Evidence } from '../../../src/domain/evidence.ts'
import type { Binding } from '../../../src/domain/identify.ts'
import { judge } from '../../../src/domain/judge.ts'
import type { NearMiss, Registration, Registrations } from '../../../src/domain/near_miss.ts'
import { nearMisses } from '../../../src/domain/near_misses.ts'
import type { AuthRequest } from '../../../src/domain/request.ts'
import { certificate, devApp, evidence, good, policy, registered, request } from '../../support/evidence.ts'

const before = new Date('2026-06-01T00:00:00Z')
const basic = (clientKey: string) => ({ status: 'presented', clientKey, clientSecret: 's' }) as const
const keyA = { subjectDer: 'key-a' }

/** A registry of these, in which issuers are told apart by name, and keys by what `keyA` marks. */
function registry(registrations: readonly Registration[], devApps: readonly DevApp[] = []): Registrations {
  return {
    alike: () => registrations,
    byClientKey: (key) => devApps.find(({ clientKey }) => clientKey === key),
    isIssuedBy: (leaf, issuer) => leaf.issuer === issuer.subject,
    haveSameKey: (one, other) => one.subjectDer === other.subjectDer && one.subjectDer === keyA.subjectDer,
  }
}

/** What an unregistered leaf nearly is, beside one registered certificate. */
function unregistered(leaf: Certificate, beside: Certificate, owner: DevApp = devApp()): readonly NearMiss[] {
  const given = evidence({
    request: request({ certificate: { status: 'presented', certificate: leaf } }),
    identity: { binding: { status: 'unregistered' }, selection: { status: 'none' } },
  })
  return nearMisses(given, judge(given), registry([{ certificate: registered(beside), owners: [owner] }]))
}

/** What a registered leaf nearly is, of these DevApps, in a request that is refused. */
function attached(owners: DevApp[], changes: Partial<Evidence> = {}, sent: Partial<AuthRequest> = {}, all = owners) {
  const leaf =
    changes.request?.certificate.status === 'presented' ? changes.request.certificate.certificate : certificate()
  const binding: Binding = { status: 'registered', certificate: registered(leaf), owners }
  const given = evidence({
    identity: { binding, selection: { status: owners.length === 1 ? 'selected' : 'ambiguous', devApp: owners[0]! } },
    ...changes,
    request: { ...(changes.request ?? request()), ...sent },
  })
  return nearMisses(given, judge(given), registry([], all))
}

const kinds = (misses: readonly NearMiss[]): string[] => misses.map(({ kind }) => kind)

describe('near misses', () => {
  describe('of a certificate that is not registered', () => {
    it('name a renewal: the same common name and issuer, another serial number', () => {
      const [miss] = unregistered(certificate({ serialNumber: '0b' }), certificate())
      expect(miss).to.deep.include({ kind: 'other_serial', devApps: ['acme'], provenIssuer: true })
      expect(miss?.message).to.equal(
        'acme (Acme, production) has a certificate of the same common name and the same issuer: serial number 0a01, valid to 2027-01-01T00:00:00.000Z',
      )
      expect(miss?.cure).to.equal('Renewed? Attach this one to acme.')
    })

    it('name the same common name from another issuer, which anybody could sign', () => {
      const [miss] = unregistered(certificate({ serialNumber: '0b', issuer: 'CN=Other' }), certificate())
      expect(miss).to.include({ kind: 'other_serial', provenIssuer: false })
      expect(miss?.cure).to.contain('Once the third party confirmed it')
    })

    it('name the same serial number of another issuer, with the common name or without', () => {
      const [both] = unregistered(certificate({ issuer: 'CN=Other' }), certificate())
      expect(both).to.include({ kind: 'other_issuer', provenIssuer: false })
      expect(both?.message).to.contain(
        'same serial number and common name, issued by CN=Issuer; this one names CN=Other',
      )
      const [serial] = unregistered(certificate({ issuer: 'CN=Other', commonNames: ['bolt'] }), certificate())
      expect(serial?.message).to.contain('the same serial number, issued by CN=Issuer')
    })

    it('say that an issuer has the right name and the wrong key', () => {
      const { chain } = registered()
      const forger = { ...registered(), chain: [{ ...chain[0], subject: 'CN=Forged' }] as const }
      const given = evidence({ identity: { binding: { status: 'unregistered' }, selection: { status: 'none' } } })
      const all = registry([{ certificate: forger, owners: [devApp()] }])
      expect(nearMisses(given, judge(given), all)[0]?.message).to.match(
        /this one names the same issuer, whose key did not sign it$/,
      )
    })

    it('name a reissue: serial number and issuer, with other bytes', () => {
      const [miss] = unregistered(certificate({ sha256: 'cc'.repeat(32) }), certificate())
      expect(miss).to.include({ kind: 'reissued', provenIssuer: true })
    })

    it('name the same key in another certificate', () => {
      const leaf = certificate({ ...keyA, serialNumber: '0b', commonNames: ['acme-2'] })
      const [miss] = unregistered(leaf, certificate(keyA))
      expect(miss).to.include({ kind: 'same_key' })
      expect(miss?.cure).to.equal('Renewed with its key? Attach this one to acme.')
    })

    it('name the registered one that is still valid, where this one has expired', () => {
      const [miss] = unregistered(certificate({ serialNumber: '0b', notAfter: before }), certificate())
      expect(miss).to.include({ kind: 'newer_registered' })
      expect(miss?.cure).to.contain('Present that one')
    })

    it('put what the issuer proves first, and end after ten', () => {
      const given = evidence({ identity: { binding: { status: 'unregistered' }, selection: { status: 'none' } } })
      const of = (changes: Partial<Certificate>) => ({
        certificate: registered(certificate(changes)),
        owners: [devApp()],
      })
      const foreign = {
        certificate: { ...of({}).certificate, chain: [certificate({ subject: 'CN=Other' })] as const },
        owners: [],
      }
      const many = Array.from({ length: 20 }, (_, i) => of({ serialNumber: `0${i}` }))
      const found = nearMisses(given, judge(given), registry([foreign, ...many]))
      expect(found).to.have.length(10)
      expect(found.every(({ provenIssuer }) => provenIssuer)).to.equal(true)
    })
  })

  describe('of the right certificate', () => {
    it('name a disabled DevApp', () => {
      const misses = attached([devApp({ status: 'disabled' })])
      expect(misses[0]).to.deep.include({ kind: 'devapp_disabled', devApps: ['acme'], provenIssuer: true })
      expect(misses[0]?.message).to.equal('It is attached to acme (Acme, production, disabled)')
    })

    it('name the other environment, where its DevApps are there and the ClientKey is here', () => {
      const staging = devApp({ id: 'acme-test', environment: 'staging' })
      const production = devApp({ id: 'acme', clientKey: 'production-key' })
      const identity = {
        binding: { status: 'registered', certificate: registered(), owners: [staging] },
        selection: { status: 'mismatch' },
      } as const
      const misses = attached([staging], { identity }, { clientKey: 'production-key' }, [staging, production])
      expect(misses[0]).to.include({ kind: 'other_environment' })
      expect(misses[0]?.message).to.equal(
        'It is attached to acme-test (Acme, staging): in staging only, and the ClientKey is of acme (Acme, production)',
      )
    })

    it('name the other environment, where it is attached in staging only and lacks the product', () => {
      const misses = attached([devApp({ environment: 'staging', products: new Set() })])
      expect(kinds(misses)).to.deep.equal(['other_environment'])
      expect(kinds(attached([devApp({ products: new Set() })]))).to.deep.equal([])
    })

    it("name its DevApp where the ClientKey of Basic is another one's", () => {
      const [acme, bolt] = [devApp(), devApp({ id: 'bolt', clientKey: 'bolt-key' })]
      const identity = {
        binding: { status: 'registered', certificate: registered(), owners: [acme] },
        selection: { status: 'mismatch' },
      } as const
      const [miss] = attached(
        [acme],
        { identity, policy: policy({ require: new Set(['certificate', 'basic']) }), secretVerified: true },
        { basic: basic('bolt-key') },
        [acme, bolt],
      )
      expect(miss).to.deep.include({ kind: 'other_devapp', devApps: ['acme'] })
      expect(miss?.cure).to.equal('Send the ClientKey of acme, or attach the certificate to bolt.')
    })

    const old = certificate({ notAfter: before })
    const newer = certificate({
      serialNumber: '0b',
      sha256: 'dd'.repeat(32),
      notBefore: new Date('2026-05-01T00:00:00Z'),
    })
    const presentedOld = request({ certificate: { status: 'presented', certificate: old } })
    it('name the newer one of its DevApp, where it has expired or is revoked', () => {
      const owner = devApp({ certificates: [registered(old), registered(newer)] })
      const [expired] = attached([owner], { request: presentedOld })
      expect(expired).to.deep.include({ kind: 'newer_registered', sha256: newer.sha256 })
      const revocation = { ...good, status: 'revoked', reason: undefined, revokedAt: undefined } as const
      expect(kinds(attached([owner], { revocation }))).to.deep.equal(['newer_registered'])
    })

    it('name no newer one that is not valid yet', () => {
      const future = certificate({ notBefore: new Date('2026-12-01T00:00:00Z') })
      const owner = devApp({ certificates: [registered(old), registered(future)] })
      expect(attached([owner], { request: presentedOld })).to.deep.equal([])
    })
  })

  it('are none of an allowed request, of one without a certificate, and where the policy asks for none', () => {
    const given = evidence()
    const all = registry([{ certificate: registered(certificate({ serialNumber: '0b' })), owners: [devApp()] }])
    expect(nearMisses(given, judge(given), all)).to.deep.equal([])
    const absent = evidence({ request: request({ certificate: { status: 'absent' } }) })
    expect(nearMisses(absent, judge(absent), all)).to.deep.equal([])
    const merchant = evidence({ policy: policy({ require: new Set(['basic']) }) })
    expect(nearMisses(merchant, deny('basic_missing'), all)).to.deep.equal([])
  })
})
