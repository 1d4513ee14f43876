import type { DevApp } from '../domain/devapp.ts'

/** What became of one DevApp from one state of the registry to the next: names and fingerprints, never a secret or its hash. */
export interface RegistryChange {
  readonly devapp: string
  readonly change: 'added' | 'changed' | 'removed'
  /** What it is now, where that is new. */
  readonly status?: DevApp['status']
  readonly environment?: DevApp['environment']
  /** What it is called now. */
  readonly name?: string
  /** Whether it is another one now. */
  readonly client_key?: 'changed'
  readonly labels?: 'changed'
  readonly products_added?: readonly string[]
  readonly products_removed?: readonly string[]
  /** SHA-256 of the leaves. */
  readonly certificates_added?: readonly string[]
  readonly certificates_removed?: readonly string[]
  /** Of leaves that stay: what is above them is another chain. */
  readonly chains_changed?: readonly string[]
  /** How many. */
  readonly secrets_added?: number
  readonly secrets_removed?: number
  /** How many end at another time. */
  readonly secrets_rescheduled?: number
}

/** Follows the registry from state to state. A DevApp that is the same object as before costs one look. */
export class RegistryChanges {
  #known: Map<string, DevApp> | undefined

  /** What has changed since the last call; nothing at the first one. Ids are distinct. */
  since(devApps: readonly DevApp[]): readonly RegistryChange[] {
    const known = this.#known
    if (known === undefined) {
      this.#known = new Map()
      for (const devApp of devApps) this.#known.set(devApp.id, devApp)
      return []
    }
    const changes: RegistryChange[] = []
    for (const devApp of devApps) {
      const before = known.get(devApp.id)
      if (before === devApp) continue
      known.set(devApp.id, devApp)
      const change = changeOf(before, devApp)
      if (change !== undefined) changes.push(change)
    }
    // What was added is known by now: whatever is too many is gone.
    if (known.size > devApps.length) changes.push(...removedFrom(known, devApps))
    return changes
  }
}

function removedFrom(known: Map<string, DevApp>, devApps: readonly DevApp[]): RegistryChange[] {
  const there = new Set(devApps.map(({ id }) => id))
  const gone = [...known.keys()].filter((id) => !there.has(id))
  for (const id of gone) known.delete(id)
  return gone.map((id) => ({ devapp: id, change: 'removed' }))
}

function changeOf(before: DevApp | undefined, after: DevApp): RegistryChange | undefined {
  const changed = {
    ...(before?.status !== after.status && { status: after.status }),
    ...(before?.environment !== after.environment && { environment: after.environment }),
    ...(before?.name !== after.name && { name: after.name }),
    ...(before !== undefined && before.clientKey !== after.clientKey && { client_key: 'changed' as const }),
    ...(before !== undefined && labelsOf(before) !== labelsOf(after) && { labels: 'changed' as const }),
    ...between('products', before?.products ?? [], after.products),
    ...between('certificates', leavesOf(before), leavesOf(after)),
    ...chainsChanged(before, after),
    ...secretsChanged(before?.clientSecrets ?? [], after.clientSecrets),
  }
  if (before === undefined) return { devapp: after.id, change: 'added', ...changed }
  return Object.keys(changed).length === 0 ? undefined : { devapp: after.id, change: 'changed', ...changed }
}

function between(
  what: 'products' | 'certificates',
  before: Iterable<string>,
  after: Iterable<string>,
): Partial<RegistryChange> {
  const [was, is] = [new Set(before), new Set(after)]
  const added = [...is].filter((each) => !was.has(each))
  const removed = [...was].filter((each) => !is.has(each))
  return {
    ...(added.length > 0 && { [`${what}_added`]: added }),
    ...(removed.length > 0 && { [`${what}_removed`]: removed }),
  }
}

function chainsChanged(before: DevApp | undefined, after: DevApp): Partial<RegistryChange> {
  const chains = new Map(before?.certificates.map((each) => [each.leaf.sha256, chainOf(each)]))
  const changed = after.certificates.filter((each) => {
    const chain = chains.get(each.leaf.sha256)
    return chain !== undefined && chain !== chainOf(each)
  })
  return changed.length === 0 ? {} : { chains_changed: changed.map(({ leaf }) => leaf.sha256) }
}

function secretsChanged(before: DevApp['clientSecrets'], after: DevApp['clientSecrets']): Partial<RegistryChange> {
  const was = new Map(before.map(({ hash, notAfter }) => [hash, notAfter?.getTime()]))
  const is = new Set(after.map(({ hash }) => hash))
  const added = after.filter(({ hash }) => !was.has(hash)).length
  const removed = before.filter(({ hash }) => !is.has(hash)).length
  const rescheduled = after.filter(
    ({ hash, notAfter }) => was.has(hash) && was.get(hash) !== notAfter?.getTime(),
  ).length
  return {
    ...(added > 0 && { secrets_added: added }),
    ...(removed > 0 && { secrets_removed: removed }),
    ...(rescheduled > 0 && { secrets_rescheduled: rescheduled }),
  }
}

const leavesOf = (devApp: DevApp | undefined): readonly string[] =>
  devApp?.certificates.map(({ leaf }) => leaf.sha256) ?? []
const chainOf = ({ chain }: DevApp['certificates'][number]): string => chain.map(({ sha256 }) => sha256).join()
const labelsOf = ({ labels }: DevApp): string => JSON.stringify(Object.entries(labels).sort())
