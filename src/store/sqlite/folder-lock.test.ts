import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { TestFolder } from '../../../test/support/database.ts'
import { ConfigurationError } from '../../errors.ts'
import { lockFolder, prepareDataFolder } from './folder-lock.ts'

const holder = `
  import { lockFolder } from ${JSON.stringify(new URL('./folder-lock.ts', import.meta.url).href)}
  lockFolder(process.argv[2])
  setInterval(() => {}, 1000)
  globalThis.gc()
  setImmediate(() => {
    globalThis.gc()
    process.stdout.write('held')
  })
`

/**
 * Starts a process that locks a folder, drops all references to the lock, runs the garbage collector, and waits until it is
 * killed.
 */
async function spawnHolder(folder: TestFolder, directory: string): Promise<ChildProcess> {
  const script = folder.file('holder.mjs')
  writeFileSync(script, holder)
  const child = spawn(process.execPath, ['--expose-gc', script, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return child
}

function owned(directory: string): ConfigurationError {
  return new ConfigurationError(`another signet serve owns the data folder ${directory}`)
}

const refusal =
  (pattern: RegExp) =>
  (error: unknown): true => {
    assert.ok(error instanceof ConfigurationError, String(error))
    assert.match(error.message, pattern)
    return true
  }

test('only one process can lock a data folder, and kill -9 releases the lock', async () => {
  using folder = new TestFolder()
  const child = await spawnHolder(folder, folder.path)
  const ended = once(child, 'exit')
  try {
    assert.throws(
      () => lockFolder(folder.path),
      ({ message }: Error) => message === owned(folder.path).message,
    )
  } finally {
    child.kill('SIGKILL')
    await ended
  }
  const lock = lockFolder(folder.path)
  assert.equal(statSync(folder.file('lock')).mode & 0o777, 0o600)
  lock.release()
  lock.release()
})

test('a second lock by the same process is refused and does not release the first', async () => {
  using folder = new TestFolder()
  const lock = lockFolder(folder.path)
  assert.throws(() => lockFolder(folder.path), refusal(/another signet serve/))
  const script = folder.file('try.mjs')
  writeFileSync(
    script,
    `import { lockFolder } from ${JSON.stringify(new URL('./folder-lock.ts', import.meta.url).href)}
    try { lockFolder(process.argv[2]) } catch (error) { process.stdout.write(error.message) }`,
  )
  const child = spawn(process.execPath, [script, folder.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [message] = (await once(child.stdout, 'data')) as [Buffer]
  assert.equal(message.toString(), owned(folder.path).message)
  lock.release()
  lockFolder(folder.path).release()
})

test('a data folder that cannot be locked causes a ConfigurationError', () => {
  using folder = new TestFolder()
  assert.throws(
    () => lockFolder(folder.file('none')),
    refusal(/cannot be locked: no such file or folder/),
  )
  writeFileSync(folder.file('lock'), 'not a database '.repeat(100))
  assert.throws(() => lockFolder(folder.path), refusal(/cannot be locked: file is not a database/))
})

test('a data folder is created with its parents and mode 0700, and the mode of an existing one is restricted', async () => {
  using folder = new TestFolder()
  await prepareDataFolder(folder.file('a/b'))
  assert.equal(statSync(folder.file('a/b')).mode & 0o777, 0o700)
  mkdirSync(folder.file('open'))
  chmodSync(folder.file('open'), 0o755)
  await prepareDataFolder(folder.file('open'))
  assert.equal(statSync(folder.file('open')).mode & 0o777, 0o700)
})

test('a file is refused as a data folder', async () => {
  using folder = new TestFolder()
  writeFileSync(folder.file('file'), '')
  for (const name of ['file', 'file/below'])
    await assert.rejects(
      prepareDataFolder(folder.file(name)),
      refusal(
        /cannot be used: a (?:file or folder with this name already exists|part of the path is not a folder)/,
      ),
    )
})

test(
  'a folder without access rights is refused',
  { skip: process.getuid?.() === 0 && 'root can use every folder' },
  async () => {
    await assert.rejects(prepareDataFolder('/'), refusal(/cannot be used: E(PERM|ACCES)/))
  },
)
