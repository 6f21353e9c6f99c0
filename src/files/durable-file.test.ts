/** Tests of durable files: the order in which content and names are flushed to disk, file permissions, and failed writes. */
import assert from 'node:assert/strict'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import fs from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { TestFolder } from '../../test/support/database.ts'
import {
  createFile,
  makeFolder,
  renameDurably,
  replaceFile,
  replaceFiles,
  writeOutput,
} from './durable-file.ts'

/** Records the path of every flush in order. The returned function returns the steps recorded since its previous call. */
async function recordDisk(t: TestContext, folder: string): Promise<() => string[]> {
  const steps: string[] = []
  const short = (path: unknown): string => String(path).replace(folder, '') || '/'
  const probe = await fs.open(folder, 'r')
  const prototype = Object.getPrototypeOf(probe)
  await probe.close()
  const { sync } = prototype
  t.mock.method(prototype, 'sync', async function (this: fs.FileHandle) {
    const path = await fs.readlink(`/proc/self/fd/${this.fd}`)
    steps.push(`flush ${short(path)}`)
    await sync.call(this)
  })
  return () => steps.splice(0)
}

const skip = process.platform !== 'linux' && 'paths of open files are read from /proc'

test(
  'a file is flushed before its folder, whether the file is new, replaced or one of several',
  { skip },
  async (t) => {
    using folder = new TestFolder()
    const steps = await recordDisk(t, folder.path)
    const path = folder.file('one')
    for (const content of ['first', 'second']) {
      await replaceFile({ path, content, mode: 0o600 })
      assert.deepEqual(steps(), ['flush /one.new', 'flush /'])
      assert.equal(readFileSync(path, 'utf8'), content)
    }
    await replaceFiles([
      { path, content: 'third', mode: 0o600 },
      { path: folder.file('two'), content: 'more', mode: 0o644 },
    ])
    assert.deepEqual(steps(), ['flush /one.new', 'flush /two.new', 'flush /'])
    await createFile({ path: folder.file('three'), content: 'new', mode: 0o600 })
    assert.deepEqual(steps(), [`flush /three.${process.pid}`, 'flush /'])
    await renameDurably(folder.file('three'), folder.file('four'))
    assert.deepEqual(steps(), ['flush /'])
    assert.deepEqual(readdirSync(folder.path).toSorted(), ['four', 'one', 'two'])
  },
)

test('makeFolder flushes the parent of each folder that it creates', { skip }, async (t) => {
  using folder = new TestFolder()
  const steps = await recordDisk(t, folder.path)
  await makeFolder(folder.file('a/b/c'), 0o700)
  assert.deepEqual(steps(), ['flush /a/b', 'flush /a', 'flush /'])
  assert.equal(statSync(folder.file('a/b/c')).mode & 0o777, 0o700)
  await makeFolder(folder.file('a/b/c'), 0o755)
  assert.deepEqual(steps(), [])
  assert.equal(statSync(folder.file('a/b/c')).mode & 0o777, 0o700)
})

test('files and folders have the requested mode, whatever the umask and the mode of an existing file', async () => {
  using folder = new TestFolder()
  const path = folder.file('file')
  const before = process.umask(0o077)
  try {
    await replaceFile({ path, content: 'x', mode: 0o644 })
    assert.equal(statSync(path).mode & 0o777, 0o644)
    chmodSync(path, 0o666)
    await replaceFile({ path, content: 'x', mode: 0o600 })
    assert.equal(statSync(path).mode & 0o777, 0o600)
    await makeFolder(folder.file('folder'), 0o755)
    assert.equal(statSync(folder.file('folder')).mode & 0o777, 0o755)
  } finally {
    process.umask(before)
  }
})

test('createFile refuses an existing file, and temporary files of interrupted calls do not prevent writes', async () => {
  using folder = new TestFolder()
  const path = folder.file('file')
  writeFileSync(`${path}.new`, 'a part of')
  writeFileSync(`${path}.${process.pid}`, 'a part of')
  await createFile({ path, content: 'whole', mode: 0o600 })
  await assert.rejects(createFile({ path, content: 'other', mode: 0o600 }), { code: 'EEXIST' })
  assert.equal(readFileSync(path, 'utf8'), 'whole')
  await replaceFile({ path, content: 'replaced', mode: 0o600 })
  assert.equal(readFileSync(path, 'utf8'), 'replaced')
  assert.deepEqual(readdirSync(folder.path), ['file'])
})

test('a failed write leaves the file unchanged', async () => {
  using folder = new TestFolder()
  const path = folder.file('file')
  await replaceFile({ path, content: 'before', mode: 0o600 })
  const prepare = (): Promise<void> => Promise.reject(new Error('no'))
  await assert.rejects(replaceFile({ path, content: 'after', mode: 0o600, prepare }), /no/)
  await assert.rejects(
    createFile({ path: join(folder.path, 'none', 'x'), content: '', mode: 0o600 }),
    { code: 'ENOENT' },
  )
  assert.equal(readFileSync(path, 'utf8'), 'before')
  mkdirSync(folder.file('taken'))
  await assert.rejects(replaceFile({ path: folder.file('taken'), content: '', mode: 0o600 }))
})

test('writeOutput replaces neither a device nor a symbolic link', async () => {
  using folder = new TestFolder()
  const links = { device: '/dev/null', file: folder.file('target') }
  writeFileSync(links.file, 'old')
  for (const [name, target] of Object.entries(links)) {
    const path = folder.file(name)
    symlinkSync(target, path)
    await writeOutput({ path, content: 'new', mode: 0o644 })
    assert.ok(lstatSync(path).isSymbolicLink(), name)
  }
  assert.equal(readFileSync(links.file, 'utf8'), 'new')
  await writeOutput({ path: folder.file('fresh'), content: 'new', mode: 0o644 })
  assert.equal(readFileSync(folder.file('fresh'), 'utf8'), 'new')
})

test('concurrent calls can create the same nested folder', async () => {
  using folder = new TestFolder()
  const path = folder.file('a/b/c')
  await Promise.all(Array.from({ length: 8 }, () => makeFolder(path, 0o700)))
  assert.equal(statSync(path).mode & 0o777, 0o700)
})
