/** `signet backup` and `signet restore` as an operator uses them. */
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
  const made = await createRoot(service, { more: revocationOptions() })
  root = { arn: made.arn, csr: csr('ec-server') }
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

function refused({ code, stdout, stderr }: Outcome, what: RegExp): void {
  assert.deepEqual([code, stdout], [2, ''], stderr)
  assert.match(stderr, /^(signet: [^\n]+\n)+$/)
  assert.match(stderr, what)
}

test('every row, the master key and the credentials come back, in private files', async () => {
  const name = newName()
  const made = await folder.backUp(name, data())
  const file = folder.file(name)
  assert.deepEqual(
    [made.File, made.Size, made.MasterKey, made.Credentials, made.SchemaVersion],
    [file, statSync(file).size, true, true, sqliteSchema.length],
  )
  assert.equal(made.Sha256, createHash('sha256').update(readFileSync(file)).digest('hex'))
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const place = folder.file(newName())
  const { Rows, CreatedAt } = await folder.restore(name, ['--data', place])
  assert.deepEqual([Rows, CreatedAt], [made.Rows, made.CreatedAt])
  assert.deepEqual(readdirSync(place).toSorted(), [
    'credentials',
    'lock',
    'master.key',
    'signet.sqlite',
  ])
  const original = service.config.dataDirectory
  assert.deepEqual(
    withoutRestoration(await contentOf(databaseOf(place))),
    withoutRestoration(await contentOf(databaseOf(original))),
  )
  for (const one of ['master.key', 'credentials'])
    assert.deepEqual(readFileSync(join(place, one)), readFileSync(join(original, one)))
  assert.equal(statSync(place).mode & 0o777, 0o700)
  for (const one of readdirSync(place)) assert.equal(statSync(join(place, one)).mode & 0o777, 0o600)
})

test('a restored server goes on: the same credentials, CAs and certificates', async (t) => {
  const name = newName()
  await folder.backUp(name, data())
  const place = folder.file(newName())
  await cp(join(service.config.dataDirectory, 'objects'), join(place, 'objects'), {
    recursive: true,
  })
  await folder.restore(name, ['--data', place])
  const restored = await TestService.start({ data: place, crlDelay: '0' })
  t.after(() => restored.close())
  const { arn } = await issue(restored, root)
  await revoke(restored, arn)
  await crlWith(restored, arn)
})

test('of a server under load has every certificate that was acknowledged before it began', async () => {
  const stop = new AbortController()
  const acknowledged: string[] = []
  const issueOn = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const { CertificateArn } = await service.must(
        'IssueCertificate',
        issueInput(root.arn, root.csr),
      )
      acknowledged.push(lastOf(CertificateArn))
    }
  }
  const workers = Array.from({ length: 8 }, issueOn)
  while (acknowledged.length < 100) await new Promise((resolve) => setImmediate(resolve))
  const atStart = [...acknowledged]
  const name = newName()
  await folder.backUp(name, data())
  stop.abort()
  await Promise.all(workers)
  const place = folder.file(newName())
  await cp(join(service.config.dataDirectory, 'objects'), join(place, 'objects'), {
    recursive: true,
  })
  await folder.restore(name, ['--data', place])
  const content = await contentOf(databaseOf(place))
  const there = new Set(
    content
      .get('certificates')!
      .map((row) => Buffer.from(row['serial_number'] as Uint8Array).toString('hex')),
  )
  const missing = atStart.filter((serial) => !there.has(serial.padStart(32, '0')))
  assert.deepEqual(missing, [])
  const found = answerOf(await command(['verify', '--data', place]))
  assert.deepEqual([found.Ok, found.Certificates], [true, there.size])
})

describe('a backup', () => {
  test('replaces no file, and leaves none behind when it fails', async () => {
    const name = newName()
    writeFileSync(folder.file(name), 'precious')
    const lock = ['--recipient', folder.file('recipient.txt')]
    refused(await command(['backup', folder.file(name), ...lock, ...data()]), /already exists/)
    assert.equal(readFileSync(folder.file(name), 'utf8'), 'precious')
    const other = folder.file(newName())
    writeFileSync(`${other}.partial`, '')
    refused(await command(['backup', other, ...lock, ...data()]), /another backup|cut short/)
    assert.equal(existsSync(other), false)
    const nowhere = join(folder.path, 'absent', 'file')
    refused(await command(['backup', nowhere, ...lock, ...data()]), /cannot write the backup/)
  })

  test('that is killed leaves no file of its name, and its passphrase is visible to nobody', async () => {
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
    refused(await command(restore), /not a backup|damaged/)
    refused(
      await command(['backup', file, ...key, ...data()]),
      /was interrupted; in that case remove/,
    )
  })

  test('takes a passphrase from a private file only, and asks for one nowhere else', async () => {
    const file = folder.file(newName())
    const passphrase = ['--passphrase-file', folder.file('passphrase')]
    refused(await command(['backup', file, ...data()]), /without a terminal/)
    refused(
      await command(['backup', file, ...passphrase, '--recipient', 'x', ...data()]),
      /cannot be combined with/,
    )
    const open = folder.file('open')
    await writeFile(open, 'correct horse battery', { mode: 0o644 })
    refused(await command(['backup', file, '--passphrase-file', open, ...data()]), /chmod 600/)
    const short = folder.file('short')
    await writeFile(short, 'short\n', { mode: 0o600 })
    refused(await command(['backup', file, '--passphrase-file', short, ...data()]), /characters/)
    refused(
      await command(['backup', file, '--recipient', folder.file('identity.txt'), ...data()]),
      /private/,
    )
    assert.deepEqual([existsSync(file), existsSync(`${file}.partial`)], [false, false])
    answerOf(await command(['backup', file, ...passphrase, ...data()]))
    const place = folder.file(newName())
    const wrong = folder.file('wrong')
    await writeFile(wrong, 'correct horse batteries\n', { mode: 0o600 })
    const restore = (opener: string[]): Promise<Outcome> =>
      command(['restore', file, ...opener, '--data', place])
    refused(await restore(['--passphrase-file', wrong]), /passphrase is wrong/)
    refused(await restore(['--identity', folder.file('identity.txt')]), /passphrase/)
    refused(await restore([]), /without a terminal/)
    const onCommandLine = await restore(['--identity', 'AGE-SECRET-KEY-1QQQQ'])
    refused(onCommandLine, /must be a file/)
    assert.doesNotMatch(onCommandLine.stderr, /1QQQQ/)
    answerOf(await restore(passphrase))
  })

  test('without the master key needs it beside it', async () => {
    const name = newName()
    const made = await folder.backUp(name, ['--without-master-key', ...data()])
    assert.equal(made.MasterKey, false)
    const place = folder.file(newName())
    const restored = await folder.restore(name, ['--data', place])
    assert.match(restored.MasterKey, /not in the backup/)
    refused(await command(['verify', '--data', place]), /master key .* is missing/)
    await cp(join(service.config.dataDirectory, 'master.key'), join(place, 'master.key'))
    answerOf(await command(['account', 'list', '--data', place]))
    const second = folder.file(newName())
    await mkdir(second)
    await cp(join(service.config.dataDirectory, 'master.key'), join(second, 'master.key'))
    assert.match((await folder.restore(name, ['--data', second])).MasterKey, /existed before/)
  })
})

/** The plaintext of a backup with another schema version in its header, the first record. */
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
  test('into a place that is not empty is refused, and changes nothing', async () => {
    const name = newName()
    await folder.backUp(name, data())
    const place = folder.file(newName())
    const server = await startServer(place)
    refused(await folder.tryRestore(name, ['--data', place]), /another signet serve owns/)
    await server.stop('SIGTERM')
    const before_ = await contentOf(databaseOf(place))
    refused(await folder.tryRestore(name, ['--data', place]), /is not empty/)
    assert.deepEqual(await contentOf(databaseOf(place)), before_)
    await rm(databaseOf(place))
    refused(await folder.tryRestore(name, ['--data', place]), /is not the one/)
    await rm(join(place, 'master.key'))
    refused(
      await folder.tryRestore(name, ['--data', place]),
      /contains other files|other credentials/,
    )
    assert.equal(existsSync(databaseOf(place)), false)
    const foreign = folder.file(newName())
    await mkdir(foreign)
    await writeFile(join(foreign, 'letter.txt'), '')
    refused(await folder.tryRestore(name, ['--data', foreign]), /contains other files/)
  })

  test('of a damaged backup is refused, and leaves no database', async () => {
    const name = newName()
    await folder.backUp(name, data())
    const bytes = await readFile(folder.file(name))
    const place = folder.file(newName())
    for (const [what, changed] of [
      ['cut', bytes.subarray(0, -1)],
      ['longer', Buffer.concat([bytes, Buffer.of(0)])],
      [
        'flipped',
        Buffer.from(bytes.map((octet, at) => (at === bytes.length - 100 ? octet ^ 1 : octet))),
      ],
      ['header', Buffer.from(bytes.map((octet, at) => (at === 60 ? octet ^ 1 : octet)))],
      ['chunk', bytes.subarray(0, bytes.indexOf('\n--- ') + 50 + 16)],
      ['empty', Buffer.alloc(0)],
    ] as const) {
      await writeFile(folder.file(what), changed)
      refused(await folder.tryRestore(what, ['--data', place]), /damaged|is not a backup/)
      assert.deepEqual(
        readdirSync(place).filter((one) => one !== 'lock'),
        [],
        what,
      )
    }
    refused(await folder.tryRestore('absent', ['--data', place]), /cannot read the backup/)
    await folder.restore(name, ['--data', place])
  })

  test('of a newer or an invalid schema is refused, and leaves no database', async () => {
    const name = newName()
    await folder.backUp(name, data())
    const place = folder.file(newName())
    for (const [version, message] of [
      [sqliteSchema.length + 1, /newer version of Signet/],
      [0, /invalid schema version/],
      [sqliteSchema.length - 1, /that its schema version does not have|damaged|no table/],
    ] as const) {
      await folder.rewrite(name, 'changed', withSchema(version))
      refused(await folder.tryRestore('changed', ['--data', place]), message)
      assert.deepEqual(readdirSync(place), [])
    }
  })

  test('that was cut short is not served as a new folder', async () => {
    const place = folder.file(newName())
    await mkdir(place, { mode: 0o700 })
    await writeFile(`${databaseOf(place)}.restoring`, 'half')
    refused(
      await command([
        'serve',
        '--data',
        place,
        '--listen',
        '127.0.0.1:0',
        '--public-listen',
        '127.0.0.1:0',
      ]),
      /a restore into .* was interrupted/,
    )
    const name = newName()
    await folder.backUp(name, data())
    await folder.restore(name, ['--data', place])
    new DatabaseSync(databaseOf(place)).close()
    assert.equal(existsSync(`${databaseOf(place)}.restoring`), false)
  })
})
