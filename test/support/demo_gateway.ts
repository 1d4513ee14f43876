import { Gateway } from '../../demo/gateway.ts'
import { findEnvoy } from './envoy.ts'
import { findOpenssl } from './openssl_responder.ts'
import { keepCodes } from './provoked_codes.ts'

/** The demo's gateway, without its words. */
export async function startDemoGateway(): Promise<Gateway> {
  const progress = (): void => {}
  const [envoy, openssl] = [await findEnvoy(progress), await findOpenssl(progress)]
  return Gateway.start({ envoy, openssl, progress, onAccessLog: keepCodes })
}
