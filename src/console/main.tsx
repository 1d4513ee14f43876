import { render } from 'preact'
import { Shell } from './shell.tsx'
import { applyTheme } from './theme.tsx'

applyTheme()
const place = document.getElementById('app')
if (place !== null) {
  place.textContent = ''
  render(<Shell />, place)
}
