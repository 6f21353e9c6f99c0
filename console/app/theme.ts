/** The light or dark theme: the user's choice, or the operating system's setting. */
import { applyMode, Mode } from '@cloudscape-design/global-styles'

export type Theme = 'light' | 'dark' | 'system'

const themeKey = 'signet.theme'
const darkQuery = matchMedia('(prefers-color-scheme: dark)')

export function chosenTheme(): Theme {
  const stored = localStorage.getItem(themeKey)
  return stored === 'light' || stored === 'dark' ? stored : 'system'
}

export function chooseTheme(theme: Theme): void {
  if (theme === 'system') localStorage.removeItem(themeKey)
  else localStorage.setItem(themeKey, theme)
  applyTheme()
}

/** Applies the theme immediately, and again when the operating system's setting changes. */
export function startTheme(): void {
  darkQuery.addEventListener('change', applyTheme)
  applyTheme()
}

function applyTheme(): void {
  const theme = chosenTheme()
  const isDark = theme === 'dark' || (theme === 'system' && darkQuery.matches)
  applyMode(isDark ? Mode.Dark : Mode.Light)
  document.documentElement.style.colorScheme = isDark ? 'dark' : 'light'
}
