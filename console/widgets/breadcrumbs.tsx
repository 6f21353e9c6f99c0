/** The breadcrumb navigation of a page. */
import BreadcrumbGroup from '@cloudscape-design/components/breadcrumb-group'
import type { ReactNode } from 'react'
import { followLink, hrefOf } from '../app/router.ts'

interface BreadcrumbsProps {
  readonly items: readonly { readonly text: string; readonly path: string }[]
  readonly current: string
}

export function Breadcrumbs({ items, current }: BreadcrumbsProps): ReactNode {
  return (
    <BreadcrumbGroup
      ariaLabel="Path to this page"
      items={[
        ...items.map(({ text, path }) => ({ text, href: hrefOf(path) })),
        { text: current, href: '' },
      ]}
      onFollow={followLink}
    />
  )
}
