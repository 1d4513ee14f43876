/** What people need to know of a refusal beside what the caller reads. `docs/denials.md` is made from it. */
export interface DenialGuidance {
  /** What was found. */
  readonly meaning: string
  /** What the third party does about it. */
  readonly caller: string
  /** What the platform team does about it. */
  readonly operator: string
  /** What `detail` of the decision's log line holds; `undefined` where the line has none. */
  readonly detail: string | undefined
}
