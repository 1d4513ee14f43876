import { dirname } from 'node:path'
import { type Config, loadConfig } from '../config/config.ts'
import { bytesOfFile } from './certificate_file.ts'

/** The configuration in a file, with this process's environment. Throws an Error that names every problem of the file. */
export function configurationIn(file: string): Config {
  const text = bytesOfFile(file).toString('utf8')
  return loadConfig({ text, name: file, folder: dirname(file), environment: process.env })
}
