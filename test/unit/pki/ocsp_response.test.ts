import { expect } from 'chai'
import { DerError } from '../../../src/pki/der.ts'
import { type BasicOcspResponse, type OcspResponse, readOcspResponse } from '../../../src/pki/ocsp_response.ts'
import {
  basicOcspResponse,
  issueDelegate,
  type OcspResponseOptions,
  ocspError,
  ocspResponse,
  responseStatuses,
} from '../../support/ocsp.ts'
import { Authority, der, fixedNow, keyIdentifier } from '../../support/pki.ts'

const authority = Authority.root()
const certificate = authority.issue({ serialNumber: '008001' })
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

type Options = Partial<OcspResponseOptions>
const written = (options: Options = {}): Buffer => ocspResponse({ authority, certificate, ...options })
const read = (options: Options = {}): OcspResponse => readOcspResponse(written(options))
function basicOf(response: OcspResponse): BasicOcspResponse {
  if (response.status !== 'successful') throw new Error(`not successful: ${response.status}`)
  return response.basic
}
const single = (options: Options = {}) => basicOf(read(options)).responses[0]!

describe('readOcspResponse', () => {
  describe('OCSPResponse (RFC 6960 4.2.1)', () => {
    for (const [name, responseStatus] of Object.entries(responseStatuses)) {
      it(`is no answer when it says ${name}, even beside a perfect one`, () => {
        expect(read({ responseStatus })).to.deep.equal({ status: 'not_successful', responseStatus: name })
        expect(readOcspResponse(ocspError(name as keyof typeof responseStatuses))).to.deep.equal({
          status: 'not_successful',
          responseStatus: name,
        })
      })
    }

    it('is no answer with a status that RFC 6960 does not list', () => {
      expect(read({ responseStatus: 4 })).to.deep.equal({ status: 'not_successful', responseStatus: '4' })
      expect(read({ responseStatus: 127 })).to.deep.equal({ status: 'not_successful', responseStatus: '127' })
    })

    it('is no answer with an error status, whatever DER stands beside it', () => {
      const garbage = der.sequence(der.enumerated(3), der.null(), der.utf8('good'))
      expect(readOcspResponse(garbage)).to.deep.equal({ status: 'not_successful', responseStatus: 'tryLater' })
    })

    it('is of another type than id-pkix-ocsp-basic', () => {
      const response = read({ responseType: '1.3.6.1.5.5.7.48.1.99' })
      expect(response).to.deep.equal({ status: 'unknown_type', responseType: '1.3.6.1.5.5.7.48.1.99' })
    })

    const malformed: [string, Uint8Array][] = [
      ['successful without responseBytes', der.sequence(der.enumerated(0))],
      ['a third field', der.sequence(der.enumerated(0), der.explicit(0, der.sequence()), der.null())],
      ['a negative status', der.sequence(der.enumerated(0xff))],
      ['an HTML page', Buffer.from('<!DOCTYPE html><title>502</title>')],
      ['nothing', Buffer.alloc(0)],
      ['bytes after the end', Buffer.concat([written(), Buffer.of(0)])],
      ['a response cut short', written().subarray(0, -1)],
      [
        'PEM',
        Buffer.from(`-----BEGIN OCSP RESPONSE-----\n${written().toString('base64')}\n-----END OCSP RESPONSE-----\n`),
      ],
      ['more than 64 KiB', written({ embedded: [{ der: der.octetString(Buffer.alloc(65_536)) }] })],
    ]
    for (const [what, bytes] of malformed) {
      it(`refuses ${what}`, () => expect(() => readOcspResponse(bytes)).to.throw(DerError))
    }

    it('refuses bytes after the end of the BasicOCSPResponse inside', () => {
      const inside = (basic: Uint8Array) =>
        der.sequence(
          der.enumerated(0),
          der.explicit(0, der.sequence(der.oid('1.3.6.1.5.5.7.48.1.1'), der.octetString(basic))),
        )
      const basic = basicOcspResponse({ authority, certificate })
      expect(readOcspResponse(inside(basic)).status).to.equal('successful')
      expect(() => readOcspResponse(inside(Buffer.concat([basic, Buffer.of(0)])))).to.throw(DerError)
    })
  })

  describe('ResponseData (RFC 6960 4.2.1)', () => {
    it('reads the single response', () => {
      expect(single()).to.deep.include({
        certStatus: { status: 'good' },
        thisUpdate: new Date(fixedNow.getTime() - 3_600_000),
        nextUpdate: new Date(fixedNow.getTime() + 23 * 3_600_000),
      })
      expect(single().certId).to.include({ hashAlgorithm: 'sha1', serialNumber: '008001' })
    })

    it('reads no nextUpdate as none', () => {
      expect(single({ nextUpdate: undefined }).nextUpdate).to.equal(undefined)
    })

    it('reads the responder by name, and by key', () => {
      expect(basicOf(read()).responderId).to.deep.equal({ byName: hex(authority.certificate.subjectDer) })
      expect(basicOf(read({ responderId: 'byKey' })).responderId).to.deep.equal({
        byKey: hex(keyIdentifier(authority.certificate.keyPair.publicKey)),
      })
    })

    it('gives what is signed, without the header around it', () => {
      const { signed, signature } = basicOf(read({ responderId: 'byKey' }))
      expect(hex(written())).to.not.equal(hex(signed))
      expect(signed[0]).to.equal(0x30)
      expect(signature[0]).to.equal(0x30) // an ECDSA signature is a SEQUENCE, without the count of unused bits
    })

    it('reads version 1, said or not, and refuses others', () => {
      expect(read({ version: 0 }).status).to.equal('successful')
      expect(() => read({ version: 1 })).to.throw(DerError, 'version')
    })

    it('keeps embedded certificates in their order, and refuses more than 16', () => {
      const delegate = issueDelegate(authority)
      const [first, second] = basicOf(read({ responder: delegate, embedded: [certificate, delegate] })).certificates
      expect([hex(first!.bytes), hex(second!.bytes)]).to.deep.equal([hex(certificate.der), hex(delegate.der)])
      expect(basicOf(read({ embedded: Array(16).fill(certificate) })).certificates).to.have.length(16)
      expect(() => read({ embedded: Array(17).fill(certificate) })).to.throw(DerError, '16')
    })

    const refused: [string, Options][] = [
      [
        'a ResponderID that is neither byName nor byKey',
        { responderId: der.explicit(3, der.octetString(Buffer.alloc(20))) },
      ],
      ['a byKey without its explicit tag', { responderId: der.implicit(2, Buffer.alloc(20)) }],
      ['a byName that is no Name', { responderId: der.explicit(1, der.utf8('CN=OCSP')) }],
      ['an extension that stands twice', { responseExtensions: [{ oid: '1.2.3' }, { oid: '1.2.3' }] }],
      ['a thisUpdate with a fraction of a second', { thisUpdateDer: der.tlv(0x18, Buffer.from('20260615110000.5Z')) }],
      ['a thisUpdate in local time', { thisUpdateDer: der.tlv(0x18, Buffer.from('20260615110000')) }],
      ['a thisUpdate with an offset', { thisUpdateDer: der.tlv(0x18, Buffer.from('20260615110000+0200')) }],
      ['a thisUpdate in UTCTime', { thisUpdateDer: der.tlv(0x17, Buffer.from('260615110000Z')) }],
      ['a serial number with a needless zero octet', { certId: { serialNumber: '0001' } }],
    ]
    for (const [what, options] of refused) {
      it(`refuses ${what}`, () => expect(() => read(options)).to.throw(DerError))
    }
  })

  describe('CertID (RFC 6960 4.1.1)', () => {
    for (const hashAlgorithm of ['sha1', 'sha256', 'sha384', 'sha512'] as const) {
      it(`knows ${hashAlgorithm}, with NULL parameters and without`, () => {
        expect(single({ certId: { hashAlgorithm } }).certId.hashAlgorithm).to.equal(hashAlgorithm)
        expect(single({ certId: { hashAlgorithm, hashParameters: 'absent' } }).certId.hashAlgorithm).to.equal(
          hashAlgorithm,
        )
      })
    }

    it('reads a hash that it does not know as such', () => {
      expect(single({ certId: { hashAlgorithm: 'md5' } }).certId.hashAlgorithm).to.equal(undefined)
    })
  })

  describe('CertStatus (RFC 6960 4.2.1)', () => {
    it('reads unknown', () => expect(single({ status: 'unknown' }).certStatus).to.deep.equal({ status: 'unknown' }))

    it('reads revoked with its time, and without a reason', () => {
      const revokedAt = new Date('2026-01-02T03:04:05Z')
      expect(single({ status: 'revoked', revokedAt }).certStatus).to.deep.equal({
        status: 'revoked',
        revokedAt,
        reason: undefined,
      })
    })

    for (const reason of [
      ...(['unspecified', 'keyCompromise', 'cACompromise', 'affiliationChanged', 'superseded'] as const),
      ...(['cessationOfOperation', 'certificateHold', 'removeFromCRL', 'privilegeWithdrawn', 'aACompromise'] as const),
    ]) {
      it(`reads the reason ${reason}`, () =>
        expect(single({ status: 'revoked', reason }).certStatus).to.include({ status: 'revoked', reason }))
    }

    it('reads revoked for a reason that RFC 5280 5.3.1 does not list', () => {
      for (const reason of [7, 11, 127])
        expect(single({ status: 'revoked', reason }).certStatus).to.include({ status: 'revoked', reason: undefined })
    })
  })
})
