/** Certificate search filters: parameters in the address, and the input for ListCertificates. */
import { ApiError } from '../../api/errors.ts'

const daySeconds = 86_400

/** Parameters that become members of the input unchanged. */
const members = {
  ca: 'CertificateAuthorityArn',
  subject: 'Subject',
  san: 'SubjectAlternativeName',
  serial: 'SerialNumber',
  requester: 'Requester',
  status: 'Status',
} as const

/** Parameters with dates, and whether the limit is the start of the day or of the next day. */
const dates = {
  issuedFrom: { member: 'IssuedAfter', days: 0 },
  issuedTo: { member: 'IssuedBefore', days: 1 },
  expiresFrom: { member: 'ExpiresAfter', days: 0 },
  expiresTo: { member: 'ExpiresBefore', days: 1 },
} as const

export const filterNames = [
  ...(Object.keys(members) as (keyof typeof members)[]),
  'template',
  'expiring',
  ...(Object.keys(dates) as (keyof typeof dates)[]),
] as const

export type FilterName = (typeof filterNames)[number]

export function isFiltered(filters: URLSearchParams): boolean {
  return filterNames.some((name) => Boolean(filters.get(name)))
}

/**
 * Returns the ListCertificates input for the filters at the time `now`, in milliseconds, or a description of what is wrong with
 * the filters.
 */
export function inputOf(
  filters: Pick<URLSearchParams, 'get'>,
  now: number,
): { readonly input: Readonly<Record<string, unknown>> } | { readonly problem: ApiError } {
  const input: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(members)) {
    const value = filters.get(name)
    if (value) input[member] = value
  }
  const template = filters.get('template')
  if (template) input['TemplateArn'] = templateArn(template)
  const expiring = filters.get('expiring')
  if (expiring) {
    if (!/^\d{1,4}$/.test(expiring)) return problem('expiring must be a number of days.')
    input['ExpiresAfter'] = Math.floor(now / 1000)
    input['ExpiresBefore'] = Math.floor(now / 1000) + Number(expiring) * daySeconds
  }
  for (const [name, { member, days }] of Object.entries(dates)) {
    const value = filters.get(name)
    if (!value) continue
    const start = /^\d{4}-\d{2}-\d{2}$/.test(value) ? Date.parse(`${value}T00:00:00Z`) : Number.NaN
    if (Number.isNaN(start)) return problem(`${name} must be a date such as 2026-01-31.`)
    input[member] = start / 1000 + days * daySeconds
  }
  return { input }
}

/** Returns the ARN of a template from its name. An ARN is returned unchanged. */
export function templateArn(name: string): string {
  if (name.startsWith('arn:')) return name
  const version = /\/V\d+$/.test(name) ? '' : '/V1'
  return `arn:aws:acm-pca:::template/${name}${version}`
}

function problem(message: string): { readonly problem: ApiError } {
  return { problem: new ApiError({ code: 'InvalidFilter', message }) }
}
