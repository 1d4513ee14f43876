import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { Authority, type CertificateOptions, der, fixedNow, nameDer, newKeyPair } from '../../support/pki.ts'
import { temporaryFolder } from '../../support/temporary_folder.ts'
import {
  extension,
  generalName,
  nameConstraints,
  policies,
  policyConstraints,
  subjectAltName,
} from '../pki/path_fixture.ts'
import { chain, fine, issuing, leaf, problemsOf, report, root } from './fixture.ts'

const dayMs = 86_400_000
const keyPair = newKeyPair()
const { dns, directory, email } = generalName
const named = (organization: string) => nameDer(['2.5.4.6', der.printable('FI')], ['2.5.4.10', der.utf8(organization)])

/** One of the mistakes, or in most cases none. */
const mostly = <T>(...mistakes: T[]): fc.Arbitrary<T | undefined> =>
  fc.option(fc.constantFrom(...mistakes), { freq: 2, nil: undefined })

const anyExtensions = fc
  .tuple(
    mostly(
      nameConstraints({ permitted: [dns('example.com')] }),
      nameConstraints({ excluded: [dns('a.example.com')] }),
      nameConstraints({ permitted: [directory(named('Example Oy'))] }),
      nameConstraints({ excluded: [directory(named('Example Oy'))] }),
      nameConstraints({ permitted: [email('example.com')], excluded: [dns('example.org')] }),
    ),
    fc.constantFrom(policies('1.2.3.1'), policies('1.2.3.1', '1.2.3.2'), policies('2.5.29.32.0'), undefined),
    mostly(policyConstraints({ requireExplicitPolicy: 0 }), policyConstraints({ requireExplicitPolicy: 2 })),
    mostly(extension('1.2.3.4', der.null(), true), extension('1.2.3.4', der.null())),
  )
  .map((each) => each.filter((written) => written !== undefined))

const anyAuthority: fc.Arbitrary<CertificateOptions> = fc
  .record({
    keyUsage: mostly<CertificateOptions['keyUsage']>(['cRLSign'], ['keyCertSign'], []),
    pathLength: mostly(0, 1, 2),
    notAfter: mostly(new Date(fixedNow.getTime() - dayMs)),
    notBefore: mostly(new Date(fixedNow.getTime() + dayMs)),
    signature: mostly<CertificateOptions['signature']>('forged'),
    extendedKeyUsage: mostly(['1.3.6.1.5.5.7.3.2'], ['1.3.6.1.5.5.7.3.1']),
    commonName: mostly('Example Root CA'),
    extensions: anyExtensions,
  })
  .map(withoutUndefined)

const anyLeaf: fc.Arbitrary<CertificateOptions> = fc
  .record({
    notAfter: mostly(new Date(fixedNow.getTime() - dayMs)),
    signature: mostly<CertificateOptions['signature']>('forged'),
    organization: mostly('Acme'),
    san: mostly(dns('a.example.com'), dns('b.example.com'), dns('a.example.org'), email('a@example.com')),
    extensions: anyExtensions,
  })
  .map(({ san, extensions, ...others }) => ({
    ...withoutUndefined(others),
    // OpenSSL applies constraints on host names to a common name that looks like one; RFC 5280 does not.
    ...{ ...fine, commonName: 'Acme Reporting' },
    extensions: [...extensions, ...(san === undefined ? [] : [subjectAltName(san)])],
  }))

function withoutUndefined(options: object): CertificateOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

describe('OpenSSL and chain check say the same', () => {
  const folder = temporaryFolder('intake-openssl')

  before(function () {
    if (spawnSync('openssl', ['version']).error !== undefined) this.skip()
  })
  after(() => folder.remove())

  /** Whether OpenSSL takes a chain, which is in its right order, for a client's. */
  function verifies(pem: string): boolean {
    const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
    const [first = '', ...others] = blocks
    writeFileSync(join(folder.path, 'leaf.pem'), first)
    writeFileSync(join(folder.path, 'between.pem'), others.slice(0, -1).join('\n'))
    writeFileSync(join(folder.path, 'root.pem'), others.at(-1) ?? '')
    const at = String(fixedNow.getTime() / 1_000)
    const options = [
      '-CAfile',
      'root.pem',
      '-no-CApath',
      '-purpose',
      'sslclient',
      '-attime',
      at,
      '-policy_check',
      '-policy',
      '2.5.29.32.0',
    ]
    const between = others.length > 1 ? ['-untrusted', 'between.pem'] : []
    return spawnSync('openssl', ['verify', ...options, ...between, 'leaf.pem'], { cwd: folder.path }).status === 0
  }

  it('of chains with one thing wrong, several, or none', async function () {
    this.timeout(60_000)
    const authorities = fc.array(anyAuthority, { maxLength: 2 })
    const top = Authority.root({ keyPair })
    const accepted = { roots: [top.certificate] }
    let good = 0
    await fc.assert(
      fc.asyncProperty(authorities, anyLeaf, async (levels, options) => {
        const lowest = levels.reduce(
          (above, level, i) => above.issueAuthority({ commonName: `CA ${i}`, keyPair: newKeyPair(), ...level }),
          top,
        )
        const pem = lowest.issue(options).pem + lowest.chainPem
        const problems = await problemsOf(pem, accepted)
        if (problems.length === 0) good++
        expect(problems.length === 0, problems.join()).to.equal(verifies(pem))
      }),
      { numRuns: 100, seed: 5_280 },
    )
    expect(good).to.be.within(10, 90)
  })

  it('of a good chain in which some octets were changed, where it is accepted at all', async function () {
    this.timeout(60_000)
    const change = fc.record({ at: fc.nat(chain.length - 1), octet: fc.nat(255) })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const bytes = Buffer.from(chain)
        for (const { at, octet } of changes) bytes[at] = octet
        const { accepted } = await report(bytes)
        if (accepted) expect(verifies(bytes.toString('latin1'))).to.equal(true)
      }),
      { numRuns: 300 },
    )
  })

  it('of a good chain in which some octets of one certificate were changed', async function () {
    this.timeout(60_000)
    const parts = [leaf, issuing.certificate, root.certificate]
    const change = fc.record({ of: fc.nat(2), at: fc.nat(5_000), octet: fc.nat(255) })
    await fc.assert(
      fc.asyncProperty(change, async ({ of, at, octet }) => {
        const changed = parts.map(({ der }, i) => {
          const bytes = Buffer.from(der)
          if (i === of) bytes[at % bytes.length] = octet
          return `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64')}\n-----END CERTIFICATE-----\n`
        })
        const { accepted } = await report(changed.join(''))
        expect(accepted).to.equal(changed.every((_, i) => Buffer.from(parts[i]?.der ?? '').equals(bytesOf(changed[i]))))
      }),
      { numRuns: 300 },
    )
  })
})

const bytesOf = (pem = ''): Buffer => Buffer.from(pem.replace(/-----.*-----/g, ''), 'base64')
