import { once } from 'node:events'
import { join } from 'node:path'
import {
  type ChannelCredentials,
  type ClientDuplexStream,
  credentials,
  makeGenericClientConstructor,
  type ServiceError,
  status,
} from '@grpc/grpc-js'
import { expect } from 'chai'
import type { Secret__Output } from '../../src/envoy/generated/envoy/extensions/transport_sockets/tls/v3/Secret.ts'
import type { DiscoveryRequest } from '../../src/envoy/generated/envoy/service/discovery/v3/DiscoveryRequest.ts'
import type { DiscoveryResponse__Output } from '../../src/envoy/generated/envoy/service/discovery/v3/DiscoveryResponse.ts'
import type { SecretDiscoveryServiceClient } from '../../src/envoy/generated/envoy/service/secret/v3/SecretDiscoveryService.ts'
import { secretDiscoveryService, secretMessage } from '../../src/envoy/protos.ts'
import { secretType } from '../../src/envoy/sds_service.ts'
import { type RunningServer, startServer } from '../../src/envoy/server.ts'
import { maxTruststoreBytes } from '../../src/envoy/truststore_resource.ts'
import { type ServingTruststore, servingTruststore } from '../support/serving_truststore.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'

const Client = makeGenericClientConstructor(secretDiscoveryService, 'sds') as unknown as new (
  address: string,
  channel: ChannelCredentials,
  options: object,
) => SecretDiscoveryServiceClient

const truststore: DiscoveryRequest = { resource_names: ['truststore'], type_url: secretType }

/** What an answer holds: name and PEM of each secret. */
const secretsIn = ({ resources }: DiscoveryResponse__Output): (string | undefined)[][] =>
  resources.map((resource) => {
    const { type_url, value } = resource as unknown as { type_url: string; value: Buffer }
    expect(type_url).to.equal(secretType)
    const { name, validation_context }: Secret__Output = secretMessage.deserialize(value)
    return [name, validation_context?.trusted_ca?.inline_string]
  })

describe('the trust store over gRPC', () => {
  const folder = temporaryFolder('sds')
  const address = `unix:${join(folder.path, 'authz.sock')}`
  let serving: ServingTruststore
  let server: RunningServer
  let client: SecretDiscoveryServiceClient

  beforeEach(async () => {
    serving = servingTruststore()
    server = await startServer(address, { sds: serving.sds, check: () => expect.fail('asked') })
    client = connect()
  })
  afterEach(async () => {
    client.close()
    await server.stop(0)
  })
  after(() => folder.remove())

  const connect = () =>
    new Client(address, credentials.createInsecure(), { 'grpc.max_receive_message_length': 2 * maxTruststoreBytes })

  /** A stream that ends with the test, at the latest. */
  const open = (by = client) => by.StreamSecrets().on('error', () => {})
  type Stream = ClientDuplexStream<DiscoveryRequest, DiscoveryResponse__Output>
  const answer = async (stream: Stream) => (await once(stream, 'data'))[0] as DiscoveryResponse__Output
  const failureOf = async (stream: Stream) => ((await once(stream, 'error'))[0] as ServiceError).code
  const fetched = (request: DiscoveryRequest): Promise<DiscoveryResponse__Output> =>
    new Promise((resolve, reject) => {
      client.FetchSecrets(request, (error, response) => (response ? resolve(response) : reject(error)))
    })
  const refusal = (request: DiscoveryRequest) =>
    fetched(request).then(
      () => undefined,
      (error: ServiceError) => error.code,
    )

  it('comes over every stream, and again when it changes', async () => {
    const version = serving.serve('one')
    const streams = [open(), open()]
    for (const [i, stream] of streams.entries()) {
      stream.write(truststore)
      const first = await answer(stream)
      expect(first).to.include({ version_info: version, type_url: secretType })
      expect(secretsIn(first)).to.deep.equal([['truststore', 'one']])
      stream.write({ ...truststore, version_info: version, response_nonce: first.nonce })
      await serving.word(version, i)
    }
    const second = streams.map(answer)
    serving.serve('two')
    for (const each of await Promise.all(second)) expect(secretsIn(each)).to.deep.equal([['truststore', 'two']])
    expect(serving.sds.statistics).to.deep.include({ streams: 2, sent: 4, acked: 2, nacked: 0 })
  })

  it('comes once there is one', async () => {
    const stream = open()
    stream.write(truststore)
    await opened(1)
    const first = answer(stream)
    serving.serve('one')
    expect(secretsIn(await first)).to.deep.equal([['truststore', 'one']])
  })

  it('counts what an Envoy rejects', async () => {
    const version = serving.serve('bad')
    const stream = open()
    stream.write(truststore)
    const { nonce } = await answer(stream)
    stream.write({ ...truststore, response_nonce: nonce, error_detail: { code: 13, message: 'no PEM' } })
    expect(await serving.word(version)).to.deep.equal({ rejected: version, reason: 'no PEM' })
    expect(serving.sds.statistics).to.deep.include({ version, sent: 1, acked: 0, nacked: 1 })
  })

  it('comes at its largest', async () => {
    serving.serve('x'.repeat(maxTruststoreBytes))
    const streams = [open(), open(), open()]
    for (const stream of streams) stream.write(truststore)
    for (const { resources } of await Promise.all(streams.map(answer))) expect(resources).to.have.lengthOf(1)
  })

  it('is fetched too, where there is one', async () => {
    expect(await refusal(truststore)).to.equal(status.UNAVAILABLE)
    const version = serving.serve('one')
    expect(secretsIn(await fetched(truststore))).to.deep.equal([['truststore', 'one']])
    expect(await fetched({ resource_names: ['other'] })).to.deep.include({ version_info: version, resources: [] })
  })

  it('is the only type of resource, and comes in no other variant', async () => {
    const other = { ...truststore, type_url: 'type.googleapis.com/envoy.config.cluster.v3.Cluster' }
    expect(await refusal(other)).to.equal(status.INVALID_ARGUMENT)
    const stream = open()
    stream.write(other)
    expect(await failureOf(stream)).to.equal(status.INVALID_ARGUMENT)
    const delta = client.DeltaSecrets()
    delta.on('data', () => {})
    expect(((await once(delta, 'error'))[0] as ServiceError).code).to.equal(status.UNIMPLEMENTED)
  })

  it('goes over a bounded number of streams, which those that ended do not count among', async () => {
    const other = connect()
    const streams = Array.from({ length: 32 }, (_, i) => open(i < 28 ? client : other))
    await opened(32)
    const surplus = open()
    expect(await failureOf(surplus)).to.equal(status.RESOURCE_EXHAUSTED)
    streams[0]?.cancel()
    streams[1]?.resume().end()
    await opened(30)
    for (const stream of streams.slice(-4)) stream.cancel()
    await opened(26)
    other.close()
  })

  it('holds up no shutdown, and is not taken away by one', async () => {
    serving.serve('one')
    const stream = open()
    stream.write(truststore)
    expect(secretsIn(await answer(stream))).to.deep.equal([['truststore', 'one']])
    const ended = once(stream, 'end')
    stream.resume()
    await server.stop(60_000)
    await ended
  })

  /** Resolves once the service counts that many streams. */
  async function opened(count: number): Promise<void> {
    while (serving.sds.statistics.streams !== count) await new Promise((resolve) => setImmediate(resolve))
  }
})
