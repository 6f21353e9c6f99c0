/** Certificate search filters, as query parameters in the address and as the input for ListCertificates. */
import { filterProblem, searchInput, type SearchInput } from '../../lists/search-input.ts'

const daySeconds = 86_400

const members = {
  ca: 'CertificateAuthorityArn',
  subject: 'Subject',
  san: 'SubjectAlternativeName',
  serial: 'SerialNumber',
  requester: 'Requester',
  status: 'Status',
} as const

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

/**
 * Returns the ListCertificates input for the filters at the time `now` (in milliseconds), or a description of invalid filters.
 * Dates in the filters refer to UTC days.
 */
export function inputOf(filters: Pick<URLSearchParams, 'get'>, now: number): SearchInput {
  const read = searchInput(filters, { members, dates, startOf: Date.UTC })
  const template = filters.get('template')
  const expiring = filters.get('expiring')
  if ('problem' in read) return read
  if (expiring && !/^\d{1,4}$/.test(expiring))
    return filterProblem('expiring must be a number of days.')
  const seconds = Math.floor(now / 1000)
  return {
    input: {
      ...(template && { TemplateArn: templateArn(template) }),
      ...(expiring && {
        ExpiresAfter: seconds,
        ExpiresBefore: seconds + Number(expiring) * daySeconds,
      }),
      ...read.input,
    },
  }
}

/** Converts the name of a template to its ARN. A template ARN is returned unchanged. */
export function templateArn(name: string): string {
  if (name.startsWith('arn:')) return name
  const version = /\/V\d+$/.test(name) ? '' : '/V1'
  return `arn:aws:acm-pca:::template/${name}${version}`
}
