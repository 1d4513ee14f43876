interface Place {
  readonly key: string
  readonly dueMs: number
  /** Where it stands in the heap. */
  index: number
}

/**
 * What is due when, each key once: a binary heap, so that one timer is enough for any number of keys. Setting, deleting and
 * taking cost a logarithm of their number.
 */
export class Schedule {
  readonly #heap: Place[] = []
  readonly #places = new Map<string, Place>()

  get size(): number {
    return this.#heap.length
  }

  /** When the first is due; `undefined` where there is none. */
  get nextMs(): number | undefined {
    return this.#heap[0]?.dueMs
  }

  dueMsOf(key: string): number | undefined {
    return this.#places.get(key)?.dueMs
  }

  /** Takes the place of what the key was due at before. */
  set(key: string, dueMs: number): void {
    this.delete(key)
    const place = { key, dueMs, index: this.#heap.length }
    this.#places.set(key, place)
    this.#heap.push(place)
    this.#up(place)
  }

  delete(key: string): void {
    const place = this.#places.get(key)
    if (place === undefined) return
    this.#places.delete(key)
    const last = this.#heap.pop()
    if (last === undefined || last === place) return
    this.#put(last, place.index)
    this.#up(last)
    this.#down(last)
  }

  /** Removes and returns up to `count` keys that are due at `nowMs`, the longest overdue first. */
  takeDue(nowMs: number, count: number): string[] {
    const taken: string[] = []
    for (let first = this.#heap[0]; first !== undefined && taken.length < count; first = this.#heap[0]) {
      if (first.dueMs > nowMs) break
      taken.push(first.key)
      this.delete(first.key)
    }
    return taken
  }

  #put(place: Place, index: number): void {
    place.index = index
    this.#heap[index] = place
  }

  #up(place: Place): void {
    for (;;) {
      const parentIndex = (place.index - 1) >> 1
      const parent = this.#heap[parentIndex]
      if (place.index === 0 || parent === undefined || parent.dueMs <= place.dueMs) return
      this.#put(parent, place.index)
      this.#put(place, parentIndex)
    }
  }

  #down(place: Place): void {
    for (;;) {
      const left = this.#heap[2 * place.index + 1]
      const right = this.#heap[2 * place.index + 2]
      const child = right !== undefined && left !== undefined && right.dueMs < left.dueMs ? right : left
      if (child === undefined || child.dueMs >= place.dueMs) return
      const childIndex = child.index
      this.#put(child, place.index)
      this.#put(place, childIndex)
    }
  }
}
