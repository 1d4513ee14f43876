import type { DenialGuidance } from '../../src/domain/denial_guidance.ts'
import { denialGuide } from '../../src/domain/denial_guide.ts'
import { denials, gatewayDenials } from '../../src/domain/denials.ts'
import { shadowable } from '../../src/domain/shadow.ts'

type Code = keyof typeof denialGuide
type Denial = (typeof denials)[keyof typeof denials] | (typeof gatewayDenials)[keyof typeof gatewayDenials]

/** docs/denials.md: every refusal, under a heading that is its code. */
export function denialsGuide(): string {
  const own = Object.entries(denials) as [Code, Denial][]
  const envoys = Object.entries(gatewayDenials) as [Code, Denial][]
  return `${[
    introduction,
    tableOf(own),
    envoysIntroduction,
    tableOf(envoys),
    ...own.map(([code, denial]) => section(code, denial, `${berlinGroupOf(denial)}${shadowText(code)}`)),
    ...envoys.map(([code, denial]) => section(code, denial, 'none, since Envoy answers with problem+json')),
  ].join('\n\n')}\n`
}

const introduction = `<!-- Made by \`npm run generate\` from src/domain/denials.ts and src/domain/denial_guide.ts. Change those, not this file. -->

# Refusals

Every refusal has a code. It is the same word in the answer, in the log and here, and is never renamed: programs may rely on it.

An answer is \`application/problem+json\` (RFC 9457), with the code as its own member and as the end of \`type\`:

\`\`\`json
{
  "type": "https://devapp-authz.example/denials#cert_expired",
  "title": "Client certificate expired",
  "status": 401,
  "detail": "The client certificate expired on 2026-05-31T23:59:59.000Z.",
  "code": "cert_expired",
  "request_id": "8e1f3c5a-0c58-4a4e-9d3e-4f0b7e5a2c11"
}
\`\`\`

Where the policy says \`answer: berlin_group\`, it is \`application/json\` in the form of NextGenPSD2. A code without a Berlin Group
code is answered as above, whatever the policy says.

\`\`\`json
{
  "tppMessages": [
    {
      "category": "ERROR",
      "code": "CERTIFICATE_EXPIRED",
      "text": "The client certificate expired on 2026-05-31T23:59:59.000Z."
    }
  ],
  "code": "cert_expired",
  "request_id": "8e1f3c5a-0c58-4a4e-9d3e-4f0b7e5a2c11"
}
\`\`\`

\`request_id\` finds the decision in the service's log and the request in Envoy's. Answers with 503 carry \`Retry-After\`, those about Basic
\`WWW-Authenticate\`, and all of them \`Cache-Control: no-store\`. What a word in braces stands for is filled in.`

const envoysIntroduction = `Envoy gives these by itself, when no route matches, or the service or the API does not answer; and [\`body_too_large\`](#body_too_large)
where its own limit is reached. They are \`application/problem+json\` whatever the policy says, with \`title\` alone: the sentence quoted in
their sections, and \`Retry-After\`, are not sent.`

function tableOf(entries: readonly [Code, Denial][]): string {
  const rows = entries.map(([code, { status, title }]) => `| [\`${code}\`](#${code}) | ${status} | ${title} |`)
  return ['| Code | Status | |', '| --- | --- | --- |', ...rows].join('\n')
}

const berlinGroupOf = ({ berlinGroup }: Denial): string => (berlinGroup === undefined ? 'none' : `\`${berlinGroup}\``)

/** Only where shadow mode changes nothing: see docs/shadow-mode.md. */
const shadowText = (code: Code): string =>
  code in shadowable && !shadowable[code as keyof typeof shadowable] ? '. [Shadow mode](shadow-mode.md): enforced' : ''

function section(code: Code, { status, title, told }: Denial, berlinGroup: string): string {
  const { meaning, caller, operator, detail }: DenialGuidance = denialGuide[code]
  return [
    `## ${code}`,
    `${title}. Status ${status}. Berlin Group code: ${berlinGroup}.`,
    `> ${told}`,
    meaning,
    [
      `- **The caller:** ${caller}`,
      `- **The operator:** ${operator}`,
      `- **\`detail\` in the log:** ${detail ?? 'none.'}`,
    ].join('\n'),
  ].join('\n\n')
}
