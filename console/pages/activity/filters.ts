/** Filters on the activity page, as query parameters in the address and as the input for ListRecordEntries. */
import { searchInput, type SearchInput } from '../../lists/search-input.ts'

const members = {
  principal: 'Principal',
  ca: 'CertificateAuthorityArn',
  serial: 'SerialNumber',
  kind: 'Kind',
} as const

const dates = {
  from: { member: 'Since', days: 0 },
  to: { member: 'Until', days: 1 },
} as const

export const filterNames = [
  ...(Object.keys(members) as (keyof typeof members)[]),
  ...(Object.keys(dates) as (keyof typeof dates)[]),
] as const

/** Returns the input for the filters, or a description of invalid filters. Dates refer to days in the browser's time zone. */
export function inputOf(filters: Pick<URLSearchParams, 'get'>): SearchInput {
  return searchInput(filters, { members, dates, startOf: (...day) => new Date(...day).getTime() })
}
