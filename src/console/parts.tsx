import type { ComponentChildren, RefObject } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { ApiError } from './api.ts'
import { full } from './format.ts'

/* Small parts that several pages have. */

export type Tone = 'good' | 'bad' | 'warn' | 'shadow' | 'quiet'

const glyphs: Readonly<Record<Tone, string>> = { good: '✓', bad: '✕', warn: '!', shadow: '◐', quiet: '·' }

/** A status in a word; colour and sign say it a second time. */
export function Status({ tone, children }: { readonly tone: Tone; readonly children: ComponentChildren }) {
  return (
    <span class={`status ${tone}`}>
      <span aria-hidden="true" class="sign">
        {glyphs[tone]}
      </span>
      {children}
    </span>
  )
}

export function Notice({
  tone,
  title,
  children,
}: {
  readonly tone: Tone
  readonly title: string
  readonly children?: ComponentChildren
}) {
  return (
    <div class={`notice ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      <p class="notice-title">
        <span aria-hidden="true" class="sign">
          {glyphs[tone]}
        </span>
        {title}
      </p>
      {children !== undefined && <div>{children}</div>}
    </div>
  )
}

/** What went wrong in words, above what was there before. */
export function Failure({
  error,
  asOf,
  askAgain,
}: {
  readonly error: ApiError | undefined
  readonly asOf?: string | undefined
  readonly askAgain?: () => void
}) {
  if (error === undefined) return null
  return (
    <Notice tone="bad" title={error.status === 0 ? 'No answer from the service' : 'This could not be shown'}>
      <p>{error.message}</p>
      {asOf !== undefined && <p>What stands below is as of {full(asOf)}.</p>}
      {askAgain !== undefined && (
        <button type="button" class="small" onClick={askAgain}>
          Ask again
        </button>
      )}
    </Notice>
  )
}

export function Loading({ what }: { readonly what: string }) {
  return (
    <p class="loading" role="status">
      Asking the service for {what} …
    </p>
  )
}

export function CopyButton({ text, label }: { readonly text: string; readonly label: string }) {
  const [said, setSaid] = useState('')
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      setSaid('Copied')
    } catch {
      setSaid('The browser does not allow copying here: select the text')
    }
  }
  return (
    <>
      <button type="button" onClick={() => void copy()}>
        {label}
      </button>
      <span class="hint" role="status">
        {said}
      </span>
    </>
  )
}

export function Field({
  label,
  hint,
  wide = false,
  children,
}: {
  readonly label: string
  readonly wide?: boolean
  readonly hint?: string
  readonly children: ComponentChildren
}) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child
    <label class={wide ? 'field wide' : 'field'}>
      <span class="field-label">{label}</span>
      {children}
      {hint !== undefined && <span class="hint">{hint}</span>}
    </label>
  )
}

/** Text in which backticks stand around what is written so in files and commands. */
export function Marked({ text }: { readonly text: string }) {
  return <>{text.split('`').map((part, index) => (index % 2 === 1 ? <code key={part}>{part}</code> : part))}</>
}

/** How wide an element is, in pixels, for drawings that are not to be scaled. */
export function useWidth<Box extends Element>(): readonly [RefObject<Box | null>, number] {
  const box = useRef<Box>(null)
  const [width, setWidth] = useState(0)
  useLayoutEffect(() => {
    if (box.current === null) return
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)))
    observer.observe(box.current)
    return () => observer.disconnect()
  }, [])
  return [box, width]
}

/** The value of an input as it is typed. */
export const typed = (event: { readonly currentTarget: { readonly value: string } }): string =>
  event.currentTarget.value
