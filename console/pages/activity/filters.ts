/** Filters of the activity page: parameters in the address, and the input for ListRecordEntries. */
import { ApiError } from '../../api/errors.ts'

/** Parameters that become members of the input unchanged. */
const members = {
  principal: 'Principal',
  ca: 'CertificateAuthorityArn',
  serial: 'SerialNumber',
  kind: 'Kind',
} as const

/** Parameters with dates, and the number of days that is added to them: the end of the range includes its day. */
const dates = {
  from: { member: 'Since', days: 0 },
  to: { member: 'Until', days: 1 },
} as const

export const filterNames = [
  ...(Object.keys(members) as (keyof typeof members)[]),
  ...(Object.keys(dates) as (keyof typeof dates)[]),
] as const

export type FilterName = (typeof filterNames)[number]

export function isFiltered(filters: Pick<URLSearchParams, 'get'>): boolean {
  return filterNames.some((name) => Boolean(filters.get(name)))
}

/** Returns the input for the filters, or what is wrong with them. Dates are days in the browser's time zone. */
export function inputOf(
  filters: Pick<URLSearchParams, 'get'>,
): { readonly input: Readonly<Record<string, unknown>> } | { readonly problem: ApiError } {
  const input: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(members)) {
    const value = filters.get(name)
    if (value) input[member] = value
  }
  for (const [name, { member, days }] of Object.entries(dates)) {
    const value = filters.get(name)
    if (!value) continue
    const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value) ?? []
    const time = new Date(Number(year), Number(month) - 1, Number(day) + days).getTime()
    const isDate = day !== undefined && Number.isFinite(Date.parse(`${value}T00:00:00Z`))
    if (!isDate)
      return {
        problem: new ApiError({
          code: 'InvalidFilter',
          message: `${name} must be a date such as 2026-01-31.`,
        }),
      }
    input[member] = time / 1000
  }
  return { input }
}
