import { text } from 'node:stream/consumers'

/** The secret on standard input, without its line end. Throws an Error, which does not repeat it, on one that is too weak. */
export async function chosenSecret(stdin: NodeJS.ReadableStream): Promise<string> {
  const secret = (await text(stdin)).replace(/\r?\n$/, '')
  if (secret.length >= 12 && !/\p{Cc}/u.test(secret)) return secret
  throw new Error('a secret has at least 12 characters, on one line')
}
