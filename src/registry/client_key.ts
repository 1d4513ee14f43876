import { randomBytes } from 'node:crypto'

/** Crockford's base32 in lower case: no i, l, o and u, so that it can be read out. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** A new ClientKey of 130 random bits, 26 characters. */
export function generateClientKey(): string {
  // 32 divides 256, so every character is as likely.
  return [...randomBytes(26)].map((byte) => alphabet[byte % alphabet.length]).join('')
}
