import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { AcceptedQtsps, certificateFilesIn } from '../../../src/registry/qtsps.ts'
import { Authority } from '../../support/pki.ts'
import { temporaryFolder } from '../../support/temporary_folder.ts'

const root = Authority.root()
const accepted = root.issueAuthority({ commonName: 'Accepted QTSP CA' })
const read = (authority: Authority) => certificateFromDer(authority.certificate.der)
const qtspsIn = (folder: string): AcceptedQtsps =>
  new AcceptedQtsps(certificateFilesIn(folder).map((path) => ({ path, text: readFileSync(path, 'utf8') })))

describe('AcceptedQtsps', () => {
  const folder = temporaryFolder('qtsps')
  const write = (name: string, contents: string | Uint8Array) => writeFileSync(join(folder.path, name), contents)
  after(() => folder.remove())
  afterEach(() => {
    for (const name of ['a.pem', 'b.crt', 'c.cer', 'README']) rmSync(join(folder.path, name), { force: true })
  })

  it('accepts the CAs in its .pem, .crt and .cer files, several in one', () => {
    const others = ['One', 'Two', 'Three'].map((commonName) => Authority.root({ commonName }))
    write('a.pem', `Accepted since 2026\n${accepted.certificate.pem}`)
    write(
      'b.crt',
      others
        .slice(0, 2)
        .map(({ certificate }) => certificate.pem)
        .join(''),
    )
    write('c.cer', others[2]?.certificate.pem ?? '')
    write('README', root.certificate.pem)
    const qtsps = qtspsIn(folder.path)
    for (const authority of [accepted, ...others]) expect(qtsps.accepts(read(authority))).to.equal(true)
    expect(qtsps.accepts(read(root))).to.equal(false)
  })

  it('accepts a CA whose certificate was renewed with the same name and key', () => {
    write('a.pem', accepted.certificate.pem)
    const { keyPair } = accepted.certificate
    const renewed = Authority.root({ commonName: 'Other Root' }).issueAuthority({
      commonName: 'Accepted QTSP CA',
      keyPair,
    })
    expect(qtspsIn(folder.path).accepts(read(renewed))).to.equal(true)
  })

  it('refuses the name with another key, and the key under another name', () => {
    write('a.pem', accepted.certificate.pem)
    const qtsps = qtspsIn(folder.path)
    const { keyPair } = accepted.certificate
    for (const other of [{ commonName: 'Accepted QTSP CA' }, { commonName: 'accepted qtsp ca', keyPair }])
      expect(qtsps.accepts(read(root.issueAuthority(other)))).to.equal(false)
  })

  it('accepts nobody where it is empty', () => {
    expect(qtspsIn(folder.path).accepts(read(accepted))).to.equal(false)
  })

  it('names the file that holds no certificate, or one that cannot be read', () => {
    write('a.pem', accepted.certificate.pem)
    write('c.cer', accepted.certificate.der)
    expect(() => qtspsIn(folder.path)).to.throw(`${join(folder.path, 'c.cer')}: it holds no certificate in PEM`)
    write('c.cer', accepted.certificate.pem.replace('\nM', '\n*'))
    expect(() => qtspsIn(folder.path)).to.throw(`${join(folder.path, 'c.cer')}: a PEM block is not base64`)
  })

  it('does not pass over a folder that is not there', () => {
    expect(() => qtspsIn(join(folder.path, 'nowhere'))).to.throw(/ENOENT/)
  })
})
