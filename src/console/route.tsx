import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'

const changed = new EventTarget()

/** The page and what it was asked for: `/console/explain?denial=3` is `explain`, with the query. */
export interface Place {
  readonly page: string
  readonly query: URLSearchParams
}

const placeNow = (): Place => ({
  page: location.pathname.replace(/^\/(?:console\/)?/, ''),
  query: new URLSearchParams(location.search),
})

export function usePlace(): Place {
  const [place, setPlace] = useState(placeNow)
  useEffect(() => {
    const look = (): void => setPlace(placeNow())
    changed.addEventListener('place', look)
    addEventListener('popstate', look)
    return () => {
      changed.removeEventListener('place', look)
      removeEventListener('popstate', look)
    }
  }, [])
  return place
}

/** A link within the console, followed without loading the page anew. */
export function PageLink({
  to,
  current = false,
  className,
  children,
}: {
  readonly to: string
  readonly current?: boolean
  readonly className?: string
  readonly children: ComponentChildren
}) {
  const href = `/console/${to}`
  const follow = (event: MouseEvent): void => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return
    event.preventDefault()
    history.pushState(null, '', href)
    changed.dispatchEvent(new Event('place'))
    scrollTo(0, 0)
    // Who hears the page begins at its heading.
    requestAnimationFrame(() => document.querySelector<HTMLElement>('h1')?.focus())
  }
  return (
    <a href={href} class={className} aria-current={current ? 'page' : undefined} onClick={follow}>
      {children}
    </a>
  )
}
