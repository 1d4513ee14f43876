/**
 * The value itself, frozen with all that it holds. A Set or a Map that is frozen still takes members: theirs throw. A URL
 * stays as it is, since its text is not its own property.
 */
export function frozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  if (value instanceof Set || value instanceof Map) {
    for (const mutator of ['set', 'add', 'delete', 'clear'])
      if (mutator in value) Object.defineProperty(value, mutator, { value: refuse })
  }
  Object.freeze(value)
  for (const part of value instanceof Map || value instanceof Set ? value.values() : Object.values(value)) frozen(part)
  return value
}

function refuse(): never {
  throw new TypeError('a configuration does not change')
}
