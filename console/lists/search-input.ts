/** Search filters, as query parameters in the page's address and as the input for the API. */
import { ApiError } from '../api/errors.ts'

type Filters = Pick<URLSearchParams, 'get'>

export type SearchInput =
  | { readonly input: Readonly<Record<string, unknown>> }
  /** A description of invalid filters. */
  | { readonly problem: ApiError }

interface SearchParameters {
  /** API input members, keyed by the names of query parameters that are passed on unchanged. */
  readonly members: Readonly<Record<string, string>>
  /** Query parameters that are dates. `days` is added to the date, so that a range includes its last day. */
  readonly dates: Readonly<Record<string, { readonly member: string; readonly days: number }>>
  /** Returns the start of a day in milliseconds, like `Date.UTC`. */
  readonly startOf: (year: number, monthIndex: number, day: number) => number
}

export function searchInput(
  filters: Filters,
  { members, dates, startOf }: SearchParameters,
): SearchInput {
  const input: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(members)) {
    const value = filters.get(name)
    if (value) input[member] = value
  }
  for (const [name, { member, days }] of Object.entries(dates)) {
    const value = filters.get(name)
    if (!value) continue
    const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value) ?? []
    if (day === undefined || !Number.isFinite(Date.parse(`${value}T00:00:00Z`)))
      return filterProblem(`${name} must be a date such as 2026-01-31.`)
    input[member] = startOf(Number(year), Number(month) - 1, Number(day) + days) / 1000
  }
  return { input }
}

export function filterProblem(message: string): SearchInput {
  return { problem: new ApiError({ code: 'InvalidFilter', message }) }
}

/** Returns whether any of the given query parameters has a value. */
export function hasAny(filters: Filters, names: readonly string[]): boolean {
  return names.some((name) => Boolean(filters.get(name)))
}
