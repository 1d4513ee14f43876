import { Gateway, type GatewayOptions } from '../../demo/gateway.ts'
import { findEnvoy } from './envoy.ts'
import { findOpenssl } from './openssl_responder.ts'
import { keepCodes } from './provoked_codes.ts'
import { secretWatch } from './secret_watch.ts'

/** The demo's gateway, without its words. */
export async function startDemoGateway(options: Pick<GatewayOptions, 'adapt'> = {}): Promise<Gateway> {
  const progress = (): void => {}
  const [envoy, openssl] = [await findEnvoy(progress), await findOpenssl(progress)]
  const gateway = await Gateway.start({ ...options, envoy, openssl, progress, onAccessLog: keepCodes })
  for (const { id, clientSecret } of gateway.parties.registrations) {
    if (clientSecret === undefined) continue
    const token = Buffer.from(`${id}-key:${clientSecret}`).toString('base64')
    secretWatch.addAuthorization(`Basic ${token}`)
  }
  return gateway
}
