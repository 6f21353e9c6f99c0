/** That the checker sees what may go wrong: each time one thing is not as it was answered. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { TestFolder } from '../support/database.ts'
import { command } from '../support/process.ts'
import { readCredentials } from '../support/service.ts'
import { findFaults, type Evidence, type Row } from './checker.ts'
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
  const onStrange = (text: string): void => void ledger.strange.push(text)
  const client = createClient({ fleet, credentials, choices, onStrange })
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

/** The faults that are found when rows that a query reads, or what was heard, are changed. */
async function faultsWith({
  rows = (_text, found) => found,
  ledger,
}: {
  readonly rows?: (text: string, found: Row[]) => Row[]
  readonly ledger?: Partial<Ledger>
}): Promise<string> {
  const faults = await findFaults({
    ...evidence,
    rows: async (text) => rows(text, await evidence.rows(text)),
    ledger: { ...evidence.ledger, ...ledger },
  })
  return faults.join('\n')
}

/** Changes what is read from one table. */
function inTable(table: string, change: (found: Row[]) => Row[]) {
  return (text: string, found: Row[]): Row[] =>
    text.includes(`from ${table}`) && !text.includes('count(*)') ? change(found) : found
}

const heard = (): Ledger['issuances'] => evidence.ledger.issuances

test('nothing is found where nothing is wrong', async () => {
  assert.equal(await faultsWith({}), '')
  assert.ok(heard().some(({ revocation }) => revocation !== undefined))
})

test('certificates that are missing, changed, of nobody, or there twice', async () => {
  const certificates = (change: (found: Row[]) => Row[]): Promise<string> =>
    faultsWith({ rows: inTable('certificates', change) })
  assert.match(await certificates((found) => found.slice(0, -1)), /and is missing/)
  const doubled = await certificates((found) => [...found, ...found.slice(-1)])
  assert.match(doubled, /occurs twice\n.* has 2 certificates/)
  const [, , , , , last] = heard()
  const others = heard().filter((one) => one !== last)
  assert.match(await faultsWith({ ledger: { issuances: others } }), /nobody asked for it/)
  const serials = await certificates((found) =>
    found.map((row) => ({ ...row, serial_number: found[0]?.['serial_number'] })),
  )
  assert.match(serials, /has serial number/)
  const owners = await certificates((found) =>
    found.map((row) => ({ ...row, authority_number: 2 })),
  )
  assert.match(owners, /is not signed by its CA/)
  const times = await certificates((found) => found.map((row) => ({ ...row, not_after: 1 })))
  assert.match(times, /has another notAfter/)
})

test('answers that contradict each other or the record', async () => {
  const [first, second] = heard()
  assert.ok(first !== undefined && second !== undefined)
  const withFirst = (change: object): Promise<string> =>
    faultsWith({ ledger: { issuances: [{ ...first, ...change }, ...heard().slice(1)] } })
  assert.match(await withFirst({ certificate: second.certificate }), /other octets/)
  assert.match(await withFirst({ arns: new Set([...first.arns, 'x']) }), /was answered/)
  assert.match(await withFirst({ arns: second.arns }), /is another certificate/)
  assert.match(await withFirst({ arns: new Set() }), /was refused and issued/)
  const tokens = inTable('idempotency_tokens', (found) =>
    found.map((row) => ({ ...row, arn: 'x' })),
  )
  assert.match(await faultsWith({ rows: tokens }), /stands for x/)
  const tags = new Map([...evidence.ledger.tags].map(([key]) => [key, 'x']))
  assert.match(await faultsWith({ ledger: { tags } }), /^tag key 0 is/m)
  assert.match(await faultsWith({ ledger: { strange: ['500'] } }), /strange answer: 500/)
})

test('revocations that the record, a CRL or OCSP does not know', async () => {
  const revocations = inTable('revocations', () => [])
  assert.match(await faultsWith({ rows: revocations }), /which is not recorded/)
  const revocation = { askedAt: 0, answeredAt: 0 }
  const issuances = heard().map((one) => ({ ...one, revocation }))
  const found = await faultsWith({ ledger: { issuances } })
  assert.match(found, /number \d+ lacks/)
  assert.match(found, /the last one, lacks/)
  assert.match(found, /OCSP does not say that \w+ is revoked/)
  const never = heard().map(({ revocation: _revocation, ...one }) => one)
  const more = await faultsWith({ ledger: { issuances: never } })
  assert.match(more, /was never revoked/)
  assert.match(more, /lists \w+ as well/)
  assert.match(more, /OCSP does not say that \w+ is good/)
})

test('CRLs out of order, and two of one number', async () => {
  const { crls } = evidence.ledger
  assert.ok(crls.length > 2)
  assert.match(await faultsWith({ ledger: { crls: crls.toReversed() } }), /came after/)
  assert.match(await faultsWith({ ledger: { crls: [] } }), /was never seen/)
  const broken = crls.map((one) => {
    const der = Buffer.from(one.der)
    der[der.length - 1] = (der.at(-1) ?? 0) ^ 1
    return { ...one, der }
  })
  const found = await faultsWith({ ledger: { crls: [...crls, ...broken] } })
  assert.match(found, /does not verify/)
  assert.match(found, /has two contents/)
})

test('counts, keys and CSRs that are not those of the rows', async () => {
  const counted = (text: string, rows: Row[]): Row[] =>
    text.includes('c.issued') ? rows.map((row) => ({ ...row, issued: 1e6 })) : rows
  assert.match(await faultsWith({ rows: counted }), /counts are wrong/)
  const keys = (text: string, rows: Row[]): Row[] =>
    text.includes('count(*) as n from keys') ? [{ n: 1 }] : rows
  assert.match(await faultsWith({ rows: keys }), /1 keys of/)
  const creations = evidence.ledger.creations.map((one) => ({ ...one, csrs: new Set(['x']) }))
  assert.match(await faultsWith({ ledger: { creations } }), /has another CSR/)
  const swapped = (text: string, rows: Row[]): Row[] =>
    text.includes('a.csr_pem')
      ? rows.map((row) => ({ ...row, csr_pem: rows.find((one) => one !== row)?.['csr_pem'] }))
      : rows
  assert.match(await faultsWith({ rows: swapped }), /is of another key/)
})
