import { existsSync } from 'node:fs'
import { certificateFromFile } from './certificate_file.ts'
import { columns } from './columns.ts'

interface Registered {
  readonly sha256: string
  readonly serialNumber: string
}

/**
 * The SHA-256 of the certificate that an argument names: a file with it, the SHA-256 itself, or the serial number of exactly
 * one registered leaf. Hex in either case, with or without colons. Throws an Error that says why it names none.
 */
export async function chosenLeaf(argument: string, registered: () => Promise<readonly Registered[]>): Promise<string> {
  if (existsSync(argument)) return certificateFromFile(argument).sha256
  const hex = hexIn(argument)
  if (hex === undefined) throw new Error(`${argument} is no file, and neither a SHA-256 nor a serial number in hex`)
  if (hex.length === sha256Length) return hex
  const alike = (await registered()).filter(({ serialNumber }) => integer(serialNumber) === integer(hex))
  const [first, ...others] = alike
  if (first === undefined) throw new Error(`no registered certificate has the serial number ${argument}`)
  if (others.length === 0) return first.sha256
  const listed = columns(alike.map(({ serialNumber, sha256 }) => ['', serialNumber, sha256]))
  throw new Error(`several have this serial number, by different issuers: name one by its SHA-256\n${listed.trimEnd()}`)
}

/** The SHA-256 of the issuer's certificate that an argument names, by a file or itself. Throws like `chosenLeaf`. */
export function chosenIssuer(argument: string): string {
  if (existsSync(argument)) return certificateFromFile(argument).sha256
  const hex = hexIn(argument)
  if (hex?.length === sha256Length) return hex
  throw new Error(`${argument} is no file with the issuer's certificate, and not its SHA-256 in hex`)
}

const sha256Length = 64

function hexIn(argument: string): string | undefined {
  const hex = argument.replaceAll(':', '').toLowerCase()
  return /^[0-9a-f]+$/.test(hex) ? hex : undefined
}

/** Tools print a serial number with and without the octet 00 that keeps it positive. */
const integer = (serial: string): string => serial.replace(/^0+(?=.)/, '')
