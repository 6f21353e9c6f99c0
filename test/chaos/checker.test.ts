/** Tests of the chaos checker. Each test changes one thing in the evidence, and the checker must report the change. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { TestFolder } from '../support/database.ts'
import { command } from '../support/process.ts'
import { readCredentials } from '../support/service.ts'
import { findProblems, type Evidence, type Row } from './checker.ts'
import { choicesOf } from './choices.ts'
import { createClient } from './client.ts'
import { Fleet } from './fleet.ts'
import { createAuthorities, crlBucket } from './hierarchy.ts'
import { newLedger, type Ledger } from './ledger.ts'
import { pollCrls, runLoad, tagsOf } from './load.ts'
import { readSqlite, untilPublished } from './run.ts'

const folder = new TestFolder()
let fleet: Fleet | undefined
let evidence: Evidence

before(async () => {
  const data = folder.file('data')
  fleet = await Fleet.start(data, [], 1)
  await command(['bucket', 'create', crlBucket, '--data', data])
  const ledger = newLedger()
  const credentials = readCredentials(join(data, 'credentials'))
  const choices = choicesOf(1)
  const onUnexpected = (text: string): void => void ledger.unexpected.push(text)
  const client = createClient({ fleet, credentials, choices, onUnexpected })
  const authorities = await createAuthorities(client)
  const rows = readSqlite(join(data, 'signet.sqlite'))
  let isOver = false
  const load = { client, choices, ledger, authorities }
  const loading = runLoad({ ...load, isOver: () => ledger.issuances.length > 40 })
  const polling = pollCrls({ ...load, isOver: () => isOver })
  await loading
  await untilPublished(rows)
  isOver = true
  await polling
  const publicUrls = fleet.members.map(({ publicUrl }) => publicUrl)
  const tags = await tagsOf(client, authorities[0]?.arn ?? '')
  evidence = { rows, ledger, authorities, publicUrls, tags }
})
after(() => {
  fleet?.killAll()
  folder[Symbol.dispose]()
})

/** Returns the problems that the checker finds when query results or parts of the ledger are changed. */
async function problemsWith({
  rows = (_text, found) => found,
  ledger,
}: {
  readonly rows?: (text: string, found: Row[]) => Row[]
  readonly ledger?: Partial<Ledger>
}): Promise<string> {
  const problems = await findProblems({
    ...evidence,
    rows: async (text) => rows(text, await evidence.rows(text)),
    ledger: { ...evidence.ledger, ...ledger },
  })
  return problems.join('\n')
}

/** Changes the rows that are read from one table. */
function inTable(table: string, change: (found: Row[]) => Row[]) {
  return (text: string, found: Row[]): Row[] =>
    text.includes(`from ${table}`) && !text.includes('count(*)') ? change(found) : found
}

const issuances = (): Ledger['issuances'] => evidence.ledger.issuances

test('the checker finds no problem in unchanged evidence', async () => {
  assert.equal(await problemsWith({}), '')
  assert.ok(issuances().some(({ revocation }) => revocation !== undefined))
})

test('the checker finds certificates that are missing, changed, unrequested or duplicated', async () => {
  const certificates = (change: (found: Row[]) => Row[]): Promise<string> =>
    problemsWith({ rows: inTable('certificates', change) })
  assert.match(await certificates((found) => found.slice(0, -1)), /but is missing/)
  const doubled = await certificates((found) => [...found, ...found.slice(-1)])
  assert.match(doubled, /occurs twice\n.* has 2 certificates/)
  const [, , , , , last] = issuances()
  const others = issuances().filter((issuance) => issuance !== last)
  assert.match(await problemsWith({ ledger: { issuances: others } }), /issued without a request/)
  const serials = await certificates((found) =>
    found.map((row) => ({ ...row, serial_number: found[0]?.['serial_number'] })),
  )
  assert.match(serials, /has serial number/)
  const owners = await certificates((found) =>
    found.map((row) => ({ ...row, authority_number: 2 })),
  )
  assert.match(owners, /is not signed by its CA/)
  const times = await certificates((found) => found.map((row) => ({ ...row, not_after: 1 })))
  assert.match(times, /has a different notAfter/)
})

test('the checker finds responses that contradict each other or the database', async () => {
  const [first, second] = issuances()
  assert.ok(first !== undefined && second !== undefined)
  const withFirst = (change: object): Promise<string> =>
    problemsWith({ ledger: { issuances: [{ ...first, ...change }, ...issuances().slice(1)] } })
  assert.match(await withFirst({ certificate: second.certificate }), /bytes that differ/)
  assert.match(await withFirst({ arns: new Set([...first.arns, 'x']) }), /has several ARNs/)
  assert.match(await withFirst({ arns: second.arns }), /another certificate is stored/)
  assert.match(await withFirst({ arns: new Set() }), /was refused, but is stored/)
  const tokens = inTable('idempotency_tokens', (found) =>
    found.map((row) => ({ ...row, arn: 'x' })),
  )
  assert.match(await problemsWith({ rows: tokens }), /refers to x/)
  const tags = new Map([...evidence.ledger.tags].map(([key]) => [key, 'x']))
  assert.match(await problemsWith({ ledger: { tags } }), /^tag key 0 is/m)
  assert.match(await problemsWith({ ledger: { unexpected: ['500'] } }), /unexpected response: 500/)
})

test('the checker finds revocations that are missing in the database, a CRL or OCSP', async () => {
  const revocations = inTable('revocations', () => [])
  assert.match(await problemsWith({ rows: revocations }), /is not stored/)
  const revocation = { requestedAt: 0, acknowledgedAt: 0 }
  const revoked = issuances().map((issuance) => ({ ...issuance, revocation }))
  const found = await problemsWith({ ledger: { issuances: revoked } })
  assert.match(found, /number \d+ lacks/)
  assert.match(found, /the last version of \S+ lacks/)
  assert.match(found, /the OCSP status of \w+ is not revoked/)
  const unrevoked = issuances().map(({ revocation: _revocation, ...issuance }) => issuance)
  const surplus = await problemsWith({ ledger: { issuances: unrevoked } })
  assert.match(surplus, /was never requested/)
  assert.match(surplus, /lists \w+, which was not revoked/)
  assert.match(surplus, /the OCSP status of \w+ is not good/)
})

test('the checker finds CRLs that are out of order, have the same number or have an invalid signature', async () => {
  const { crls } = evidence.ledger
  assert.ok(crls.length > 2)
  assert.match(
    await problemsWith({ ledger: { crls: crls.toReversed() } }),
    /was fetched after number/,
  )
  assert.match(await problemsWith({ ledger: { crls: [] } }), /was never fetched/)
  const broken = crls.map((crl) => {
    const der = Buffer.from(crl.der)
    der[der.length - 1] = (der.at(-1) ?? 0) ^ 1
    return { ...crl, der }
  })
  const found = await problemsWith({ ledger: { crls: [...crls, ...broken] } })
  assert.match(found, /has an invalid signature/)
  assert.match(found, /has different contents/)
})

test('the checker finds counts, keys and CSRs that do not match the rows', async () => {
  const counts = (text: string, rows: Row[]): Row[] =>
    text.includes('c.issued') ? rows.map((row) => ({ ...row, issued: 1e6 })) : rows
  assert.match(await problemsWith({ rows: counts }), /counts are wrong/)
  const keys = (text: string, rows: Row[]): Row[] =>
    text.includes('count(*) as n from keys') ? [{ n: 1 }] : rows
  assert.match(await problemsWith({ rows: keys }), /1 keys exist for/)
  const creations = evidence.ledger.creations.map((creation) => ({
    ...creation,
    csrs: new Set(['x']),
  }))
  assert.match(await problemsWith({ ledger: { creations } }), /has a different CSR/)
  const swapped = (text: string, rows: Row[]): Row[] =>
    text.includes('a.csr_pem')
      ? rows.map((row) => ({ ...row, csr_pem: rows.find((each) => each !== row)?.['csr_pem'] }))
      : rows
  assert.match(await problemsWith({ rows: swapped }), /has another key/)
})
