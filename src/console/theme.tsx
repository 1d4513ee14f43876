import { useState } from 'preact/hooks'

type Theme = 'light' | 'dark'

const name = 'devapp-authz-theme'
const prefersDark = matchMedia('(prefers-color-scheme: dark)')

/** What was chosen, else what the system says. A browser that keeps nothing follows the system. */
function current(): Theme {
  try {
    const chosen = localStorage.getItem(name)
    if (chosen === 'light' || chosen === 'dark') return chosen
  } catch {
    // Kept away from pages by the browser's settings.
  }
  return prefersDark.matches ? 'dark' : 'light'
}

export function applyTheme(): void {
  document.documentElement.dataset['theme'] = current()
}

prefersDark.addEventListener('change', applyTheme)

export function ThemeButton() {
  const [theme, setTheme] = useState(current())
  const other = theme === 'dark' ? 'light' : 'dark'
  const change = (): void => {
    try {
      localStorage.setItem(name, other)
    } catch {
      // Then it holds until the page is left.
    }
    document.documentElement.dataset['theme'] = other
    setTheme(other)
  }
  return (
    <button type="button" class="small" onClick={change}>
      {other === 'dark' ? 'Dark' : 'Light'}
    </button>
  )
}
