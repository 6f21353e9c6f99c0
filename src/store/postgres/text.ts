/** Translates SQL with `?` parameters to the form that PostgreSQL expects. */
import { requireStorable, type Sql, type SqlValue } from '../sql.ts'

/** A statement for the package `pg`. The package prepares the statement once per connection, under the name `name`. */
export interface PreparedQuery {
  readonly name: string
  readonly text: string
  readonly values: SqlValue[]
}

interface Translated {
  readonly name: string
  readonly text: string
}

const known = new Map<string, Translated>()

/**
 * Maximum number of different statements. A higher number probably means that code inserts values into the text of statements.
 */
const textsMax = 1000

/**
 * Translates a query or a write. The server checks the row count of a guarded statement (require_rows in schema.ts), so that a
 * transaction needs no round trip per statement. Throws RangeError if a value cannot be stored.
 */
export function preparedQuery({ text, values, guard }: Sql): PreparedQuery {
  values.forEach(requireStorable)
  return guard === undefined
    ? { ...translated(text, false), values: [...values] }
    : { ...translated(text, true), values: [...values, guard.rows] }
}

function translated(text: string, counted: boolean): Translated {
  const key = `${counted ? '#' : ''}${text}`
  const cached = known.get(key)
  if (cached !== undefined) return cached
  if (known.size >= textsMax)
    throw new Error('too many different SQL statements: values must be parameters')
  const prepared = {
    name: `s${known.size}`,
    text: counted ? countedText(text) : numbered(text).text,
  }
  known.set(key, prepared)
  return prepared
}

/** Replaces each `?` by $1, $2 and so on. A `?` in a string literal would also be replaced, and is therefore not allowed. */
function numbered(text: string) {
  const literals = text.match(/'[^']*'/g) ?? []
  if (literals.some((literal) => literal.includes('?')))
    throw new Error('a literal in SQL must not contain ?')
  let parameters = 0
  const replaced = text.replaceAll('?', () => {
    parameters += 1
    return `$${parameters}`
  })
  return { text: replaced, parameters }
}

/**
 * Wraps a guarded statement. The condition does not refer to a row of the outer query, so PostgreSQL checks it even if there are
 * no rows.
 */
function countedText(text: string): string {
  const { text: inner, parameters } = numbered(text)
  return `with returned as (${inner})
    select * from returned
    where (select require_rows(count(*), $${parameters + 1}) from returned)`
}
