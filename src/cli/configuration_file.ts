import { dirname } from 'node:path'
import { type Config, type ConfigSource, loadConfig } from '../config/config.ts'
import { variablesIn } from '../config/variable_files.ts'
import { bytesOfFile } from './certificate_file.ts'

/** The configuration in a file, with this process's environment. Throws an Error that names every problem of the file. */
export function configurationIn(file: string): Config {
  return loadConfig(configSourceOf(file))
}

/** The text of a configuration file with all that it takes values from. Throws an Error where there is no such file. */
export function configSourceOf(file: string, environment: NodeJS.ProcessEnv = process.env): ConfigSource {
  const folder = dirname(file)
  return { text: bytesOfFile(file).toString('utf8'), name: file, folder, ...variablesIn(folder, environment) }
}
