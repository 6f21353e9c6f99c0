/** Tests with EXPLAIN QUERY PLAN that none of a server's regular statements scans an entire growing table. */
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { after, before, suite, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { csr } from '../../test/support/csrs.ts'
import { createRoot, issue, issueInput } from '../../test/support/hierarchy.ts'
import {
  crlBucket,
  crlConfiguration,
  eventually,
  revocationOptions,
  revoke,
} from '../../test/support/revocation.ts'
import { TestService } from '../../test/support/service.ts'
import { listAccessKeys, listAccessKeysOfUser } from './access-keys.ts'
import { selectAuditedCertificates } from './audit-report-rows.ts'
import type { Authority } from '../authority/authority.ts'
import { deleteExpiredTokens } from './idempotency-tokens.ts'
import { claimDueCrls } from './crls.ts'
import { claimChallenges } from './enrollment/challenges.ts'
import { listIdentityProviders } from './identity-providers.ts'
import { listJobQueues } from './job-outcomes.ts'
import { releaseLease, releaseLeases, type Lease } from './leases.ts'
import { deleteEntries, retireCertificate, selectRetirable } from './retired-certificates.ts'
import { findIssuedStatus, recountRevocations, selectRevocations } from './revocations.ts'
import type { CertificateFilter } from '../search/filter.ts'
import { searchCertificates } from '../search/search-certificates.ts'
import { selectUnsearchable } from './search-progress.ts'
import { listRoles } from './roles.ts'
import type { Row, Sql } from './sql.ts'
import { sqliteSchema } from './sqlite/schema.ts'
import type { Database } from './database.ts'
import { listUsers } from './users.ts'

/** Tables that grow with certificates, revocations, calls or changes. */
const growing = [
  'certificates',
  'retired_certificates',
  'certificate_days',
  'certificate_facets',
  'certificate_names',
  'revocations',
  'idempotency_tokens',
  'crls',
  'events',
]

/** Records the text of every statement that a server runs. */
class Recorder {
  readonly texts = new Set<string>()

  wrap = (db: Database): Database => ({
    ...db,
    query: (statement) => {
      this.#add(statement)
      return db.query(statement)
    },
    transaction: (statements) => {
      for (const statement of statements) this.#add(statement)
      return db.transaction(statements)
    },
  })

  #add({ text }: Sql): void {
    this.texts.add(text.replaceAll(/\s+/g, ' ').trim())
  }
}

/** Returns the lines of the plan that scan an entire growing table, or an entire index on it. */
function scansOf(database: DatabaseSync, text: string): string[] {
  const plan = database.prepare(`explain query plan ${text}`).all() as { detail: string }[]
  return plan.flatMap(({ detail }) => {
    const name = /^SCAN (\w+)/.exec(detail)?.[1]
    return name !== undefined && growing.includes(tableOf(text, name)) ? [detail] : []
  })
}

/** Returns the table behind an alias in a statement. */
function tableOf(text: string, alias: string): string {
  return new RegExp(`\\b(?:from|join|update) (\\w+) (?:as )?${alias}\\b`).exec(text)?.[1] ?? alias
}

/** Returns the steps of the plan. `parent` is the enclosing step. */
function planOf(database: DatabaseSync, text: string): { parent: number; detail: string }[] {
  return database.prepare(`explain query plan ${text}`).all() as never
}

const account = { accountId: '123456789012', region: 'eu-west-1' }
const date = new Date('2026-06-01T00:00:00Z')
const name = { kind: 'exact', key: 'a' } as const
const byPosition = 'SEARCH certificate_facets USING PRIMARY KEY (facet=? AND (position,'
const byName = 'SEARCH certificate_names USING PRIMARY KEY (facet=? AND (name,'

/** Every documented filter, alone and combined, with the index that must serve it. */
const searches: readonly { what: string; filter: CertificateFilter; by: string }[] = [
  { what: 'account', filter: account, by: byPosition },
  { what: 'CA', filter: { ...account, authorityNumber: 1 }, by: byPosition },
  {
    what: 'serial number',
    filter: { ...account, serialNumber: new Uint8Array(16) },
    by: 'USING INDEX certificates_by_serial_number (serial_number=? AND authority_number>?)',
  },
  { what: 'subject', filter: { ...account, subject: name }, by: byName },
  {
    what: 'subject, prefix',
    filter: { ...account, subject: { kind: 'prefix', key: 'a' } },
    by: byName,
  },
  { what: 'alternative name', filter: { ...account, alternativeName: name }, by: byName },
  {
    what: 'end of an alternative name',
    filter: { ...account, alternativeName: { kind: 'suffix', key: '.a' } },
    by: byName,
  },
  { what: 'template', filter: { ...account, templateName: 'a' }, by: byPosition },
  { what: 'requester', filter: { ...account, requester: 'a' }, by: byPosition },
  {
    what: 'time of issue',
    filter: { ...account, issued: { after: date, before: date } },
    by: byPosition,
  },
  {
    what: 'expiry',
    filter: { ...account, expires: { after: date, before: date } },
    by: byPosition,
  },
  { what: 'VALID', filter: { ...account, status: 'VALID' }, by: byPosition },
  { what: 'EXPIRED', filter: { ...account, status: 'EXPIRED' }, by: byPosition },
  {
    what: 'REVOKED',
    filter: { ...account, status: 'REVOKED' },
    by: 'SEARCH revocations USING PRIMARY KEY (authority_number=? AND certificate_number>?)',
  },
  {
    what: 'all conditions combined',
    filter: {
      ...account,
      authorityNumber: 1,
      subject: name,
      alternativeName: name,
      templateName: 'a',
      requester: 'a',
      issued: { after: date },
      expires: { before: date },
      status: 'REVOKED',
    },
    by: byName,
  },
]

/** Returns the statements of a search in an empty database. Each count returns one row. */
async function statementsOf(filter: CertificateFilter): Promise<Sql[]> {
  const statements: Sql[] = []
  const query = async (statement: Sql): Promise<Row[]> => {
    statements.push(statement)
    if (statement.text.includes('as found')) return [{ found: 1 }]
    return statement.text.startsWith('select authority_number') ? [{ authority_number: 1 }] : []
  }
  await searchCertificates({ query }, filter, { after: undefined, limit: 100, now: date })
  return statements
}

/** Calls every operation of a busy server once. */
async function useEverything(service: TestService): Promise<void> {
  const roots = [
    await createRoot(service, { more: revocationOptions(crlConfiguration(), { Enabled: true }) }),
    await createRoot(service, {
      more: revocationOptions(crlConfiguration({ CrlType: 'PARTITIONED' })),
    }),
  ]
  for (const { arn } of roots) {
    const about = { CertificateAuthorityArn: arn }
    const more = { IdempotencyToken: 'again' }
    const input = issueInput(arn, csr('ec-server'), { more })
    await service.must('IssueCertificate', input)
    await service.must('IssueCertificate', input)
    const issued = await issue(service, { arn, csr: csr('ec-server') })
    await service.must('DescribeCertificateAuthority', about)
    await service.must('ListCertificateAuthorities', { MaxResults: 1 })
    await service.runJob('index-certificates')
    await service.must('GetStatistics', {})
    await revoke(service, issued.arn)
    const report = await service.must('CreateCertificateAuthorityAuditReport', {
      ...about,
      S3BucketName: crlBucket,
      AuditReportResponseFormat: 'JSON',
    })
    const { AuditReportId } = report
    await eventually(async () => {
      const { AuditReportStatus } = await service.must('DescribeCertificateAuthorityAuditReport', {
        ...about,
        AuditReportId,
      })
      return AuditReportStatus === 'SUCCESS' ? true : undefined
    }, 'an audit report')
  }
}

suite('query plans', () => {
  const recorder = new Recorder()
  let service: TestService
  const schema = new DatabaseSync(':memory:')
  before(async () => {
    for (const version of sqliteSchema) schema.exec(version)
    const flags = {
      auditReportInterval: '0',
      crlDelay: '0',
      // Nothing listens at this address, so events stay in the queue.
      eventWebhook: 'http://127.0.0.1:9/',
    }
    service = await TestService.start(flags, { wrapDatabase: recorder.wrap })
    await service.createBucket(crlBucket)
    // Statements that run only at startup or that record existing rows once are excluded.
    await service.runJob('seal-record')
    recorder.texts.clear()
    await useEverything(service)
    const published = /^update crls set generated_at_ms/
    await eventually(
      async () => ([...recorder.texts].some((text) => published.test(text)) ? true : undefined),
      'a CRL',
    )
    await setTimeout(200)
  })
  after(async () => {
    await service.close()
    schema.close()
  })

  test('the explained statements have been run', () => {
    for (const begin of [
      'insert into certificates',
      'insert into revocations',
      'insert into certificate_days',
      'select utc_day',
      'insert into idempotency_tokens',
      'insert into events',
      'select arn from idempotency_tokens',
      'update certificate_counts',
      'update crls set changes',
      'update crls set lease =',
      'update events set lease =',
    ])
      assert.ok(
        [...recorder.texts].some((text) => text.startsWith(begin)),
        `no statement has run that begins with "${begin}"`,
      )
  })

  test('no statement of the server scans a whole growing table', () => {
    const scans = [...recorder.texts]
      .filter((text) => !text.startsWith('pragma'))
      .flatMap((text) => scansOf(schema, text).map((line) => `${line}: ${text}`))
    assert.deepEqual(scans, [])
  })

  test('no statement of bulk work, OCSP or rare operations scans a whole growing table', async () => {
    const keptSince = new Date(0)
    const authority = { number: 1 } as Authority
    const forOcsp: Sql[] = []
    const query = async (statement: Sql): Promise<[]> => {
      forOcsp.push(statement)
      return []
    }
    await findIssuedStatus({ query } as unknown as Database, 1, new Uint8Array(16))
    assert.equal(forOcsp.length, 2)
    const bytes = new Uint8Array(16)
    for (const { text } of [
      ...forOcsp,
      selectRetirable(1),
      selectRevocations({ authorityNumber: 1, crlId: undefined, keptSince }, 1, 500),
      selectRevocations({ authorityNumber: 1, crlId: 1, keptSince }, 1, 500),
      selectAuditedCertificates(1, 1, 500),
      selectUnsearchable(1, 500),
      deleteExpiredTokens(keptSince, 500),
      recountRevocations(authority, keptSince),
      ...retireCertificate(
        {
          certificate_number: 1,
          authority_number: 1,
          serial_number: bytes,
          certificate_der: bytes,
        },
        { subjectDer: new Uint8Array(), notBefore: keptSince },
        { now: keptSince, before: keptSince },
      ),
      ...deleteEntries({
        positions: new Map([[1, { keys: [1], numbers: [1] }]]),
        names: new Map([[1, { keys: ['name'], numbers: [1] }]]),
      }),
    ])
      assert.deepEqual(scansOf(schema, text), [], text)
  })

  test('claims, counts and releases of queues use the indexes and skip rows that are not due', async () => {
    const now = new Date()
    const lease: Lease = { token: 'one', now, until: now }
    const plan = (text: string): string[] =>
      (schema.prepare(`explain query plan ${text}`).all() as { detail: string }[])
        .map(({ detail }) => detail)
        .filter((detail) =>
          /\b(?:crls|events|audit_reports|search_progress|certificate_intents|acme_challenges)\b/.test(
            detail,
          ),
        )
    const claim = plan(claimDueCrls(lease, 8).text)
    for (const index of ['crls_due', 'crls_generated', 'crls_changed'])
      assert.ok(
        claim.some((line) => line.startsWith(`SEARCH crls USING INDEX ${index} (`)),
        claim.join('\n'),
      )
    const challenges = plan(claimChallenges(lease, 8).text)
    assert.ok(
      challenges.some((line) =>
        line.startsWith('SEARCH acme_challenges USING INDEX acme_challenges_due (retry_at_ms<'),
      ),
      challenges.join('\n'),
    )
    assert.ok(!challenges.some((line) => line.startsWith('SCAN')), challenges.join('\n'))
    for (const { text } of [...releaseLeases(), ...releaseLease(lease)]) {
      const [line, ...others] = plan(text)
      assert.match(line ?? '', /^SEARCH (\w+) USING INDEX \1_leased \(lease[=>]/)
      assert.deepEqual(others, [])
    }
    const counted: string[] = []
    const query = async ({ text }: Sql): Promise<[]> => {
      counted.push(...plan(text))
      return []
    }
    await listJobQueues({ query } as unknown as Database, now)
    // The waiting events are counted from the index, without reading their text.
    assert.deepEqual(
      counted.filter((line) => line.includes('events')),
      ['SCAN events USING COVERING INDEX events_due'],
    )
    assert.deepEqual(
      counted.filter((line) => line.includes('crls')),
      ['SEARCH crls USING INDEX crls_due (due_at_ms<?)'],
    )
  })

  test('pages of users, roles, access keys and identity providers are read in the order of an index', async () => {
    const plans: string[] = []
    const query = async ({ text }: Sql): Promise<[]> => {
      plans.push(
        planOf(schema, text)
          .map(({ detail }) => detail)
          .join('\n'),
      )
      return []
    }
    const db = { query } as unknown as Database
    const first = { after: undefined, limit: 100 }
    const { accountId } = account
    await listUsers(db, accountId, first)
    await listRoles(db, accountId, first)
    await listAccessKeys(db, accountId, first)
    await listIdentityProviders(db, accountId, first)
    assert.equal(plans.length, 4)
    for (const plan of plans) assert.doesNotMatch(plan, /^SCAN (?!CONSTANT)|FOR ORDER BY/m)
    // The keys of one user are sorted after they are found by the user's ID.
    await listAccessKeysOfUser(db, 'AIDAEXAMPLE', first)
    assert.match(plans.at(-1) ?? '', /^SEARCH k USING INDEX access_keys_by_user \(user_id=\?\)/m)
  })

  for (const { what, filter, by } of searches)
    test(`search by ${what} reads an index and sorts at most one page`, async () => {
      const statements = await statementsOf(filter)
      assert.notEqual(statements.length, 0)
      const plans = statements.map(({ text }) => planOf(schema, text))
      for (const [place, { text }] of statements.entries()) {
        assert.deepEqual(scansOf(schema, text), [], text)
        // Rows up to the limit are read in index order. Only the rows on the page are sorted.
        const plan = plans[place] ?? []
        const sorts = plan.filter(({ detail }) => detail.includes('TEMP B-TREE'))
        for (const { parent, detail } of plan)
          if (/^SEARCH (?:certificate_|revocations USING)/.test(detail))
            assert.ok(!sorts.some((sort) => sort.parent === parent), `${detail}: ${text}`)
      }
      const details = plans.flat().map(({ detail }) => detail)
      assert.ok(
        details.some((line) => line.includes(by)),
        `${by} is not in ${details.join('; ')}`,
      )
    })

  test('the check finds the scan of a table by its name and by an alias', () => {
    for (const text of [
      'select * from certificates where not_after > 1',
      'select * from accounts a join certificates c on c.requester_account_id = a.account_id',
      'select count(*) from revocations as r where reason_code = 1',
      'update events set failures = 0 where failures = 1',
    ])
      assert.equal(scansOf(schema, text).length, 1, text)
    assert.deepEqual(scansOf(schema, 'select * from certificates where certificate_number = 1'), [])
  })
})
