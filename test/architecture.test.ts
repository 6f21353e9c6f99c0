/** Checks the sources against the table of rooms (test/support/rooms.ts), and restricts certain calls to certain files. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { test } from 'node:test'
import { engineImporters, everyone, rooms } from './support/rooms.ts'

const root = resolve(import.meta.dirname, '..')
const sourceRoot = join(root, 'src')

/** Calls that are allowed only in the files and folders in `homes`. */
const banned: readonly {
  readonly call: RegExp
  readonly homes: readonly string[]
  readonly use: string
}[] = [
  { call: /\bDate\.now\(|new Date\(\)/, homes: ['clock.ts'], use: 'the injected Clock' },
  {
    call: /\bMath\.random\(|\brandomBytes\(|\brandomUUID\(|\bgetRandomValues\(/,
    homes: ['random.ts'],
    use: 'the injected Random',
  },
  { call: /\bprocess\.env\b/, homes: ['cli/shared/context.ts'], use: 'settings/config.ts' },
  {
    call: /\bprocess\.(?:stdout|stderr)\.write\b/,
    homes: ['terminal.ts'],
    use: 'print, or terminal.ts, which escape control characters',
  },
  { call: /\bconsole\.\w/, homes: [], use: 'telemetry/log.ts' },
  {
    call: /from 'node:https?'/,
    homes: ['http/', 'sts/fetch-document.ts', 'validation/fetch-hop.ts'],
    use: 'http/',
  },
  {
    call: /from '(?:node:sqlite|pg)'/,
    // A PKCS #11 token's thread cannot await a promise, and it runs before the database is open.
    homes: ['store/', 'keys/pkcs11/refused-pin.ts'],
    use: 'store/',
  },
  {
    call: /\brename(?:Sync)?\(|\.(?:data)?[sS]ync\(\)|\bf(?:data)?sync(?:Sync)?\(/,
    // Backups and objects are written in pieces. A bucket is renamed before it is deleted. Synchronous code writes the commit
    // marks and the record of damage.
    homes: [
      'files/durable-file.ts',
      'admin-commands/backup.ts',
      'objects/',
      'store/sqlite/commit-mark.ts',
      'store/damage.ts',
    ],
    use: 'files/durable-file.ts, which also flushes the folder',
  },
  {
    call: /\bwriteFile(?:Sync)?\(/,
    homes: ['files/durable-file.ts', 'objects/', 'admin-commands/backup.ts'],
    use: 'files/durable-file.ts',
  },
  { call: /\bsql`/, homes: ['store/'], use: 'a function of store/' },
]

interface SourceFile {
  /** File path relative to src, with slashes. */
  readonly path: string
  readonly text: string
}

function filesUnder(directory: string): SourceFile[] {
  return readdirSync(directory).flatMap((name) => {
    const path = join(directory, name)
    if (statSync(path).isDirectory()) return filesUnder(path)
    if (!name.endsWith('.ts') || name.endsWith('.test.ts') || name.endsWith('-contract.ts'))
      return []
    return [{ path: relative(sourceRoot, path), text: readFileSync(path, 'utf8') }]
  })
}

function importsOf({ path, text }: SourceFile): string[] {
  const directory = join(sourceRoot, path, '..')
  return [...text.matchAll(/from '(\.[^']+)'|import\('(\.[^']+)'\)|new URL\('(\.[^']+\.ts)'/g)].map(
    (match) => relative(sourceRoot, resolve(directory, match[1] ?? match[2] ?? match[3] ?? '')),
  )
}

const files = filesUnder(sourceRoot)
const roomOf = (path: string): string => dirname(path)

/** Returns whether an entry in the table of rooms matches a file. */
function covers(entry: string, path: string): boolean {
  if (entry === path || entry === roomOf(path)) return true
  const below = entry.endsWith('/*') ? entry.slice(0, -2) : undefined
  if (below !== undefined) return roomOf(path) === below || path.startsWith(`${below}/`)
  return entry.startsWith('../') && path.startsWith(`${entry}/`)
}

test('the source files and their imports are found', () => {
  assert.ok(files.length > 400, `${files.length} source files found`)
  assert.ok(files.flatMap(importsOf).length > 2000)
})

test('every folder of src is in the table of rooms, and src itself has at most ten files', () => {
  const found = new Set(files.map(({ path }) => roomOf(path)))
  found.delete('.')
  assert.deepEqual([...found].toSorted(), Object.keys(rooms).toSorted())
  const loose = files.filter(({ path }) => roomOf(path) === '.')
  assert.ok(loose.length <= 10, loose.map(({ path }) => path).join(' '))
})

test('rooms import only what the table allows', () => {
  const violations = files.flatMap((file) => {
    const room = roomOf(file.path)
    if (room === '.') return []
    const allowed = [room, ...everyone, ...(rooms[room]?.imports ?? [])]
    return importsOf(file)
      .filter((imported) => !allowed.some((entry) => covers(entry, imported)))
      .map((imported) => `${file.path} imports ${imported}`)
  })
  assert.deepEqual(violations, [])
})

test('every import that the table allows is used', () => {
  const unused = Object.entries(rooms).flatMap(([room, { imports }]) => {
    const imported = files.filter(({ path }) => roomOf(path) === room).flatMap(importsOf)
    return imports
      .filter((entry) => !imported.some((path) => covers(entry, path)))
      .map((entry) => `${room} does not import ${entry}`)
  })
  assert.deepEqual(unused, [])
})

test('no two rooms import each other', () => {
  const edges = new Set(
    files.flatMap((file) =>
      importsOf(file).map((imported) => `${roomOf(file.path)} -> ${roomOf(imported)}`),
    ),
  )
  const mutual = [...edges].flatMap((edge) => {
    const [from = '', to = ''] = edge.split(' -> ')
    return from < to && from !== '.' && edges.has(`${to} -> ${from}`) ? [[from, to]] : []
  })
  assert.deepEqual(mutual, [])
})

test('no import cycle exists, not even of types', () => {
  const imports = new Map(files.map((file) => [file.path, importsOf(file)]))
  const done = new Set<string>()
  const circles: string[] = []
  const visit = (path: string, above: readonly string[]): void => {
    if (above.includes(path)) circles.push([...above.slice(above.indexOf(path)), path].join(' -> '))
    if (above.includes(path) || done.has(path)) return
    for (const imported of imports.get(path) ?? []) visit(imported, [...above, path])
    done.add(path)
  }
  for (const { path } of files) visit(path, [])
  assert.deepEqual(circles, [])
})

test('four or more files with a common prefix are in a separate folder, in src, tests and tools', () => {
  const others = ['test', 'client', 'embedded', 'bench', 'tools'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map(({ parentPath, name }) => relative(root, join(parentPath, name)))
      // A file and its test are counted as one file.
      .map((path) => path.replace(/\.test\.ts$/, '.ts')),
  )
  const groups = Map.groupBy(
    new Set([...files.map(({ path }) => `src/${path}`), ...others]),
    (path) => `${dirname(path)}/${basename(path).split(/[-.]/)[0] ?? ''}-`,
  )
  const prefixes = [...groups].filter(([, group]) => group.length >= 4).map(([prefix]) => prefix)
  assert.deepEqual(prefixes, [])
})

test('only the rooms that open a database import its engines', () => {
  const violations = files.flatMap((file) =>
    importsOf(file)
      .filter((imported) => {
        const importers = engineImporters[roomOf(imported)]
        const room = roomOf(file.path)
        return importers !== undefined && room !== roomOf(imported) && !importers.includes(room)
      })
      .map((imported) => `${file.path} imports ${imported}`),
  )
  assert.deepEqual(violations, [])
})

for (const { call, homes, use } of banned)
  test(`${call.source} occurs only where it is allowed`, () => {
    const violations = files.filter(
      ({ path, text }) =>
        !homes.some((home) => path.startsWith(home)) && call.test(withoutComments(text)),
    )
    assert.deepEqual(
      violations.map(({ path }) => path),
      [],
      `use ${use}`,
    )
  })

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
}
