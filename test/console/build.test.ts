/** Tests of the built web console: two builds are identical, and the first page requires little data. */
import assert from 'node:assert/strict'
import { mkdtempDisposableSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { before, test } from 'node:test'
import { buildConsole } from '../../console/build.ts'
import type { FileList } from '../../src/console/built-files.ts'

const folder = resolve(import.meta.dirname, '../../dist/console')
before(async () => {
  await buildConsole()
})

function contentOf(directory: string): Map<string, string> {
  const paths = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(directory.length))
    .toSorted()
  return new Map(
    paths.map((path) => [path, readFileSync(join(directory, path)).toString('base64')]),
  )
}

test('two builds have identical bytes', async () => {
  using temporary = mkdtempDisposableSync(join(tmpdir(), 'signet-console-'))
  const second = join(temporary.path, 'console')
  assert.equal(await buildConsole(second), true)
  assert.deepEqual(contentOf(second), contentOf(folder))
  assert.equal(await buildConsole(second), false, 'a current build is not repeated')
})

const loadBytesMax = 500_000

test(`a browser loads less than ${loadBytesMax / 1000} kB before it shows the first page`, () => {
  const { files } = JSON.parse(readFileSync(join(folder, 'files.json'), 'utf8')) as FileList
  const html = readFileSync(join(folder, 'index.html'), 'utf8')
  const loaded = new Set([...html.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, path]) => path))
  // The first page after sign-in is the dashboard, with the modules that it imports.
  const first = Object.keys(files).filter((path) => path.startsWith('assets/dashboard-'))
  assert.ok(first.length > 0)
  for (const path of first) loaded.add(path)
  for (const path of loaded) {
    if (path?.endsWith('.js') !== true) continue
    const script = readFileSync(join(folder, path), 'utf8')
    const isEntry = html.includes(path)
    // The entry point's dynamic imports are the remaining pages.
    const imports = /(?:import|from)\s*"\.\/([^"]+)"/g
    for (const [, imported] of script.matchAll(imports))
      if (!isEntry || files[`assets/${imported}`] !== undefined) loaded.add(`assets/${imported}`)
  }
  const bytes = [...loaded].map((path) => files[path ?? '']?.bytes)
  const total = bytes.reduce((sum, size) => sum + (size?.gzip ?? size?.identity ?? 0), 0)
  assert.ok(total > 100_000, `${total} bytes`)
  assert.ok(total < loadBytesMax, `${total} bytes`)
})

test('the bundle contains the licenses of its packages, and no source map', () => {
  const licenses = readFileSync(join(folder, 'licenses.md'), 'utf8')
  for (const name of ['react', 'react-dom', '@cloudscape-design/components'])
    assert.ok(licenses.includes(name), name)
  const { files } = JSON.parse(readFileSync(join(folder, 'files.json'), 'utf8')) as FileList
  assert.deepEqual(
    Object.keys(files).filter((path) => path.endsWith('.map')),
    [],
  )
})
