/**
 * Tests of PostgreSQL's query plans for certificate searches. Each search must read a single page of a search index, in order.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  countByName,
  countByPosition,
  selectByName,
  selectByPosition,
  selectBySerialNumber,
  selectRevoked,
} from '../../src/store/certificate-search.ts'
import { selectUnsearchable } from '../../src/store/search-progress.ts'
import { sql, type Sql } from '../../src/store/sql.ts'
import { openTestPostgres, sharedPostgres, TestPostgres } from '../support/postgres.ts'

const postgres = sharedPostgres(() => TestPostgres.ofRun())

const rows = 20_000
const positions = { facets: [1, 2], low: 100, high: rows }
const names = { facets: [1, 2], low: 'name 1', high: 'name 2' }

/** SQL statements, with the plan that each statement must have. */
const searches: readonly { label: string; statement: Sql; plan: RegExp }[] = [
  {
    label: 'position',
    statement: selectByPosition(positions, undefined, 100),
    plan: /Index Only Scan using certificate_facets_pkey[^]*Index Cond: .*facet.*ROW\("?position/,
  },
  {
    label: 'name',
    statement: selectByName(names, undefined, 100),
    plan: /Index Only Scan using certificate_names_pkey[^]*Index Cond: .*facet.*ROW\(name/,
  },
  {
    label: 'serial number',
    statement: selectBySerialNumber(new Uint8Array(16), undefined, 100),
    plan: /Index Scan using certificates_by_serial_number/,
  },
  {
    label: 'revocation',
    statement: selectRevoked(1, 0, 100),
    plan: /Index Only Scan using revocations_pkey/,
  },
  {
    label: 'count of positions',
    statement: countByPosition(positions, 1000),
    plan: /Index Only Scan using certificate_facets_pkey/,
  },
  {
    label: 'count of names',
    statement: countByName(names, 1000),
    plan: /Index Only Scan using certificate_names_pkey/,
  },
  {
    label: 'certificates that are not indexed yet',
    statement: selectUnsearchable(rows - 10, 400),
    plan: /Index Scan using certificates_pkey/,
  },
]

test('search reads indexes', async (t) => {
  const server = await postgres(t)
  if (server === undefined) return
  const db = await openTestPostgres(await server.createDatabase())
  t.after(() => db.close())
  await db.transaction([
    sql`insert into accounts (account_id, created_at_ms) values ('1', 0)`,
    sql`insert into authorities (id, partition_name, region, account_id, type, usage_mode,
        key_storage_security_standard, configuration, revocation_configuration, status,
        created_at_ms, last_state_change_at_ms, revision)
      values ('a', 'aws', 'eu-west-1', '1', 'ROOT', '', '', '{}', '{}', 'ACTIVE', 0, 0, 0)`,
    sql`insert into certificates (authority_number, serial_number, template_name, certificate_der,
        issued_at_ms, not_after)
      select 1, decode(lpad(to_hex(n), 32, '0'), 'hex'), 't', decode(repeat(md5(cast(n as text)), 40), 'hex'), n, n
      from generate_series(1, ${rows}) n`,
    sql`insert into revocations (authority_number, certificate_number, serial_number, revoked_at_ms,
        reason_code, not_after)
      select 1, n, '', 0, 1, n from generate_series(1, ${rows}) n`,
    sql`insert into certificate_facets (facet, position, certificate_number)
      select n % 3, n, n from generate_series(1, ${rows}) n`,
    sql`insert into certificate_names (facet, name, certificate_number)
      select n % 3, 'name ' || n, n from generate_series(1, ${rows}) n`,
  ])
  for (const table of ['certificates', 'revocations', 'certificate_facets', 'certificate_names'])
    await db.transaction([{ text: `analyze ${table}`, values: [] }])
  for (const { label, statement, plan } of searches) {
    const lines = await db.query({ ...statement, text: `explain ${statement.text}` })
    const text = lines.map((row) => String(row['QUERY PLAN'])).join('\n')
    assert.match(text, plan, `${label}:\n${text}`)
    assert.doesNotMatch(text, /Seq Scan on (?:certificate|revocations)/, `${label}:\n${text}`)
    // A facet's rows are read in order, up to the limit.
    assert.doesNotMatch(text, /Bitmap|Sort +\(.*\n.*\n.*using certificate_/, `${label}:\n${text}`)
  }
})
