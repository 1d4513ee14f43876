import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Environment, Variables } from './interpolation.ts'

/** A secret is far smaller. */
const maxBytes = 65_536

/** The variables of a configuration in `folder`; the files that it takes values from are added to `read`. */
export function variablesIn(folder: string, environment: Environment, read: Set<string> = new Set()): Variables {
  return {
    environment,
    fileText: (path) => {
      const file = resolve(folder, path)
      read.add(file)
      return textOf(file)
    },
  }
}

/** The message never holds what the file says. */
function textOf(file: string): string {
  try {
    if (statSync(file).size > maxBytes) throw new Error(`larger than ${maxBytes} bytes`)
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw new Error(`${file} cannot be read: ${code ?? message}`, { cause })
  }
}
