import type { Part } from './part.ts'

/** A filter, a transport socket or another extension: what kind it is, and its configuration. */
export interface Extension {
  /** The entry that names it. */
  readonly part: Part
  readonly name: string
  /** `ext_authz` of `envoy.extensions.filters.http.ext_authz.v3.ExtAuthz`; empty where no type is given. */
  readonly kind: string
  /** `ExtAuthz` of the same. */
  readonly message: string
  readonly config: Part
}

/** An entry with `name` and `typed_config`. */
export function extensionIn(part: Part): Extension {
  return { part, name: part.at('name').text ?? '', ...typed(part.at('typed_config')) }
}

/** A configuration with its type, also where xds.type.v3.TypedStruct wraps it. */
export function typed(any: Part): Pick<Extension, 'kind' | 'message' | 'config'> {
  const { kind, message } = typeIn(any.entry('@type'))
  if (message !== 'TypedStruct') return { kind, message, config: any }
  return { ...typeIn(any.at('type_url')), config: any.at('value') }
}

function typeIn(part: Part): { readonly kind: string; readonly message: string } {
  const [kind = '', , message = ''] = (part.text ?? '').split(/[./]/).slice(-3)
  return { kind, message }
}
