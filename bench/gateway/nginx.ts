/** nginx with its own check by OCSP, for what a connection with a client certificate costs elsewhere. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ServerCertificate } from '../../test/support/envoy_bootstrap.ts'
import { freePort } from '../../test/support/free_port.ts'
import { MeasuredProcess } from './measured_process.ts'

export interface NginxOptions {
  readonly binary: string
  readonly folder: string
  readonly serverCertificate: ServerCertificate
  readonly truststorePem: string
  readonly workers: number
}

export interface RunningNginx {
  readonly port: number
  stop(): Promise<void>
}

/** Answers by itself; asks the responder about the leaf, and remembers the answer. No session is resumed. */
export async function startNginx(options: NginxOptions): Promise<RunningNginx> {
  const { binary, folder, serverCertificate, truststorePem, workers } = options
  const at = (name: string): string => join(folder, `nginx.${name}`)
  const port = await freePort()
  writeFileSync(at('crt'), serverCertificate.pem)
  writeFileSync(at('key'), serverCertificate.privateKeyPem, { mode: 0o600 })
  writeFileSync(at('ca'), truststorePem)
  writeFileSync(
    at('conf'),
    `daemon off;
worker_processes ${workers};
pid ${at('pid')};
error_log stderr warn;
events { worker_connections 10000; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${at(name)};`).join(' ')}
  server {
    listen 127.0.0.1:${port} ssl reuseport;
    server_name api.example.com;
    ssl_certificate ${at('crt')};
    ssl_certificate_key ${at('key')};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_tickets off;
    ssl_session_cache off;
    ssl_client_certificate ${at('ca')};
    ssl_verify_client on;
    ssl_verify_depth 3;
    ssl_ocsp leaf;
    ssl_ocsp_cache shared:ocsp:10m;
    location / { return 200 "yes\\n"; }
  }
}
`,
  )
  const nginx = new MeasuredProcess({ command: binary, args: ['-p', folder, '-c', at('conf')], output: at('log') })
  await nginx.created(at('pid'))
  return { port, stop: () => nginx.stop() }
}
