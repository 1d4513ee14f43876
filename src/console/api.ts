import { useCallback, useEffect, useRef, useState } from 'preact/hooks'

/** Why there is nothing to show, in words for whoever looks. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** The HTTP status; 0 where nothing answered. */
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const gone =
  'The service does not answer. It may be stopped, or restarting, or the connection to it was cut: this page goes on asking.'

/** Tells the shell that the session is over. */
export const signedOut = new EventTarget()

/** What the API says to a GET, or to a POST of `body`. Rejects with an ApiError. */
export async function ask<Document>(path: string, body?: unknown, signal?: AbortSignal): Promise<Document> {
  let response: Response
  try {
    response = await fetch(path, {
      ...(body !== undefined && {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
      ...(signal && { signal }),
      credentials: 'same-origin',
    })
  } catch (cause) {
    if (signal?.aborted) throw cause
    throw new ApiError(0, gone)
  }
  const text = await response.text().catch(() => '')
  if (response.ok) {
    try {
      return JSON.parse(text) as Document
    } catch {
      throw new ApiError(
        response.status,
        'What answers here is no devapp-authz, or one of another version: load this page again.',
      )
    }
  }
  if (response.status === 401) signedOut.dispatchEvent(new Event('over'))
  throw new ApiError(response.status, detailIn(text) ?? `The service refused: HTTP ${response.status}.`)
}

function detailIn(text: string): string | undefined {
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown }
    return typeof detail === 'string' ? detail : undefined
  } catch {
    return undefined
  }
}

export interface Asked<Document> {
  /** The last one that came, whatever went wrong since. */
  readonly document: Document | undefined
  readonly error: ApiError | undefined
  readonly askAgain: () => void
}

/** What the API says at `path`, asked anew when that changes, and every so often while somebody looks. */
export function useAsked<Document>(path: string | undefined, everyMs?: number): Asked<Document> {
  const [document, setDocument] = useState<Document>()
  const [error, setError] = useState<ApiError>()
  const [turn, setTurn] = useState(0)
  const shown = useRef<string | undefined>(undefined)
  useEffect(() => {
    if (path === undefined) return
    const leaving = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const look = async (): Promise<void> => {
      if (!globalThis.document.hidden || shown.current !== path) {
        try {
          const answered = await ask<Document>(path, undefined, leaving.signal)
          shown.current = path
          setDocument(() => answered)
          setError(undefined)
        } catch (cause) {
          if (leaving.signal.aborted) return
          setError(cause instanceof ApiError ? cause : new ApiError(0, String(cause)))
        }
      }
      if (everyMs !== undefined && !leaving.signal.aborted) timer = setTimeout(() => void look(), everyMs)
    }
    void look()
    return () => {
      leaving.abort()
      clearTimeout(timer)
    }
  }, [path, everyMs, turn])
  return { document, error, askAgain: useCallback(() => setTurn((turn) => turn + 1), []) }
}
