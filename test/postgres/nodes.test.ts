/**
 * Tests of several nodes that share a database. Changes take effect on all nodes, and each piece of background work is done by
 * only one node.
 */
import assert from 'node:assert/strict'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { switchAccessKey } from '../../src/admin-commands/access-keys.ts'
import { putPolicy } from '../../src/admin-commands/policies.ts'
import type { App } from '../../src/server/runtime.ts'
import { startSingleProcess } from '../../src/server/single-process.ts'
import { systemClock } from '../../src/clock.ts'
import { readConfig, type Config } from '../../src/settings/config.ts'
import { ConfigurationError } from '../../src/errors.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { systemRandom } from '../../src/random.ts'
import { allow, createUser, policyOf } from '../support/accounts.ts'
import { databaseUrl } from '../support/chosen-database.ts'
import { csr } from '../support/csrs.ts'
import { enrollRequest } from '../support/enroll.ts'
import { authorityInput, createRoot, issue, issueInput } from '../support/hierarchy.ts'
import { ocspRequest, readOcspAnswer } from '../support/ocsp-requests.ts'
import { sharedPostgres } from '../support/postgres.ts'
import {
  crlBucket,
  crlConfiguration,
  crlThat,
  eventually,
  lastOf,
  readCrl,
  revocationOptions,
  revoke,
} from '../support/revocation.ts'
import { TestService } from '../support/service.ts'

const postgres = sharedPostgres()

/** Collects a node's log lines. */
class LogLines {
  readonly all: Record<string, unknown>[] = []

  write(line: string): void {
    this.all.push(JSON.parse(line) as Record<string, unknown>)
  }

  events(type: string): unknown[] {
    return this.all.flatMap(({ event }) => {
      const details = event as { 'detail-type': string } | undefined
      return details?.['detail-type'] === type ? [details] : []
    })
  }
}

interface Nodes {
  readonly first: TestService
  readonly second: TestService
  readonly lines: readonly [LogLines, LogLines]
}

async function startNodes(t: TestContext): Promise<Nodes | undefined> {
  const server = await postgres(t)
  if (server === undefined) return undefined
  const database = databaseUrl(await server.createDatabase())
  const lines = [new LogLines(), new LogLines()] as const
  const flags = { database, crlDelay: '0', logLevel: 'info', databasePool: '4' }
  const first = await TestService.start(flags, { logTo: lines[0] })
  const second = await first.startNode({ logTo: lines[1] })
  t.after(async () => {
    await second.close()
    await first.close()
  })
  return { first, second, lines }
}

test('changes on one node apply on the other immediately', async (t) => {
  const nodes = await startNodes(t)
  if (nodes === undefined) return
  const { first, second } = nodes
  await first.createBucket(crlBucket)
  const root = await createRoot(first, {
    more: revocationOptions(crlConfiguration(), { Enabled: true }),
  })
  const CertificateAuthorityArn = root.arn
  const leaf = await issue(second, { arn: root.arn, csr: csr('ec-server') })
  const stored = { CertificateAuthorityArn, CertificateArn: leaf.arn }
  assert.equal((await first.must('GetCertificate', stored)).Certificate, leaf.certificate)

  const ocspStatus = async (node: TestService): Promise<string | undefined> => {
    const request = ocspRequest([{ issuer: root.certificate, serial: lastOf(leaf.arn) }])
    const answer = await fetch(`${node.publicUrl}/ocsp`, {
      method: 'POST',
      body: new Uint8Array(request),
    })
    return readOcspAnswer(new Uint8Array(await answer.arrayBuffer())).singles[0]?.status
  }
  for (const node of [first, second, first, second]) assert.equal(await ocspStatus(node), 'good')
  await revoke(first, leaf.arn)
  for (const node of [second, first]) assert.equal(await ocspStatus(node), 'revoked')

  await second.must('UpdateCertificateAuthority', { CertificateAuthorityArn, Status: 'DISABLED' })
  const input = issueInput(root.arn, csr('ec-server'))
  for (const node of [first, second])
    assert.match(await node.refusal('IssueCertificate', input), /^InvalidStateException/)
  await first.must('UpdateCertificateAuthority', { CertificateAuthorityArn, Status: 'ACTIVE' })
  await second.must('IssueCertificate', input)
})

test('a disabled access key is rejected by every node within a second', async (t) => {
  const nodes = await startNodes(t)
  if (nodes === undefined) return
  const { first, second } = nodes
  const list = (node: TestService, credentials: { accessKeyId: string; secretAccessKey: string }) =>
    node.call('ListCertificateAuthorities', {}, { credentials })
  const { credentials } = await createUser(first, {
    statements: [allow('ListCertificateAuthorities')],
  })
  for (const node of [first, second]) assert.equal((await list(node, credentials)).status, 200)
  await switchAccessKey(first.config, credentials.accessKeyId, false)
  first.clock.advance({ seconds: 1 })
  for (const node of [first, second])
    assert.equal((await list(node, credentials)).json['__type'], 'UnrecognizedClientException')
})

test('a changed policy applies on every node within a second', async (t) => {
  const nodes = await startNodes(t)
  if (nodes === undefined) return
  const { first, second } = nodes
  const { credentials } = await createUser(first, { userName: 'bob', statements: [] })
  const list = (node: TestService) => node.call('ListCertificateAuthorities', {}, { credentials })
  for (const node of [first, second])
    assert.equal((await list(node)).json['__type'], 'AccessDeniedException')
  const policy = policyOf(allow('ListCertificateAuthorities'))
  const bob = { accountId: first.config.accountId, userName: 'bob', roleName: undefined }
  await putPolicy(first.config, bob, { name: 'list', policy })
  first.clock.advance({ seconds: 1 })
  for (const node of [first, second]) assert.equal((await list(node)).status, 200)
})

test('CRLs of both nodes form one sequence, and only one node publishes each', async (t) => {
  const nodes = await startNodes(t)
  if (nodes === undefined) return
  const { first, second, lines } = nodes
  await first.createBucket(crlBucket)
  const root = await createRoot(first, { more: revocationOptions() })
  const key = `crl/${lastOf(root.arn)}.crl`
  const numbers: bigint[] = []
  for (let round = 0; round < 8; round += 1) {
    const [issuingNode, revokingNode] = round % 2 === 0 ? [first, second] : [second, first]
    const leaf = await issue(issuingNode, { arn: root.arn, csr: csr('ec-server') })
    await revoke(revokingNode, leaf.arn)
    const serial = lastOf(leaf.arn).replace(/^0+/, '')
    const crl = await crlThat(issuingNode, key, ({ entries }) => entries.has(serial))
    assert.equal(crl.entries.size, round + 1)
    numbers.push(crl.crlNumber ?? -1n)
  }
  assert.deepEqual(
    numbers,
    numbers.toSorted((a, b) => (a < b ? -1 : 1)),
  )
  assert.equal(new Set(numbers).size, numbers.length)
  const failures = lines.flatMap(({ all }) => all.filter(({ level }) => Number(level) >= 50))
  assert.deepEqual(failures, [])
})

test('each CA creation is reported once, whichever node completes it', async (t) => {
  const nodes = await startNodes(t)
  if (nodes === undefined) return
  const { first, second, lines } = nodes
  const arns = await Promise.all(
    Array.from({ length: 12 }, async (_, index) => {
      const node = index % 2 === 0 ? first : second
      return (await node.must('CreateCertificateAuthority', authorityInput()))
        .CertificateAuthorityArn as string
    }),
  )
  for (const arn of arns)
    await eventually(async () => {
      const node = arn.charCodeAt(arn.length - 1) % 2 === 0 ? first : second
      const answer = await node.call('GetCertificateAuthorityCsr', { CertificateAuthorityArn: arn })
      return answer.status === 200 ? true : undefined
    }, `a CSR of ${arn}`)
  const creations = lines.flatMap((log) => log.events('ACM Private CA Creation'))
  assert.equal(creations.length, arns.length)
})

test('an idempotency token used on both nodes concurrently yields one certificate', async (t) => {
  const nodes = await startNodes(t)
  if (nodes === undefined) return
  const { first, second } = nodes
  const root = await createRoot(first)
  for (let round = 0; round < 5; round += 1) {
    const input = issueInput(root.arn, csr('ec-server'), {
      more: { IdempotencyToken: `round${round}` },
    })
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        (index % 2 === 0 ? first : second).must('IssueCertificate', input),
      ),
    )
    assert.equal(new Set(answers.map(({ CertificateArn }) => CertificateArn)).size, 1)
  }
  const [row] = await first.inDatabase('select count(*) as n from certificates')
  assert.equal(Number(row?.['n']), 1 + 5)
})

test('a quota applies across all nodes', async (t) => {
  const server = await postgres(t)
  if (server === undefined) return
  const database = databaseUrl(await server.createDatabase())
  const first = await TestService.start({ database, quotaCertificates: '21' })
  const second = await first.startNode()
  const root = await createRoot(first)
  const input = issueInput(root.arn, csr('ec-server'))
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, index) =>
      (index % 2 === 0 ? first : second).call('IssueCertificate', input),
    ),
  )
  assert.equal(answers.filter(({ status }) => status === 200).length, 20)
  for (const { status, json } of answers)
    if (status !== 200) assert.equal(json['__type'], 'LimitExceededException')
  await second.close()
  await first.close()
})

/** Starts a node for each data folder, concurrently. Several nodes may share a data folder. */
async function startTogether(
  t: TestContext,
  folders: readonly string[],
): Promise<PromiseSettledResult<App>[]> {
  const server = await postgres(t)
  if (server === undefined) return []
  const database = databaseUrl(await server.createDatabase())
  const outcomes = await Promise.allSettled(
    folders.map((data) => startSingleProcess(configOf(data, database), context)),
  )
  t.after(async () => {
    for (const outcome of outcomes) if (outcome.status === 'fulfilled') await outcome.value.close()
  })
  return outcomes
}

function configOf(data: string, database: string): Config {
  const anyPort = '127.0.0.1:0'
  return readConfig({ data, database, listen: anyPort, publicListen: anyPort }, {})
}

const context = {
  clock: systemClock,
  random: systemRandom,
  log: createLog('silent'),
  onFailure: (error: Error) => {
    throw error
  },
}

const temporary: string[] = []
after(() => Promise.all(temporary.map((path) => rm(path, { recursive: true, force: true }))))

async function newFolders(count: number): Promise<string[]> {
  const paths = await Promise.all(
    Array.from({ length: count }, () => mkdtemp(join(tmpdir(), 'signet-test-'))),
  )
  temporary.push(...paths)
  return paths
}

test('if nodes start concurrently on one folder, exactly one reports the first start', async (t) => {
  const [folder = ''] = await newFolders(1)
  const outcomes = await startTogether(t, [folder, folder, folder, folder])
  if (outcomes.length === 0) return
  const firstStarts: boolean[] = []
  for (const outcome of outcomes) {
    assert.equal(outcome.status, 'fulfilled', String((outcome as PromiseRejectedResult).reason))
    const { isFirstStart, ...file } = outcome.value.credentials
    assert.deepEqual(file, { path: join(folder, 'credentials'), elsewhere: undefined })
    firstStarts.push(isFirstStart)
  }
  assert.equal(firstStarts.filter(Boolean).length, 1)
})

test('if nodes with one master key start in separate folders, one writes the credentials and the others report its path', async (t) => {
  const folders = await newFolders(4)
  const [keyFolder = ''] = await newFolders(1)
  // The key server is started only to create the master key.
  const keyServer = await startSingleProcess(
    readConfig({ data: keyFolder, listen: '127.0.0.1:0', publicListen: '127.0.0.1:0' }, {}),
    context,
  )
  await keyServer.close()
  for (const folder of folders)
    await copyFile(join(keyFolder, 'master.key'), join(folder, 'master.key'))
  const outcomes = await startTogether(t, folders)
  if (outcomes.length === 0) return
  const foldersWithFile = folders.filter((folder) => existsSync(join(folder, 'credentials')))
  assert.equal(foldersWithFile.length, 1)
  const location = `${hostname()}:${join(foldersWithFile[0] ?? '', 'credentials')}`
  const locations = outcomes.map((outcome) =>
    outcome.status === 'fulfilled'
      ? (outcome.value.credentials.elsewhere ?? 'here')
      : String(outcome.reason),
  )
  const sorted = locations.toSorted((a, b) => a.localeCompare(b))
  const expected = ['here', location, location, location]
  assert.deepEqual(
    sorted,
    expected.toSorted((a, b) => a.localeCompare(b)),
  )
})

test('if nodes without a master key start in separate folders, one starts and the others report the missing key', async (t) => {
  const outcomes = await startTogether(t, await newFolders(3))
  if (outcomes.length === 0) return
  const failures = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
  )
  assert.equal(failures.length, 2)
  for (const reason of failures) {
    assert.ok(reason instanceof ConfigurationError, String(reason))
    assert.match(reason.message, /the master key .* is missing/)
  }
})

test('a node with another master key is refused', async (t) => {
  const server = await postgres(t)
  if (server === undefined) return
  const database = databaseUrl(await server.createDatabase())
  const [firstFolder = '', otherFolder = '', mixedFolder = ''] = await newFolders(3)
  const first = await startSingleProcess(configOf(firstFolder, database), context)
  const other = await startSingleProcess(
    configOf(otherFolder, databaseUrl(await server.createDatabase())),
    context,
  )
  await other.close()
  await copyFile(join(otherFolder, 'master.key'), join(mixedFolder, 'master.key'))
  await assert.rejects(
    startSingleProcess(configOf(mixedFolder, database), context),
    (error: Error) => {
      assert.ok(error instanceof ConfigurationError)
      assert.match(error.message, /does not match the database/)
      return true
    },
  )
  await first.close()
})

test('a starting node keeps the leases of other nodes', async (t) => {
  const nodes = await startNodes(t)
  if (nodes === undefined) return
  const { first } = nodes
  await first.createBucket(crlBucket)
  const root = await createRoot(first, { more: revocationOptions() })
  await issue(first, { arn: root.arn, csr: csr('ec-server') })
  const key = `crl/${lastOf(root.arn)}.crl`
  await crlThat(first, key, () => true)
  const until = first.clock.now().getTime() + 60_000
  await first.inDatabase('update crls set lease = ?, lease_until_ms = ?', 'another node', until)
  const third = await first.startNode()
  const [row] = await first.inDatabase('select lease from crls')
  assert.equal(row?.['lease'], 'another node')
  await third.close()
  assert.ok(readCrl((await first.readObject(crlBucket, key)) ?? Buffer.alloc(0)))
})

test('nodes share the root of their enrollment listeners', async (t) => {
  const server = await postgres(t)
  if (server === undefined) return
  const database = databaseUrl(await server.createDatabase())
  const first = await TestService.start({ database, enrollListen: '127.0.0.1:0' })
  const { enrollRoot } = first
  const second = await first.startNode()
  t.after(async () => {
    await second.close()
    await first.close()
  })
  assert.equal(second.enrollRoot, enrollRoot)
  for (const { enrollUrl } of [first, second])
    assert.equal((await enrollRequest({ enrollUrl, enrollRoot }, '/')).status, 200)
  const keys = await first.inDatabase("select name from keys where name = 'tls-root'")
  assert.equal(keys.length, 1)
})
