import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { ApiError } from './api.ts'

export interface VirtualListProps<Row> {
  /** What the list is, for who hears it. */
  readonly label: string
  readonly columns: readonly string[]
  readonly total: number
  readonly rowHeight: number
  /** What the rows are chosen by: another one begins anew at the top. */
  readonly choice: string
  /** Changes when the rows that are seen should be asked for again. */
  readonly turn: string
  readonly rowsAt: (offset: number, limit: number, signal: AbortSignal) => Promise<readonly Row[]>
  readonly row: (row: Row) => ComponentChildren
  readonly onError: (error: ApiError | undefined) => void
}

const pageSize = 100
/** Above and below what is seen. */
const margin = 8
/** While somebody scrolls fast, pages that fly by are not asked for. */
const settleMs = 60
/** Browsers draw nothing that is higher than some millions of pixels. */
const mostPixels = 8_000_000

/**
 * A long list of rows of one height, of which those that are seen are there: roles say what elements of a table cannot, how many
 * there are. Who has no pointer scrolls it by its keys.
 */
export function VirtualList<Row>(props: VirtualListProps<Row>) {
  const { label, columns, total, rowHeight, choice, turn, rowsAt, row, onError } = props
  const box = useRef<HTMLDivElement>(null)
  const [seen, setSeen] = useState({ first: 0, last: 20 })
  const [pages, setPages] = useState<ReadonlyMap<number, readonly Row[]>>(new Map())
  const height = Math.min(total * rowHeight, mostPixels)
  const scale = total * rowHeight === 0 ? 1 : height / (total * rowHeight)

  const look = (): void => {
    const { scrollTop = 0, clientHeight = 600 } = box.current ?? {}
    const first = Math.floor(scrollTop / scale / rowHeight)
    const visible = Math.ceil(clientHeight / rowHeight)
    setSeen({ first, last: Math.min(total, first + visible) })
  }
  useLayoutEffect(() => {
    if (box.current !== null) box.current.scrollTop = 0
    setPages(new Map())
  }, [choice])
  useEffect(look, [total, choice])

  const firstPage = Math.floor(Math.max(0, seen.first - margin) / pageSize)
  const lastPage = Math.floor(Math.min(Math.max(0, total - 1), seen.last + margin) / pageSize)
  useEffect(() => {
    if (total === 0) return
    const leaving = new AbortController()
    const timer = setTimeout(async () => {
      try {
        for (let page = firstPage; page <= lastPage; page++) {
          const rows = await rowsAt(page * pageSize, pageSize, leaving.signal)
          setPages((pages) => withPage(pages, page, rows))
        }
        onError(undefined)
      } catch (cause) {
        if (!leaving.signal.aborted) onError(cause instanceof ApiError ? cause : new ApiError(0, String(cause)))
      }
    }, settleMs)
    return () => {
      clearTimeout(timer)
      leaving.abort()
    }
  }, [firstPage, lastPage, choice, turn, total])

  const from = Math.max(0, seen.first - margin)
  const to = Math.min(total, seen.last + margin)
  const shown = Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i)
  const top = Math.max(0, seen.first * rowHeight * scale - (seen.first - from) * rowHeight)
  return (
    <div class="list" role="table" aria-label={label} aria-rowcount={total + 1} aria-colcount={columns.length}>
      <div class="list-head" role="row" aria-rowindex={1}>
        {columns.map((name) => (
          <span role="columnheader" key={name}>
            {name}
          </span>
        ))}
      </div>
      <div class="list-box" role="rowgroup" tabIndex={0} ref={box} onScroll={look}>
        <div style={{ height: `${height}px`, position: 'relative' }} role="presentation">
          <div style={{ transform: `translateY(${top}px)` }} role="presentation">
            {shown.map((index) => {
              const known = pages.get(Math.floor(index / pageSize))?.[index % pageSize]
              return (
                <div
                  class="list-row"
                  role="row"
                  aria-rowindex={index + 2}
                  key={index}
                  style={{ height: `${rowHeight}px` }}
                >
                  {known === undefined ? (
                    <span role="cell" class="hint">
                      …
                    </span>
                  ) : (
                    row(known)
                  )}
                </div>
              )
            })}
          </div>
        </div>
      </div>
    </div>
  )
}

/** With a page that came, and without those that are far away. */
function withPage<Row>(
  pages: ReadonlyMap<number, readonly Row[]>,
  page: number,
  rows: readonly Row[],
): ReadonlyMap<number, readonly Row[]> {
  const near = [...pages].filter(([other]) => Math.abs(other - page) < 10)
  return new Map([...near, [page, rows]])
}
