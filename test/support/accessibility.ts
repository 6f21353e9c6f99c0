/** Checks a page's accessibility with axe. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

/** Excludes the orientation of Cloudscape's navigation in narrow windows, which does not affect users of assistive technology. */
const context = JSON.stringify({ exclude: ['[class*="mobile-toolbar-nav"][aria-orientation]'] })

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Violation {
  readonly id: string
  readonly impact: string
  readonly nodes: readonly { readonly html: string }[]
}

/**
 * Returns axe's serious and critical findings. In the dark theme, only findings about colors are returned, because all
 * other findings are the same.
 */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  // The page's Content-Security-Policy does not apply to scripts passed to `evaluate`.
  await page.evaluate(axe)
  const light = await page.evaluate<{ violations: Violation[] }>(
    `axe.run(${context}, { resultTypes: ['violations'] })`,
  )
  await page.emulateMedia({ colorScheme: 'dark' })
  const dark = await page.evaluate<{ violations: Violation[] }>(
    `axe.run(${context}, { resultTypes: ['violations'], runOnly: ['color-contrast', 'link-in-text-block'] })`,
  )
  await page.emulateMedia({ colorScheme: 'light' })
  return [...light.violations, ...dark.violations]
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join('; ')}`)
}
