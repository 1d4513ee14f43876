import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A copy of the built service in `folder` with one of its files changed. Returns the path of its main.js. */
export function alteredBuild(folder: string, file: string, alter: (code: string) => string): string {
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true })
  for (const name of ['node_modules', 'proto', 'package.json']) symlinkSync(join(root, name), join(folder, name))
  const path = join(folder, 'dist', file)
  const code = readFileSync(path, 'utf8')
  const altered = alter(code)
  if (altered === code) throw new Error(`${file} is as it was`)
  writeFileSync(path, altered)
  return join(folder, 'dist', 'main.js')
}
