import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { type Options as Argon2Options, hashSync as argon2HashSync, verify as argon2Verify } from '@node-rs/argon2'
import { LRUCache } from 'lru-cache'
import type { DevApp } from '../domain/devapp.ts'
import type { Secrets } from '../ports.ts'

/*
 * Two notations of a hash:
 *   $hmac-sha256$<salt>$<mac>   unpadded base64; for secrets that a machine made, of 128 random bits or more
 *   $argon2id$...               PHC string; for secrets that a person chose
 */
const hmacNotation = /^\$hmac-sha256\$([A-Za-z0-9+/]{22,86})\$([A-Za-z0-9+/]{43})$/
const argon2Notation = /^\$argon2id\$v=19\$m=\d{1,7},t=\d{1,2},p=\d{1,2}\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}$/

/** OWASP's recommendation for argon2id: 19 MiB, two passes, one lane. */
const argon2Options: Argon2Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** Whether the text is a hash in one of the two notations. */
export function isSecretHash(hash: string): boolean {
  return hmacNotation.test(hash) || argon2Notation.test(hash)
}

/** A new ClientSecret of 256 random bits, 43 characters of base64url. */
export function generateSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** The hash to register for a secret that `generateSecret` made. */
export function hashGeneratedSecret(secret: string): string {
  const salt = randomBytes(16)
  return `$hmac-sha256$${unpadded(salt)}$${unpadded(mac(salt, secret))}`
}

/** The hash to register for a secret that a person chose. Takes about 15 ms. */
export function hashChosenSecret(secret: string): string {
  return argon2HashSync(secret, argon2Options)
}

/**
 * Verifies ClientSecrets in constant time. A failure costs the same whether the ClientKey exists and whichever way its
 * secret is hashed: where the registry holds any argon2id hash, every failure pays for one.
 */
export class ClientSecrets implements Secrets {
  readonly #argon2InUse: () => boolean
  readonly #decoyMac = hashGeneratedSecret(generateSecret())
  readonly #decoyArgon2 = hashChosenSecret(generateSecret())
  /** Which argon2id hash a credential was found right for, under a key that dies with the process. */
  readonly #verified = new LRUCache<string, true>({ max: 10_000 })
  readonly #processKey = randomBytes(32)

  constructor(argon2InUse: () => boolean) {
    this.#argon2InUse = argon2InUse
  }

  verify(devApp: DevApp | undefined, clientSecret: string, at: Date): boolean | Promise<boolean> {
    const hashes = (devApp?.clientSecrets ?? [])
      .filter(({ notAfter }) => notAfter === undefined || at < notAfter)
      .map(({ hash }) => hash)
    if (matchesAnyMac(hashes, this.#decoyMac, clientSecret)) return true
    if (!this.#argon2InUse()) return false
    const chosen = hashes.filter(isArgon2)
    if (chosen.some((hash) => this.#verified.has(this.#remembered(hash, clientSecret)))) return true
    return this.#verifyChosen(chosen, clientSecret)
  }

  async #verifyChosen(hashes: readonly string[], clientSecret: string): Promise<boolean> {
    if (hashes.length === 0) {
      await argon2Verify(this.#decoyArgon2, clientSecret)
      return false
    }
    for (const hash of hashes) {
      if (await argon2Verify(hash, clientSecret)) {
        this.#verified.set(this.#remembered(hash, clientSecret), true)
        return true
      }
    }
    return false
  }

  #remembered(hash: string, clientSecret: string): string {
    return createHmac('sha256', this.#processKey).update(`${hash}\0${clientSecret}`).digest('base64')
  }
}

/** Whether a DevApp has a secret that a person chose. */
export function hasChosenSecret(devApp: DevApp): boolean {
  return devApp.clientSecrets.some(({ hash }) => isArgon2(hash))
}

function isArgon2(hash: string): boolean {
  return hash.startsWith('$argon2id$')
}

/** Compares with every hash and leaves none out; with the decoy where there is none, which never matches. */
function matchesAnyMac(hashes: readonly string[], decoy: string, secret: string): boolean {
  const macs = hashes.filter((hash) => !isArgon2(hash))
  if (macs.length === 0) {
    matchesMac(decoy, secret)
    return false
  }
  return macs.map((hash) => matchesMac(hash, secret)).includes(true)
}

function matchesMac(hash: string, secret: string): boolean {
  const [, salt = '', expected = ''] = hmacNotation.exec(hash) ?? []
  const expectedMac = Buffer.from(expected, 'base64')
  const actualMac = mac(Buffer.from(salt, 'base64'), secret)
  return expectedMac.length === actualMac.length && timingSafeEqual(expectedMac, actualMac)
}

function mac(salt: Uint8Array, secret: string): Buffer {
  return createHmac('sha256', salt).update(secret, 'utf8').digest()
}

function unpadded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '')
}
