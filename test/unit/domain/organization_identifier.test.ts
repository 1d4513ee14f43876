import { expect } from 'chai'
import { foldedIdentifier, parseOrganizationIdentifier } from '../../../src/domain/organization_identifier.ts'

describe('parseOrganizationIdentifier', () => {
  it('takes scheme, country, authority and the rest, hyphens and all', () => {
    expect(parseOrganizationIdentifier('PSDFI-FINFSA-2858394-9')).to.deep.equal({
      ...{ scheme: 'PSD', country: 'FI', authority: 'FINFSA', id: '2858394-9' },
    })
    expect(parseOrganizationIdentifier('PSDNL-DNB-R161162')).to.deep.equal({
      ...{ scheme: 'PSD', country: 'NL', authority: 'DNB', id: 'R161162' },
    })
  })

  it('knows authorities of 2 to 8 letters', () => {
    expect(parseOrganizationIdentifier('PSDFI-AB-1')?.authority).to.equal('AB')
    expect(parseOrganizationIdentifier('PSDFI-ABCDEFGH-1')?.authority).to.equal('ABCDEFGH')
    expect(parseOrganizationIdentifier('PSDFI-A-1')).to.equal(undefined)
    expect(parseOrganizationIdentifier('PSDFI-ABCDEFGHI-1')).to.equal(undefined)
  })

  it('names no authority for other registers', () => {
    const named = (text: string) => Object.values(parseOrganizationIdentifier(text) ?? {})
    expect(named('NTRFI-2858394-9')).to.deep.equal(['NTR', 'FI', undefined, '2858394-9'])
    expect(named('VATFI-28583949')).to.deep.equal(['VAT', 'FI', undefined, '28583949'])
    expect(named('EI:SE-5567971433')).to.deep.equal(['EI:', 'SE', undefined, '5567971433'])
  })

  it('is undefined for other shapes', () => {
    const others = [
      ...['', 'PSD', 'PSDFI-FINFSA', 'PSDFI-FINFSA-', 'XX:-18050', 'psdfi-finfsa-1', ' PSDFI-FINFSA-1'],
      ...['PSDFI-FIN1-1', 'PSDFI_FINFSA_1', 'PSDFI-FINFSA-1\n', '2858394-9', 'FI-FINFSA-1'],
    ]
    for (const other of others) expect(parseOrganizationIdentifier(other), JSON.stringify(other)).to.equal(undefined)
  })
})

describe('foldedIdentifier', () => {
  it('is one for spellings that differ in case, width and surrounding space', () => {
    for (const alike of ['psdfi-finfsa-2858394-9', ' PSDFI-FINFSA-2858394-9\u00a0', '\uff30SDFI-FINFSA-2858394-9'])
      expect(foldedIdentifier(alike)).to.equal('PSDFI-FINFSA-2858394-9')
  })

  it('keeps different identifiers apart', () => {
    const different = ['PSDFI-FINFSA-2858394-9', 'PSDFI-FINFSA-28583949', 'PSDFI-FINFSA-2858394-90', 'PSDDE-BAFIN-1']
    expect(new Set(different.map(foldedIdentifier)).size).to.equal(different.length)
  })
})
