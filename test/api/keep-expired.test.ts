/**
 * Tests that `--keep-expired` deletes only long-expired certificates and their index entries. Counts and audit reports must
 * remain correct.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { testServices } from '../support/services.ts'
import { openData, type DataFolder } from '../../src/data-folder/data-folder.ts'
import { createDeleteExpired } from '../../src/jobs/delete-expired.ts'
import { facetNumber } from '../../src/search/facets.ts'
import { sql } from '../../src/store/sql.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { csr } from '../support/csrs.ts'
import { createRoot, createSubordinate, issue, type Issued } from '../support/hierarchy.ts'
import { ocspRequest } from '../support/ocsp-requests.ts'
import { command } from '../support/process.ts'
import {
  crlBucket,
  crlThat,
  crlWith,
  eventually,
  lastOf,
  revocationOptions,
  revoke,
} from '../support/revocation.ts'
import { searchable } from '../support/search.ts'
import { TestService, type Members } from '../support/service.ts'

const log = createLog('silent')
const keepDays = 30
const job = createDeleteExpired(keepDays * 86_400)

/** Runs the job concurrently on each node, and returns the total number of deleted certificates. */
async function deleteExpired(
  service: TestService,
  ...nodes: readonly DataFolder[]
): Promise<number> {
  const { signal } = new AbortController()
  const results = await Promise.all(
    nodes.map(({ db }) => job.run(testServices({ db, clock: service.clock, log }), signal)),
  )
  return results.reduce((sum, { done, failed }) => sum + done + failed, 0)
}

async function countOf(service: TestService, text: string): Promise<number> {
  const [row] = await service.inDatabase(text)
  return Number(row?.['n'])
}

/**
 * Adds the two index entries that earlier versions wrote for every certificate: the account, and the account as the requester.
 */
async function insertFormerEntries(db: DataFolder['db'] | undefined): Promise<void> {
  assert.ok(db)
  const rows = await db.query(sql`select authority_number, account_id, region from authorities`)
  for (const row of rows) {
    const authorityNumber = Number(row['authority_number'])
    const accountId = String(row['account_id'])
    const account = { accountId, region: String(row['region']) }
    for (const facet of [
      facetNumber('expiry', account),
      facetNumber('requester', account, accountId),
      facetNumber('requester', { authorityNumber }, accountId),
    ])
      await db.transaction([
        sql`insert into certificate_facets select ${facet}, not_after, certificate_number
          from certificates where authority_number = ${authorityNumber}`,
      ])
  }
}

suite('certificates that expired long ago', () => {
  let service: TestService
  let nodes: DataFolder[]
  let root: { arn: string; certificate: string }
  let short: Issued[]
  let long: Issued[]
  let revoked: Issued
  let subordinate: { arn: string; certificate: string }
  const shortCount = 60
  before(async () => {
    service = await TestService.start({ crlDelay: '0', auditReportInterval: '0' })
    await service.createBucket(crlBucket)
    nodes = []
    for (let n = 0; n < 2; n += 1) nodes.push(await openData(service.config, { mayCreate: false }))
    root = await createRoot(service, { more: revocationOptions(undefined, { Enabled: true }) })
    const RevocationConfiguration = revocationOptions(undefined, {
      Enabled: true,
    }).RevocationConfiguration
    await service.must('UpdateCertificateAuthority', {
      CertificateAuthorityArn: root.arn,
      RevocationConfiguration: {
        ...RevocationConfiguration,
        ...revocationOptions().RevocationConfiguration,
      },
    })
    const issueMany = (count: number, days: number): Promise<Issued[]> =>
      Promise.all(
        Array.from({ length: count }, () =>
          issue(
            service,
            { arn: root.arn, csr: csr('ec-server') },
            { validity: { Value: days, Type: 'DAYS' } },
          ),
        ),
      )
    subordinate = await createSubordinate(service, root, { validity: { Value: 10, Type: 'DAYS' } })
    short = await issueMany(shortCount, 10)
    long = await issueMany(3, 400)
    revoked = short[0] as Issued
    await revoke(service, revoked.arn)
    await crlWith(service, revoked.arn)
    await searchable(service)
    // This process caches the certificates before another process deletes them.
    for (let times = 0; times < 3; times += 1) await Promise.all(short.map(get))
  })
  after(async () => {
    for (const { db } of nodes) await db.close()
    await service.close()
  })

  const get = ({
    arn,
  }: {
    arn: string
  }): Promise<{ status: number; json: Record<string, unknown> }> =>
    service.call('GetCertificate', { CertificateAuthorityArn: root.arn, CertificateArn: arn })

  async function listArns(): Promise<Set<string>> {
    const arns = new Set<string>()
    let NextToken: string | undefined
    do {
      const input = {
        CertificateAuthorityArn: root.arn,
        ...(NextToken !== undefined && { NextToken }),
      }
      const page: Members = await service.must('ListCertificates', input)
      for (const { CertificateArn } of page.Certificates) arns.add(CertificateArn)
      NextToken = page.NextToken
    } while (NextToken !== undefined)
    return arns
  }

  async function report(format: 'JSON' | 'CSV'): Promise<string> {
    const authority = { CertificateAuthorityArn: root.arn }
    const { AuditReportId, S3Key } = await service.must('CreateCertificateAuthorityAuditReport', {
      ...authority,
      S3BucketName: crlBucket,
      AuditReportResponseFormat: format,
    })
    await eventually(async () => {
      const found = await service.must('DescribeCertificateAuthorityAuditReport', {
        ...authority,
        AuditReportId,
      })
      return found.AuditReportStatus === 'CREATING' ? undefined : found
    }, 'an audit report')
    return (await service.readObject(crlBucket, S3Key))?.toString() ?? ''
  }

  const issuedCount = (): Promise<number> =>
    countOf(service, 'select sum(issued) as n from certificate_counts')

  const verified = async (): Promise<Members> => {
    const { code, stdout } = await command(['verify', '--data', service.config.dataDirectory])
    assert.equal(code, 0, stdout)
    return JSON.parse(stdout)
  }

  test('expired certificates are kept for the configured duration', async () => {
    service.clock.advance({ days: 10 + keepDays - 1 })
    assert.equal(await deleteExpired(service, ...nodes), 0)
    assert.equal((await get(short[1] as Issued)).status, 200)
  })

  test('one of two nodes deletes expired certificates, except for CA certificates and certificates on a CRL', async () => {
    // The last regular CRL that lists the expired certificate has been published by now.
    service.clock.advance({ days: 2 })
    const issuedBefore = await issuedCount()
    const reportsBefore = [await report('JSON'), await report('CSV')]
    const rows = await countOf(service, 'select count(*) as n from certificates')
    await insertFormerEntries(nodes[0]?.db)
    assert.equal(await deleteExpired(service, ...nodes), shortCount - 1)
    assert.equal(await deleteExpired(service, ...nodes), 0)
    assert.equal(
      await countOf(service, 'select count(*) as n from certificates'),
      rows - (shortCount - 1),
    )
    for (const certificate of short.slice(1)) {
      const { status, json } = await get(certificate)
      assert.equal(status, 400)
      assert.deepEqual(json, {
        __type: 'ResourceNotFoundException',
        message: `Could not find certificate ${certificate.arn}.`,
      })
    }
    for (const certificate of [revoked, ...long]) assert.equal((await get(certificate)).status, 200)
    const arns = await listArns()
    for (const { arn } of long) assert.ok(arns.has(arn))
    for (const { arn } of short.slice(1)) assert.ok(!arns.has(arn))
    // The root, the subordinate CA, the revoked certificate, and the valid certificates remain.
    assert.equal(arns.size, 3 + long.length)
    assert.ok(
      await service.must('DescribeCertificateAuthority', {
        CertificateAuthorityArn: subordinate.arn,
      }),
    )
    for (const table of ['certificate_facets', 'certificate_names'])
      assert.equal(
        await countOf(
          service,
          `select count(*) as n from ${table} where certificate_number not in (select certificate_number from certificates)`,
        ),
        0,
        table,
      )
    assert.equal(await issuedCount(), issuedBefore)
    assert.deepEqual([await report('JSON'), await report('CSV')], reportsBefore)
    const { Certificates, Revocations } = await verified()
    assert.deepEqual([Certificates, Revocations], [rows - (shortCount - 1), 1])
  })

  test('RevokeCertificate and OCSP do not find deleted certificates', async () => {
    const { arn } = short[1] as Issued
    const { json } = await service.call('RevokeCertificate', {
      CertificateAuthorityArn: root.arn,
      CertificateSerial: lastOf(arn),
      RevocationReason: 'SUPERSEDED',
    })
    assert.equal(json['__type'], 'ResourceNotFoundException')
    const body = ocspRequest([{ issuer: root.certificate, serial: lastOf(arn) }])
    const response = await fetch(`${service.publicUrl}/ocsp`, { method: 'POST', body })
    // The response status is unauthorized (RFC 5019 §2.2.3).
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), Buffer.from('30030a0106', 'hex'))
  })

  test('a revoked certificate is deleted after a CRL without it was published', async () => {
    const key = `crl/${lastOf(root.arn)}.crl`
    let crl = await crlThat(service, key, () => true)
    // The first CRL after the expiry lists the certificate once more.
    for (let n = 0; n < 2; n += 1) {
      const last = crl.crlNumber!
      service.clock.advance({ days: 4 })
      await service.restart()
      crl = await crlThat(service, key, ({ crlNumber }) => crlNumber! > last)
    }
    assert.equal(crl.entries.size, 0)
    await eventually(async () => {
      const n = await countOf(service, 'select count(*) as n from crls where lease is not null')
      return n === 0 || undefined
    }, 'the end of the publication')
    const reportsBefore = [await report('JSON'), await report('CSV')]
    assert.equal(await deleteExpired(service, ...nodes), 1)
    assert.equal((await get(revoked)).status, 400)
    assert.deepEqual([await report('JSON'), await report('CSV')], reportsBefore)
    assert.match(reportsBefore[1] ?? '', /KEY_COMPROMISE/)
    assert.equal((await verified()).Revocations, 0)
  })

  test('search finds a certificate issued after the deletion, and the counts stay consistent', async () => {
    const next = await issue(service, { arn: root.arn, csr: csr('ec-server') })
    await searchable(service)
    assert.ok((await listArns()).has(next.arn))
    await verified()
  })

  test('a backup and its restore contain the remaining records of deleted certificates', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'signet-expired-'))
    after(() => rmSync(folder, { recursive: true }))
    const [file, passphrase, data] = [join(folder, 'b'), join(folder, 'p'), join(folder, 'data')]
    writeFileSync(passphrase, 'correct horse battery\n', { mode: 0o600 })
    const lock = ['--passphrase-file', passphrase]
    const backup = await command(['backup', file, ...lock, '--data', service.config.dataDirectory])
    assert.equal(backup.code, 0, backup.stderr)
    assert.equal(JSON.parse(backup.stdout).Rows.retired_certificates, shortCount)
    const restored = await command(['restore', file, ...lock, '--data', data])
    assert.equal(restored.code, 0, restored.stderr)
    assert.equal(JSON.parse(restored.stdout).Rows.retired_certificates, shortCount)
  })
})

suite('the newest certificate', () => {
  test('the newest certificate is kept, so that its number is not reused and search finds later certificates', async (t) => {
    const service = await TestService.start()
    t.after(() => service.close())
    const data = await openData(service.config, { mayCreate: false })
    t.after(() => data.db.close())
    const root = await createRoot(service)
    const issueShort = (): Promise<Issued> =>
      issue(
        service,
        { arn: root.arn, csr: csr('ec-server') },
        { validity: { Value: 1, Type: 'DAYS' } },
      )
    const [, last] = [await issueShort(), await issueShort()]
    await searchable(service)
    service.clock.advance({ days: keepDays + 2 })
    assert.equal(await deleteExpired(service, data), 1)
    const authority = { CertificateAuthorityArn: root.arn, CertificateArn: last.arn }
    await service.must('GetCertificate', authority)
    const next = await issueShort()
    await searchable(service)
    assert.equal(await deleteExpired(service, data), 1)
    const { Certificates } = await service.must('ListCertificates', {
      CertificateAuthorityArn: root.arn,
    })
    const arns = Certificates.map(({ CertificateArn }: Members) => CertificateArn)
    assert.ok(arns.includes(next.arn) && !arns.includes(last.arn))
  })
})

suite('the flag --keep-expired', () => {
  test('--keep-expired enables the deletion, which is disabled by default', async (t) => {
    const service = await TestService.start()
    t.after(() => service.close())
    const root = await createRoot(service)
    const validity = { Value: 1, Type: 'DAYS' }
    const expired = await issue(service, { arn: root.arn, csr: csr('ec-server') }, { validity })
    await issue(service, { arn: root.arn, csr: csr('ec-server') })
    await searchable(service)
    service.clock.advance({ days: 20 })
    await service.restart()
    const authority = { CertificateAuthorityArn: root.arn, CertificateArn: expired.arn }
    await service.must('GetCertificate', authority)
    await service.restartWith({ keepExpired: '10d' })
    await eventually(
      async () =>
        (await service.call('GetCertificate', authority)).status === 400 ? true : undefined,
      'the deletion of the certificate',
    )
  })

  test('--keep-expired requires a duration of at least one day', async () => {
    for (const text of ['0d', '365', '1h', '23h', '100y', '-1d', '1.5d', '40000d', 'd', '']) {
      const { code, stderr } = await command(['check-config', '--keep-expired', text])
      assert.equal(code, 2)
      assert.match(
        stderr,
        /--keep-expired must be a duration such as 365d or 2y, from 1d to 36500d/,
      )
    }
    for (const text of ['365d', '24h', '52w', '18mo', '2y'])
      assert.equal((await command(['check-config', '--keep-expired', text])).code, 0)
  })
})
