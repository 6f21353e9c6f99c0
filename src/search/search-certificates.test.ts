/** Tests that compare the pages of random searches with the result of filtering all certificates. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { testServices } from '../../test/support/services.ts'
import {
  alternativeNames,
  craft,
  named,
  newKeys,
  text,
} from '../../test/support/crafted-certificates.ts'
import { TestDatabase } from '../../test/support/database.ts'
import { indexCertificates } from '../jobs/index-certificates.ts'
import { systemClock, type Clock } from '../clock.ts'
import { systemRandom } from '../random.ts'
import type { Database } from '../store/database.ts'
import { readSearchProgress } from '../store/search-progress.ts'
import { sql, type Sql } from '../store/sql.ts'
import type { CertificateFilter } from './filter.ts'
import { parseNamePattern, type NamePattern } from './name-pattern.ts'
import { searchCertificates, type SearchCursor } from './search-certificates.ts'

const now = new Date('2026-06-01T00:00:00.500Z')
const accounts = ['111111111111', '222222222222'] as const
const regions = ['eu-west-1', 'eu-west-2'] as const
/** CAs by number, with their accounts and Regions. */
const authorities = [
  { accountId: accounts[0], region: regions[0] },
  { accountId: accounts[0], region: regions[0] },
  { accountId: accounts[0], region: regions[1] },
  { accountId: accounts[1], region: regions[0] },
] as const
const templates = ['EndEntityCertificate', 'CodeSigningCertificate'] as const
const names = ['a.example.com', 'B.example.com', '*.example.com', 'ab.test', 'a'] as const
const requesters = [
  'arn:aws:iam::111111111111:user/alice',
  'arn:aws:sts::111111111111:assumed-role/ci/job-1',
  'arn:aws:sts::111111111111:assumed-role/ci/job-2',
] as const

interface Issued {
  readonly authority: number
  readonly commonName: string
  readonly names: readonly string[]
  readonly template: string
  readonly requester: string
  /** Seconds from now. */
  readonly issuedAt: number
  readonly notAfter: number
  readonly revoked: boolean
}

const seconds = fc.integer({ min: -3, max: 3 })
const issued: fc.Arbitrary<Issued> = fc.record({
  authority: fc.integer({ min: 1, max: authorities.length }),
  commonName: fc.constantFrom(...names),
  names: fc.uniqueArray(fc.constantFrom(...names), { maxLength: 3 }),
  template: fc.constantFrom(...templates),
  requester: fc.constantFrom(...requesters),
  issuedAt: seconds,
  notAfter: seconds,
  revoked: fc.boolean(),
})

interface SearchOptions {
  readonly authority: number | undefined
  readonly subject: string | undefined
  readonly name: string | undefined
  readonly template: string | undefined
  readonly requester: string | undefined
  readonly issuedAfter: number | undefined
  readonly issuedBefore: number | undefined
  readonly expiresAfter: number | undefined
  readonly expiresBefore: number | undefined
  readonly status: 'VALID' | 'EXPIRED' | 'REVOKED' | undefined
}

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 })
const searchOptions: fc.Arbitrary<SearchOptions> = fc.record({
  authority: maybe(fc.constantFrom(1, 2)),
  subject: maybe(fc.constantFrom('A.EXAMPLE.COM', 'a*', 'b.*', '*.example.com')),
  name: maybe(fc.constantFrom('.example.com', 'a*', 'b.example.com', '*.example.com', '.test')),
  template: maybe(fc.constantFrom(...templates)),
  requester: maybe(
    fc.constantFrom(...requesters, 'arn:aws:iam::111111111111:role/ci', '111111111111'),
  ),
  issuedAfter: maybe(seconds),
  issuedBefore: maybe(seconds),
  expiresAfter: maybe(seconds),
  expiresBefore: maybe(seconds),
  status: maybe(fc.constantFrom('VALID', 'EXPIRED', 'REVOKED')),
})

const keys = newKeys()
const made = new Map<string, Uint8Array>()

function derOf({ commonName, names: sans }: Issued): Uint8Array {
  const key = JSON.stringify([commonName, sans])
  const der =
    made.get(key) ??
    craft({
      keys,
      subject: named(commonName),
      extensions: [alternativeNames([...sans, 'zz'].map((name) => text('dNSName', name)))],
    }).certificate.der
  made.set(key, der)
  return der
}

const at = (offset: number): number => Math.floor(now.getTime() / 1000) + offset

/** Returns the rows of certificates whose numbers are `distance` apart. */
function rowsOf(certificates: readonly Issued[], distance = 1): Sql[] {
  return [
    sql`delete from revocations`,
    sql`delete from certificates`,
    sql`delete from certificate_facets`,
    sql`delete from certificate_names`,
    sql`update search_progress set certificate_number = 0, lease = null, lease_until_ms = 0`,
    ...certificates.flatMap((one, index) => {
      const number = (index + 1) * distance
      const serial = Buffer.alloc(16)
      serial.writeUInt32BE(number)
      return [
        sql`insert into certificates (certificate_number, authority_number, serial_number,
            template_name, certificate_der, issued_at_ms, not_after, requester_account_id,
            requester_arn)
          values (${number}, ${one.authority}, ${serial}, ${one.template}, ${derOf(one)},
            ${at(one.issuedAt) * 1000}, ${at(one.notAfter)}, '111111111111', ${one.requester})`,
        ...(one.revoked
          ? [
              sql`insert into revocations (authority_number, certificate_number, serial_number,
                  revoked_at_ms, reason_code, not_after)
                values (${one.authority}, ${number}, ${serial}, 0, 1, ${at(one.notAfter)})`,
            ]
          : []),
      ]
    }),
  ]
}

async function openWithAuthorities(): Promise<TestDatabase> {
  const database = await TestDatabase.open()
  await database.db.transaction([
    ...accounts.map(
      (id) => sql`insert into accounts (account_id, created_at_ms) values (${id}, 0)`,
    ),
    ...authorities.map(
      ({ accountId, region }, index) =>
        sql`insert into authorities (authority_number, id, partition_name, region, account_id, type,
            usage_mode, key_storage_security_standard, configuration, revocation_configuration,
            status, created_at_ms, last_state_change_at_ms, revision)
          values (${index + 1}, ${`ca-${index}`}, 'aws', ${region}, ${accountId}, 'ROOT', '', '',
            '{}', '{}', 'ACTIVE', 0, 0, 0)`,
    ),
  ])
  return database
}

function pattern(of: string | undefined): NamePattern | undefined {
  if (of === undefined) return undefined
  const parsed = parseNamePattern(of)
  assert.ok('kind' in parsed)
  return parsed
}

function filterOf(one: SearchOptions): CertificateFilter {
  const date = (offset: number | undefined): Date | undefined =>
    offset === undefined ? undefined : new Date(at(offset) * 1000)
  return {
    accountId: accounts[0],
    region: regions[0],
    authorityNumber: one.authority,
    subject: pattern(one.subject),
    alternativeName: pattern(one.name),
    templateName: one.template,
    requester: one.requester,
    issued: { after: date(one.issuedAfter), before: date(one.issuedBefore) },
    expires: { after: date(one.expiresAfter), before: date(one.expiresBefore) },
    status: one.status,
  }
}

/** Returns whether a certificate matches a filter, without using the tested code. */
function matchesFilter(one: Issued, filter: SearchOptions): boolean {
  const owner = authorities[one.authority - 1]
  const like = (options: string | undefined, ofThese: readonly string[]): boolean => {
    if (options === undefined) return true
    const wanted = options.toLowerCase()
    return ofThese
      .map((name) => name.toLowerCase())
      .some((name) => {
        if (wanted.endsWith('*')) return name.startsWith(wanted.slice(0, -1))
        return wanted.startsWith('.') ? name.endsWith(wanted) : name === wanted
      })
  }
  const roleOf = one.requester.includes('assumed-role') ? 'arn:aws:iam::111111111111:role/ci' : ''
  const isBetween = (value: number, from: number | undefined, to: number | undefined): boolean =>
    (from === undefined || value >= from) && (to === undefined || value < to)
  const status = one.revoked ? 'REVOKED' : one.notAfter < 0 ? 'EXPIRED' : 'VALID'
  return (
    owner?.accountId === accounts[0] &&
    owner.region === regions[0] &&
    (filter.authority === undefined || filter.authority === one.authority) &&
    like(filter.subject, [one.commonName]) &&
    like(filter.name, one.names) &&
    (filter.template === undefined || filter.template === one.template) &&
    (filter.requester === undefined ||
      [one.requester, roleOf, '111111111111'].includes(filter.requester)) &&
    isBetween(one.issuedAt, filter.issuedAfter, filter.issuedBefore) &&
    isBetween(one.notAfter, filter.expiresAfter, filter.expiresBefore) &&
    (filter.status === undefined || filter.status === status)
  )
}

async function found(db: Database, filter: CertificateFilter, limit: number): Promise<number[]> {
  const numbers: number[] = []
  let after: SearchCursor | undefined
  do {
    const page = await searchCertificates(db, filter, { after, limit, now })
    assert.ok(page.certificates.length <= limit)
    numbers.push(...page.certificates.map(({ number }) => number))
    after = page.next
  } while (after !== undefined)
  return numbers
}

const index = (db: Database, clock: Clock = systemClock): Promise<unknown> =>
  indexCertificates.run(
    testServices({ db, clock, random: systemRandom }),
    new AbortController().signal,
  )

/** A clock whose time is after the end of a lease that is claimed now. */
const afterLease: Clock = { now: () => new Date(Date.now() + 21_000) }

test('the pages of a search contain every matching certificate exactly once', async () => {
  await using database = await openWithAuthorities()
  const { db } = database
  await fc.assert(
    fc.asyncProperty(
      fc.array(issued, { maxLength: 30 }),
      fc.array(searchOptions, { minLength: 10, maxLength: 10 }),
      fc.integer({ min: 1, max: 7 }),
      // Depending on `distance`, an era contains several certificates, or most eras contain none. The rows of the first `old`
      // certificates have no era.
      fc.record({ distance: fc.constantFrom(1, 20_000, 200_000, 3_000_000), old: fc.nat(30) }),
      // oxlint-disable-next-line max-params -- one for each arbitrary
      async (certificates, filters, limit, { distance, old }) => {
        await db.transaction(rowsOf(certificates, distance))
        await index(db)
        // The rows have no era, as in earlier versions.
        await db.transaction([
          sql`update certificate_names set facet = facet - 1 - certificate_number / 65536
            where certificate_number <= ${old * distance}`,
        ])
        for (const filter of filters) {
          const expected = certificates.flatMap((one, at0) =>
            matchesFilter(one, filter) ? [(at0 + 1) * distance] : [],
          )
          const numbers = await found(db, filterOf(filter), limit)
          assert.deepEqual(
            numbers.toSorted((a, b) => a - b),
            expected,
            JSON.stringify(filter),
          )
        }
      },
    ),
    { numRuns: 20 },
  )
})

test('certificates that an account requested from its own CAs are sorted by expiry, like the certificates of other requesters', async () => {
  await using database = await openWithAuthorities()
  const { db } = database
  await db.transaction(rowsOf([3, 1, 2, 1].map((notAfter) => ({ ...plain, notAfter }))))
  await index(db)
  for (const requester of [accounts[0], plain.requester])
    assert.deepEqual(
      await found(db, filterOf({ ...nothing, requester, template: templates[0] }), 1),
      [2, 4, 3, 1],
    )
})

const plain: Issued = {
  authority: 1,
  commonName: 'a',
  names: ['a.example.com'],
  template: templates[0],
  requester: requesters[0],
  issuedAt: 0,
  notAfter: 1,
  revoked: false,
}

test('two processes that index at the same time index every certificate once', async () => {
  await using database = await openWithAuthorities()
  const { db } = database
  await db.transaction(rowsOf(Array.from({ length: 200 }, () => plain)))
  await Promise.all([index(db), index(db), index(db)])
  await index(db)
  assert.equal(await readSearchProgress(db), 200)
  const all = await found(db, filterOf({ ...nothing, name: '.example.com' }), 1000)
  assert.equal(all.length, 200)
})

/** The first transaction claims the lease. Six more transactions insert the entries for 500 certificates. */
const written = fc.integer({ min: 1, max: 6 })

test('after an index run is interrupted at any point, the next run completes it without duplicates', async () => {
  await using database = await openWithAuthorities()
  const { db } = database
  await fc.assert(
    fc.asyncProperty(written, async (last) => {
      await db.transaction(rowsOf(Array.from({ length: 500 }, () => plain)))
      let count = 0
      const failing: Database = {
        ...db,
        async transaction(statements) {
          count += 1
          if (count > last) throw new Error('the process ends')
          return db.transaction(statements)
        },
      }
      await assert.rejects(index(failing), /the process ends/)
      await index(db, afterLease)
      assert.equal(await readSearchProgress(db), 500)
      for (const filter of [{ name: '.example.com' }, { subject: 'a' }, { template: templates[0] }])
        assert.deepEqual(
          (await found(db, filterOf({ ...nothing, ...filter }), 1000)).toSorted((a, b) => a - b),
          Array.from({ length: 500 }, (_, place) => place + 1),
          JSON.stringify(filter),
        )
    }),
    { numRuns: 10 },
  )
})

test('a process that has lost the lease of the search tables inserts nothing more', async () => {
  await using database = await openWithAuthorities()
  const { db } = database
  await db.transaction(rowsOf(Array.from({ length: 500 }, () => plain)))
  let count = 0
  let late = 0
  const slow: Database = {
    ...db,
    async transaction(statements) {
      count += 1
      if (count === 4) {
        await index(db, afterLease)
        await db.transaction([sql`delete from certificate_names`])
      }
      const rows = await db.transaction(statements)
      if (count >= 4) late += 1
      return rows
    },
  }
  await index(slow)
  assert.equal(late, 0)
  assert.equal(await readSearchProgress(db), 500)
  assert.deepEqual(await db.query(sql`select facet from certificate_names`), [])
})

const nothing: SearchOptions = {
  authority: undefined,
  subject: undefined,
  name: undefined,
  template: undefined,
  requester: undefined,
  issuedAfter: undefined,
  issuedBefore: undefined,
  expiresAfter: undefined,
  expiresBefore: undefined,
  status: undefined,
}

test('a page reads at most its limit of certificates and returns a cursor for the next page', async () => {
  await using database = await openWithAuthorities()
  const { db } = database
  // Each of the two filters matches 200 certificates. Only one certificate matches both.
  const one = { ...plain, commonName: 'ab.test', names: ['a'] }
  const other = { ...plain, commonName: 'a', names: ['ab.test'] }
  const both = { ...plain, commonName: 'ab.test', names: ['ab.test'] }
  const many = Array.from({ length: 399 }, (_, place) => (place < 200 ? one : other))
  await db.transaction(rowsOf([...many, both]))
  await index(db)
  const filter = filterOf({ ...nothing, subject: 'ab.test', name: 'ab.test' })
  let most = 0
  const counting: Pick<Database, 'query'> = {
    async query(statement) {
      const answer = await db.query(statement)
      most = Math.max(most, answer.length)
      return answer
    },
  }
  const first = await searchCertificates(counting, filter, { after: undefined, limit: 10, now })
  assert.deepEqual(first.certificates, [])
  assert.ok(first.next)
  assert.ok(most <= 150, `${most} rows`)
  const { certificates, next } = await searchCertificates(counting, filter, {
    after: first.next,
    limit: 10,
    now,
  })
  assert.deepEqual(
    certificates.map(({ number }) => number),
    [400],
  )
  assert.equal(next, undefined)
})

test('an unreadable certificate is found by its recorded data', async () => {
  await using database = await openWithAuthorities()
  const { db } = database
  await db.transaction([
    ...rowsOf([plain]),
    sql`update certificates set certificate_der = ${Buffer.from('3000', 'hex')}`,
  ])
  await index(db)
  assert.deepEqual(await found(db, filterOf({ ...nothing, template: templates[0] }), 10), [1])
  assert.deepEqual(await found(db, filterOf({ ...nothing, name: '.example.com' }), 10), [])
})
