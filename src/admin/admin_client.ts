import { type IncomingMessage, type RequestOptions, request } from 'node:http'
import type { z } from 'zod'
import { type ListenAddress, parseLocalAddress } from '../listen_address.ts'

/** Why a running service did not do what was asked, in words for whoever asked. */
export class AdminError extends Error {
  override readonly name = 'AdminError'
  /** The HTTP status of a refusal; `undefined` where there was no answer. */
  readonly status: number | undefined
  /** What the service itself said of the refusal. */
  readonly detail: string | undefined

  constructor(message: string, options: ErrorOptions & Partial<Pick<AdminError, 'status' | 'detail'>> = {}) {
    super(message, options)
    this.status = options.status
    this.detail = options.detail
  }
}

interface Question {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: unknown
}

/** A service that hangs is told from one that works by when its answer begins. */
const defaultTimeoutMs = 10_000

/** Far above a hundred thousand certificates. */
const maxAnswerBytes = 268_435_456
const maxLineLength = 65_536

/** Asks a running service over its admin port. Every failure is an AdminError that names the address. */
export class AdminClient {
  readonly address: string
  readonly #target: ListenAddress
  readonly #timeoutMs: number

  /** Throws an AdminError where the address is neither `unix:/PATH` nor a loopback `HOST:PORT`. */
  constructor(address: string, { timeoutMs = defaultTimeoutMs }: { readonly timeoutMs?: number } = {}) {
    const target = parseLocalAddress(address)
    if (target === undefined) throw new AdminError(`${address} is neither unix:/PATH nor a loopback HOST:PORT`)
    this.address = address
    this.#target = target
    this.#timeoutMs = timeoutMs
  }

  /** The answer, as `schema` reads it. */
  async ask<Document>(question: Question, schema: z.ZodType<Document>): Promise<Document> {
    const response = await this.#accepted(question)
    return this.#read(await this.#textOf(response), schema)
  }

  /** Each line of an answer as it comes. What is under way in the service may take any time between two lines. */
  async *lines<Line>(question: Question, schema: z.ZodType<Line>): AsyncGenerator<Line> {
    const response = await this.#accepted(question)
    let begun = ''
    try {
      for await (const piece of response.setEncoding('utf8') as AsyncIterable<string>) {
        const lines = (begun + piece).split('\n')
        begun = lines.pop() ?? ''
        if (begun.length > maxLineLength) throw new Error(`a line of more than ${maxLineLength} characters`)
        for (const line of lines) yield this.#read(line, schema)
      }
    } catch (cause) {
      throw cause instanceof AdminError ? cause : this.#cutOff(cause)
    } finally {
      response.destroy()
    }
  }

  async #accepted(question: Question): Promise<IncomingMessage> {
    const response = await this.#send(question)
    const { statusCode: status = 0 } = response
    if (status === 200) return response
    const detail = detailOf(await this.#textOf(response))
    throw new AdminError(`${this.address} refused: ${detail ?? `HTTP ${status}`}`, { status, detail })
  }

  #send({ method, path, body }: Question): Promise<IncomingMessage> {
    const target = this.#target
    const options: RequestOptions = {
      ...(target.kind === 'unix' ? { socketPath: target.path } : { host: target.host, port: target.port }),
      ...{ method, path, agent: false },
      headers: method === 'POST' ? { 'content-type': 'application/json' } : {},
    }
    return new Promise((resolve, reject) => {
      const late = `${this.address} did not answer within ${this.#timeoutMs} ms: the service hangs, or is no service`
      const sent = request(options)
      const timer = setTimeout(() => sent.destroy(new AdminError(late)), this.#timeoutMs)
      sent.once('response', (response) => {
        clearTimeout(timer)
        resolve(response)
      })
      sent.once('error', (cause) => {
        clearTimeout(timer)
        reject(cause instanceof AdminError ? cause : this.#unreachable(cause))
      })
      sent.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }

  async #textOf(response: IncomingMessage): Promise<string> {
    const timer = setTimeout(() => response.destroy(new Error('too slow')), this.#timeoutMs)
    const pieces: Buffer[] = []
    let length = 0
    try {
      for await (const piece of response as AsyncIterable<Buffer>) {
        length += piece.length
        if (length > maxAnswerBytes) throw new Error(`more than ${maxAnswerBytes} bytes`)
        pieces.push(piece)
      }
      return Buffer.concat(pieces).toString('utf8')
    } catch (cause) {
      throw this.#cutOff(cause)
    } finally {
      clearTimeout(timer)
    }
  }

  #read<Document>(text: string, schema: z.ZodType<Document>): Document {
    try {
      return schema.parse(JSON.parse(text))
    } catch (cause) {
      throw new AdminError(`what answers on ${this.address} is no devapp-authz, or one of another version`, { cause })
    }
  }

  #cutOff(cause: unknown): AdminError {
    const why = cause instanceof Error ? `: ${cause.message}` : ''
    return new AdminError(`the answer of ${this.address} ended early${why}`, { cause })
  }

  #unreachable(cause: NodeJS.ErrnoException): AdminError {
    const { code = '' } = cause
    if (code === 'EACCES' || code === 'EPERM') {
      const message = `${this.address} may not be used: only the service's user and group may`
      return new AdminError(`${message}. Run this as one of them`, { cause })
    }
    if (code === 'ENOENT' || code === 'ECONNREFUSED') {
      const cures = 'Start it with devapp-authz serve --config FILE, or name another with --admin ADDRESS'
      return new AdminError(`no service is running on ${this.address}. ${cures}`, { cause })
    }
    return new AdminError(`${this.address} cannot be asked: ${cause.message}`, { cause })
  }
}

/** What a problem document (RFC 9457) says; `undefined` for every other text. */
function detailOf(text: string): string | undefined {
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown }
    return typeof detail === 'string' ? detail : undefined
  } catch {
    return undefined
  }
}
