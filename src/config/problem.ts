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

/** The path in JavaScript's notation. */
export function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '')
}
