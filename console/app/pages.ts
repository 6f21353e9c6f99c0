/** The table of pages. The first pattern that matches a path determines the page. Each page is a separate part of the bundle. */
import { lazy, type ComponentType } from 'react'

export interface PageProps {
  /** The part of the path that the pattern captured, such as an ARN. */
  readonly parameter: string
}

interface Page {
  readonly pattern: RegExp
  readonly title: string
  /** Path of the entry of the navigation that is highlighted. */
  readonly section: string
  readonly component: ComponentType<PageProps>
}

type PageModule = Promise<{ readonly Page: ComponentType<PageProps> }>

function page(load: () => PageModule): ComponentType<PageProps> {
  return lazy(async () => ({ default: (await load()).Page }))
}

const authorityArn = '(arn:[^/]+:certificate-authority/[^/]+)'

export const pages: readonly Page[] = [
  {
    pattern: /^$/,
    title: 'Certificate authorities',
    section: 'authorities',
    component: page(() => import('../pages/authority-list.tsx')),
  },
  {
    pattern: /^authorities$/,
    title: 'Certificate authorities',
    section: 'authorities',
    component: page(() => import('../pages/authority-list.tsx')),
  },
]

export interface FoundPage extends Page {
  readonly parameter: string
}

export function findPage(path: string): FoundPage | undefined {
  for (const found of pages) {
    const match = found.pattern.exec(path.replace(/\/$/, ''))
    if (match !== null) return { ...found, parameter: match[1] ?? '' }
  }
  return undefined
}
