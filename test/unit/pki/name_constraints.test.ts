import { expect } from 'chai'
import { readDer } from '../../../src/pki/der.ts'
import { generalNameText, readGeneralName } from '../../../src/pki/general_name.ts'
import { type CertificateOptions, der, nameDer, newKeyPair } from '../../support/pki.ts'
import { chainOf, extension, generalName, nameConstraints, problemsOf, subjectAltName } from './path_fixture.ts'

const { email, dns, directory, uri, ip, otherName, registeredId } = generalName
const keyPair = newKeyPair()

/** What comes of a leaf with these alternative names below a CA with these constraints. */
function judged(subtrees: Parameters<typeof nameConstraints>[0], ...names: Uint8Array[]): string {
  const leaf: CertificateOptions = names.length === 0 ? {} : { extensions: [subjectAltName(...names)] }
  return problemsOf(
    chainOf({ keyPair }, { keyPair, extensions: [nameConstraints(subtrees)] }, { keyPair, ...leaf }),
  ).join()
}
const [notPermitted, excluded, unprocessable] = ['name_not_permitted@0', 'name_excluded@0', 'name_unprocessable@0']

const named = (organization: string, ...more: [string, Uint8Array][]) =>
  nameDer(['2.5.4.6', der.printable('FI')], ['2.5.4.10', der.utf8(organization)], ...more)

/** Of one base: the names within it, and those that are not. */
const cases: readonly { base: Uint8Array; within: Uint8Array[]; outside: Uint8Array[] }[] = [
  {
    base: dns('example.com'),
    within: [dns('example.com'), dns('EXAMPLE.com'), dns('a.b.example.com'), dns('*.example.com')],
    outside: [dns('example.org'), dns('notexample.com'), dns('com'), dns('example.com.evil.org')],
  },
  { base: dns('.example.com'), within: [dns('a.example.com'), dns('b.a.example.com')], outside: [dns('example.com')] },
  { base: dns(''), within: [dns('anything.example')], outside: [] },
  {
    base: email('example.com'),
    within: [email('a@example.com'), email('a@EXAMPLE.com'), email('"a@b"@example.com')],
    outside: [email('a@sub.example.com'), email('a@example.org'), email('example.com@a.org')],
  },
  {
    base: email('.example.com'),
    within: [email('a@sub.example.com'), email('a@b.sub.example.com')],
    outside: [email('a@example.com'), email('a@notexample.com')],
  },
  {
    base: email('Alice@example.com'),
    within: [email('Alice@EXAMPLE.com')],
    outside: [email('alice@example.com'), email('Bob@example.com')],
  },
  { base: email('@example.com'), within: [email('a@example.com')], outside: [email('a@sub.example.com')] },
  {
    base: uri('host.example.com'),
    within: [uri('https://host.example.com/path?q#f'), uri('ftp://user:secret@HOST.example.com:8021/')],
    outside: [uri('https://sub.host.example.com/'), uri('https://example.com/host.example.com')],
  },
  {
    base: uri('.example.com'),
    within: [uri('https://a.example.com'), uri('https://b.a.example.com')],
    outside: [uri('https://example.com'), uri('https://a.example.com@evil.org/')],
  },
  {
    base: ip(10, 1, 0, 0, 255, 255, 0, 0),
    within: [ip(10, 1, 2, 3)],
    outside: [ip(10, 2, 2, 3), ip(...new Array(16).fill(0))],
  },
  {
    base: ip(0x20, 1, ...new Array(14).fill(0), 255, 255, ...new Array(14).fill(0)),
    within: [ip(0x20, 1, ...new Array(13).fill(0), 9)],
    outside: [ip(0x20, 2, ...new Array(14).fill(0)), ip(0x20, 1, 0, 0)],
  },
  {
    base: directory(named('Acme')),
    within: [directory(named('ACME ')), directory(named('Acme', ['2.5.4.3', der.utf8('x')]))],
    outside: [directory(named('Acme Two')), directory(nameDer(['2.5.4.10', der.utf8('Acme')]))],
  },
]

describe('name constraints', () => {
  for (const { base, within, outside } of cases) {
    it(`of ${generalNameText(readGeneralName(readDer(base)))} permit and exclude what lies within`, () => {
      // The subject lies outside a constraint on directory names.
      const own = base[0] === 0xa4 ? [directory(named('Example Oy'))] : []
      for (const name of within) {
        expect(judged({ permitted: [base, ...own] }, name), `permitted ${name}`).to.equal('')
        expect(judged({ excluded: [base] }, name), `excluded ${name}`).to.equal(excluded)
      }
      for (const name of outside) {
        expect(judged({ permitted: [base, ...own] }, name), `permitted ${name}`).to.equal(notPermitted)
        expect(judged({ excluded: [base] }, name), `excluded ${name}`).to.equal('')
      }
    })
  }

  it('of one form leave names of another alone', () => {
    expect(judged({ permitted: [ip(10, 0, 0, 0, 255, 0, 0, 0)] }, dns('a.example'))).to.equal('')
    expect(judged({ permitted: [dns('example.com')] })).to.equal('')
  })

  it('need every name to fit, and exclude what they also permit', () => {
    expect(judged({ permitted: [dns('a.example')] }, dns('a.example'), dns('b.example'))).to.equal(notPermitted)
    expect(judged({ permitted: [dns('a.example')], excluded: [dns('x.a.example')] }, dns('x.a.example'))).to.equal(
      excluded,
    )
  })

  it('exclude a wildcard that stands for an excluded host, too', () => {
    expect(judged({ excluded: [dns('secret.example.com')] }, dns('*.example.com'))).to.equal(excluded)
    expect(judged({ excluded: [dns('a.secret.example.com')] }, dns('*.example.com'))).to.equal('')
  })

  it('are refused where a name cannot be compared with them, and not where there is no such name', () => {
    for (const [base, name] of [
      [otherName(), otherName()],
      [registeredId(), registeredId()],
      [uri('example.com'), uri('urn:example:com')],
      [uri('example.com'), uri('https://192.0.2.1/')],
      [dns('example.com'), dns('.example.com')],
      [email('example.com'), email('a@b@example.com')],
      [ip(10, 0, 0, 0, 255, 0, 0, 0), ip(10, 0, 0, 0, 255, 0, 0, 0)],
    ] as const) {
      expect(judged({ permitted: [base] }, name)).to.equal(unprocessable)
      expect(judged({ excluded: [base] }, name)).to.equal(unprocessable)
    }
    expect(judged({ excluded: [otherName()] }, dns('a.example'), registeredId())).to.equal('')
  })

  it('cannot be read where no name could be compared with a base', () => {
    for (const base of [
      dns('*.a'),
      uri('https://a/'),
      email('a@b@c'),
      email('a@'),
      ip(1, 2, 3, 4),
      ip(10, 0, 0, 0, 255, 0, 255, 0),
    ])
      expect(judged({ permitted: [base] })).to.equal('extension_malformed@1')
  })

  it('cannot be read with a minimum or a maximum', () => {
    const subtree = (field: Uint8Array) => der.sequence(der.explicit(0, der.sequence(dns('a.example'), field)))
    const at = (field: Uint8Array) =>
      problemsOf(
        chainOf({ keyPair }, { keyPair, extensions: [extension('2.5.29.30', subtree(field), true)] }, { keyPair }),
      )
    expect(at(der.implicit(0, Buffer.from([0])))).to.deep.equal([])
    expect(at(der.implicit(0, Buffer.from([1])))).to.deep.equal(['extension_malformed@1'])
    expect(at(der.implicit(1, Buffer.from([1])))).to.deep.equal(['extension_malformed@1'])
  })

  it('hold for the subject, the mailboxes in it, and the CAs between', () => {
    const constrained = (base: Uint8Array): CertificateOptions => ({
      extensions: [nameConstraints({ permitted: [base] })],
    })
    expect(problemsOf(chainOf(constrained(directory(named('Example Oy'))), {}, {}))).to.deep.equal([])
    expect(
      problemsOf(chainOf(constrained(directory(named('Example Oy'))), { organization: 'Acme' }, {})),
    ).to.deep.equal(['name_not_permitted@1'])
    const subject = named('Example Oy', ['1.2.840.113549.1.9.1', der.ia5('a@example.org')])
    expect(problemsOf(chainOf(constrained(email('example.com')), { subject }))).to.deep.equal(['name_not_permitted@0'])
    expect(problemsOf(chainOf(constrained(email('example.org')), { subject }))).to.deep.equal([])
  })

  it('of several CAs hold together: none takes back what another said', () => {
    const permitting = (...hosts: string[]): CertificateOptions => ({
      extensions: [nameConstraints({ permitted: hosts.map(dns) })],
    })
    const leaf = { extensions: [subjectAltName(dns('a.example'))] }
    expect(problemsOf(chainOf(permitting('a.example', 'b.example'), permitting('a.example'), leaf))).to.deep.equal([])
    expect(problemsOf(chainOf(permitting('b.example'), permitting('a.example', 'b.example'), leaf))).to.have.length(1)
    expect(problemsOf(chainOf(permitting('a.example', 'b.example'), permitting('b.example'), leaf))).to.have.length(1)
  })

  it('spare what a CA gave itself, but no leaf', () => {
    const constraints = nameConstraints({ permitted: [directory(named('Elsewhere'))] })
    const self = { commonName: 'Example Root CA' }
    expect(problemsOf(chainOf({ extensions: [constraints] }, self, { organization: 'Elsewhere' }))).to.deep.equal([])
    expect(problemsOf(chainOf({ extensions: [constraints] }, self))).to.deep.equal(['name_not_permitted@0'])
  })

  it('of a leaf mean nothing', () => {
    const leaf = { extensions: [subjectAltName(dns('a.example')), nameConstraints({ permitted: [dns('b.example')] })] }
    expect(problemsOf(chainOf({}, leaf))).to.deep.equal([])
  })

  it('in thousands end in a refusal within a moment', () => {
    const many = (suffix: string) => Array.from({ length: 3_000 }, (_, i) => dns(`${i}.${suffix}`))
    const started = performance.now()
    expect(judged({ excluded: many('a') }, ...many('b'))).to.equal(unprocessable)
    expect(performance.now() - started).to.be.below(1_000)
  })
})
