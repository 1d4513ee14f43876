import { X509Certificate } from 'node:crypto'
import {
  CertificateError,
  certificateFromDer,
  certificatesFromPem,
  derFromPem,
  dersFromPem,
} from '../../../src/pki/certificate.ts'
import { chosen } from '../mutators/edit.ts'
import { changedText } from '../mutators/text.ts'
import { others, plainIssuing, qwac } from '../seeds.ts'
import { broken, type Target, valueOrError } from '../target.ts'

const texts = [
  qwac.pem,
  qwac.pem.replaceAll('\n', '\r\n'),
  qwac.pem + plainIssuing.chainPem,
  `Bag Attributes\n    friendlyName: x\n${qwac.pem}subject=/CN=x\n${plainIssuing.certificate.pem}`,
  others[0]?.pem.replaceAll('\n', '\n ') ?? '',
]
const seeds = texts.map((text) => Buffer.from(text))
export const pemWords = [
  ...['-----BEGIN CERTIFICATE-----', '-----END CERTIFICATE-----', '-----BEGIN TRUSTED CERTIFICATE-----', '-----BEGIN '],
  ...[
    '-----BEGIN X509 CERTIFICATE-----',
    '-----END X509 CERTIFICATE-----',
    '-----BEGIN PRIVATE KEY-----',
    '-----END',
    '-----',
  ],
  ...[
    '\n',
    '\r',
    '\r\n',
    ' ',
    '\t',
    '=',
    '==',
    '-',
    '\0',
    '\ufeff',
    '+/',
    'A',
    '%0A',
    '%',
    '\u00a0',
    '\u2028',
    'Proc-Type: 4,ENCRYPTED\n\n',
  ],
]
export const pemPieces = /-----[^\n-]*-----|[A-Za-z0-9+/=]+|\s+|[\s\S]/g

/** PEM with one certificate, and with several. node:crypto is the second opinion. */
export const pem: Target = {
  name: 'pem',
  seeds,
  mutant: ({ seed, edits }) => Buffer.from(changedText(chosen(texts, seed), edits, pemWords, pemPieces)),
  examine: (input) => {
    const text = Buffer.from(input).toString()
    const one = valueOrError(() => derFromPem(text), CertificateError)
    const several = valueOrError(() => dersFromPem(text), CertificateError)
    valueOrError(() => certificatesFromPem(text), CertificateError)
    if (several instanceof CertificateError) return 'refused'
    const [first] = several
    if (one instanceof CertificateError) return first === undefined ? 'none' : 'several'
    if (several.length !== 1 || first === undefined || Buffer.compare(first, one) !== 0)
      broken('one block and the only one of several differ')
    const read = valueOrError(() => certificateFromDer(one), CertificateError)
    if (read instanceof CertificateError) return 'no certificate'
    const theirs = valueOrError(() => new X509Certificate(text), Error)
    // OpenSSL wants a line feed after BEGIN, and lines that are not too long.
    if (theirs instanceof Error) return 'read by us alone'
    if (Buffer.compare(theirs.raw, one) !== 0) broken('OpenSSL reads another certificate in this PEM')
    return 'good'
  },
}
