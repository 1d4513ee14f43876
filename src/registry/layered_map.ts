/**
 * A map that never changes: one with some entries changed is another map, which shares the others with it. A look-up costs at most
 * two of a Map's; a change costs as much as the changes since the last copy, of which there is one for many.
 */
export class LayeredMap<Key, Value> {
  readonly #base: ReadonlyMap<Key, Value>
  /** `undefined` for what is no longer there. */
  readonly #changes: ReadonlyMap<Key, Value | undefined>

  constructor(base: ReadonlyMap<Key, Value>, changes: ReadonlyMap<Key, Value | undefined> = new Map()) {
    this.#base = base
    this.#changes = changes
  }

  get(key: Key): Value | undefined {
    if (this.#changes.size === 0) return this.#base.get(key)
    return this.#changes.has(key) ? this.#changes.get(key) : this.#base.get(key)
  }

  /** The map with other values; `undefined` stands for no entry. `changes` have to stay as they are from now on. */
  with(changes: ReadonlyMap<Key, Value | undefined>): LayeredMap<Key, Value> {
    if (changes.size === 0) return this
    if (this.#changes.size + changes.size <= 64 + this.#base.size / 32)
      return new LayeredMap(this.#base, new Map([...this.#changes, ...changes]))
    return new LayeredMap(merged(merged(this.#base, this.#changes), changes))
  }

  *values(): Iterable<Value> {
    for (const [key, value] of this.#base) if (!this.#changes.has(key)) yield value
    for (const value of this.#changes.values()) if (value !== undefined) yield value
  }
}

function merged<Key, Value>(
  base: ReadonlyMap<Key, Value>,
  changes: ReadonlyMap<Key, Value | undefined>,
): ReadonlyMap<Key, Value> {
  if (changes.size === 0) return base
  // As at first, when all there is comes as a change.
  if (base.size === 0 && isWithoutGaps(changes)) return changes
  const map = new Map(base)
  for (const [key, value] of changes) {
    if (value === undefined) map.delete(key)
    else map.set(key, value)
  }
  return map
}

function isWithoutGaps<Key, Value>(changes: ReadonlyMap<Key, Value | undefined>): changes is ReadonlyMap<Key, Value> {
  for (const value of changes.values()) if (value === undefined) return false
  return true
}
