import { expect } from 'chai'
import type { SignaturePolicy } from '../../../src/domain/signature.ts'
import { MemoryReplays } from '../../../src/signing/memory_replays.ts'
import type { Novelty, ReplayMemory } from '../../../src/signing/replay_memory.ts'
import { RequestSignatures } from '../../../src/signing/signatures.ts'
import { devApp, now } from '../../support/evidence.ts'
import { signingKey, signWith } from '../../support/signing_keys.ts'
import { partsOf, payment, policy } from './fixture.ts'

const key = signingKey('ed25519')
const owner = devApp({ publicKeys: [key.publicKey] })

class SharedMemory implements ReplayMemory {
  readonly asked: string[] = []
  novelty: Novelty = { status: 'new' }
  isClosed = false

  async firstUse(mark: string): Promise<Novelty> {
    this.asked.push(mark)
    return this.novelty
  }

  close(): void {
    this.isClosed = true
  }
}

function signatures() {
  const shared = new SharedMemory()
  const own = new MemoryReplays({ maxEntries: 10, clock: () => now })
  const checked = new RequestSignatures({ own, shared })
  const parts = partsOf(payment, signWith(key, payment, { created: now }).headers)
  const statusOf = async (asked: SignaturePolicy = policy, sent = parts) => checked.statusOf(sent, owner, asked, now)
  return { shared, own, checked, parts, statusOf }
}

describe('the signatures of a fleet', () => {
  it('are new where the shared memory says so, and replayed where it has seen them', async () => {
    const { shared, statusOf, own } = signatures()
    expect(await statusOf()).to.include({ status: 'verified' })
    shared.novelty = { status: 'seen' }
    expect(await statusOf()).to.include({ status: 'replayed' })
    expect(own.size).to.equal(0)
  })

  it('are remembered only where they hold: nobody else fills the memory', async () => {
    const { shared, statusOf, parts } = signatures()
    expect(await statusOf(policy, { ...parts, method: 'PUT' })).to.include({ status: 'invalid' })
    expect(await statusOf({ ...policy, maxBodyBytes: 1 })).to.include({ status: 'body_too_large' })
    expect(shared.asked).to.deep.equal([])
  })

  it('are refused while the shared memory is away', async () => {
    const { shared, statusOf } = signatures()
    shared.novelty = { status: 'unknown', cause: 'Redis: not connected' }
    expect(await statusOf()).to.deep.equal({
      ...{ status: 'replay_unknown', keyId: 'ed25519', cause: 'Redis: not connected' },
    })
  })

  it('pass then once each in this process, where the policy says so', async () => {
    const { shared, statusOf } = signatures()
    shared.novelty = { status: 'unknown', cause: 'Redis: not connected' }
    const asked = { ...policy, onReplayUnavailable: 'allow' } as const
    expect(await statusOf(asked)).to.deep.equal({
      ...{ status: 'verified', keyId: 'ed25519', replayUnknown: 'Redis: not connected' },
    })
    expect(await statusOf(asked)).to.include({ status: 'replayed' })
  })

  it('move to another memory, and leave the first one', async () => {
    const { shared, checked, statusOf } = signatures()
    const other = new SharedMemory()
    checked.share(other)
    await statusOf()
    expect(shared.isClosed).to.equal(true)
    expect([shared.asked.length, other.asked.length]).to.deep.equal([0, 1])
  })
})
