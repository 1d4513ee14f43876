import { render } from 'preact'
import { ChainPage } from './pages/chain.tsx'
import { applyTheme, ThemeButton } from './theme.tsx'

applyTheme()
const place = document.getElementById('app')
if (place !== null) {
  place.textContent = ''
  render(
    <>
      <header class="top">
        <span class="brand">Certificate chain check</span>
        <div class="top-end">
          <ThemeButton />
        </div>
      </header>
      <main id="content">
        <ChainPage isPublic={true} />
      </main>
      <footer>Nothing that is checked here is kept, and nobody is asked about it.</footer>
    </>,
    place,
  )
}
