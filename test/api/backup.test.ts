/** Tests of `signet backup` and `signet restore`, run as an operator would run them. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { sqliteSchema } from '../../src/store/sqlite/schema.ts'
import { answerOf, BackupFolder, contentOf, withoutRestoration } from '../support/backups.ts'
import { csr } from '../support/csrs.ts'
import { createRoot, issue, issueInput } from '../support/hierarchy.ts'
import { command, signet, startServer, type Outcome } from '../support/process.ts'
import {
  allPublished,
  crlBucket,
  crlWith,
  lastOf,
  revocationOptions,
  revoke,
} from '../support/revocation.ts'
import { TestService } from '../support/service.ts'

let service: TestService
let root: { readonly arn: string; readonly csr: string }
let folder: BackupFolder
let names = 0
before(async () => {
  folder = new BackupFolder()
  service = await TestService.start({ crlDelay: '0' })
  await service.createBucket(crlBucket)
  const created = await createRoot(service, { more: revocationOptions() })
  root = { arn: created.arn, csr: csr('ec-server') }
  const revoked = await issue(service, root)
  await revoke(service, revoked.arn)
  await crlWith(service, revoked.arn)
  await allPublished(service)
})
after(async () => {
  await service.close()
  folder[Symbol.dispose]()
})

const newName = (): string => `one${(names += 1)}`
const data = (): string[] => ['--data', service.config.dataDirectory]
const databaseOf = (path: string): string => join(path, 'signet.sqlite')

function assertRefused({ code, stdout, stderr }: Outcome, message: RegExp): void {
  assert.deepEqual([code, stdout], [2, ''], stderr)
  assert.match(stderr, /^(signet: [^\n]+\n)+$/)
  assert.match(stderr, message)
}

test('a restore writes every row, the master key and the credentials to private files', async () => {
  const name = newName()
  const created = await folder.backUp(name, data())
  const file = folder.file(name)
  assert.deepEqual(
    [created.File, created.Size, created.MasterKey, created.Credentials, created.SchemaVersion],
    [file, statSync(file).size, true, true, sqliteSchema.length],
  )
  assert.equal(created.Sha256, createHash('sha256').update(readFileSync(file)).digest('hex'))
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const target = folder.file(newName())
  const { Rows, CreatedAt } = await folder.restore(name, ['--data', target])
  assert.deepEqual([Rows, CreatedAt], [created.Rows, created.CreatedAt])
  assert.deepEqual(readdirSync(target).toSorted(), [
    'credentials',
    'lock',
    'master.key',
    'signet.sqlite',
  ])
  const original = service.config.dataDirectory
  assert.deepEqual(
    withoutRestoration(await contentOf(databaseOf(target))),
    withoutRestoration(await contentOf(databaseOf(original))),
  )
  for (const entry of ['master.key', 'credentials'])
    assert.deepEqual(readFileSync(join(target, entry)), readFileSync(join(original, entry)))
  assert.equal(statSync(target).mode & 0o777, 0o700)
  for (const entry of readdirSync(target))
    assert.equal(statSync(join(target, entry)).mode & 0o777, 0o600)
})

test('a restored server accepts the same credentials, and issues and revokes with the same CAs', async (t) => {
  const name = newName()
  await folder.backUp(name, data())
  const target = folder.file(newName())
  await cp(join(service.config.dataDirectory, 'objects'), join(target, 'objects'), {
    recursive: true,
  })
  await folder.restore(name, ['--data', target])
  const restored = await TestService.start({ data: target, crlDelay: '0' })
  t.after(() => restored.close())
  const { arn } = await issue(restored, root)
  await revoke(restored, arn)
  await crlWith(restored, arn)
})

test('a backup of a server under load contains every certificate acknowledged before the backup began', async () => {
  const stop = new AbortController()
  const acknowledged: string[] = []
  const issueContinuously = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const { CertificateArn } = await service.must(
        'IssueCertificate',
        issueInput(root.arn, root.csr),
      )
      acknowledged.push(lastOf(CertificateArn))
    }
  }
  const workers = Array.from({ length: 8 }, issueContinuously)
  while (acknowledged.length < 100) await new Promise((resolve) => setImmediate(resolve))
  const atStart = [...acknowledged]
  const name = newName()
  await folder.backUp(name, data())
  stop.abort()
  await Promise.all(workers)
  const target = folder.file(newName())
  await cp(join(service.config.dataDirectory, 'objects'), join(target, 'objects'), {
    recursive: true,
  })
  await folder.restore(name, ['--data', target])
  const content = await contentOf(databaseOf(target))
  const restored = new Set(
    content
      .get('certificates')!
      .map((row) => Buffer.from(row['serial_number'] as Uint8Array).toString('hex')),
  )
  const missing = atStart.filter((serial) => !restored.has(serial.padStart(32, '0')))
  assert.deepEqual(missing, [])
  const found = answerOf(await command(['verify', '--data', target]))
  assert.deepEqual([found.Ok, found.Certificates], [true, restored.size])
})

describe('a backup', () => {
  test('a backup replaces no existing file, and leaves no file behind when it fails', async () => {
    const name = newName()
    writeFileSync(folder.file(name), 'precious')
    const lock = ['--recipient', folder.file('recipient.txt')]
    assertRefused(
      await command(['backup', folder.file(name), ...lock, ...data()]),
      /already exists/,
    )
    assert.equal(readFileSync(folder.file(name), 'utf8'), 'precious')
    const other = folder.file(newName())
    writeFileSync(`${other}.partial`, '')
    assertRefused(await command(['backup', other, ...lock, ...data()]), /another backup|cut short/)
    assert.equal(existsSync(other), false)
    const nowhere = join(folder.path, 'absent', 'file')
    // Without a key in the flags, the command would now ask for a passphrase.
    const refused = await command(['backup', nowhere, ...data()])
    const message = `cannot write the backup to the folder ${join(folder.path, 'absent')}: no such file or folder`
    assert.ok(refused.stderr.includes(message), refused.stderr)
  })

  test('a killed backup leaves only its partial file, and its passphrase is not visible in /proc', async () => {
    const file = folder.file(newName())
    const key = ['--passphrase-file', folder.file('passphrase')]
    const child = spawn(process.execPath, [signet, 'backup', file, ...key, ...data()])
    const ended = once(child, 'exit')
    while (!existsSync(`${file}.partial`) && child.exitCode === null) await setTimeout(5)
    // Deriving the key from the passphrase takes a while.
    for (const name of ['cmdline', 'environ'])
      assert.doesNotMatch(readFileSync(`/proc/${child.pid}/${name}`, 'latin1'), /horse battery/)
    child.kill('SIGKILL')
    assert.deepEqual(await ended, [null, 'SIGKILL'])
    assert.equal(existsSync(file), false)
    assert.equal(statSync(`${file}.partial`).mode & 0o777, 0o600)
    const restore = ['restore', `${file}.partial`, ...key, '--data', folder.file(newName())]
    assertRefused(await command(restore), /not a Signet backup|damaged/)
    assertRefused(
      await command(['backup', file, ...key, ...data()]),
      /was interrupted; if the earlier backup was interrupted, remove/,
    )
  })

  test('a backup and its restore read the passphrase only from a private file or a terminal', async () => {
    const file = folder.file(newName())
    const passphrase = ['--passphrase-file', folder.file('passphrase')]
    assertRefused(await command(['backup', file, ...data()]), /without a terminal/)
    assertRefused(
      await command(['backup', file, ...passphrase, '--recipient', 'x', ...data()]),
      /cannot be combined with/,
    )
    const worldReadable = folder.file('open')
    await writeFile(worldReadable, 'correct horse battery', { mode: 0o644 })
    assertRefused(
      await command(['backup', file, '--passphrase-file', worldReadable, ...data()]),
      /chmod 600/,
    )
    const short = folder.file('short')
    await writeFile(short, 'short\n', { mode: 0o600 })
    assertRefused(
      await command(['backup', file, '--passphrase-file', short, ...data()]),
      /characters/,
    )
    assertRefused(
      await command(['backup', file, '--recipient', folder.file('identity.txt'), ...data()]),
      /private/,
    )
    assert.deepEqual([existsSync(file), existsSync(`${file}.partial`)], [false, false])
    answerOf(await command(['backup', file, ...passphrase, ...data()]))
    const target = folder.file(newName())
    const wrong = folder.file('wrong')
    await writeFile(wrong, 'correct horse batteries\n', { mode: 0o600 })
    const restore = (keyFlags: string[]): Promise<Outcome> =>
      command(['restore', file, ...keyFlags, '--data', target])
    assertRefused(await restore(['--passphrase-file', wrong]), /passphrase is wrong/)
    assertRefused(await restore(['--identity', folder.file('identity.txt')]), /passphrase/)
    assertRefused(await restore([]), /without a terminal/)
    const keyOnCommandLine = await restore(['--identity', 'AGE-SECRET-KEY-1QQQQ'])
    assertRefused(keyOnCommandLine, /must be in a file/)
    assert.doesNotMatch(keyOnCommandLine.stderr, /1QQQQ/)
    answerOf(await restore(passphrase))
  })

  test('a backup without the master key needs the master key in the restored data folder', async () => {
    const name = newName()
    const created = await folder.backUp(name, ['--without-master-key', ...data()])
    assert.equal(created.MasterKey, false)
    const target = folder.file(newName())
    const restored = await folder.restore(name, ['--data', target])
    assert.match(restored.MasterKey, /the backup does not contain the master key/)
    assertRefused(await command(['verify', '--data', target]), /master key .* is missing/)
    await cp(join(service.config.dataDirectory, 'master.key'), join(target, 'master.key'))
    answerOf(await command(['account', 'list', '--data', target]))
    const second = folder.file(newName())
    await mkdir(second)
    await cp(join(service.config.dataDirectory, 'master.key'), join(second, 'master.key'))
    assert.match((await folder.restore(name, ['--data', second])).MasterKey, /existed before/)
  })
})

/** The plaintext of a backup with another schema version in its header (the first record). */
function withSchema(version: number): (plaintext: Buffer) => Buffer {
  return (plaintext) => {
    const end = 4 + plaintext.readUInt32BE()
    const header: object = JSON.parse(plaintext.toString('utf8', 5, end))
    const json = Buffer.from(`h${JSON.stringify({ ...header, schemaVersion: version })}`)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(json.length)
    return Buffer.concat([length, json, plaintext.subarray(end)])
  }
}

describe('a restore', () => {
  test('a restore into a data folder that is not empty is refused, and changes nothing', async () => {
    const name = newName()
    await folder.backUp(name, data())
    const target = folder.file(newName())
    const server = await startServer(target)
    assertRefused(await folder.tryRestore(name, ['--data', target]), /another signet serve owns/)
    await server.stop('SIGTERM')
    const original = await contentOf(databaseOf(target))
    assertRefused(await folder.tryRestore(name, ['--data', target]), /is not empty/)
    assert.deepEqual(await contentOf(databaseOf(target)), original)
    await rm(databaseOf(target))
    assertRefused(await folder.tryRestore(name, ['--data', target]), /does not match the database/)
    await rm(join(target, 'master.key'))
    assertRefused(
      await folder.tryRestore(name, ['--data', target]),
      /contains other files|its credentials differ/,
    )
    assert.equal(existsSync(databaseOf(target)), false)
    const foreign = folder.file(newName())
    await mkdir(foreign)
    await writeFile(join(foreign, 'letter.txt'), '')
    assertRefused(await folder.tryRestore(name, ['--data', foreign]), /contains other files/)
  })

  test('a restore of a damaged backup is refused, and leaves no database', async () => {
    const name = newName()
    await folder.backUp(name, data())
    const bytes = await readFile(folder.file(name))
    const target = folder.file(newName())
    for (const [kind, changed] of [
      ['cut', bytes.subarray(0, -1)],
      ['longer', Buffer.concat([bytes, Buffer.of(0)])],
      [
        'flipped',
        Buffer.from(bytes.map((byte, at) => (at === bytes.length - 100 ? byte ^ 1 : byte))),
      ],
      ['header', Buffer.from(bytes.map((byte, at) => (at === 60 ? byte ^ 1 : byte)))],
      ['chunk', bytes.subarray(0, bytes.indexOf('\n--- ') + 50 + 16)],
      ['empty', Buffer.alloc(0)],
    ] as const) {
      await writeFile(folder.file(kind), changed)
      assertRefused(
        await folder.tryRestore(kind, ['--data', target]),
        /damaged|is not a Signet backup/,
      )
      assert.deepEqual(
        readdirSync(target).filter((entry) => entry !== 'lock'),
        [],
        kind,
      )
    }
    assertRefused(
      await folder.tryRestore('absent', ['--data', target]),
      /cannot read the backup \S*absent: no such file/,
    )
    await folder.restore(name, ['--data', target])
  })

  test('a restore of a newer or an invalid schema is refused, and leaves no database', async () => {
    const name = newName()
    await folder.backUp(name, data())
    const target = folder.file(newName())
    for (const [version, message] of [
      [sqliteSchema.length + 1, /newer version of Signet/],
      [0, /invalid schema version/],
      [sqliteSchema.length - 1, /that does not exist in its schema version|damaged|no table/],
    ] as const) {
      await folder.rewrite(name, 'changed', withSchema(version))
      assertRefused(await folder.tryRestore('changed', ['--data', target]), message)
      assert.deepEqual(readdirSync(target), [])
    }
  })

  test('signet serve refuses a data folder with an interrupted restore, and a second restore repairs it', async () => {
    const target = folder.file(newName())
    await mkdir(target, { mode: 0o700 })
    await writeFile(`${databaseOf(target)}.restoring`, 'half')
    assertRefused(
      await command([
        'serve',
        '--data',
        target,
        '--listen',
        '127.0.0.1:0',
        '--public-listen',
        '127.0.0.1:0',
      ]),
      /a restore into .* was interrupted/,
    )
    const name = newName()
    await folder.backUp(name, data())
    await folder.restore(name, ['--data', target])
    new DatabaseSync(databaseOf(target)).close()
    assert.equal(existsSync(`${databaseOf(target)}.restoring`), false)
  })
})
