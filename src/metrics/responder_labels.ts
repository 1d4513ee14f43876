/** Third parties' certificates name responders: what they could name without end shares one label. */
const maxResponders = 50

/** The label of each responder. The first ones seen have their own, all later ones share `other`, so that the labels stay few. */
export class ResponderLabels {
  readonly #own = new Set<string>()

  labelOf(responder: string): string {
    if (this.#own.size < maxResponders) this.#own.add(responder)
    return this.#own.has(responder) ? responder : 'other'
  }

  /** Those that have a label of their own. */
  own(): Iterable<string> {
    return this.#own
  }
}
