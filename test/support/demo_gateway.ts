import { Gateway } from '../../demo/gateway.ts'
import { findEnvoy } from './envoy.ts'
import { findOpenssl } from './openssl_responder.ts'

/** The demo's gateway, without its words. */
export async function startDemoGateway(): Promise<Gateway> {
  const progress = (): void => {}
  return Gateway.start({ envoy: await findEnvoy(progress), openssl: await findOpenssl(progress), progress })
}
