/** SQL as it is written in this folder, in the words of PostgreSQL. */
import { requireStorable, type Sql, type SqlValue } from '../sql.ts'

/** A statement as `pg` takes it: prepared under `name` once on each connection. */
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

/** More texts than the code of this folder has would be a leak: whoever puts values into text is told. */
const textsMax = 1000

/**
 * A query or a write. The number of rows that it must return is checked by the server (require_rows in postgres-schema.ts),
 * so that nobody waits for an answer in the middle of a transaction. Throws RangeError for a value that cannot be stored.
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
  if (known.size >= textsMax) throw new Error('too many different statements')
  const prepared = {
    name: `s${known.size}`,
    text: counted ? countedText(text) : numbered(text).text,
  }
  known.set(key, prepared)
  return prepared
}

/** `?` as $1, $2, … A `?` in a literal would be taken for one, so that none may be there. */
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

/** The condition depends on no row of the outer query, so that it is checked also where there are none. */
function countedText(text: string): string {
  const { text: inner, parameters } = numbered(text)
  return `with returned as (${inner})
    select * from returned
    where (select require_rows(count(*), $${parameters + 1}) from returned)`
}
