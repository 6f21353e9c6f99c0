/** Tests of the commands for buckets and jobs on a running server's data folder, and of the revocation flags. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { csr } from '../support/csrs.ts'
import { createRoot, issue } from '../support/hierarchy.ts'
import {
  command,
  signet,
  startServer,
  type Outcome,
  type ServerProcess,
} from '../support/process.ts'
import { crlBucket, crlThat, lastOf, revocationOptions, revoke } from '../support/revocation.ts'
import { readCredentials, TestService, type Members } from '../support/service.ts'
import { signedHeaders } from '../support/signed-request.ts'

let service: TestService
let folder: string
before(async () => {
  service = await TestService.start({ crlDelay: '0' })
  folder = await mkdtemp(join(tmpdir(), 'signet-storage-'))
})
after(async () => {
  await service.close()
  await rm(folder, { recursive: true })
})

/** Runs a command on the service's data folder. */
const run = (...args: string[]): Promise<Outcome> =>
  command([...args, '--data', service.config.dataDirectory])

async function json(...args: string[]): Promise<Members> {
  const { code, stdout, stderr } = await run(...args)
  assert.deepEqual([code, stderr], [0, ''])
  return JSON.parse(stdout)
}

/** Runs a command that must be rejected, and returns its standard error. */
const refused = async (...args: string[]): Promise<string> =>
  assertRefused(await run(...args), args.join(' '))

function assertRefused({ code, stdout, stderr }: Outcome, label: string): string {
  assert.deepEqual([code, stdout], [2, ''], label)
  assert.match(stderr, /^(signet: [^\n]+\n)+$/)
  return stderr
}

describe('signet bucket', () => {
  test('signet bucket creates, lists and deletes buckets', async () => {
    assert.deepEqual(await json('bucket', 'list'), [])
    const created = await json('bucket', 'create', 'one.reports')
    assert.deepEqual(
      { ...created, CreateDate: '' },
      {
        Name: 'one.reports',
        AccountId: '123456789012',
        CreateDate: '',
      },
    )
    assert.ok(Math.abs(Date.parse(created.CreateDate) - Date.now()) < 30_000)
    assert.deepEqual(await json('bucket', 'list'), [{ ...created, Objects: 0 }])
    assert.match(
      await refused('bucket', 'create', 'one.reports'),
      /the bucket one\.reports already exists/,
    )
    const { code, stdout } = await run('bucket', 'delete', 'one.reports')
    assert.deepEqual([code, stdout], [0, ''])
    assert.deepEqual(await json('bucket', 'list'), [])
    assert.match(await refused('bucket', 'delete', 'one.reports'), /bucket .* does not exist/)
  })

  test('signet bucket creates a bucket for another account', async () => {
    assert.equal((await run('account', 'create', '210987654321')).code, 0)
    const created = await json('bucket', 'create', 'their-crls', '--account', '210987654321')
    assert.equal(created.AccountId, '210987654321')
    assert.match(
      await refused('bucket', 'create', 'no-crls', '--account', '999999999999'),
      /account 999999999999 does not exist/,
    )
    assert.match(
      await refused('bucket', 'create', 'no-crls', '--account', '12'),
      /twelve-digit account ID/,
    )
    assert.equal((await run('bucket', 'delete', 'their-crls')).code, 0)
    assert.deepEqual(await json('bucket', 'list'), [])
  })

  test('signet bucket create refuses names that S3 or the public listener do not allow', async () => {
    const names = [
      'ab',
      'a'.repeat(64),
      'My-Crls',
      'my_crls',
      '-crls',
      'crls-',
      'a..b',
      '192.0.2.1',
    ]
    const data = ['--data', service.config.dataDirectory]
    const all = [...names, '../x', 'a/b', 'ocsp', 'healthz', 'metrics', 'a b', '']
    // The `--` is required because a name that starts with a hyphen would be parsed as an option.
    const create = (name: string): Promise<Outcome> =>
      command(['bucket', 'create', ...data, '--', name])
    const outcomes = await Promise.all(all.map(async (name) => [name, await create(name)] as const))
    for (const [name, outcome] of outcomes) assertRefused(outcome, name)
    for (const args of [[], ['one-name', 'another-name']])
      assert.equal((await run('bucket', 'create', ...args)).code, 2)
    assert.deepEqual(await json('bucket', 'list'), [])
  })

  test('signet bucket lists, reads and deletes objects', async () => {
    await json('bucket', 'create', crlBucket)
    const root = await createRoot(service, { more: revocationOptions() })
    const { arn } = await issue(service, { arn: root.arn, csr: csr('ec-server') })
    const key = `crl/${lastOf(root.arn)}.crl`
    await crlThat(service, key, () => true)
    await revoke(service, arn)
    const { der } = await crlThat(service, key, ({ entries }) => entries.size === 1)
    const objects = await json('bucket', 'objects', crlBucket)
    assert.deepEqual(
      objects.map(({ Key, Acl }: Members) => [Key, Acl]),
      [
        ['acm-pca-permission-test-key', 'PUBLIC_READ'],
        ['acm-pca-permission-test-key-private', 'BUCKET_OWNER_FULL_CONTROL'],
        [key, 'PUBLIC_READ'],
      ],
    )
    const { LastModified, Expires, ETag, ...rest } = objects[2]
    assert.deepEqual(rest, {
      Key: key,
      Size: der.length,
      Acl: 'PUBLIC_READ',
      ContentType: 'application/pkix-crl',
    })
    assert.match(ETag, /^[0-9a-f]{32}$/)
    assert.ok(Math.abs(Date.parse(Expires) - Date.parse(LastModified) - 7 * 86_400_000) < 10_000)
    assert.equal((await json('bucket', 'list'))[0].Objects, 3)
    assert.match(await refused('bucket', 'delete', crlBucket), /not empty/)
    await assertGet(key, der)
    await assertDeletion()
  })

  /** Asserts that `bucket get` writes an object to standard output or to a new file. */
  async function assertGet(key: string, der: Buffer): Promise<void> {
    const args = [signet, 'bucket', 'get', crlBucket, key, '--data', service.config.dataDirectory]
    const { stdout } = await promisify(execFile)(process.execPath, args, { encoding: 'buffer' })
    assert.deepEqual(stdout, der)
    const out = join(folder, 'one.crl')
    const written = await run('bucket', 'get', crlBucket, key, '--out', out)
    assert.deepEqual(written, { code: 0, stdout: '', stderr: '' })
    assert.deepEqual(await readFile(out), der)
    assert.equal((await stat(out)).mode & 0o777, 0o600)
    await writeFile(out, 'precious')
    for (const path of [out, join(folder, 'absent', 'one.crl')]) {
      const failed = await run('bucket', 'get', crlBucket, key, '--out', path)
      assert.notEqual(failed.code, 0)
      assert.match(failed.stderr, /^signet: [^\n]*one\.crl[^\n]*\n$/)
    }
    assert.equal(await readFile(out, 'utf8'), 'precious')
    assert.match(
      await refused('bucket', 'get', crlBucket, 'absent'),
      /object absent does not exist/,
    )
    assert.match(await refused('bucket', 'get', 'absent-crls', key), /absent-crls/)
    await refused('bucket', 'get', crlBucket, '../../credentials')
    await refused('bucket', 'get', '..', 'credentials')
    assert.equal((await run('bucket', 'get', crlBucket)).code, 2)
  }

  async function assertDeletion(): Promise<void> {
    for (const { Key } of await json('bucket', 'objects', crlBucket))
      assert.equal((await run('bucket', 'delete-object', crlBucket, Key)).code, 0)
    assert.deepEqual(await json('bucket', 'objects', crlBucket), [])
    await refused('bucket', 'delete-object', crlBucket, 'absent')
    assert.equal((await run('bucket', 'delete', crlBucket)).code, 0)
    await refused('bucket', 'objects', crlBucket)
  }

  test('bucket and job commands have examples in their help, and refuse unknown options', async () => {
    for (const name of ['create', 'list', 'delete', 'objects', 'get', 'delete-object'])
      assert.match(
        (await command(['bucket', name, '--help'])).stdout,
        /Examples:\n +signet bucket /,
      )
    assert.match(
      (await command(['jobs', 'list', '--help'])).stdout,
      /Examples:\n +signet jobs list/,
    )
    for (const args of [
      ['bucket', 'list', '--colour'],
      ['jobs', 'list', '--colour'],
    ])
      assert.equal((await command(args)).code, 2, args.join(' '))
  })

  test('an unknown command is a usage error on every level', async () => {
    assert.equal((await command(['nonsense'])).code, 2)
    for (const args of [
      ['bucket', 'empty'],
      ['jobs', 'empty'],
      ['account', 'empty'],
    ])
      assert.equal((await command(args)).code, 2, args.join(' '))
  })

  test('commands fail on a folder without a Signet database', async () => {
    const data = ['--data', join(folder, 'never')]
    for (const args of [
      ['bucket', 'create', 'my-crls'],
      ['bucket', 'objects', 'my-crls'],
      ['jobs', 'list'],
    ]) {
      const { code, stderr } = await command([...args, ...data])
      assert.equal(code, 2, args.join(' '))
      assert.match(stderr, /^signet: /)
    }
  })
})

describe('signet jobs list', () => {
  test('signet jobs list shows every job and the outcome of its last run', async () => {
    await service.createBucket('job-reports')
    const { arn } = await createRoot(service)
    const { AuditReportId } = await service.must('CreateCertificateAuthorityAuditReport', {
      CertificateAuthorityArn: arn,
      S3BucketName: 'job-reports',
      AuditReportResponseFormat: 'JSON',
    })
    const reportOf = (jobs: Members[]): Members =>
      jobs.find(({ Name }) => Name === 'write-audit-reports')
    let jobs: Members[] = []
    for (let tries = 0; tries < 50 && !reportOf(jobs)?.LastRun; tries += 1)
      jobs = await json('jobs', 'list')
    assert.ok(AuditReportId)
    assert.deepEqual(jobs.map(({ Name }) => String(Name)).toSorted(), [
      'announce-expiry',
      'check-crl-issuers',
      'delete-expired',
      'deliver-events',
      'erase-authorities',
      'finish-creation',
      'finish-issuance',
      'forget-enrollments',
      'forget-tokens',
      'index-certificates',
      'publish-crls',
      'record-key-uses',
      'seal-record',
      'validate-challenges',
      'write-audit-reports',
    ])
    const { LastRun, ...rest } = reportOf(jobs)
    assert.deepEqual(rest, { Name: 'write-audit-reports', Due: 0, Failing: 0, Running: 0 })
    assert.deepEqual([LastRun.Done, LastRun.Failed, LastRun.Error], [1, 0, undefined])
    assert.ok(LastRun.Milliseconds >= 0)
    assert.ok(Math.abs(Date.parse(LastRun.FinishedAt) - Date.now()) < 60_000)
  })
})

describe('revocation flags', () => {
  test('check-config reports all invalid flags together, with exit code 2', async () => {
    const bad: Record<string, string> = {
      '--crl-delay': '301',
      '--ocsp-validity': '1',
      '--audit-report-interval': '-1',
      '--quota-revocations': 'many',
      '--objects': 'nowhere',
      '--s3-endpoint': 'ftp://store.example',
      '--s3-public-url': 'store.example',
      '--event-webhook': 'https://hook.example/?token=s3cret',
    }
    const args = Object.entries(bad).map(([flag, value]) => `${flag}=${value}`)
    const { code, stdout, stderr } = await command(['check-config', ...args])
    assert.deepEqual([code, stdout], [2, ''])
    for (const flag of Object.keys(bad))
      assert.ok(stderr.includes(`${flag} `), `${flag}: ${stderr}`)
    assert.equal(stderr.includes('s3cret'), false)
  })

  test('check-config refuses each invalid value of an environment variable', async () => {
    const bad: [string, string[]][] = [
      ['crl-delay', ['', '-1', '1.5', 'x', '1e2', '301']],
      ['ocsp-validity', ['0', '1', '604801', ' 5']],
      ['audit-report-interval', ['', '604801', '0x10']],
      ['quota-revocations', ['', '-1', '1.5']],
      ['objects', ['', 'S3', 'embedded ']],
      ['s3-region', ['']],
      ['s3-endpoint', ['', 'http://', 'http://h/?q', 'http://u:p@h', 'http://h/#x']],
      ['event-webhook', ['', 'hook', 'file:///x', 'http://u:p@h', 'http://u@h']],
      ['no-ca-issuers', ['yes', '1', '']],
    ]
    const checks = bad.flatMap(([flag, values]) =>
      values.map(async (value) => {
        const variable = `SIGNET_${flag.toUpperCase().replaceAll('-', '_')}`
        const { code, stderr } = await command(['check-config'], { [variable]: value })
        return code === 2 && stderr.includes(variable) ? [] : [`${variable}='${value}': ${code}`]
      }),
    )
    assert.deepEqual((await Promise.all(checks)).flat(), [])
  })

  test('a URL with a password is refused, and the error does not contain the password', async () => {
    for (const flag of ['s3-endpoint', 's3-public-url', 'event-webhook'])
      for (const userinfo of ['u:s3cret', ':s3cret']) {
        const { code, stderr } = await command(['check-config', `--${flag}=http://${userinfo}@h`])
        const found = [code, stderr.includes(`--${flag} must`), stderr.includes('s3cret')]
        assert.deepEqual(found, [2, true, false], `${flag} ${userinfo}`)
      }
  })

  test('mutually exclusive settings are refused', async () => {
    const endpoint = ['--s3-endpoint', 'http://store.example']
    for (const args of [endpoint, ['--s3-public-url', 'http://store.example']]) {
      const { code, stderr } = await command(['check-config', '--objects', 'embedded', ...args])
      assert.deepEqual([code, /--objects embedded cannot be combined with/.test(stderr)], [2, true])
    }
  })

  test('check-config prints valid values', async () => {
    const checkConfig = async (...args: string[]): Promise<Members> => {
      const { code, stdout, stderr } = await command(['check-config', '--offline', ...args])
      assert.deepEqual([code, stderr], [0, ''])
      return JSON.parse(stdout)
    }
    const { RevocationPolicy, Objects, Quotas } = await checkConfig()
    assert.deepEqual(RevocationPolicy, {
      CrlDelaySeconds: 1,
      OcspValiditySeconds: 3600,
      OcspSigner: 'ca',
      CaIssuers: true,
      AuditReportIntervalSeconds: 1800,
    })
    assert.deepEqual([Objects, Quotas.RevocationsPerAuthority], [{ Kind: 'embedded' }, 1_000_000])
    const numbers = ['--crl-delay=300', '--ocsp-validity=604800', '--audit-report-interval=0']
    const other = await checkConfig(...numbers, '--no-ca-issuers', '--quota-revocations', '5')
    assert.deepEqual(other.RevocationPolicy, {
      CrlDelaySeconds: 300,
      OcspValiditySeconds: 604_800,
      OcspSigner: 'ca',
      CaIssuers: false,
      AuditReportIntervalSeconds: 0,
    })
    assert.equal(other.Quotas.RevocationsPerAuthority, 5)
    const store = await checkConfig(
      '--s3-endpoint',
      'http://store.example/',
      '--s3-region',
      'eu-west-1',
    )
    assert.deepEqual(store.Objects, {
      Kind: 's3',
      Endpoint: 'http://store.example',
      Region: 'eu-west-1',
    })
  })

  test('--no-ca-issuers applies to the server, as a flag and as a variable', async (t) => {
    const data = join(folder, 'quiet')
    const server = await startServer(data, ['--no-ca-issuers'])
    t.after(() => server.stop('SIGTERM'))
    assert.equal(await infoAccessOf(server, data), `OCSP - URI:${server.publicUrl}/ocsp`)
    const { code, stdout } = await command(['check-config'], { SIGNET_NO_CA_ISSUERS: 'true' })
    assert.deepEqual([code, JSON.parse(stdout).RevocationPolicy.CaIssuers], [0, false])
  })
})

/** Returns the authorityInfoAccess extension in a certificate that a server process issues, as formatted by node:crypto. */
async function infoAccessOf({ url }: ServerProcess, data: string): Promise<string | undefined> {
  const credentials = readCredentials(join(data, 'credentials'))
  const must = async (operation: string, input: unknown): Promise<Members> => {
    const answer = await call(operation, input)
    assert.equal(answer.status, 200, JSON.stringify(answer.json))
    return answer.json
  }
  const call = async (operation: string, input: unknown): Promise<Members> => {
    const body = JSON.stringify(input)
    const target = `ACMPrivateCA.${operation}`
    const signed = { url, target, body, region: 'eu-west-1', credentials, date: new Date() }
    const response = await fetch(`${url}/`, {
      method: 'POST',
      headers: signedHeaders(signed),
      body,
    })
    const text = await response.text()
    return { status: response.status, json: JSON.parse(text === '' ? '{}' : text) }
  }
  // createRoot and issue use only these two methods of TestService.
  const client = { must, call } as unknown as TestService
  const more = revocationOptions({ Enabled: false }, { Enabled: true })
  const root = await createRoot(client, { more })
  const { certificate } = await issue(client, { arn: root.arn, csr: csr('ec-server') })
  return new X509Certificate(certificate).infoAccess?.trimEnd()
}
