import { expect } from 'chai'
import type { Certificate } from '../../../src/domain/certificate.ts'
import { PresentedCertificates } from '../../../src/envoy/presented_certificates.ts'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { Authority } from '../../support/pki.ts'

const authority = Authority.root()
const [acme, stranger] = [authority.issue({ commonName: 'acme' }), authority.issue({ commonName: 'stranger' })]
const registered = certificateFromDer(acme.der)

function reading() {
  const asked: Buffer[] = []
  const certificates = new PresentedCertificates((der): Certificate | undefined => {
    asked.push(Buffer.from(der))
    return acme.der.equals(der) ? registered : undefined
  })
  return { read: (pem: string) => certificates.read(encodeURIComponent(pem)), asked }
}

describe('presented certificates', () => {
  it('are read once where they are registered, and are then that very leaf', () => {
    const { read, asked } = reading()
    for (let i = 0; i < 3; i++) expect(read(acme.pem)).to.have.property('certificate', registered)
    expect(asked).to.have.length(1)
  })

  it('are read each time where nobody registered them, so that strangers drive nobody out', () => {
    const { read, asked } = reading()
    read(acme.pem)
    for (let i = 0; i < 3; i++)
      expect(read(stranger.pem)).to.have.nested.property('certificate.commonNames').that.deep.equals(['stranger'])
    read(acme.pem)
    expect(asked).to.have.length(4)
  })

  it('are not taken for another one by a single byte', () => {
    const { read } = reading()
    read(acme.pem)
    const at = acme.pem.length / 2
    for (const altered of [acme.pem.slice(0, at) + acme.pem.slice(at + 1), `${acme.pem}\0`, acme.pem.repeat(2)])
      expect(read(altered)).to.include({ status: 'malformed' })
    expect(read('')).to.deep.equal({ status: 'absent' })
  })
})
