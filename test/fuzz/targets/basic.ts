import { parseBasic } from '../../../src/domain/basic.ts'
import { chosen } from '../mutators/edit.ts'
import { changedText } from '../mutators/text.ts'
import { broken, type Target } from '../target.ts'

const basicOf = (credentials: string): string => `Basic ${Buffer.from(credentials).toString('base64')}`
const texts = [
  basicOf('acme-key:a secret'),
  basicOf('key:with:colons'),
  basicOf('avain:sähköposti€😀'),
  basicOf('k:'),
  'Bearer abc.def-ghi',
  `${basicOf('a:b')},${basicOf('c:d')}`,
]
const words = [
  'Basic',
  'basic',
  'BASIC ',
  ' ',
  '  ',
  '\t',
  ',',
  ':',
  '=',
  '==',
  '-',
  '_',
  '+',
  '/',
  'Og==',
  'Digest',
  'AAAA',
  '\0',
  '\u00a0',
  '"',
]

/** The header Authorization. */
export const basic: Target = {
  name: 'basic',
  seeds: texts.map((text) => Buffer.from(text)),
  mutant: ({ seed, edits }) =>
    Buffer.from(changedText(chosen(texts, seed), edits, words, /[A-Za-z0-9+/]{1,8}|[\s\S]/g)),
  examine: (input) => {
    const header = Buffer.from(input).toString()
    const read = parseBasic(header)
    if (read.status === 'malformed' && header.length > 12 && read.cause.includes(header.slice(6, 18)))
      broken('the cause repeats the value')
    if (read.status !== 'presented') return read.status
    const { clientKey, clientSecret } = read
    if (clientKey === '' || clientKey.includes(':')) broken('a ClientKey that is none')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 7617 2 forbids exactly these
    if (/[\u0000-\u001f\u007f]/.test(clientKey + clientSecret)) broken('control characters')
    if (!/^basic [A-Za-z0-9+/]+=*$/i.test(header)) broken('presented in another form')
    const again = Buffer.from(`${clientKey}:${clientSecret}`)
    if (Buffer.compare(again, Buffer.from(header.slice(6), 'base64')) !== 0) broken('other octets than were sent')
    return 'good'
  },
}
