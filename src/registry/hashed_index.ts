import { LayeredMap } from './layered_map.ts'

/** A list where there are several: one value by itself takes far less memory than a list of one. */
type OneOrMore<Value> = Value | readonly Value[]

/**
 * Values by a number that was made of their key, so that no key has to stay in memory: other keys may have the same number, and
 * whoever looks up tells them apart by the values. Never changes, like a `LayeredMap`.
 */
export class HashedIndex<Value extends object> {
  readonly map: LayeredMap<number, OneOrMore<Value>>

  constructor(map: LayeredMap<number, OneOrMore<Value>> = new LayeredMap(new Map())) {
    this.map = map
  }

  /** In the order in which they were added. */
  get(number: number): readonly Value[] {
    return listOf(this.map.get(number))
  }

  *values(): Iterable<Value> {
    for (const values of this.map.values()) {
      if (isList(values)) yield* values
      else yield values
    }
  }
}

/** Changes to an index, seen by those that follow. */
export class HashedIndexChanges<Value extends object> {
  readonly #before: HashedIndex<Value>
  readonly #changes = new Map<number, OneOrMore<Value> | undefined>()
  /** Whether a number has nothing any more. */
  #hasGaps = false

  constructor(before: HashedIndex<Value>) {
    this.#before = before
  }

  get(number: number): readonly Value[] {
    return listOf(this.#at(number))
  }

  add(number: number, value: Value): void {
    const values = this.#at(number)
    this.#changes.set(number, values === undefined ? value : [...listOf(values), value])
  }

  remove(number: number, value: Value): void {
    const [first, ...others] = this.get(number).filter((each) => each !== value)
    this.#changes.set(number, others.length === 0 ? first : [first as Value, ...others])
    this.#hasGaps ||= first === undefined
  }

  done(): HashedIndex<Value> {
    return this.#changes.size === 0 ? this.#before : new HashedIndex(this.#before.map.with(this.#changes))
  }

  #at(number: number): OneOrMore<Value> | undefined {
    const changed = this.#changes.get(number)
    const isGap = changed === undefined && this.#hasGaps && this.#changes.has(number)
    return changed !== undefined || isGap ? changed : this.#before.map.get(number)
  }
}

/** The number of a text: FNV-1a, in 30 bits, which is what V8 keeps without an object. */
export function numberOf(text: string): number {
  let sum = 0x811c9dc5
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193)
  return sum >>> 2
}

const nothing: readonly never[] = []
const isList = <Value>(values: OneOrMore<Value>): values is readonly Value[] => Array.isArray(values)

function listOf<Value>(values: OneOrMore<Value> | undefined): readonly Value[] {
  if (values === undefined) return nothing
  return isList(values) ? values : [values]
}
