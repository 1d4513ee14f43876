import { expect } from 'chai'
import { checkRequestFromJson, checkRequestOf } from '../../../src/envoy/check_request_json.ts'
import { checkRequest } from '../../support/check_request.ts'

const sent = {
  ...{ policy: 'data', sni: 'api.example.com', host: 'api.example.com', certificate: '-----BEGIN' },
  headers: { 'x-request-id': 'r-1', contextExtensions: 'a header of this name' },
  ...{ method: 'POST', path: '/v1/data?page=2', body: Buffer.from([0x7b, 0x00, 0xff]) },
}

describe('a CheckRequest in JSON', () => {
  it('is read in snake case, as grpc-js and grpcurl write it', () => {
    expect(checkRequestFromJson(JSON.stringify(checkRequest(sent)))).to.deep.equal(sent)
  })

  it('is read in camel case, as JSON of protobuf is written', () => {
    const { context_extensions, tls_session, source, request } = checkRequest(sent).attributes ?? ({} as never)
    const attributes = {
      ...{ source, request, contextExtensions: context_extensions, tlsSession: tls_session },
      metadataContext: { filterMetadata: { 'envoy.filters': { a: 1 } } },
    }
    expect(checkRequestFromJson(JSON.stringify({ attributes }))).to.deep.equal(sent)
  })

  it('has its body in Base64, or as text', () => {
    const read = (http: object) => checkRequestFromJson(JSON.stringify({ attributes: { request: { http } } })).body
    expect(read({ rawBody: 'ewD/' })).to.deep.equal(sent.body)
    expect(read({ raw_body: 'ewD/' })).to.deep.equal(sent.body)
    expect(read({ body: '{}' })).to.deep.equal(Buffer.from('{}'))
    expect(() => read({ rawBody: '***' })).to.throw('no CheckRequest: attributes.request.http.rawBody')
  })

  it('needs no more than the attributes of an HTTP request', () => {
    expect(checkRequestFromJson('{"attributes":{"request":{"http":{}}}}')).to.deep.equal({
      ...{ policy: undefined, sni: undefined, host: undefined, headers: undefined, certificate: undefined },
    })
  })

  const wrong: [string, string, string][] = [
    ['no JSON', 'authorization: Basic c2VjcmV0', 'not JSON'],
    ['a line of the log', '{"code":"cert_revoked","policy":"data"}', 'no CheckRequest: attributes: '],
    ['no HTTP request', '{"attributes":{"source":{}}}', 'no CheckRequest: attributes.request: '],
    [
      'a header that is a number',
      '{"attributes":{"request":{"http":{"headers":{"a":1}}}}}',
      'attributes.request.http.headers.a',
    ],
    ['null', 'null', 'no CheckRequest: the whole'],
  ]
  for (const [title, json, message] of wrong) {
    it(`is not ${title}, and the error says why without quoting it`, () => {
      expect(() => checkRequestFromJson(json)).to.throw(message)
      expect(() => checkRequestFromJson(json)).to.not.throw('c2VjcmV0')
    })
  }

  it('becomes the message that Envoy sends', () => {
    const { attributes } = checkRequestOf(sent)
    expect(attributes?.request?.http).to.deep.include({ host: 'api.example.com', headers: sent.headers })
    expect(attributes).to.deep.include({
      context_extensions: { policy: 'data' },
      tls_session: { sni: 'api.example.com' },
    })
    expect(checkRequestOf({}).attributes).to.deep.include({ context_extensions: {}, tls_session: null })
  })
})
