import { chainProblems, chainWarnings } from '../../src/intake/chain_problems.ts'

/** docs/intake.md: how a chain is judged, and every code under a heading that is it. */
export function intakeGuide(): string {
  return `${[
    introduction,
    '## Problems',
    'Each of them refuses the chain.',
    ...sectionsOf(chainProblems),
    '## Warnings',
    'With these alone the chain is accepted.',
    ...sectionsOf(chainWarnings),
  ].join('\n\n')}\n`
}

const introduction = `<!-- Made by \`npm run generate\` from src/intake/chain_problems.ts and this generator. Change those, not this file. -->

# Intake

A third party hands in one file: its certificate, the certificate of every CA above it, and the root, in PEM (RFC 7468), the leaf first,
the root last.

\`\`\`sh
devapp-authz chain check chain.pem --config authz.yaml
\`\`\`

says everything that is wrong with it at once, and exits with 0 where it is accepted, with 1 where it is refused. Each problem has a code,
the certificate that it concerns (position 1 is the first of the file) and the cure. \`--json\` prints the same for programs:

\`\`\`json
{
  "accepted": false,
  "problems": [
    {
      "code": "missing_root",
      "position": 2,
      "subject": "CN=Example Issuing CA,O=Example Oy,C=FI",
      "message": "The root at the end of the chain is missing: CN=Example Root CA,O=Example Oy,C=FI.",
      "cure": "Add the self-signed certificate of the root as the last one."
    }
  ],
  "warnings": []
}
\`\`\`

What does not concern one certificate has \`null\` as its position and subject. Codes are never renamed: programs may rely on them.

- **The file** may have CRLF line ends, text between the blocks, a byte order mark, and no line end at its end. It has at most 64 KiB and 10
  certificates. A private key in it, in whatever form, refuses it; the key is neither kept nor shown.
- **The order** that is right is printed where it was wrong; \`--write-fixed OUT\` writes the chain so, certificates only.
- **Roots** that are accepted are those of Mozilla that Node.js bundles, those of \`intake.accepted_roots\`, and those of \`--roots\`. A root
  counts by its name and key.
- **Issuers** that are refused are Let's Encrypt's, or those of \`intake.refused_issuers\`.
- **The path** is validated to RFC 5280 section 6: names as section 7.1 compares them, times, signatures, basicConstraints with path lengths,
  keyUsage, name constraints, policies, and critical extensions. What the root says of the certificates below it counts too.
- **What Envoy refuses** in a handshake is refused here: purposes, keys and critical extensions that it does not take.
- **Revocation** is asked about last, and only where nothing else is wrong, so that a stranger's file makes nobody call anyone. \`--offline\`
  does without, as does \`--at\`, since a responder speaks of now.`

function sectionsOf(entries: Readonly<Record<string, { readonly message: string; readonly cure: string }>>): string[] {
  return Object.entries(entries).map(([code, { message, cure }]) => `### ${code}\n\n${message}\n\n> ${cure}`)
}
