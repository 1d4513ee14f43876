import { isLoopback, parseListenAddress } from '../listen_address.ts'
import { valueAt } from './document.ts'
import { type Rule, readable, unless } from './rule.ts'
import { keys, read, secret, text } from './values.ts'

/** Shorter ones can be guessed. */
const shortestToken = 32

export const consoleSchema = keys({
  listen: read(
    'an address with a port',
    'write 127.0.0.1:9193, or 0.0.0.0:9193 with token and tls',
    { type: 'string' },
    (written) => {
      const address = typeof written === 'string' ? parseListenAddress(written) : undefined
      return address?.kind === 'tcp' ? address : undefined
    },
  ).meta({
    description: 'Where browsers reach the console, by address and port. Each process needs its own.',
    examples: ['127.0.0.1:9193', '0.0.0.0:9193'],
  }),
  token: secret
    .refine((written) => written.length >= shortestToken && !/[^\x21-\x7e]/.test(written), {
      error: 'the token can be guessed, or typed by nobody',
      params: { cure: `write at least ${shortestToken} characters without spaces: openssl rand -hex 32 makes some` },
    })
    .optional()
    .meta({
      description:
        'What whoever looks has to know, from the environment or a file. At least 32 characters. Default: none, which loopback alone allows.',
      examples: [`\${file:console.token}`],
    }),
  tls: keys({
    certificate: text.meta({ description: 'A PEM file with the certificate of the console, and its chain.' }),
    key: text.meta({ description: 'A PEM file with its key.' }),
  })
    .optional()
    .meta({ description: 'TLS on this port. Read at the start.' }),
})

export const consoleRules: readonly Rule[] = [
  {
    says: '`console.listen` elsewhere than on loopback needs `console.token` and `console.tls`.',
    broken: (file) => {
      const written = valueAt(file, ['console'])
      const { listen } = readable(consoleSchema, written)
      if (listen === undefined || isLoopback(listen.host === '::1' ? '[::1]' : listen.host)) return []
      return [
        ...unless(valueAt(written, ['token']) !== undefined, ['console', 'token'], {
          message: 'it is missing: everybody who reaches the port would see who may call',
          cure: `write token: \${file:console.token}, or listen on 127.0.0.1`,
        }),
        ...unless(valueAt(written, ['tls']) !== undefined, ['console', 'tls'], {
          message: 'it is missing: the token would cross the network in the clear',
          cure: 'name certificate and key, or listen on 127.0.0.1 behind something that has them',
        }),
      ]
    },
  },
]
