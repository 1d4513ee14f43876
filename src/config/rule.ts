import type { z } from 'zod'
import { type Finding, valueAt } from './document.ts'

/** What holds between parts of a configuration, beside the schema. */
export interface Rule {
  /** For docs/configuration.md. */
  readonly says: string
  /** Looks at the parts that can be read, so that a mistake elsewhere does not hide what it finds. */
  readonly broken: (file: unknown) => readonly Finding[]
}

/** Those keys of a section that can be read, each by itself; one that is absent has its default. */
export function readable<Shape extends z.ZodRawShape>(
  section: z.ZodObject<Shape>,
  value: unknown,
): Partial<z.output<z.ZodObject<Shape>>> {
  const parts = Object.entries(section.shape).flatMap(([key, schema]) => {
    const parsed = (schema as z.ZodType).safeParse(valueAt(value, [key]))
    return parsed.success ? [[key, parsed.data] as const] : []
  })
  return Object.fromEntries(parts) as Partial<z.output<z.ZodObject<Shape>>>
}

export type Section = Readonly<Record<string, unknown>>

export const isSection = (value: unknown): value is Section =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const items = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** Whether both are known and the first is less; true where one is not known, which is another problem. */
export const isLess = (less: number | undefined, more: number | undefined): boolean =>
  less === undefined || more === undefined || less < more

export const isAtMost = (less: number | undefined, more: number | undefined): boolean =>
  less === undefined || more === undefined || less <= more

/** The finding at `path`, unless it holds. */
export function unless(
  holds: boolean,
  path: readonly PropertyKey[],
  broken: { readonly message: string; readonly cure: string },
): readonly Finding[] {
  return holds ? [] : [{ path, ...broken }]
}
