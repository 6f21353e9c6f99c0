/**
 * The table of console pages. The first pattern that matches the path determines the page. Each page is a separate chunk of the
 * bundle.
 */
import { lazy, type ComponentType } from 'react'

export interface PageProps {
  /** The part of the path captured by the pattern, such as an ARN. */
  readonly parameter: string
}

interface Page {
  readonly pattern: RegExp
  readonly title: string
  /** Path of the navigation entry to highlight. */
  readonly section: string
  readonly component: ComponentType<PageProps>
}

type PageModule = Promise<{ readonly Page: ComponentType<PageProps> }>

function page(load: () => PageModule): ComponentType<PageProps> {
  return lazy(async () => ({ default: (await load()).Page }))
}

const authorityArn = '(arn:[^/]+:certificate-authority/[^/]+)'

const principalName = String.raw`([\w+=,.@-]{1,64})`

const pages: readonly Page[] = [
  {
    pattern: /^$/,
    title: 'Dashboard',
    section: '',
    component: page(() => import('../pages/dashboard.tsx')),
  },
  {
    pattern: /^authorities$/,
    title: 'Certificate authorities',
    section: 'authorities',
    component: page(() => import('../pages/authority-list.tsx')),
  },
  {
    pattern: /^authorities\/create$/,
    title: 'Create CA',
    section: 'authorities',
    component: page(() => import('../pages/create-authority.tsx')),
  },
  {
    pattern: new RegExp(`^authorities/${authorityArn}$`),
    title: 'Certificate authority',
    section: 'authorities',
    component: page(() => import('../pages/authority.tsx')),
  },
  {
    pattern: new RegExp(`^authorities/${authorityArn}/renew$`),
    title: 'Renew CA',
    section: 'authorities',
    component: page(() => import('../pages/renew-authority.tsx')),
  },
  {
    pattern: /^certificates$/,
    title: 'Certificates',
    section: 'certificates',
    component: page(() => import('../pages/certificate-search.tsx')),
  },
  {
    pattern: /^certificates\/issue$/,
    title: 'Issue certificate',
    section: 'certificates/issue',
    component: page(() => import('../pages/issue-certificate.tsx')),
  },
  {
    pattern: new RegExp(`^certificates/(${authorityArn.slice(1, -1)}/certificate/[0-9a-f]+)$`),
    title: 'Certificate',
    section: 'certificates',
    component: page(() => import('../pages/certificate.tsx')),
  },
  {
    pattern: /^approvals$/,
    title: 'Approvals',
    section: 'approvals',
    component: page(() => import('../pages/approvals.tsx')),
  },
  {
    pattern: /^approvals\/([0-9a-f-]{36})$/,
    title: 'Approval',
    section: 'approvals',
    component: page(() => import('../pages/approval.tsx')),
  },
  {
    pattern: /^enrollment$/,
    title: 'Enrollment',
    section: 'enrollment',
    component: page(() => import('../pages/enrollment/endpoints.tsx')),
  },
  {
    pattern: /^enrollment\/((?:acme|est)\/[a-z0-9-]{1,64})$/,
    title: 'Endpoint',
    section: 'enrollment',
    component: page(() => import('../pages/enrollment/endpoint.tsx')),
  },
  {
    pattern: /^access\/users$/,
    title: 'Users',
    section: 'access/users',
    component: page(() => import('../pages/access/users.tsx')),
  },
  {
    pattern: new RegExp(`^access/users/${principalName}$`),
    title: 'User',
    section: 'access/users',
    component: page(() => import('../pages/access/user.tsx')),
  },
  {
    pattern: /^access\/roles$/,
    title: 'Roles',
    section: 'access/roles',
    component: page(() => import('../pages/access/roles.tsx')),
  },
  {
    pattern: new RegExp(`^access/roles/${principalName}$`),
    title: 'Role',
    section: 'access/roles',
    component: page(() => import('../pages/access/role.tsx')),
  },
  {
    pattern: /^access\/keys$/,
    title: 'Access keys',
    section: 'access/keys',
    component: page(() => import('../pages/access/keys.tsx')),
  },
  {
    pattern: /^access\/providers$/,
    title: 'Identity providers',
    section: 'access/providers',
    component: page(() => import('../pages/access/providers.tsx')),
  },
  {
    pattern: /^activity$/,
    title: 'Activity',
    section: 'activity',
    component: page(() => import('../pages/activity.tsx')),
  },
  {
    pattern: /^activity\/(\d{1,16})$/,
    title: 'Activity entry',
    section: 'activity',
    component: page(() => import('../pages/activity-entry.tsx')),
  },
  {
    pattern: /^system$/,
    title: 'System',
    section: 'system',
    component: page(() => import('../pages/system.tsx')),
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
