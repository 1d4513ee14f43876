import type { IncomingMessage } from 'node:http'
import { type Answer, problem } from './route.ts'

/** Of what an operator asks for, a few hundred bytes are meant. */
const defaultMaxBodyBytes = 65_536

/** What a request's JSON says, `undefined` without any. Otherwise why it cannot be read. */
export async function jsonBody(
  request: IncomingMessage,
  maxBodyBytes = defaultMaxBodyBytes,
): Promise<{ readonly value: unknown } | { readonly refused: Answer }> {
  const mediaType = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  if (mediaType !== 'application/json')
    return { refused: problem(415, 'Send JSON, with content-type: application/json.') }
  const pieces: Buffer[] = []
  let length = 0
  try {
    for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += piece.length
      // The rest is not read, so the connection ends with the answer.
      if (length > maxBodyBytes) {
        return { refused: problem(413, `The body is larger than ${maxBodyBytes} bytes.`, { connection: 'close' }) }
      }
      pieces.push(piece)
    }
  } catch {
    return { refused: problem(400, 'The body ended early.') }
  }
  if (length === 0) return { value: undefined }
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces))) }
  } catch {
    return { refused: problem(400, 'The body is not JSON.') }
  }
}
