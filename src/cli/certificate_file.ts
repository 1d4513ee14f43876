import { closeSync, openSync, readSync } from 'node:fs'
import type { Certificate } from '../domain/certificate.ts'
import { CertificateError, certificateFromDer, certificatesFromPem } from '../pki/certificate.ts'

/** Room for a chain with comments, and no more. */
const maxFileMiB = 1

/** The bytes of a file of at most so many MiB. Throws an Error whose message names the file and says why it cannot be read. */
export function bytesOfFile(file: string, maxMiB: number = maxFileMiB): Buffer {
  try {
    return readCapped(file, maxMiB)
  } catch (cause) {
    throw new Error(`${file}: ${reasonOf(cause)}`, { cause })
  }
}

/** Not by the file's size, which a pipe or a device does not tell. */
function readCapped(file: string, maxMiB: number): Buffer {
  const maxBytes = maxMiB * 1_048_576
  const bytes = Buffer.alloc(maxBytes + 1)
  const descriptor = openSync(file, 'r')
  try {
    let length = 0
    for (let read = -1; read !== 0 && length < bytes.length; length += read)
      read = readSync(descriptor, bytes, length, bytes.length - length, null)
    if (length > maxBytes) throw new Error(`larger than ${maxMiB} MiB`)
    return bytes.subarray(0, length)
  } finally {
    closeSync(descriptor)
  }
}

/** The certificate in a DER file, or the first one in a PEM file. Throws as `bytesOfFile` does, also when there is none. */
export function certificateFromFile(file: string): Certificate {
  const bytes = bytesOfFile(file)
  try {
    // A DER certificate begins with SEQUENCE; no PEM armour begins with that byte, the digit 0.
    if (bytes[0] === 0x30) return certificateFromDer(bytes)
    const [first] = certificatesFromPem(bytes.toString('latin1'))
    if (first === undefined) throw new CertificateError('no certificate in it, in PEM or DER')
    return first
  } catch (cause) {
    throw new Error(`${file}: ${reasonOf(cause)}`, { cause })
  }
}

/** What went wrong with a file, in words. */
export function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  return systemErrors[(cause as NodeJS.ErrnoException).code ?? ''] ?? cause.message
}

const systemErrors: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
}
