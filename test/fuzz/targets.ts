import type { Target } from './target.ts'
import { basic } from './targets/basic.ts'
import { certificate } from './targets/certificate.ts'
import { chain } from './targets/chain.ts'
import { checkRequests } from './targets/check_request.ts'
import { crl } from './targets/crl.ts'
import { ocsp } from './targets/ocsp.ts'
import { pem } from './targets/pem.ts'
import { qcStatements } from './targets/qc_statements.ts'
import { config, registry } from './targets/yaml.ts'

export const targets: readonly Target[] = [
  ...[checkRequests, certificate, pem, chain, ocsp, crl, qcStatements, basic, config, registry],
]
