import { expect } from 'chai'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import { decodeCheckRequest } from '../../../src/envoy/check_request_fields.ts'
import type { CheckRequest__Output } from '../../../src/envoy/generated/envoy/service/auth/v3/CheckRequest.ts'
import { authorizationService } from '../../../src/envoy/protos.ts'
import { checkRequest } from '../../support/check_request.ts'

const { Check } = authorizationService

/** What the whole decoder reads, without what is not listed. */
function listed({ attributes }: CheckRequest__Output): unknown {
  if (attributes === null) return { attributes }
  const { source, request, context_extensions, tls_session } = attributes
  const socketAddress = source?.address?.socket_address
  return {
    attributes: {
      source: source && {
        address: source.address && (socketAddress ? { socket_address: { address: socketAddress.address } } : {}),
        certificate: source.certificate,
      },
      request: request && { http: request.http && { headers: { ...request.http.headers }, host: request.http.host } },
      context_extensions: { ...context_extensions },
      tls_session: tls_session && { sni: tls_session.sni },
    },
  }
}

function same(bytes: Buffer): void {
  expect(decodeCheckRequest(bytes)).to.deep.equal(listed(Check.requestDeserialize(bytes)))
}

/** Fields of a message in any order, any number of times: each a tag, and what it holds. */
const message = (...fields: fc.Arbitrary<Buffer>[]): fc.Arbitrary<Buffer> =>
  fc.array(fc.oneof(...fields), { maxLength: 6 }).map((parts) => Buffer.concat(parts))
const written = (write: (writer: protobuf.Writer) => protobuf.Writer): Buffer =>
  Buffer.from(write(protobuf.Writer.create()).finish())
const length = (id: number, value: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Buffer> =>
  value.map((bytes) => written((to) => to.uint32((id << 3) | 2).bytes(bytes)))
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('', '__proto__', 'constructor', 'x-request-id', 'authorization'),
)
const text = (id: number): fc.Arbitrary<Buffer> =>
  length(
    id,
    anyText.map((value) => Buffer.from(value)),
  )
const varint = (id: number): fc.Arbitrary<Buffer> =>
  fc.nat().map((value) => written((to) => to.uint32(id << 3).uint32(value)))
/** Of numbers that no release of Envoy has used, of every wire type. */
const unknown = fc.oneof(
  length(1_000, fc.uint8Array({ maxLength: 8 })),
  varint(1_001),
  fc.constant(written((to) => to.uint32((1_002 << 3) | 1).fixed64(7))),
  fc.constant(written((to) => to.uint32((1_003 << 3) | 5).fixed32(7))),
  fc.constant(
    written((to) =>
      to
        .uint32((1_004 << 3) | 3)
        .uint32(8)
        .uint32(1)
        .uint32((1_004 << 3) | 4),
    ),
  ),
)
const entry = message(text(1), text(2), unknown)
const address = message(
  length(1, message(varint(1), text(2), varint(3), unknown)),
  length(2, message(text(1))),
  unknown,
)
const peer = message(length(1, address), text(2), length(3, entry), text(4), text(5), unknown)
const http = message(text(1), text(2), length(3, entry), text(4), text(5), varint(9), text(11), unknown)
const attributes = message(
  ...[length(1, peer), length(2, peer), length(4, message(length(2, http), unknown)), length(10, entry)],
  ...[length(12, message(text(1), unknown)), unknown],
)
const anyRequest = message(length(1, attributes), unknown)

describe('the fields of a CheckRequest', () => {
  it('are what the whole decoder reads, of a request as Envoy sends it', () => {
    same(
      Check.requestSerialize(checkRequest({ policy: 'data', certificate: 'x', headers: { authorization: 'Basic x' } })),
    )
    same(Buffer.alloc(0))
  })

  it('are what the whole decoder reads, whatever is unknown, repeated, merged, out of order or an odd name', () => {
    fc.assert(fc.property(anyRequest, same), { numRuns: 2_000 })
  })

  it('are not read from what the whole decoder refuses, where it was cut off within them', () => {
    const whole = Check.requestSerialize(checkRequest({ policy: 'data', certificate: 'x'.repeat(300) }))
    for (let end = 1; end < whole.length; end++) {
      const cut = whole.subarray(0, end)
      expect(() => Check.requestDeserialize(cut), `${end}`).to.throw()
      expect(() => decodeCheckRequest(cut), `${end}`).to.throw()
    }
  })
})
