import { type Der, DerError, Fields, readDer, tag } from './der.ts'
import { type GeneralName, isSameForm, readGeneralName } from './general_name.ts'
import { nameForms } from './name_forms.ts'

/** RFC 5280 4.2.1.10, of one CA. */
export interface NameConstraints {
  readonly permitted: readonly GeneralName[]
  readonly excluded: readonly GeneralName[]
}

/** Why a name breaks constraints; `unprocessable` where that cannot be told, which is as bad. */
export interface NameProblem {
  readonly reason: 'not_permitted' | 'excluded' | 'unprocessable'
  readonly name: GeneralName
}

/** So many comparisons are more than any honest chain needs, and still take no more than a moment. */
const maxComparisons = 250_000

/** Reads the extension's value. Throws DerError on another structure, and on what no name could be compared with. */
export function readNameConstraints(extnValue: Uint8Array): NameConstraints {
  const fields = new Fields(readDer(extnValue), 'NameConstraints')
  const permitted = fields.optional(tag.context(0))
  const excluded = fields.optional(tag.context(1))
  fields.end()
  if (permitted === undefined && excluded === undefined) throw new DerError('NameConstraints: empty')
  return { permitted: subtreesIn(permitted), excluded: subtreesIn(excluded) }
}

function subtreesIn(element: Der | undefined): readonly GeneralName[] {
  if (element === undefined) return []
  if (element.children.length === 0) throw new DerError('GeneralSubtrees: empty')
  return element.children.map((subtree) => {
    const fields = new Fields(subtree, 'GeneralSubtree')
    const base = readGeneralName(fields.any())
    // RFC 5280 4.2.1.10: minimum is zero, its default, and maximum absent.
    const minimum = fields.optional(tag.contextPrimitive(0))
    fields.end()
    if (minimum !== undefined && !(minimum.contents.length === 1 && minimum.contents[0] === 0))
      throw new DerError('GeneralSubtree: a minimum')
    nameForms[base.kind]?.checkBase(base)
    return base
  })
}

/**
 * The first of the names that does not stay within all of the constraints (RFC 5280 6.1.3 (b) and (c)). To be within the
 * intersection of permitted subtrees is to be within those of every CA that names any of the kind.
 */
export function problemOfNames(
  names: readonly GeneralName[],
  constraints: readonly NameConstraints[],
): NameProblem | undefined {
  const subtrees = constraints.reduce((sum, { permitted, excluded }) => sum + permitted.length + excluded.length, 0)
  const [first] = names
  if (first !== undefined && names.length * subtrees > maxComparisons) return { reason: 'unprocessable', name: first }
  for (const name of names) {
    for (const each of constraints) {
      const reason = problemOf(name, each)
      if (reason !== undefined) return { reason, name }
    }
  }
  return undefined
}

function problemOf(name: GeneralName, { permitted, excluded }: NameConstraints): NameProblem['reason'] | undefined {
  const ofKind = (base: GeneralName): boolean => isSameForm(base, name)
  const [allowing, forbidding] = [permitted.filter(ofKind), excluded.filter(ofKind)]
  if (allowing.length + forbidding.length === 0) return undefined
  const form = nameForms[name.kind]
  // RFC 5280 4.2.1.10: what is constrained and not understood is refused; so is a URI that names no host.
  if (form === undefined || !form.isComparable(name)) return 'unprocessable'
  if (forbidding.some((base) => form.overlaps(name, base))) return 'excluded'
  return allowing.length > 0 && !allowing.some((base) => form.isWithin(name, base)) ? 'not_permitted' : undefined
}
