import { expect } from 'chai'
import { askAnswer, askPurge, askStatus, askWarm } from '../../../src/admin/ocsp_client.ts'
import type { WarmProgress } from '../../../src/revocation/control.ts'
import { fixedNow } from '../../support/pki.ts'
import { type AdminUnderTest, ControlStandIn, entryOf, minutes, send, serveAdmin } from './fixture.ts'

const path = '/api/v1/ocsp'

describe('the admin port about revocation', () => {
  const der = Buffer.from('3003020101', 'hex')
  const known = entryOf()
  const failing = entryOf({
    ...{ sha256: 'bb'.repeat(32), serialNumber: '0b', status: 'unavailable', source: undefined },
    ...{ thisUpdate: undefined, nextUpdate: undefined, usableUntil: undefined, nextRefresh: undefined },
    ...{ responder: undefined, lastError: { at: minutes(-1), cause: 'ocsp.example.com: timeout' } },
  })
  let control: ControlStandIn
  let admin: AdminUnderTest
  beforeEach(async () => {
    control = new ControlStandIn({ entry: failing }, { entry: known, der })
    admin = await serveAdmin(control)
  })
  afterEach(() => admin.stop())

  const purge = (body: string) =>
    send(admin.address, {
      ...{ method: 'POST', path: `${path}/purge`, body },
      headers: { 'content-type': 'application/json; charset=utf-8' },
    })

  it('tells every entry in the order of their urgency, and the counters', async () => {
    const status = await askStatus(admin.client)
    expect(status.at).to.equal(fixedNow.toISOString())
    expect(status.entries.map(({ sha256 }) => sha256)).to.deep.equal([failing.sha256, known.sha256])
    expect(status.entries[1]).to.deep.equal({
      ...known,
      ...{ thisUpdate: '2026-06-15T10:30:00.000Z', nextUpdate: '2026-06-15T13:00:00.000Z' },
      ...{ usableUntil: '2026-06-15T13:00:00.000Z', nextRefresh: '2026-06-15T12:30:00.000Z', lastError: null },
    })
    expect(status.statistics).to.deep.include({ memory: control.statistics.memory })
  })

  it('tells what there is not as null', async () => {
    const [entry] = (await askStatus(admin.client)).entries
    expect(entry).to.deep.include({
      ...{ source: null, thisUpdate: null, nextUpdate: null, usableUntil: null, nextRefresh: null, responder: null },
      lastError: { at: '2026-06-15T11:59:00.000Z', cause: 'ocsp.example.com: timeout' },
    })
  })

  it('tells one entry with its signed answer', async () => {
    const found = await askAnswer(admin.client, known.sha256)
    expect(found?.entry.sha256).to.equal(known.sha256)
    expect(Buffer.from(found?.answer ?? '', 'base64')).to.deep.equal(der)
    expect((await askAnswer(admin.client, failing.sha256))?.answer).to.equal(null)
  })

  it('takes a SHA-256 in either case', async () => {
    expect((await send(admin.address, { path: `${path}/${known.sha256.toUpperCase()}` })).status).to.equal(200)
  })

  it('has nothing for a certificate that is not registered', async () => {
    expect(await askAnswer(admin.client, 'dd'.repeat(32))).to.equal(undefined)
    const { status, text } = await send(admin.address, { path: `${path}/${'dd'.repeat(32)}` })
    expect([status, JSON.parse(text).detail]).to.deep.equal([404, 'No such certificate is registered.'])
  })

  it('purges what is selected, and says how many that were and whether the fleet was told', async () => {
    const one = { kind: 'certificate', sha256: known.sha256 } as const
    const issuers = { kind: 'issuer', sha256: known.issuerSha256 } as const
    expect(await askPurge(admin.client, one)).to.deep.equal({ certificates: 1, fleet: true })
    control.fleet = false
    expect(await askPurge(admin.client, issuers)).to.deep.equal({ certificates: 2, fleet: false })
    expect(await askPurge(admin.client, { kind: 'all' })).to.deep.equal({ certificates: 2, fleet: false })
    expect(control.purged).to.deep.equal([one, issuers, { kind: 'all' }])
  })

  it('purges nothing unless the selection is clear', async () => {
    const unclear = [
      ...[
        '',
        '{}',
        'null',
        '[]',
        '"all"',
        '{"kind":"every"}',
        '{"kind":"certificate"}',
        '{"kind":"issuer","sha256":"aa"}',
      ],
      `{"kind":"all","sha256":"${known.sha256}"}`,
      `{"kind":"certificate","sha256":"${known.sha256}","also":1}`,
    ]
    for (const body of unclear) expect([body, (await purge(body)).status]).to.deep.equal([body, 400])
    expect(control.purged).to.deep.equal([])
  })

  it('says what a selection looks like', async () => {
    const { headers, text } = await purge('{}')
    expect(headers['content-type']).to.equal('application/problem+json')
    expect(JSON.parse(text).detail).to.equal(
      'expected {"kind":"certificate"|"issuer","sha256":"..."} or {"kind":"all"}',
    )
  })

  it('tells the progress of warming, and the result last', async () => {
    const progress = (asked: number): WarmProgress => ({ of: 2, asked, answered: 1, failed: asked - 1 })
    control.warming = [progress(1), progress(2)]
    const told: WarmProgress[] = []
    expect(await askWarm(admin.client, (each) => told.push(each))).to.deep.equal({ asked: 2, answered: 1, failed: 1 })
    expect(told).to.deep.equal(control.warming)
  })

  it('tells the result of warming to who reads slower than it goes on', async () => {
    control.warming = Array.from({ length: 20_000 }, (_, i) => ({
      of: 20_000,
      asked: i + 1,
      answered: i + 1,
      failed: 0,
    }))
    let told = 0
    const outcome = await askWarm(admin.client, () => told++)
    expect(outcome).to.deep.equal({ asked: 20_000, answered: 20_000, failed: 0 })
    expect(told).to.be.within(1, 20_000)
  })
})
