import type { FunctionComponent } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { SessionDocument } from '../api/session_operations.ts'
import { ask, signedOut, useAsked } from './api.ts'
import { ApiPage } from './pages/api_page.tsx'
import { ChainPage } from './pages/chain.tsx'
import { DevAppsPage } from './pages/devapps.tsx'
import { ExplainPage } from './pages/explain.tsx'
import { OcspPage } from './pages/ocsp.tsx'
import { Overview } from './pages/overview.tsx'
import { SignIn } from './pages/sign_in.tsx'
import { Failure, Loading, Notice } from './parts.tsx'
import { PageLink, usePlace } from './route.tsx'
import { ThemeButton } from './theme.tsx'

interface Page {
  readonly path: string
  readonly title: string
  readonly page: FunctionComponent
}

const pages: readonly Page[] = [
  { path: '', title: 'Overview', page: Overview },
  { path: 'ocsp', title: 'OCSP cache', page: OcspPage },
  { path: 'devapps', title: 'DevApps', page: DevAppsPage },
  { path: 'chain', title: 'Chain check', page: () => <ChainPage isPublic={false} /> },
  { path: 'explain', title: 'Explain', page: ExplainPage },
  { path: 'api', title: 'API', page: ApiPage },
]

export function Shell() {
  const place = usePlace()
  const session = useAsked<SessionDocument>('/api/v1/session')
  const [isOver, setIsOver] = useState(false)
  useEffect(() => {
    const end = (): void => setIsOver(true)
    signedOut.addEventListener('over', end)
    return () => signedOut.removeEventListener('over', end)
  }, [])
  const { document: known, error, askAgain } = session
  const page = pages.find(({ path }) => path === place.page.replace(/\/$/, ''))
  const needsToken = known !== undefined && (!known.signedIn || isOver)
  const title = needsToken ? 'Sign in' : (page?.title ?? 'Nothing here')
  useEffect(() => {
    document.title = `${title} · devapp-authz`
  }, [title])
  const signOut = async (): Promise<void> => {
    await ask('/api/v1/session/end', {}).catch(() => {})
    setIsOver(true)
  }
  return (
    <>
      <a class="skip" href="#content">
        To the content
      </a>
      <header class="top">
        <PageLink to="" className="brand">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <rect width="32" height="32" rx="8" />
            <path
              d="M9 16.5 14 21.5 23.5 11"
              fill="none"
              stroke-width="3.4"
              stroke-linecap="round"
              stroke-linejoin="round"
            />
          </svg>
          devapp-authz
        </PageLink>
        {!needsToken && (
          <nav aria-label="Pages">
            <ul>
              {pages.map(({ path, title }) => (
                <li key={path}>
                  <PageLink to={path} current={path === page?.path}>
                    {title}
                  </PageLink>
                </li>
              ))}
            </ul>
          </nav>
        )}
        <div class="top-end">
          {known?.required === true && !needsToken && (
            <button type="button" class="small" onClick={() => void signOut()}>
              Sign out
            </button>
          )}
          <ThemeButton />
        </div>
      </header>
      <main id="content">
        {known === undefined ? (
          <>
            <h1 tabIndex={-1}>{title}</h1>
            {error === undefined ? <Loading what="the session" /> : <Failure error={error} askAgain={askAgain} />}
          </>
        ) : needsToken ? (
          <SignIn
            onSignedIn={() => {
              setIsOver(false)
              askAgain()
            }}
          />
        ) : page === undefined ? (
          <>
            <h1 tabIndex={-1}>Nothing here</h1>
            <Notice tone="warn" title="There is no such page in the console">
              <p>
                Begin at the <PageLink to="">overview</PageLink>.
              </p>
            </Notice>
          </>
        ) : (
          <page.page />
        )}
      </main>
      <footer>Times are in UTC, as in the log. Nothing is changed here: that is the command line's.</footer>
    </>
  )
}
