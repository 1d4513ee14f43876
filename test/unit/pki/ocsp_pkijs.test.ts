import { expect } from 'chai'
import { BasicOCSPResponse, OCSPResponse } from 'pkijs'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { verifyOcspResponse } from '../../../src/pki/ocsp_verification.ts'
import { type OcspResponseOptions, ocspResponse } from '../../support/ocsp.ts'
import { Authority, fixedNow } from '../../support/pki.ts'

/** What pkijs reads in a response; it judges neither dates nor CertID, so only the reading is compared. */
function readByPkijs(der: Buffer) {
  const { responseBytes } = OCSPResponse.fromBER(Uint8Array.from(der))
  const basic = BasicOCSPResponse.fromBER(responseBytes!.response.valueBlock.valueHexView)
  const [single] = basic.tbsResponseData.responses
  const statusByTag = ['good', 'revoked', 'unknown']
  return {
    status: statusByTag[single!.certStatus.idBlock.tagNumber as number],
    thisUpdate: single!.thisUpdate,
    nextUpdate: single!.nextUpdate,
    producedAt: basic.tbsResponseData.producedAt,
  }
}

describe('OCSP responses as pkijs reads them', () => {
  const authority = Authority.root()
  const leaf = authority.issue()
  const subject = { certificate: certificateFromDer(leaf.der), issuer: certificateFromDer(authority.certificate.der) }
  const cases: Partial<OcspResponseOptions>[] = [
    {},
    { status: 'revoked', reason: 'keyCompromise' },
    { status: 'unknown' },
    { nextUpdate: undefined },
    { certId: { hashAlgorithm: 'sha256' } },
  ]
  for (const options of cases) {
    it(`agree: ${JSON.stringify(options)}`, () => {
      const der = ocspResponse({ authority, certificate: leaf, ...options })
      const ours = verifyOcspResponse(der, {
        ...{ subject, at: fixedNow, skewMs: 0, maxAgeMs: 86_400_000, allowSha1: false },
      })
      expect(ours.status).not.to.equal('rejected')
      expect(ours).to.deep.include(readByPkijs(der))
    })
  }
})
