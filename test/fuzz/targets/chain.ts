import { AcceptedRoots } from '../../../src/intake/accepted_roots.ts'
import { checkChain } from '../../../src/intake/check_chain.ts'
import { letsEncrypt } from '../../../src/intake/refused_issuers.ts'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { fixedNow, pemOf } from '../../support/pki.ts'
import { changedDer } from '../mutators/der.ts'
import { chosen } from '../mutators/edit.ts'
import { changedText } from '../mutators/text.ts'
import { atFixedNow, Openssl } from '../openssl.ts'
import { issuing, plain, plainIssuing, qwac, root } from '../seeds.ts'
import { signAnew } from '../signing.ts'
import { broken, type Target } from '../target.ts'
import { pemPieces, pemWords } from './pem.ts'

const chains = [
  [qwac, issuing.certificate, root.certificate],
  [plain, plainIssuing.certificate, root.certificate],
  [plain, root.certificate],
] as const
const texts = chains.map((chain) => chain.map((each) => each.pem).join(''))
const rules = {
  at: fixedNow,
  acceptedRoots: new AcceptedRoots([certificateFromDer(root.certificate.der)]),
  refusedIssuers: letsEncrypt,
}
const openssl = new Openssl({ 'root.pem': root.certificate.pem })

/** A file with a chain, as a third party hands it in; `openssl verify` is the second opinion. */
export const chain: Target = {
  name: 'chain',
  seeds: texts.map((text) => Buffer.from(text)),
  mutant: ({ seed, edits, signed }) => {
    if ((seed & 0x100) === 0) return Buffer.from(changedText(chosen(texts, seed), edits, pemWords, pemPieces), 'latin1')
    const members = chosen(chains, seed)
    const which = (seed >> 9) % members.length
    const by = members[which + 1] ?? members[which]
    const changed = members.map((member, i) => {
      if (i !== which) return member.pem
      return pemOf(changedDer(member.der, edits, signed && by ? (node) => signAnew(node, by) : undefined))
    })
    return Buffer.from(changed.join(''), 'latin1')
  },
  examine: async (input) => {
    const { accepted, problems } = await checkChain(input, rules)
    if (accepted !== (problems.length === 0)) broken('accepted with problems, or refused without')
    for (const { message, cure } of problems) if (/[\r\n]/.test(message + cure)) broken('a problem of several lines')
    return accepted ? 'good' : (problems[0]?.code ?? 'none')
  },
  secondOpinion: (input) => {
    const blocks = Buffer.from(input)
      .toString('latin1')
      .match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g)
    const ders = (blocks ?? []).map((block) => pemOf(Buffer.from(block.replace(/-----[^-]*-----/g, ''), 'base64')))
    openssl.write('leaf.pem', ders[0] ?? '')
    openssl.write('between.pem', ders.slice(1).join(''))
    const { status, output } = openssl.run(
      `verify -CAfile root.pem -no-CApath -purpose sslclient -policy_check -policy 2.5.29.32.0 -attime ${atFixedNow}`,
      ...['-untrusted', 'between.pem', 'leaf.pem'],
    )
    if (status !== 0) broken(`accepted, and OpenSSL refuses: ${output}`)
  },
}
