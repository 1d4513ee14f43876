import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { der, newKeyPair, pemOf } from '../../support/pki.ts'
import { temporaryFolder } from '../../support/temporary_folder.ts'
import { chain, issuing, leaf, problemsOf, report, root } from './fixture.ts'

/** What openssl makes of an input, which it reads from the file input.pem. */
function openssl(input: string, ...args: string[]): Buffer {
  const folder = temporaryFolder('intake')
  try {
    writeFileSync(join(folder.path, 'input.pem'), input)
    return execFileSync('openssl', args, { cwd: folder.path, stdio: 'pipe' })
  } finally {
    folder.remove()
  }
}

describe('the file of a chain', () => {
  it('is accepted as it should be', async () => {
    expect(await report(chain)).to.deep.include({ accepted: true, problems: [], warnings: [], rightOrder: chain })
  })

  it('may come from Windows, with a byte order mark and without its last line end', async () => {
    expect(await problemsOf(chain.replaceAll('\n', '\r\n'))).to.deep.equal([])
    expect(await problemsOf(`\xef\xbb\xbf${chain}`)).to.deep.equal([])
    expect(await problemsOf(Buffer.from(`\ufeff${chain}`, 'utf16le'))).to.deep.equal([])
    expect(await problemsOf(chain.trimEnd())).to.deep.equal([])
  })

  it('may have text around and between its blocks', async () => {
    const attributes = 'Bag Attributes\n    localKeyID: 01 02\nsubject=/CN=Äcme\n'
    expect(
      await problemsOf(attributes + chain.replaceAll('-----BEGIN', `# comment\n${attributes}-----BEGIN`)),
    ).to.deep.equal([])
  })

  it('with a private key is refused in whatever form the key is, and the key is not repeated', async () => {
    const { privateKey } = newKeyPair()
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
    const cipher = { cipher: 'aes-256-cbc', passphrase: 'secret' }
    const texts = [
      privateKey.export({ type: 'pkcs8', format: 'pem' }),
      privateKey.export({ type: 'sec1', format: 'pem' }),
      privateKey.export({ type: 'pkcs8', format: 'pem', ...cipher }),
      rsa.export({ type: 'pkcs1', format: 'pem' }),
      rsa.export({ type: 'pkcs1', format: 'pem', ...cipher }),
      JSON.stringify(privateKey.export({ format: 'jwk' })),
      'PuTTY-User-Key-File-3: ecdsa-sha2-nistp256',
      '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk',
      '-----BEGIN PGP PRIVATE KEY BLOCK-----',
      pemOf(privateKey.export({ type: 'pkcs8', format: 'der' })),
    ].map(String)
    for (const text of texts) {
      const { accepted, problems, ...others } = await report(chain + text)
      expect(
        problems.map(({ code }) => code),
        text,
      ).to.include('private_key')
      expect(accepted).to.equal(false)
      for (const line of text.split('\n').filter((line) => /^[\w+/=]{40,}$/.test(line)))
        expect(JSON.stringify([problems, others])).not.to.include(line)
      expect(await problemsOf(text)).to.include('private_key')
      expect(await problemsOf(Buffer.from(`\ufeff${text}`, 'utf16le'))).to.include('private_key')
    }
    for (const type of ['pkcs8', 'sec1'] as const)
      expect(await problemsOf(privateKey.export({ type, format: 'der' }))).to.deep.equal(['private_key'])
    expect(await problemsOf(privateKey.export({ type: 'pkcs8', format: 'der', ...cipher }))).to.deep.equal([
      'private_key',
    ])
  })

  it('in another format is refused under its name', async () => {
    const pkcs7 = openssl(chain, 'crl2pkcs7', '-nocrl', '-certfile', 'input.pem').toString()
    const pkcs12 = openssl(
      leaf.privateKeyPem + chain,
      'pkcs12',
      '-export',
      '-in',
      'input.pem',
      '-passout',
      'pass:secret',
    )
    const csr = openssl(leaf.privateKeyPem, 'req', '-new', '-key', 'input.pem', '-subj', '/CN=a').toString()
    const bytesOf = (pem: string) => Buffer.from(pem.replace(/-----.*-----/g, ''), 'base64')
    expect(await problemsOf(leaf.der)).to.deep.equal(['is_der'])
    expect(await problemsOf(pkcs7)).to.deep.equal(['is_pkcs7'])
    expect(await problemsOf(bytesOf(pkcs7))).to.deep.equal(['is_pkcs7'])
    expect(await problemsOf(pkcs12)).to.deep.equal(['is_pkcs12'])
    expect(await problemsOf(pemOf(pkcs12, 'PKCS12'))).to.deep.equal(['is_pkcs12'])
    expect(await problemsOf(csr)).to.deep.equal(['is_csr'])
    expect(await problemsOf(bytesOf(csr))).to.deep.equal(['is_csr'])
    expect(await problemsOf(pemOf(bytesOf(csr)))).to.deep.equal(['is_csr'])
  })

  it('that is something else is refused, and said what it is where that is known', async () => {
    const messageOf = async (bytes: Uint8Array) => (await report(bytes)).problems.map(({ message }) => message).join()
    expect(await messageOf(Buffer.from(''))).to.equal('The file holds no certificate in PEM: it is empty.')
    expect(await messageOf(Buffer.from('PK\x03\x04...'))).to.include('it is a ZIP archive')
    expect(await messageOf(Buffer.from('feedfeed00', 'hex'))).to.include('it is a Java keystore')
    expect(await messageOf(Buffer.from('hello'))).to.equal('The file holds no certificate in PEM.')
    expect(await messageOf(der.sequence(der.null()))).to.equal('The file holds no certificate in PEM.')
  })

  it('with other blocks than certificates is refused with their names', async () => {
    const key = leaf.keyPair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const rsaKey = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({
      type: 'pkcs1',
      format: 'pem',
    })
    const trusted = openssl(leaf.pem, 'x509', '-trustout', '-in', 'input.pem').toString()
    expect(await problemsOf(chain + key)).to.deep.equal(['block_unexpected'])
    expect(await problemsOf(chain + rsaKey)).to.deep.equal(['block_unexpected'])
    const { problems } = await report(trusted + issuing.chainPem)
    expect(problems[0]?.message).to.equal('There is a block of TRUSTED CERTIFICATE in the file.')
  })

  it('that was cut or pasted badly is refused', async () => {
    const damaged = [
      chain.slice(0, -30),
      chain.replace('-----BEGIN CERTIFICATE-----\n', ''),
      chain.replace('-----END CERTIFICATE-----\n', ''),
      chain.replace('MII', 'M*I'),
      chain.replace('MII', 'MI'),
    ]
    for (const text of damaged)
      expect((await problemsOf(text))[0], text).to.match(/^(block_damaged|certificate_unreadable@1)$/)
    expect(await problemsOf(pemOf(der.sequence(der.null())) + chain)).to.include('certificate_unreadable@1')
  })

  it('is at most 64 KiB large, and has at most ten certificates', async () => {
    const comment = '#'.repeat(65_536 - chain.length)
    expect(await problemsOf(comment + chain)).to.deep.equal([])
    expect(await problemsOf(`#${comment}${chain}`)).to.deep.equal(['file_too_large'])
    expect(await problemsOf(root.certificate.pem.repeat(11))).to.deep.equal(['too_many_certificates'])
    expect(await problemsOf(root.certificate.pem.repeat(10))).not.to.include('too_many_certificates')
  })

  it('never makes the check fail, whatever it is', async () => {
    const bytes = fc.uint8Array({ maxLength: 400 })
    const armoured = bytes.map((each) => Buffer.from(pemOf(each)))
    await fc.assert(
      fc.asyncProperty(fc.oneof(bytes, armoured), async (file) => (await report(file)).accepted === false),
      { numRuns: 300 },
    )
  })
})
