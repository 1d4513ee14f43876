/** What is wrong at one place of a file, and how to mend it. Never holds the value of an environment variable. */
export interface Problem {
  /** `policies.accounts.psd2.roles[0]`; empty for the file as a whole. */
  readonly path: string
  readonly line: number | undefined
  readonly message: string
  readonly cure: string
}

/** A file that is refused as a whole, with everything that is wrong in it. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError'
  readonly problems: readonly Problem[]

  constructor(file: string, problems: readonly Problem[]) {
    super(problems.map((problem) => problemText(file, problem)).join('\n'))
    this.problems = problems
  }
}

/** `config.yaml:12: ocsp.timeout: expected a duration, got "5 seconds"; write it with a unit, such as 300ms or 1s` */
export function problemText(file: string, { path, line, message, cure }: Problem): string {
  const place = line === undefined ? file : `${file}:${line}`
  return `${place}: ${path === '' ? '' : `${path}: `}${message}; ${cure}`
}

/** In the order of the lines; what concerns no line comes first. */
export function byLine(problems: readonly Problem[]): Problem[] {
  return [...problems].sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
}

/** The path in JavaScript's notation. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.map(stepText).join('').replace(/^\./, '')
}

/** A key may be any text, and a problem is one line. */
function stepText(step: PropertyKey): string {
  if (typeof step === 'number') return `[${step}]`
  const key = String(step)
  return /^[\w-]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key.slice(0, 64))}]`
}
