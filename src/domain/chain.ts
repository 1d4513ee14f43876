import type { Certificate } from './certificate.ts'

/** The certificates that a client sent in its handshake, the leaf among them, as far as Envoy says. */
export type SentChain =
  | { readonly status: 'read'; readonly certificates: readonly Certificate[] }
  | { readonly status: 'malformed'; readonly cause: string }

/** Whether a leaf leads to a CA that an enabled DevApp registered, as Envoy asks on the 2-way hostname. */
export type ChainFinding =
  | {
      readonly status: 'trusted'
      /** Subjects of the CAs, the leaf's issuer first, the registered one last. */
      readonly path: readonly string[]
    }
  /** `reason` holds nothing but what the client sent. */
  | { readonly status: 'untrusted'; readonly reason: string }
