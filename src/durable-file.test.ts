/** Files that are whole or not there, under a name that stays: the order in which they reach the disk. */
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
import { TestFolder } from '../test/support/database.ts'
import {
  createFile,
  makeFolder,
  renameDurably,
  replaceFile,
  replaceFiles,
  writeOutput,
} from './durable-file.ts'

/** Records every flush by its path, and every rename and link by its target, in their order. */
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
  'a file is flushed, and then its folder, whether it is new, replaced or one of several',
  { skip },
  async (t) => {
    using folder = new TestFolder()
    const taken = await recordDisk(t, folder.path)
    const path = folder.file('one')
    for (const content of ['first', 'second']) {
      await replaceFile({ path, content, mode: 0o600 })
      assert.deepEqual(taken(), ['flush /one.new', 'flush /'])
      assert.equal(readFileSync(path, 'utf8'), content)
    }
    await replaceFiles([
      { path, content: 'third', mode: 0o600 },
      { path: folder.file('two'), content: 'more', mode: 0o644 },
    ])
    assert.deepEqual(taken(), ['flush /one.new', 'flush /two.new', 'flush /'])
    await createFile({ path: folder.file('three'), content: 'new', mode: 0o600 })
    assert.deepEqual(taken(), [`flush /three.${process.pid}`, 'flush /'])
    await renameDurably(folder.file('three'), folder.file('four'))
    assert.deepEqual(taken(), ['flush /'])
    assert.deepEqual(readdirSync(folder.path).toSorted(), ['four', 'one', 'two'])
  },
)

test('a folder is entered durably into each folder above it that was made', { skip }, async (t) => {
  using folder = new TestFolder()
  const taken = await recordDisk(t, folder.path)
  await makeFolder(folder.file('a/b/c'), 0o700)
  assert.deepEqual(taken(), ['flush /a/b', 'flush /a', 'flush /'])
  assert.equal(statSync(folder.file('a/b/c')).mode & 0o777, 0o700)
  await makeFolder(folder.file('a/b/c'), 0o755)
  assert.deepEqual(taken(), [])
  assert.equal(statSync(folder.file('a/b/c')).mode & 0o777, 0o700)
})

test('modes are those that were wanted, whatever the umask and whatever was there', async () => {
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

test('a file that exists is not created again, and what was cut short is in the way of nothing', async () => {
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

test('a write that fails leaves the file as it was', async () => {
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

test('output to a device or through a symbolic link replaces neither the device nor the link', async () => {
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

test('concurrent calls create the same nested folder', async () => {
  using folder = new TestFolder()
  const path = folder.file('a/b/c')
  await Promise.all(Array.from({ length: 8 }, () => makeFolder(path, 0o700)))
  assert.equal(statSync(path).mode & 0o777, 0o700)
})
