/** What may be due at some time. The members are the schedule's: nobody else sets them. */
export interface Scheduled {
  /** Milliseconds since the epoch; of what is not in the schedule, when it last was. */
  dueMs: number
  /** Where it stands in the heap; -1 where it is not in the schedule. */
  place: number
}

/** What something begins with that was never in a schedule. */
export const unscheduled: Readonly<Scheduled> = { dueMs: Number.NaN, place: -1 }

/**
 * What is due when, each item once: a binary heap, so that one timer is enough for any number of them. Setting, deleting and
 * taking cost a logarithm of their number. Where an item stands is kept on itself, which takes a third of the memory of a map.
 */
export class Schedule<Item extends Scheduled> {
  readonly #heap: Item[] = []

  get size(): number {
    return this.#heap.length
  }

  /** When the first is due; `undefined` where there is none. */
  get nextMs(): number | undefined {
    return this.#heap[0]?.dueMs
  }

  /** Takes the place of when the item was due before. */
  set(item: Item, dueMs: number): void {
    this.delete(item)
    item.dueMs = dueMs
    this.#put(item, this.#heap.length)
    this.#up(item)
  }

  delete(item: Item): void {
    const { place } = item
    if (place < 0) return
    item.place = -1
    const last = this.#heap.pop()
    if (last === undefined || last === item) return
    this.#put(last, place)
    this.#up(last)
    this.#down(last)
  }

  /** Removes and returns up to `count` items that are due at `nowMs`, the longest overdue first. */
  takeDue(nowMs: number, count: number): Item[] {
    const taken: Item[] = []
    for (let first = this.#heap[0]; first !== undefined && taken.length < count; first = this.#heap[0]) {
      if (first.dueMs > nowMs) break
      taken.push(first)
      this.delete(first)
    }
    return taken
  }

  #put(item: Item, place: number): void {
    item.place = place
    this.#heap[place] = item
  }

  #up(item: Item): void {
    for (;;) {
      const above = (item.place - 1) >> 1
      const parent = this.#heap[above]
      if (item.place === 0 || parent === undefined || parent.dueMs <= item.dueMs) return
      this.#put(parent, item.place)
      this.#put(item, above)
    }
  }

  #down(item: Item): void {
    for (;;) {
      const left = this.#heap[2 * item.place + 1]
      const right = this.#heap[2 * item.place + 2]
      const child = right !== undefined && left !== undefined && right.dueMs < left.dueMs ? right : left
      if (child === undefined || child.dueMs >= item.dueMs) return
      const below = child.place
      this.#put(child, item.place)
      this.#put(item, below)
    }
  }
}
