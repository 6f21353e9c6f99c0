/**
 * Tests of a database that is damaged or has lost acknowledged writes. Until the database is restored or the loss is accepted,
 * the server serves only reads. The server reports the problem to clients and operators.
 */
import assert from 'node:assert/strict'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, suite, test, type TestContext } from 'node:test'
import { csr } from '../support/csrs.ts'
import { authorityInput, createRoot, issue, issueInput } from '../support/hierarchy.ts'
import { ocspRequest } from '../support/ocsp-requests.ts'
import { command, startServer, type ServerProcess } from '../support/process.ts'
import { clientOf, healthOf } from '../support/process-client.ts'
import { eventually, lastOf } from '../support/revocation.ts'
import type { ApiCaller } from '../support/service.ts'

const lost = 'The service has stopped issuing: its database has lost writes.'
const damaged = 'The service has stopped issuing: its database is damaged.'
const tryLater = Buffer.from('30030a0103', 'hex')

/** Registers functions to run at the end of a test or of all tests. */
interface CleanupRegistry {
  after(cleanup: () => unknown): void
}

class Scene {
  readonly folder: string
  readonly data: string
  readonly #t: CleanupRegistry
  readonly #flags: readonly string[]
  readonly issued: { readonly arn: string; readonly certificate: string }[] = []
  server!: ServerProcess
  root!: { readonly arn: string; readonly certificate: string }

  constructor(t: CleanupRegistry, flags: readonly string[] = ['--workers', '1']) {
    this.#t = t
    this.#flags = flags
    this.folder = mkdtempSync(join(tmpdir(), 'signet-loss-'))
    this.data = join(this.folder, 'data')
    t.after(() => rmSync(this.folder, { recursive: true }))
  }

  /** A copy of the template data folder, which contains a root with OCSP, a certificate, and an empty write-ahead log. */
  static async prepare(t: TestContext, flags?: readonly string[]): Promise<Scene> {
    const scene = new Scene(t, flags)
    cpSync(template.data, scene.data, { recursive: true, preserveTimestamps: true })
    scene.root = template.root
    scene.issued.push(...template.issued)
    return scene
  }

  /** A new data folder with the contents that `prepare` describes. */
  static async create(t: CleanupRegistry): Promise<Scene> {
    const scene = new Scene(t)
    await scene.start()
    const RevocationConfiguration = { OcspConfiguration: { Enabled: true } }
    scene.root = await createRoot(scene.client, { more: { RevocationConfiguration } })
    await scene.issue(1)
    await scene.server.stop('SIGTERM')
    return scene
  }

  get client(): ApiCaller {
    return clientOf(this.server, this.data)
  }

  path(name = ''): string {
    return join(this.data, `signet.sqlite${name}`)
  }

  async start(...more: readonly string[]): Promise<void> {
    const server = await startServer(this.data, [...this.#flags, '--log-level', 'warn', ...more])
    this.server = server
    this.#t.after(() => server.stop('SIGKILL'))
  }

  async issue(count: number): Promise<void> {
    for (let n = 0; n < count; n += 1)
      this.issued.push(await issue(this.client, { arn: this.root.arn, csr: csr('ec-server') }))
  }

  /** Runs `serve`, which must fail to start, and returns its error output. */
  async failToStart(...more: readonly string[]): Promise<string> {
    const listeners = ['--listen', '127.0.0.1:0', '--public-listen', '127.0.0.1:0']
    const args = ['serve', '--data', this.data, ...listeners, ...more]
    const { code, stderr, stdout } = await command(args, { NODE_NO_WARNINGS: '1' })
    assert.equal(code, 2, stdout + stderr)
    return stderr
  }

  /** Asserts that every write and signature is rejected, and that the certificate `readable` can be read. */
  async assertStopped(message: string, readable: string | undefined): Promise<void> {
    const { client, root } = this
    const authority = { CertificateAuthorityArn: root.arn }
    for (const [operation, input] of [
      ['IssueCertificate', issueInput(root.arn, csr('ec-server'))],
      ['CreateCertificateAuthority', authorityInput()],
      [
        'RevokeCertificate',
        {
          ...authority,
          CertificateSerial: lastOf(this.issued[0]?.arn ?? ''),
          RevocationReason: 'SUPERSEDED',
        },
      ],
    ] as const) {
      const { status, json } = await client.call(operation, input)
      assert.equal(status, 503, operation)
      assert.deepEqual(json, { __type: 'ServiceUnavailable', message })
    }
    const body = ocspRequest([
      { issuer: root.certificate, serial: lastOf(this.issued[0]?.arn ?? '') },
    ])
    const response = await fetch(`${this.server.publicUrl}/ocsp`, { method: 'POST', body })
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), tryLater)
    assert.deepEqual(await healthOf(this.server), [503, 503])
    await eventually(
      () =>
        Promise.resolve(
          this.server.stderr().includes('the server has stopped issuing') || undefined,
        ),
      'an entry in the log',
    )
    if (readable === undefined) return
    await client.must('DescribeCertificateAuthority', authority)
    await client.must('GetCertificate', { ...authority, CertificateArn: readable })
  }

  async assertServes(): Promise<void> {
    await this.client.must('IssueCertificate', issueInput(this.root.arn, csr('ec-server')))
    assert.deepEqual(await healthOf(this.server), [200, 200])
    const body = ocspRequest([
      { issuer: this.root.certificate, serial: lastOf(this.issued[0]?.arn ?? '') },
    ])
    const response = await fetch(`${this.server.publicUrl}/ocsp`, { method: 'POST', body })
    assert.notDeepEqual(Buffer.from(await response.arrayBuffer()), tryLater)
  }
}

let template: Scene
const cleanups: (() => unknown)[] = []
before(async () => {
  template = await Scene.create({ after: (cleanup) => void cleanups.push(cleanup) })
})
after(async () => {
  for (const cleanup of cleanups.toReversed()) await cleanup()
})

/** Asserts that a writing command fails, and that its error states the reason. */
async function assertWriteRefused({ data }: Scene): Promise<void> {
  const { code, stderr } = await command(['access-key', 'create', '--user', 'x', '--data', data])
  assert.notEqual(code, 0)
  assert.match(stderr, /has lost writes/)
}

/** Overwrites the root page of a table or index in the database file. */
async function damagePageOf(path: string, name: string): Promise<void> {
  const database = new DatabaseSync(path, { readOnly: true })
  const row = database.prepare('select rootpage from sqlite_schema where name = ?').get(name)
  const size = database.prepare('pragma page_size').get()
  database.close()
  const pageBytes = Number(size?.['page_size'])
  const file = await open(path, 'r+')
  await file.write(
    Buffer.alloc(pageBytes, 0xa5),
    0,
    pageBytes,
    (Number(row?.['rootpage']) - 1) * pageBytes,
  )
  await file.close()
}

suite('lost writes', () => {
  const losses: readonly [string, (scene: Scene) => Promise<void>][] = [
    [
      'a write-ahead log without its last byte',
      async (scene) => {
        await scene.start()
        await scene.issue(3)
        await scene.server.stop('SIGKILL')
        truncateSync(scene.path('-wal'), statSync(scene.path('-wal')).size - 1)
      },
    ],
    [
      'an empty write-ahead log',
      async (scene) => {
        await scene.start()
        await scene.issue(3)
        await scene.server.stop('SIGKILL')
        truncateSync(scene.path('-wal'), 0)
      },
    ],
    [
      'a missing write-ahead log',
      async (scene) => {
        await scene.start()
        await scene.issue(1)
        await scene.server.stop('SIGKILL')
        rmSync(scene.path('-wal'))
        rmSync(scene.path('-shm'))
      },
    ],
    [
      'a write-ahead log with a changed byte',
      async (scene) => {
        await scene.start()
        await scene.issue(3)
        await scene.server.stop('SIGKILL')
        const text = readFileSync(scene.path('-wal'))
        const at = text.length - 3000
        text[at] = (text[at] ?? 0) ^ 1
        writeFileSync(scene.path('-wal'), text)
      },
    ],
    [
      'an older copy of the database',
      async (scene) => {
        copyFileSync(scene.path(), scene.path('.aside'))
        await scene.start()
        await scene.issue(1)
        await scene.server.stop('SIGTERM')
        renameSync(scene.path('.aside'), scene.path())
      },
    ],
  ]
  for (const [name, lose] of losses.slice(1))
    test(`${name}: nothing is issued`, async (t) => {
      const scene = await Scene.prepare(t)
      await lose(scene)
      await scene.start()
      await scene.assertStopped(lost, scene.issued[0]?.arn)
    })

  for (const workers of ['1', '2'])
    test(`a write-ahead log without its last byte: nothing is issued until the loss is accepted, with ${workers} workers`, async (t) => {
      const scene = await Scene.prepare(t, ['--workers', workers])
      await losses[0]?.[1](scene)
      await scene.start()
      await scene.assertStopped(lost, scene.issued[0]?.arn)
      await scene.server.stop('SIGTERM')
      // Neither a restart nor a command makes the server sign or write again.
      await assertWriteRefused(scene)
      const listed = await command(['access-key', 'list', '--data', scene.data])
      assert.equal(listed.code, 0)
      assert.match(listed.stderr, /signet: warning: .*has lost writes.*commits are missing/)
      await scene.start()
      await scene.assertStopped(lost, scene.issued[0]?.arn)
      await scene.server.stop('SIGKILL')
      await scene.start('--accept-loss')
      await scene.assertServes()
      assert.match(scene.server.stderr(), /the loss of writes was accepted/)
      assert.equal((await command(['verify', '--data', scene.data])).code, 0)
      await scene.server.stop('SIGKILL')
      await scene.start()
      await scene.assertServes()
    })

  test('a command detects a loss before any server has started', async (t) => {
    const scene = await Scene.prepare(t)
    await losses[0]?.[1](scene)
    await assertWriteRefused(scene)
    await scene.start()
    await scene.assertStopped(lost, scene.issued[0]?.arn)
  })

  test('a missing database is recreated only with --accept-loss', async (t) => {
    const scene = await Scene.prepare(t)
    for (const name of ['', '-wal', '-shm']) rmSync(scene.path(name), { force: true })
    const text =
      /signet\.sqlite is missing, although .*signet\.sqlite\.mark shows .*--accept-loss\n$/
    assert.match(await scene.failToStart(), text)
    writeFileSync(scene.path(), '')
    assert.match(await scene.failToStart(), /has lost writes/)
    await scene.start('--accept-loss')
    const { CertificateAuthorities } = await scene.client.must('ListCertificateAuthorities', {})
    assert.deepEqual(CertificateAuthorities, [])
  })

  test('a database that was replaced with the database of another server is reported as having lost writes', async (t) => {
    const [scene, other] = [await Scene.prepare(t), await Scene.create(t)]
    copyFileSync(other.path(), scene.path())
    copyFileSync(join(other.data, 'master.key'), join(scene.data, 'master.key'))
    copyFileSync(join(other.data, 'credentials'), join(scene.data, 'credentials'))
    await scene.start()
    const refused = await scene.client.call('CreateCertificateAuthority', authorityInput())
    assert.deepEqual(refused.json, { __type: 'ServiceUnavailable', message: lost })
  })

  test('neither a restored backup nor a missing commit mark is treated as a loss', async (t) => {
    const scene = await Scene.prepare(t)
    const [file, passphrase] = [join(scene.folder, 'backup'), join(scene.folder, 'passphrase')]
    writeFileSync(passphrase, 'correct horse battery\n', { mode: 0o600 })
    const lock = ['--data', scene.data, '--passphrase-file', passphrase]
    assert.equal((await command(['backup', file, ...lock])).code, 0)
    await losses[0]?.[1](scene)
    await scene.start()
    await scene.assertStopped(lost, scene.issued[0]?.arn)
    await scene.server.stop('SIGTERM')
    for (const name of ['', '-wal', '-shm']) rmSync(scene.path(name), { force: true })
    const restored = await command(['restore', file, ...lock])
    assert.equal(restored.code, 0, restored.stderr)
    await scene.start()
    await scene.assertServes()
    await scene.server.stop('SIGKILL')
    rmSync(scene.path('.mark'))
    await scene.start()
    await scene.assertServes()
    assert.ok(existsSync(scene.path('.mark')))
    assert.match(scene.server.stderr(), /the commit mark is missing/)
  })

  test('SIGKILL during writes loses nothing', async (t) => {
    const scene = await Scene.prepare(t, ['--workers', '2'])
    for (let round = 0; round < 2; round += 1) {
      await scene.start()
      const { client, root, server } = scene
      const loads = Array.from({ length: 16 }, async () => {
        for (;;) await client.must('IssueCertificate', issueInput(root.arn, csr('ec-server')))
      })
      await scene.issue(1)
      server.child.kill('SIGKILL')
      await Promise.allSettled(loads)
    }
    await scene.start()
    await scene.assertServes()
  })
})

suite('a damaged database', () => {
  for (const name of ['certificates', 'certificates_by_serial_number', 'events'])
    test(`damage to the root page of ${name} is detected at startup, and --accept-loss is refused`, async (t) => {
      const scene = await Scene.prepare(t)
      await damagePageOf(scene.path(), name)
      await scene.start()
      await scene.assertStopped(damaged, undefined)
      await scene.server.stop('SIGTERM')
      assert.match(
        await scene.failToStart('--accept-loss'),
        /signet\.sqlite is damaged \(.*\), which --accept-loss cannot repair; .*"signet restore"/,
      )
    })

  test('a database that cannot be opened is reported as damaged, and the server does not start', async (t) => {
    const scene = await Scene.prepare(t)
    writeFileSync(scene.path(), Buffer.alloc(100_000, 0x5a))
    assert.match(await scene.failToStart(), /signet\.sqlite is damaged \(.*\); .*"signet restore"/)
  })

  for (const workers of ['1', '2'])
    test(`damage found by a read request stops issuance in all processes, with ${workers} workers`, async (t) => {
      const scene = await Scene.prepare(t, ['--workers', workers])
      await scene.start()
      await scene.assertServes()
      await damagePageOf(scene.path(), 'permissions')
      await scene.assertServes()
      const authority = { CertificateAuthorityArn: scene.root.arn }
      const failed = await scene.client.call('ListPermissions', authority)
      assert.equal(failed.status, 503, failed.text)
      assert.deepEqual(failed.json, { __type: 'ServiceUnavailable', message: damaged })
      for (let n = 0; n < 8; n += 1) await scene.assertStopped(damaged, scene.issued[0]?.arn)
      await scene.server.stop('SIGTERM')
      await scene.start()
      await scene.assertStopped(damaged, scene.issued[0]?.arn)
    })

  test('damage found by a command stops issuance in the server', async (t) => {
    const scene = await Scene.prepare(t)
    await scene.start()
    await damagePageOf(scene.path(), 'shares')
    const { code, stderr } = await command(['share', 'list', '--data', scene.data])
    assert.notEqual(code, 0)
    assert.match(stderr, /the database is damaged/)
    await scene.assertStopped(damaged, scene.issued[0]?.arn)
    const again = await command(['access-key', 'list', '--data', scene.data])
    assert.match(again.stderr, /signet: warning: .*database is damaged/)
  })

  test('damage found by a write stops issuance', async (t) => {
    const scene = await Scene.prepare(t)
    await scene.start()
    await damagePageOf(scene.path(), 'permissions')
    const { status, json } = await scene.client.call('CreatePermission', {
      CertificateAuthorityArn: scene.root.arn,
      Principal: 'acm.amazonaws.com',
      Actions: ['IssueCertificate', 'GetCertificate', 'ListPermissions'],
    })
    assert.equal(status, 503)
    assert.deepEqual(json, { __type: 'ServiceUnavailable', message: damaged })
    await scene.assertStopped(damaged, scene.issued[0]?.arn)
  })
})
