import { expect } from 'chai'
import { psd2Roles } from '../../../src/domain/certificate.ts'
import { WithdrawalList } from '../../../src/registry/withdrawals.ts'

const list = (yaml: string): WithdrawalList => new WithdrawalList(yaml, 'withdrawn.yaml')
const rolesOf = (yaml: string, identifier = 'PSDFI-FINFSA-2858394-9') => [...list(yaml).rolesOf(identifier)].sort()
const refusal = (yaml: string): string => {
  try {
    list(yaml)
  } catch (error) {
    return (error as Error).message
  }
  return 'it was accepted'
}

describe('WithdrawalList', () => {
  it('withdraws the roles that it names, and all where it names none', () => {
    const yaml = `
      - { organization_identifier: PSDFI-FINFSA-2858394-9, roles: [PSP_PI] }
      - organization_identifier: PSDDE-BAFIN-104114
    `
    expect(rolesOf(yaml)).to.deep.equal(['PSP_PI'])
    expect(rolesOf(yaml, 'PSDDE-BAFIN-104114')).to.deep.equal([...psd2Roles].sort())
    expect(list(yaml).size).to.equal(2)
  })

  it('takes nothing from whom it does not name', () => {
    const yaml = '- organization_identifier: PSDFI-FINFSA-2858394-9'
    for (const other of ['', 'PSDFI-FINFSA-2858394', 'PSDFI-FINFSA-2858394-90', 'PSDSE-FINFSA-2858394-9'])
      expect(rolesOf(yaml, other), other).to.deep.equal([])
    expect(rolesOf('[]')).to.deep.equal([])
  })

  it('finds an identifier that is written in another case or with a space around it, here or in the certificate', () => {
    expect(rolesOf('- { organization_identifier: " psdfi-finfsa-2858394-9 ", roles: [PSP_AI] }')).to.deep.equal([
      'PSP_AI',
    ])
    expect(rolesOf('- organization_identifier: PSDFI-FINFSA-2858394-9', 'PSDfi-Finfsa-2858394-9 ')).to.have.length(4)
  })

  it('adds up the entries of one organization', () => {
    const yaml = `
      - { organization_identifier: PSDFI-FINFSA-2858394-9, roles: [PSP_PI] }
      - { organization_identifier: psdfi-finfsa-2858394-9, roles: [PSP_AI] }
    `
    expect(rolesOf(yaml)).to.deep.equal(['PSP_AI', 'PSP_PI'])
    expect(list(yaml).size).to.equal(1)
  })

  const refused: Record<string, [yaml: string, said: string]> = {
    'an empty file, which a broken write leaves': ['', 'withdrawn.yaml: it is missing: expected a list; write a list'],
    'a role that there is not': [
      '- organization_identifier: PSDFI-FINFSA-1\n  roles: [PSP_XX]\n',
      'withdrawn.yaml:2: [0].roles[0]: expected PSP_AS, PSP_PI, PSP_AI or PSP_IC, got "PSP_XX"; write one of these words',
    ],
    'roles that name none, which could mean all or nothing': [
      '- organization_identifier: PSDFI-FINFSA-1\n  roles: []\n',
      'withdrawn.yaml:2: [0].roles: it is empty; name at least one, or remove the key where it is optional',
    ],
    'an entry for nobody': ['- roles: [PSP_AI]\n', 'withdrawn.yaml:1: [0].organization_identifier: it is missing'],
    'a blank identifier': [
      '- organization_identifier: "  "\n',
      'withdrawn.yaml:1: [0].organization_identifier: it is blank; write it as in the certificate',
    ],
    'a misspelt key': [
      '- organization_identifier: PSDFI-FINFSA-1\n  role: [PSP_AI]\n',
      'withdrawn.yaml:2: [0].role: there is no such key; remove it, or write roles',
    ],
    'what is no YAML': ['- organization_identifier: "PSDFI\n', 'withdrawn.yaml:2: '],
  }
  for (const [what, [yaml, said]] of Object.entries(refused))
    it(`refuses ${what}, and names line and cure`, () => {
      expect(refusal(yaml).slice(0, said.length)).to.equal(said)
    })
})
