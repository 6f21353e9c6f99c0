/**
 * Tests of the gauges in GET /metrics (CAs, CRLs, expiring certificates, backups, health), and of the reasons for failed
 * authentication.
 */
import assert from 'node:assert/strict'
import { before, describe, test, type TestContext } from 'node:test'
import { BackupFolder } from '../support/backups.ts'
import { csr } from '../support/csrs.ts'
import { createRoot, issue } from '../support/hierarchy.ts'
import {
  crlBucket,
  crlConfiguration,
  crlThat,
  eventually,
  lastOf,
  revocationOptions,
} from '../support/revocation.ts'
import { TestService, type CallOptions, type ServiceOptions } from '../support/service.ts'
import { DatabaseUnavailableError } from '../../src/store/database.ts'

/** Metric values by name and labels, such as `signet_authority_expiry_days{authority="…"}`. */
async function metricsOf(service: TestService): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`${service.url}/metrics`)).text()
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ')
      return [line.slice(0, end), Number(line.slice(end + 1))]
    }),
  )
}

async function start(t: TestContext, options: ServiceOptions = {}): Promise<TestService> {
  const service = await TestService.start({}, options)
  t.after(() => service.close())
  return service
}

describe('gauges', { concurrency: true }, () => {
  test('signet_authority_info has the name, type and current status of each CA', async (t) => {
    const service = await start(t)
    const { arn } = await createRoot(service, { validity: { Value: 10, Type: 'DAYS' } })
    const status = async (): Promise<string[]> => {
      const names = [...(await metricsOf(service)).keys()]
      const form =
        /^signet_authority_info\{authority="(.+?)",name="(.+?)",type="(.+?)",status="(.+?)"\}$/
      return names.flatMap((name) => {
        const [, id, ...others] = form.exec(name) ?? []
        return id === lastOf(arn) ? [others.join(' ')] : []
      })
    }
    const update = (Status: string): Promise<unknown> =>
      service.must('UpdateCertificateAuthority', { CertificateAuthorityArn: arn, Status })
    const [first = ''] = await status()
    assert.match(first, /^\S.* ROOT ACTIVE$/)
    await update('DISABLED')
    assert.deepEqual(await status(), [first.replace('ACTIVE', 'DISABLED')])
    await service.must('DeleteCertificateAuthority', {
      CertificateAuthorityArn: arn,
      PermanentDeletionTimeInDays: 7,
    })
    assert.deepEqual(await status(), [first.replace('ACTIVE', 'DELETED')])
    await service.must('RestoreCertificateAuthority', { CertificateAuthorityArn: arn })
    service.clock.advance({ days: 11 })
    assert.deepEqual(await status(), [first.replace('ACTIVE', 'EXPIRED')])
  })

  test('signet_crl_next_update is the nextUpdate of the published CRL, even after a change of ExpirationInDays', async (t) => {
    const service = await start(t)
    await service.createBucket(crlBucket)
    const { arn } = await createRoot(service, { more: revocationOptions() })
    await issue(service, { arn, csr: csr('ec-server') })
    const compare = async (days: number): Promise<void> => {
      const expected = service.clock.now().getTime() / 1000 + days * 86_400
      const { nextUpdate } = await crlThat(
        service,
        `crl/${lastOf(arn)}.crl`,
        (crl) => Math.abs(crl.nextUpdate.getTime() / 1000 - expected) < 60,
      )
      const name = `signet_crl_next_update_timestamp_seconds{authority="${lastOf(arn)}"}`
      await eventually(
        async () =>
          Math.floor((await metricsOf(service)).get(name) ?? 0) === nextUpdate.getTime() / 1000
            ? true
            : undefined,
        `the metric of a CRL with a validity of ${days} days`,
      )
    }
    await compare(7)
    await service.must('UpdateCertificateAuthority', {
      CertificateAuthorityArn: arn,
      RevocationConfiguration: { CrlConfiguration: crlConfiguration({ ExpirationInDays: 30 }) },
    })
    await compare(30)
  })

  test('certificates that expire soon are counted by CA and period', async (t) => {
    const service = await start(t)
    const { arn } = await createRoot(service)
    for (const days of [1, 5, 20, 20, 80, 200])
      await issue(
        service,
        { arn, csr: csr('ec-server') },
        { validity: { Value: days, Type: 'DAYS' } },
      )
    await service.runJob('index-certificates')
    // The counts are cached for five minutes.
    service.clock.advance({ seconds: 600 })
    const counts = async (): Promise<(number | undefined)[]> => {
      const found = await metricsOf(service)
      return ['1d', '7d', '30d', '90d'].map((within) =>
        found.get(`signet_certificates_expiring{authority="${lastOf(arn)}",within="${within}"}`),
      )
    }
    await eventually(async () => ((await counts())[0] === undefined ? undefined : true), 'counts')
    assert.deepEqual(await counts(), [1, 2, 4, 5])
    // The certificate with a validity of one day has expired, and another certificate expires within a day.
    service.clock.advance({ days: 4.2 })
    await eventually(async () => ((await counts())[1] === 1 ? true : undefined), 'new counts')
    assert.deepEqual(await counts(), [1, 1, 3, 4])
  })

  test('the gauge for the age of the last backup is missing before the first backup', async (t) => {
    const service = await start(t)
    using folder = new BackupFolder()
    const age = async (): Promise<number | undefined> =>
      (await metricsOf(service)).get('signet_backup_age_seconds')
    assert.equal(await age(), undefined)
    const data = ['--data', service.config.dataDirectory]
    await folder.backUp('one', data)
    service.clock.advance({ seconds: 3600 })
    const first = await age()
    assert.ok(first !== undefined && first > 3500 && first < 3700, `${first}`)
    await folder.backUp('two', data)
    service.clock.advance({ seconds: 7200 })
    const second = await age()
    assert.ok(second !== undefined && second > 10_000 && second < 11_000, `${second}`)
  })

  test('a server that cannot write its database is unhealthy, and its other gauges remain', async (t) => {
    let fails = false
    const service = await start(t, {
      wrapDatabase: (db) => ({
        ...db,
        probe: () =>
          fails ? Promise.reject(new DatabaseUnavailableError('a full disk')) : db.probe(),
      }),
    })
    const healthy = await metricsOf(service)
    assert.equal(healthy.get('signet_healthy'), 1)
    assert.ok((healthy.get('signet_database_probe_seconds') ?? 0) > 0)
    fails = true
    service.clock.advance({ seconds: 2 })
    const during = await metricsOf(service)
    assert.equal(during.get('signet_healthy'), 0)
    assert.equal(during.get('signet_database_up'), 1)
    fails = false
    service.clock.advance({ seconds: 2 })
    assert.equal((await metricsOf(service)).get('signet_healthy'), 1)
  })

  test('the process, the disk, the database and the connections have gauges', async (t) => {
    const service = await start(t)
    const found = await metricsOf(service)
    for (const name of [
      'signet_disk_free_bytes',
      'signet_disk_size_bytes',
      'signet_database_size_bytes',
      'signet_workers',
      'signet_workers_configured',
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'process_open_fds',
      'process_max_fds',
      'process_start_time_seconds',
      'nodejs_heap_size_used_bytes',
      'signet_open_connections{listener="api"}',
    ])
      assert.ok((found.get(name) ?? 0) > 0, name)
    assert.ok(
      (found.get('signet_disk_free_bytes') ?? 0) <= (found.get('signet_disk_size_bytes') ?? 0),
    )
    const connections = found.get('signet_database_connections{state="idle"}')
    assert.equal(connections !== undefined, service.config.database !== undefined)
  })
})

describe('failed authentications', () => {
  let service: TestService
  before(async () => {
    service = await TestService.start()
  })

  const own = (): CallOptions['credentials'] => service.credentials
  const later = (seconds: number): Date => new Date(service.clock.now().getTime() + seconds * 1000)
  const cases: readonly (readonly [reason: string, () => Promise<unknown>])[] = [
    ['no-signature', () => fetch(service.url, { method: 'POST', headers: target, body: '{}' })],
    [
      'malformed-signature',
      () =>
        fetch(service.url, {
          method: 'POST',
          headers: { ...target, authorization: 'AWS4-HMAC-SHA256 Credential=x' },
          body: '{}',
        }),
    ],
    ['expired-signature', () => list({ date: later(-3600) })],
    ['expired-signature', () => list({ date: later(3600) })],
    ['wrong-scope', () => list({ region: 'nowhere-1' })],
    [
      'wrong-signature',
      () => list({ credentials: { ...own()!, secretAccessKey: 'x'.repeat(40) } }),
    ],
    ['unknown-access-key', () => list({ credentials: { ...own()!, accessKeyId: 'AKIAUNKNOWN' } })],
  ]
  const target = {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': 'ACMPrivateCA.ListCertificateAuthorities',
  }
  const list = (options: CallOptions): Promise<unknown> =>
    service.call('ListCertificateAuthorities', {}, options)

  for (const [reason, send] of cases)
    test(`a request fails because of ${reason} and is counted once`, async () => {
      const name = `signet_authentication_failures_total{reason="${reason}"}`
      const all = async (): Promise<number> =>
        [...(await metricsOf(service))]
          .filter(([metric]) => metric.startsWith('signet_authentication_failures_total'))
          .reduce((sum, [, value]) => sum + value, 0)
      const [countBefore, allBefore] = [(await metricsOf(service)).get(name) ?? 0, await all()]
      await send()
      assert.equal((await metricsOf(service)).get(name), countBefore + 1)
      assert.equal(await all(), allBefore + 1)
    })

  test('a successful request is not counted as a failure', async () => {
    const failures = async (): Promise<unknown> =>
      [...(await metricsOf(service))].filter(([name]) => name.includes('failures'))
    const earlier = await failures()
    await service.must('ListCertificateAuthorities', {})
    assert.deepEqual(await failures(), earlier)
    await service.close()
  })
})
