import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type AdminRequest, type Answer, problem, type Route } from '../http/route.ts'

/** What `npm run build` makes of src/console. */
export const consoleFolder = fileURLToPath(new URL('../../dist/console/', import.meta.url))

const contentTypes: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
}

/** Nothing from elsewhere, nothing inline, and in no frame. */
const security = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
}

interface Asset {
  readonly contentType: string
  readonly plain: Buffer
  readonly gzip: Buffer | undefined
  readonly brotli: Buffer | undefined
}

export interface PagesOptions {
  /** Of the console's HTML files. */
  readonly page: 'index.html' | 'chain.html'
  /** Where the page is, and where it may be under further names that it tells apart by itself. */
  readonly paths: readonly string[]
  /** The path that its assets are under, as the page asks for them. */
  readonly assets: string
  /** Default: that of the build. */
  readonly folder?: string
}

/** A page and its assets. They hold no data: whoever may read it asks the API. Read once; the names of assets tell their versions. */
export function pageRoutes({ page, paths, assets, folder = consoleFolder }: PagesOptions): readonly Route[] {
  const html = assetsIn(folder).get(page)
  const files = assetsIn(join(folder, 'assets'))
  const missing = problem(503, 'The console was not built: npm run build makes it.')
  return [
    ...paths.map(
      (path): Route => ({
        ...{ method: 'GET', path },
        answer: (request) => (html === undefined ? missing : sent(html, request, 'no-cache')),
      }),
    ),
    {
      ...{ method: 'GET', path: `${assets}{file}` },
      answer: (request) => {
        const file = files.get(request.parameters['file'] ?? '')
        if (file === undefined) return problem(404, 'There is nothing at this path.')
        return sent(file, request, 'public, max-age=31536000, immutable')
      },
    },
  ]
}

function sent({ contentType, plain, gzip, brotli }: Asset, { headers }: AdminRequest, caching: string): Answer {
  const accepted = new Set(String(headers['accept-encoding'] ?? '').split(/[\s,;]+/))
  const [encoding, body] =
    brotli !== undefined && accepted.has('br')
      ? ['br', brotli]
      : gzip !== undefined && accepted.has('gzip')
        ? ['gzip', gzip]
        : [undefined, plain]
  return {
    ...{ status: 200, contentType, body },
    headers: {
      ...{ ...security, 'cache-control': caching, vary: 'accept-encoding' },
      ...(encoding !== undefined && { 'content-encoding': encoding }),
    },
  }
}

function assetsIn(folder: string): ReadonlyMap<string, Asset> {
  const names = namesIn(folder)
  const bytes = (name: string) => (names.includes(name) ? readFileSync(join(folder, name)) : undefined)
  return new Map(
    names.flatMap((name): [string, Asset][] => {
      const contentType = contentTypes[name.split('.').at(-1) ?? '']
      const plain = contentType === undefined ? undefined : bytes(name)
      if (contentType === undefined || plain === undefined) return []
      return [[name, { contentType, plain, gzip: bytes(`${name}.gz`), brotli: bytes(`${name}.br`) }]]
    }),
  )
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
