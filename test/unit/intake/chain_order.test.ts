import { expect } from 'chai'
import fc from 'fast-check'
import { Authority, newKeyPair, selfSigned } from '../../support/pki.ts'
import { chain, fine, issuing, leaf, problemsOf, report, root } from './fixture.ts'

const [upper, lower] = [issuing, issuing.issueAuthority({ commonName: 'Lower CA' })]
const deepLeaf = lower.issue(fine)
const parts = [deepLeaf, lower.certificate, upper.certificate, root.certificate].map(({ pem }) => pem)
const deep = parts.join('')

describe('the order of a chain', () => {
  it('is right with the leaf first, each issuer after what it issued, and the root last', async () => {
    expect(await problemsOf(deep)).to.deep.equal([])
  })

  it('is said to be reversed where it is, and given as it should be', async () => {
    const { accepted, problems, rightOrder } = await report([...parts].reverse().join(''))
    expect(accepted).to.equal(false)
    expect(problems.map(({ code }) => code)).to.deep.equal(['order_reversed'])
    expect(problems[0]?.message).to.include('4, 3, 2, 1')
    expect(rightOrder).to.equal(deep)
  })

  it('is found from any other one', async () => {
    const shuffled = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 })
    await fc.assert(
      fc.asyncProperty(shuffled, async (order) => {
        const { accepted, problems, rightOrder } = await report(order.map((i) => parts[i]).join(''))
        expect(rightOrder).to.equal(deep)
        const isRight = order.join() === '0,1,2,3'
        expect(accepted).to.equal(isRight)
        const code = order.join() === '3,2,1,0' ? 'order_reversed' : 'order_wrong'
        expect(problems.map((each) => each.code)).to.deep.equal(isRight ? [] : [code])
      }),
      { numRuns: 24 },
    )
  })

  it('has every certificate once', async () => {
    expect(await problemsOf(leaf.pem + chain)).to.deep.equal(['certificate_repeated@2'])
    expect(await problemsOf(chain + root.certificate.pem)).to.deep.equal(['certificate_repeated@4'])
  })

  it('has no place for what is no part of the chain', async () => {
    const stranger = Authority.root({ commonName: 'Stranger CA' })
    expect(await problemsOf(chain + stranger.certificate.pem)).to.deep.equal(['certificate_extra@4'])
    expect(await problemsOf(leaf.pem + issuing.issue().pem + issuing.chainPem)).to.deep.equal(['certificate_extra@2'])
    const { rightOrder } = await report(chain + stranger.certificate.pem)
    expect(rightOrder).to.equal(chain)
  })

  it('shows which certificate is missing between leaf and root', async () => {
    expect(await problemsOf(leaf.pem + root.certificate.pem)).to.deep.equal(['missing_intermediate@1'])
    expect(await problemsOf(parts[0] + parts[2]! + parts[3])).to.deep.equal(['missing_intermediate@1'])
    expect(await problemsOf(parts[0] + parts[1]! + parts[3])).to.deep.equal(['missing_intermediate@2'])
    const lowest = lower.issueAuthority({ commonName: 'Lowest CA' })
    const gaps = [lowest.issue(fine), lower.certificate, root.certificate].map(({ pem }) => pem).join('')
    expect(await problemsOf(gaps)).to.deep.equal(['missing_intermediate@1', 'missing_intermediate@2'])
    const { problems, rightOrder } = await report(root.certificate.pem + leaf.pem)
    expect(problems.map(({ code }) => code)).to.deep.equal(['order_reversed', 'missing_intermediate'])
    expect(problems[1]?.message).to.include('CN=Example Issuing CA')
    expect(rightOrder).to.equal(undefined)
  })

  it('shows that the root is missing, or all above the leaf', async () => {
    expect(await problemsOf(leaf.pem + issuing.certificate.pem)).to.deep.equal(['missing_root@2'])
    expect(await problemsOf(leaf.pem)).to.deep.equal(['missing_intermediate@1'])
    expect(await problemsOf(root.issue(fine).pem)).to.deep.equal(['missing_root@1'])
  })

  it('ends in an accepted root, by name and key, also where it was issued anew', async () => {
    expect(await problemsOf(chain, { roots: [] })).to.deep.equal(['root_not_accepted@3'])
    const { keyPair } = root.certificate
    const again = Authority.root({ keyPair, stringType: 'printable', commonName: 'EXAMPLE ROOT CA' })
    expect(await problemsOf(chain, { roots: [again.certificate] })).to.deep.equal([])
    const sameName = Authority.root()
    expect(await problemsOf(chain, { roots: [sameName.certificate] })).to.deep.equal(['root_not_accepted@3'])
    const sameKey = Authority.root({ keyPair, commonName: 'Another' })
    expect(await problemsOf(chain, { roots: [sameKey.certificate] })).to.deep.equal(['root_not_accepted@3'])
  })

  it('is none where the leaf signed itself', async () => {
    const alone = selfSigned(fine)
    expect(await problemsOf(alone.pem)).to.deep.equal(['self_signed_leaf@1'])
    expect(await problemsOf(alone.pem, { roots: [alone] })).to.deep.equal(['self_signed_leaf@1'])
    expect(await problemsOf(alone.pem + issuing.chainPem)).to.include('certificate_extra@1')
  })

  it('takes the issuer whose key verifies where two have its name', async () => {
    const renewed = root.issueAuthority()
    expect(await problemsOf(leaf.pem + renewed.certificate.pem + issuing.chainPem)).to.deep.equal([
      'certificate_extra@2',
    ])
  })

  it('passes a new key that the root gave itself', async () => {
    const rolled = root.issueAuthority({ commonName: 'Example Root CA', keyPair: newKeyPair() })
    expect(await problemsOf(rolled.issue(fine).pem + rolled.chainPem)).to.deep.equal([])
    expect(await problemsOf(rolled.issue(fine).pem + root.certificate.pem + rolled.certificate.pem)).to.deep.equal([
      'order_wrong',
    ])
  })

  it('that holds says whose signature does not', async () => {
    const forged = issuing.issue({ ...fine, signature: 'forged' })
    expect(await problemsOf(forged.pem + issuing.chainPem)).to.deep.equal(['signature_invalid@1'])
    expect(await problemsOf(root.certificate.pem + issuing.certificate.pem + forged.pem)).to.deep.equal([
      'order_reversed',
      'signature_invalid@3',
    ])
    const changed = Authority.root({ keyPair: root.certificate.keyPair, signature: 'forged' })
    expect(await problemsOf(leaf.pem + issuing.certificate.pem + changed.certificate.pem)).to.deep.equal([
      'signature_invalid@3',
    ])
  })
})
