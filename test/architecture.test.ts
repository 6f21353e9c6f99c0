/** The import table of ARCHITECTURE.md and the banned calls, kept true. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { test } from 'node:test'

const root = resolve(import.meta.dirname, '..')
const sourceRoot = join(root, 'src')

/** Files at the top of src that anyone may import. */
const leaves = [
  'text-buffer.ts',
  'bounded-cache.ts',
  'clock.ts',
  'durable-file.ts',
  'errors.ts',
  'log.ts',
  'log-lines.ts',
  'metrics.ts',
  'policy-json.ts',
  'random.ts',
  'sealer.ts',
  'storable-text.ts',
  'truncate-text.ts',
  'utc-digits.ts',
  'visible-text.ts',
]

/** What a folder may import beside its own files and the leaves: folders, or single files. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  x509: [],
  wire: [],
  backup: [],
  authority: ['x509'],
  lint: ['x509', 'authority/name-constraints.ts'],
  issuance: ['x509', 'authority', 'lint'],
  revocation: ['x509', 'authority'],
  search: ['x509', 'store', 'wire/arn.ts', 'revocation/reason.ts'],
  keys: ['x509', 'authority/algorithms.ts', 'store/settings.ts', 'store/database.ts'],
  store: ['authority', 'revocation/reason.ts', 'keys/key-records.ts'],
  objects: [],
  access: [
    'wire',
    'authority',
    'store/access-keys.ts',
    'store/database.ts',
    'store/permissions.ts',
    'store/resource-policies.ts',
    'store/roles.ts',
    'store/tags.ts',
  ],
  sts: [
    'wire',
    'access',
    'authority/caller.ts',
    'authority/principal-arn.ts',
    'store/database.ts',
    'store/identity-providers.ts',
    'store/roles.ts',
  ],
  operations: [
    'wire',
    'x509',
    'authority',
    'issuance',
    'revocation',
    'search',
    'services.ts',
    'events.ts',
    'store',
    'keys/key-store.ts',
    'objects/object-store.ts',
    'objects/object-url.ts',
  ],
  jobs: [
    'wire',
    'x509',
    'authority',
    'issuance',
    'revocation',
    'search',
    'services.ts',
    'store',
    'keys/key-store.ts',
    'objects/object-store.ts',
    'operations/issuer-cache.ts',
    'operations/certificate-pointers.ts',
  ],
  http: [
    'wire',
    'x509',
    'access',
    'authority',
    'issuance/issuer.ts',
    'revocation',
    'operations',
    'sts',
    'services.ts',
    'store',
    'objects/object-store.ts',
  ],
  inspect: ['x509', 'authority/key-strength.ts'],
  daily: ['x509', 'inspect', '../client'],
  administration: [
    'x509',
    'access',
    'authority',
    'backup',
    'keys',
    'revocation/certificate-serial.ts',
    'revocation/reason.ts',
    'search',
    'store',
    'objects',
    'wire/arn.ts',
    'jobs/index.ts',
    'sts/issuer-keys.ts',
    'config.ts',
    'data-folder.ts',
    'first-start.ts',
    'version.ts',
  ],
  cli: [
    'access/policy.ts',
    'administration',
    'daily',
    'inspect',
    'backup/lock.ts',
    'config-warnings.ts',
    'config.ts',
    'serve.ts',
    'setting-values.ts',
    'settings.ts',
    'version.ts',
  ],
}

/** Implementations of ports: only the files at the top of src may name them, and commands on what is kept. */
const implementations = [
  'store/postgres.ts',
  'store/postgres-connection.ts',
  'store/postgres-errors.ts',
  'store/postgres-group.ts',
  'store/postgres-migrate.ts',
  'store/postgres-restore.ts',
  'store/postgres-snapshot.ts',
  'store/postgres-password.ts',
  'store/postgres-schema.ts',
  'store/postgres-schema-search.ts',
  'store/postgres-text.ts',
  'store/postgres-writer.ts',
  'store/sqlite.ts',
  'store/sqlite-connection.ts',
  'store/sqlite-restore.ts',
  'store/sqlite-schema.ts',
  'store/sqlite-schema-search.ts',
  'store/sqlite-snapshot.ts',
  'store/writer-thread.ts',
  'keys/local-key-store.ts',
  'objects/embedded-buckets.ts',
  'objects/embedded-object-store.ts',
  'objects/object-file.ts',
  'objects/s3-object-store.ts',
]

/** Calls that have one home. */
const banned: readonly {
  readonly call: RegExp
  readonly homes: readonly string[]
  readonly use: string
}[] = [
  { call: /\bDate\.now\(|new Date\(\)/, homes: ['clock.ts'], use: 'the Clock that is given' },
  {
    call: /\bMath\.random\(|\brandomBytes\(|\brandomUUID\(|\bgetRandomValues\(/,
    homes: ['random.ts'],
    use: 'the Random that is given',
  },
  { call: /\bprocess\.env\b/, homes: ['cli/settings.ts'], use: 'config.ts' },
  {
    call: /\bprocess\.(?:stdout|stderr)\.write\b/,
    homes: ['cli/terminal.ts'],
    use: 'print, or cli/terminal.ts, which escape what a terminal would obey',
  },
  { call: /\bconsole\./, homes: [], use: 'log.ts' },
  { call: /from 'node:https?'/, homes: ['http/', 'sts/fetch-document.ts'], use: 'http/' },
  { call: /from '(?:node:sqlite|pg)'/, homes: ['store/'], use: 'store/' },
  {
    call: /\brename(?:Sync)?\(|\.(?:data)?[sS]ync\(\)|\bf(?:data)?sync(?:Sync)?\(/,
    // A backup and an object are written bit by bit, a bucket is moved aside before it is deleted, and what is about the
    // database as a whole is written where nothing can be awaited.
    homes: [
      'durable-file.ts',
      'administration/backup.ts',
      'objects/',
      'store/commit-mark.ts',
      'store/damage.ts',
    ],
    use: 'durable-file.ts, which also flushes the folder',
  },
  {
    call: /\bwriteFile(?:Sync)?\(/,
    homes: ['durable-file.ts', 'objects/', 'administration/backup.ts'],
    use: 'durable-file.ts',
  },
  { call: /\bsql`/, homes: ['store/'], use: 'a function of store/' },
]

interface SourceFile {
  /** Relative to src, with slashes. */
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

function isAllowed(folder: string, imported: string): boolean {
  const allowed = [folder, ...(mayImport[folder] ?? [])]
  return (
    leaves.includes(imported) ||
    allowed.some(
      (entry) => entry === imported || (!entry.endsWith('.ts') && imported.startsWith(`${entry}/`)),
    )
  )
}

test('there is something to check', () => {
  assert.ok(files.length > 60, `${files.length} source files found`)
  const imports = files.flatMap(importsOf)
  assert.ok(imports.length > 150, `${imports.length} imports found`)
})

test('every folder is in the table and one level deep', () => {
  const folders = readdirSync(sourceRoot).filter((name) =>
    statSync(join(sourceRoot, name)).isDirectory(),
  )
  assert.deepEqual(folders.toSorted(), Object.keys(mayImport).toSorted())
  assert.deepEqual(
    files.filter(({ path }) => path.split('/').length > 2),
    [],
  )
})

test('folders import what the table allows, and nothing else', () => {
  const violations = files.flatMap((file) => {
    const [folder = '', rest] = file.path.split('/')
    if (rest === undefined) return []
    return importsOf(file)
      .filter((imported) => !isAllowed(folder, imported))
      .map((imported) => `${file.path} imports ${imported}`)
  })
  assert.deepEqual(violations, [])
})

test('only the composition root names an implementation of a port', () => {
  const violations = files.flatMap((file) => {
    const folder = file.path.split('/')[0] ?? ''
    if (folder === file.path || folder === 'administration') return []
    return importsOf(file)
      .filter(
        (imported) => implementations.includes(imported) && !imported.startsWith(`${folder}/`),
      )
      .map((imported) => `${file.path} imports ${imported}`)
  })
  assert.deepEqual(violations, [])
})

test('only commands that are clients of a server import the client, and nothing of the server the rest', () => {
  const outside = files.flatMap((file) =>
    importsOf(file)
      .filter((path) => path.startsWith('../'))
      .filter((path) => !(file.path.startsWith('daily/') && path.startsWith('../client/')))
      .map((path) => `${file.path} imports ${path}`),
  )
  assert.deepEqual(outside, [])
})

test('leaves import nothing of ours but other leaves', () => {
  for (const file of files.filter(({ path }) => leaves.includes(path)))
    assert.deepEqual(
      importsOf(file).filter((imported) => !leaves.includes(imported)),
      [],
      file.path,
    )
})

for (const { call, homes, use } of banned)
  test(`${call.source} has its home only`, () => {
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
