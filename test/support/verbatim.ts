import { once } from 'node:events'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import type { ClientCertificate } from './gateway_client.ts'

export interface Connecting {
  /** In the handshake, as it is; an empty one sends none. */
  readonly sni: string
  readonly certificate?: ClientCertificate | undefined
  readonly session?: Buffer | undefined
  readonly tls?: 'TLSv1.2' | 'TLSv1.3'
  /** Default: HTTP/1.1. */
  readonly alpn?: readonly string[]
}

/** Whoever answers nothing is not waited for any longer. */
const patienceMs = 3_000

/** A TLS connection to a gateway on 127.0.0.1, and what it does not speak for itself. */
export async function connectTo(port: number, authorityPem: string, connecting: Connecting): Promise<TLSSocket> {
  const { sni, certificate, session, tls, alpn = ['http/1.1'] } = connecting
  const options: ConnectionOptions = {
    ...{ host: '127.0.0.1', port, ca: authorityPem, ALPNProtocols: [...alpn] },
    ...(sni === '' ? {} : { servername: sni }),
    // The name in the handshake is what is tried here, and not whose certificate comes back.
    checkServerIdentity: () => undefined,
    ...(certificate && { cert: certificate.pem, key: certificate.privateKeyPem }),
    ...(session && { session }),
    ...(tls && { minVersion: tls, maxVersion: tls }),
  }
  const socket = connect(options)
  await once(socket, 'secureConnect')
  return socket
}

/**
 * What comes back to bytes that are sent as they are, one part after the other: until the gateway closes the connection, or
 * has answered as often as it was asked to, or says nothing for some seconds. What a refused handshake answers is empty.
 */
export async function sendVerbatim(
  port: number,
  authorityPem: string,
  connecting: Connecting,
  parts: readonly (string | Buffer)[],
  answers = 1,
): Promise<string> {
  let received = ''
  let socket: TLSSocket | undefined
  const patience = AbortSignal.timeout(patienceMs)
  const giveUp = () => socket?.destroy()
  patience.addEventListener('abort', giveUp)
  try {
    socket = await connectTo(port, authorityPem, connecting)
    for (const part of parts) socket.write(part)
    for await (const chunk of socket) {
      received += String(chunk)
      if (completeAnswers(received) >= answers) break
    }
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (!patience.aborted && !/^ERR_SSL|ECONNRESET|EPIPE|PREMATURE_CLOSE/.test(code)) throw error
  } finally {
    patience.removeEventListener('abort', giveUp)
    socket?.destroy()
  }
  return received
}

/** How many whole answers of HTTP/1.1 stand in a text; those that have no body for being 1xx do not count. */
function completeAnswers(text: string): number {
  let count = 0
  let rest = text
  for (;;) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) return count
    const head = rest.slice(0, end)
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0)
    const body = rest.slice(end + 4)
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
    const chunked = /\r\ntransfer-encoding: chunked/i.test(head)
    const endOfBody = chunked ? body.indexOf('0\r\n\r\n') + 5 : length
    if ((chunked && endOfBody < 5) || body.length < endOfBody) return count
    if (status >= 200) count += 1
    rest = body.slice(endOfBody)
  }
}

/** The status of the first final answer; `undefined` where there is none. */
export function statusOf(answer: string): number | undefined {
  const statuses = [...answer.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status))
  return statuses.find((status) => status >= 200)
}
