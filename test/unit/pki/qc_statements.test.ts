import { expect } from 'chai'
import fc from 'fast-check'
import { isQwac, type QcStatements } from '../../../src/domain/certificate.ts'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { psd2RoleName, qcStatementsFromDer } from '../../../src/pki/qc_statements.ts'
import { Authority, type CertificateOptions, der } from '../../support/pki.ts'

const organizationIdentifier = 'PSDFI-FINFSA-2858394-9'
const oid = {
  qcCompliance: '0.4.0.1862.1.1',
  qcType: '0.4.0.1862.1.6',
  web: '0.4.0.1862.1.6.3',
  psd2: '0.4.0.19495.2',
  pspAs: '0.4.0.19495.1.1',
  pspPi: '0.4.0.19495.1.2',
  pspAi: '0.4.0.19495.1.3',
  pspIc: '0.4.0.19495.1.4',
}

const compliance = der.sequence(der.oid(oid.qcCompliance))
const typeWeb = der.sequence(der.oid(oid.qcType), der.sequence(der.oid(oid.web)))
const role = (roleOid: string, name: string) => der.sequence(der.oid(roleOid), der.utf8(name))
const nca = [der.utf8('FIN-FSA'), der.utf8('FI-FINFSA')]
const psd2 = (...fields: Uint8Array[]) => der.sequence(der.oid(oid.psd2), der.sequence(...fields))
const roleAi = role(oid.pspAi, 'PSP_AI')

const read = (extnValue: Uint8Array): QcStatements => qcStatementsFromDer(extnValue, organizationIdentifier)
const readAll = (...statements: Uint8Array[]): QcStatements => read(der.sequence(...statements))

const root = Authority.root()
const issued = (options: CertificateOptions) => certificateFromDer(root.issue(options).der)

describe('qcStatementsFromDer', () => {
  it('reads a QWAC with all four roles, without a warning', () => {
    const roles = [
      role(oid.pspAi, 'PSP_AI'),
      role(oid.pspAs, 'PSP_AS'),
      role(oid.pspIc, 'PSP_IC'),
      role(oid.pspPi, 'PSP_PI'),
    ]
    expect(readAll(compliance, typeWeb, psd2(der.sequence(...roles), ...nca))).to.deep.equal({
      qcCompliance: true,
      qcTypes: ['web'],
      psd2: {
        roles: ['PSP_AI', 'PSP_AS', 'PSP_IC', 'PSP_PI'],
        unknownRoles: [],
        ncaName: 'FIN-FSA',
        ncaId: 'FI-FINFSA',
      },
      warnings: [],
    })
  })

  it('is reached through the certificate, which is then a QWAC', () => {
    const certificate = issued({
      organizationIdentifier,
      qcStatements: {
        compliance: true,
        types: ['web'],
        psd2: { roles: ['PSP_AS', 'PSP_PI'], ncaName: 'FIN-FSA', ncaId: 'FI-FINFSA' },
      },
    })
    expect(certificate.qcStatements?.psd2?.roles).to.deep.equal(['PSP_AS', 'PSP_PI'])
    expect(certificate.qcStatements?.warnings).to.deep.equal([])
    expect(isQwac(certificate)).to.equal(true)
  })

  it('passes over statements that say nothing here', () => {
    const pds = der.sequence(
      der.oid('0.4.0.1862.1.5'),
      der.sequence(der.sequence(der.ia5('https://a'), der.printable('en'))),
    )
    const semantics = der.sequence(der.oid('1.3.6.1.5.5.7.11.2'), der.sequence(der.oid('0.4.0.194121.1.2')))
    expect(readAll(semantics, compliance, pds)).to.deep.equal({
      qcCompliance: true,
      qcTypes: [],
      psd2: undefined,
      warnings: [],
    })
    expect(readAll()).to.deep.equal({ qcCompliance: false, qcTypes: [], psd2: undefined, warnings: [] })
  })

  describe('reads with a warning', () => {
    it('a bare statement without the outer SEQUENCE', () => {
      const statements = read(psd2(der.sequence(roleAi), ...nca))
      expect(statements.psd2?.roles).to.deep.equal(['PSP_AI'])
      expect(statements.warnings[0]).to.equal('The QCStatement is bare, without the SEQUENCE of statements around it.')
    })

    it('a bare PSD2 statement, without the SEQUENCE around its roles and its NCA', () => {
      const statements = readAll(compliance, typeWeb, der.sequence(der.oid(oid.psd2), der.sequence(roleAi), ...nca))
      expect(statements.psd2).to.deep.include({ roles: ['PSP_AI'], ncaName: 'FIN-FSA', ncaId: 'FI-FINFSA' })
      expect(statements.warnings).to.deep.equal([
        'The PSD2 statement is bare, without the SEQUENCE around its roles and its NCA.',
      ])
    })

    const flattened = 'The roles are flattened: they are not a SEQUENCE of SEQUENCEs of an OID and a name.'
    const ai = [der.oid(oid.pspAi), der.utf8('PSP_AI')]
    const pi = [der.oid(oid.pspPi), der.utf8('PSP_PI')]
    const shapes: Record<string, Uint8Array[]> = {
      'in one SEQUENCE': [der.sequence(...ai, ...pi)],
      'each in a SEQUENCE, and no SEQUENCE around them': [der.sequence(...ai), der.sequence(...pi)],
      'in no SEQUENCE at all': [...ai, ...pi],
      'without names': [der.sequence(der.oid(oid.pspAi), der.oid(oid.pspPi))],
    }
    for (const [shape, roles] of Object.entries(shapes))
      it(`flattened roles, ${shape}`, () => {
        const statements = readAll(compliance, typeWeb, psd2(...roles, ...nca))
        expect(statements.psd2).to.deep.equal({
          roles: ['PSP_AI', 'PSP_PI'],
          unknownRoles: [],
          ncaName: 'FIN-FSA',
          ncaId: 'FI-FINFSA',
        })
        expect(statements.warnings).to.deep.equal([flattened])
      })

    it('empty roles, which grant nothing', () => {
      for (const roles of [[der.sequence()], []]) {
        const statements = readAll(compliance, typeWeb, psd2(...roles, ...nca))
        expect(statements.psd2?.roles).to.deep.equal([])
        expect(statements.warnings).to.deep.equal(['The PSD2 statement has no roles: it grants nothing.'])
      }
    })

    it('an NCAId without its country', () => {
      const statements = readAll(
        compliance,
        typeWeb,
        psd2(der.sequence(roleAi), der.utf8('FIN-FSA'), der.utf8('FINFSA')),
      )
      expect(statements.psd2).to.deep.include({ roles: ['PSP_AI'], ncaId: 'FINFSA' })
      expect(statements.warnings).to.deep.equal([
        'The NCA identifier "FINFSA" is not a country, a hyphen and an authority, such as "FI-FINFSA".',
      ])
    })

    it('an NCAId without its country that is of another authority too', () => {
      const statements = readAll(compliance, typeWeb, psd2(der.sequence(roleAi), der.utf8('BaFin'), der.utf8('BAFIN')))
      expect(statements.warnings).to.deep.equal([
        'The NCA identifier "BAFIN" is not a country, a hyphen and an authority, such as "FI-FINFSA".',
        'The NCA identifier "BAFIN" is not the one in the organizationIdentifier, "PSDFI-FINFSA-2858394-9".',
      ])
    })

    it('an NCAId unlike the organizationIdentifier', () => {
      const extnValue = der.sequence(compliance, typeWeb, psd2(der.sequence(roleAi), ...nca))
      for (const [other, named] of [
        ['PSDDE-BAFIN-104114', '"PSDDE-BAFIN-104114"'],
        ['VATFI-12345678', '"VATFI-12345678"'],
        ['NTRFI-2858394-9', '"NTRFI-2858394-9"'],
        ['PADFI-FINFSA-2858394-9', '"PADFI-FINFSA-2858394-9"'],
        [undefined, 'which is absent'],
      ] as const) {
        const statements = qcStatementsFromDer(extnValue, other)
        expect(statements.psd2).to.deep.include({ roles: ['PSP_AI'], ncaId: 'FI-FINFSA' })
        expect(statements.warnings).to.deep.equal([
          `The NCA identifier "FI-FINFSA" is not the one in the organizationIdentifier, ${named}.`,
        ])
      }
    })

    it('two QcTypes, in one statement or in two', () => {
      const eseal = der.oid('0.4.0.1862.1.6.2')
      const both = der.sequence(der.oid(oid.qcType), der.sequence(eseal, der.oid(oid.web)))
      const second = der.sequence(der.oid(oid.qcType), der.sequence(eseal))
      for (const [extnValue, types] of [
        [der.sequence(compliance, both), ['eseal', 'web']],
        [der.sequence(compliance, typeWeb, second), ['web', 'eseal']],
      ] as const) {
        const statements = read(extnValue)
        expect(statements.qcTypes).to.deep.equal(types)
        expect(statements.warnings).to.deep.equal([
          `There are 2 QcTypes (${types.join(', ')}); EN 319 412-5 allows one.`,
        ])
      }
    })

    it('a role whose name contradicts its OID, which decides', () => {
      const roles = der.sequence(role(oid.pspAi, 'PSP_PI'))
      const statements = readAll(compliance, typeWeb, psd2(roles, ...nca))
      expect(statements.psd2?.roles).to.deep.equal(['PSP_AI'])
      expect(statements.warnings).to.deep.equal([
        'The role 0.4.0.19495.1.3 is PSP_AI, although it is named "PSP_PI": the OID decides.',
      ])
    })

    it('no QcCompliance, as in a UK OBWAC, which is then no QWAC', () => {
      const statements = readAll(typeWeb, psd2(der.sequence(roleAi), ...nca))
      expect(statements).to.deep.include({ qcCompliance: false, qcTypes: ['web'] })
      expect(statements.warnings).to.deep.equal([
        'There is no QcCompliance statement: the certificate is not a qualified one (a UK OBWAC has none).',
      ])
      const qcStatements = der.sequence(typeWeb, psd2(der.sequence(roleAi), ...nca))
      expect(isQwac(issued({ organizationIdentifier, qcStatements }))).to.equal(false)
    })

    it('a qualification by the law of another country', () => {
      const legislation = der.sequence(der.oid('0.4.0.1862.1.7'), der.sequence(der.printable('GB')))
      const statements = readAll(compliance, typeWeb, legislation)
      expect(statements.warnings).to.have.length(1)
      expect(statements.warnings[0]).to.contain('QcCClegislation')
    })

    it('an NCA that is not written in UTF8String', () => {
      const statements = readAll(compliance, psd2(der.sequence(roleAi), der.printable('FIN-FSA'), der.ia5('FI-FINFSA')))
      expect(statements.psd2).to.deep.include({ roles: ['PSP_AI'], ncaName: 'FIN-FSA', ncaId: 'FI-FINFSA' })
    })
  })

  describe('grants nothing', () => {
    it('for roles of later editions, which are kept by OID, whatever their names say', () => {
      const roles = der.sequence(role('0.4.0.19495.1.0', 'Unspecified'), role('0.4.0.19495.1.3.999', 'PSP_AI'), roleAi)
      const statements = readAll(compliance, typeWeb, psd2(roles, ...nca))
      expect(statements.psd2?.roles).to.deep.equal(['PSP_AI'])
      expect(statements.psd2?.unknownRoles).to.deep.equal(['0.4.0.19495.1.0', '0.4.0.19495.1.3.999'])
      expect(statements.warnings).to.deep.equal([
        'The role 0.4.0.19495.1.0, named "Unspecified", is not known and grants nothing.',
        'The role 0.4.0.19495.1.3.999, named "PSP_AI", is not known and grants nothing.',
      ])
    })

    it('a second time for a role that is there twice', () => {
      expect(readAll(psd2(der.sequence(roleAi, roleAi), ...nca)).psd2?.roles).to.deep.equal(['PSP_AI'])
    })

    it('for an unknown QcType', () => {
      const statements = readAll(
        compliance,
        der.sequence(der.oid(oid.qcType), der.sequence(der.oid(`${oid.qcType}.9`))),
      )
      expect(statements.qcTypes).to.deep.equal([])
      expect(statements.warnings).to.deep.equal(['The QcType 0.4.0.1862.1.6.9 is not known.'])
    })

    it('when there are two PSD2 statements, of which one would be taken', () => {
      const one = psd2(der.sequence(roleAi), ...nca)
      const statements = readAll(compliance, typeWeb, one, psd2(der.sequence(role(oid.pspPi, 'PSP_PI')), ...nca))
      expect(statements.psd2).to.equal(undefined)
      expect(statements.warnings).to.have.length(1)
      expect(statements.warnings[0]).to.contain('2 PSD2 statements')
    })

    const unreadable: Record<string, Uint8Array> = {
      'no bytes': Buffer.alloc(0),
      text: Buffer.from('hello'),
      'another type': der.octetString(Buffer.from('a')),
      'a statement that is no SEQUENCE': der.sequence(compliance, der.null()),
      'a statement without an OID': der.sequence(compliance, der.sequence(der.null())),
      'bytes after the end': Buffer.concat([der.sequence(compliance, typeWeb), Buffer.from([0])]),
    }
    for (const [name, extnValue] of Object.entries(unreadable))
      it(`when the extension cannot be read: ${name}`, () => {
        const { warnings, ...granted } = read(extnValue)
        expect(granted).to.deep.equal({ qcCompliance: false, qcTypes: [], psd2: undefined })
        expect(warnings).to.have.length(1)
        expect(warnings[0]).to.match(/^The extension qcStatements cannot be read and grants nothing: /)
      })

    const roles = der.sequence(roleAi)
    const unreadablePsd2: Record<string, Uint8Array> = {
      'no info': der.sequence(der.oid(oid.psd2)),
      'no NCA': psd2(roles),
      'no NCAId': psd2(roles, der.utf8('FIN-FSA')),
      'an NCA name of another type': psd2(roles, der.octetString(Buffer.from('a')), der.utf8('FI-FINFSA')),
      'an NCA name that would break a header': psd2(roles, der.utf8('a\r\nb'), der.utf8('FI-FINFSA')),
      'an NCA name that is not UTF-8': psd2(roles, der.tlv(0x0c, Buffer.from([0xff])), der.utf8('FI-FINFSA')),
      'a role of another type': psd2(der.sequence(der.sequence(der.oid(oid.pspAi), der.null())), ...nca),
      'a name before any OID': psd2(der.sequence(der.utf8('PSP_AI')), ...nca),
      'two names for one OID': psd2(
        der.sequence(der.sequence(der.oid(oid.pspAi), der.utf8('a'), der.utf8('b'))),
        ...nca,
      ),
      'hundreds of roles': psd2(der.sequence(...Array.from({ length: 100 }, () => roleAi)), ...nca),
    }
    for (const [name, statement] of Object.entries(unreadablePsd2))
      it(`by a PSD2 statement that cannot be read, beside others that can: ${name}`, () => {
        const { warnings, ...granted } = readAll(compliance, statement, typeWeb)
        expect(granted).to.deep.equal({ qcCompliance: true, qcTypes: ['web'], psd2: undefined })
        expect(warnings).to.have.length(1)
        expect(warnings[0]).to.match(/^The PSD2 statement cannot be read and grants nothing: /)
      })

    it('by a QcType statement that cannot be read', () => {
      const { warnings, ...granted } = readAll(compliance, der.sequence(der.oid(oid.qcType), der.oid(oid.web)))
      expect(granted).to.deep.equal({ qcCompliance: true, qcTypes: [], psd2: undefined })
      expect(warnings[0]).to.match(/^The QcType statement cannot be read and grants nothing: /)
    })
  })

  it('never throws, whatever the bytes are', () => {
    const good = der.sequence(compliance, typeWeb, psd2(der.sequence(roleAi), ...nca))
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.uint8Array({ maxLength: 4 }), fc.nat(4), (at, insert, remove) => {
        const changed = Buffer.concat([good.subarray(0, at), insert, good.subarray(at + remove)])
        expect(read(changed)).to.have.all.keys('qcCompliance', 'qcTypes', 'psd2', 'warnings')
      }),
      { numRuns: 2_000 },
    )
  })

  it('keeps its warnings short, however long a name is', () => {
    const statements = readAll(compliance, psd2(der.sequence(role(oid.pspAi, 'x'.repeat(10_000))), ...nca))
    expect(statements.warnings).to.have.length(1)
    expect(statements.warnings[0]?.length).to.be.lessThan(200)
  })
})

describe('psd2RoleName', () => {
  it('names the roles that are known and leaves other OIDs as they are', () => {
    expect(['0', '1', '2', '3', '4', '5'].map((arc) => psd2RoleName(`0.4.0.19495.1.${arc}`))).to.deep.equal([
      'PSP_UNSPECIFIED',
      'PSP_AS',
      'PSP_PI',
      'PSP_AI',
      'PSP_IC',
      '0.4.0.19495.1.5',
    ])
  })
})
