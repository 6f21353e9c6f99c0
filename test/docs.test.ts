/**
 * Tests that documents refer only to existing files, headings, operations, jobs, metrics, rules and tables. Also tests that all
 * operations, jobs, metrics, rules and tables are documented.
 */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { jobNames } from '../src/jobs/scheduler/job-names.ts'
import { rules } from '../src/lint/rules.ts'
import { operations } from '../src/operations/index.ts'
import { sqliteSchema } from '../src/store/sqlite/schema.ts'
import { metricRows } from '../src/telemetry/metric-table.ts'
import { blocksOf } from './support/guides/blocks.ts'

const root = resolve(import.meta.dirname, '..')
const documents = globSync(['*.md', 'docs/**/*.md', 'testdata/**/*.md'], { cwd: root })
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

test('the main documents exist', () => {
  for (const name of [
    'README.md',
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    'CHANGELOG.md',
    'docs/reference/api/README.md',
    'docs/reference/api/data-types.md',
    'docs/reference/certificate-search.md',
    'docs/reference/compatibility/README.md',
    'docs/reference/compatibility/certificates.md',
    'docs/reference/compatibility/revocation.md',
    'docs/command-line.md',
    'docs/README.md',
    'docs/reference/flags.md',
    'docs/reference/commands.md',
    'docs/explanation/lint.md',
    'docs/reference/lint-rules.md',
    'docs/reference/backup-format.md',
    'docs/reference/database.md',
    'docs/reference/database-tables.md',
    'docs/reference/database-tables-of-access.md',
    'docs/explanation/attack-tests.md',
    'docs/explanation/benchmarks.md',
    'docs/explanation/threat-model.md',
    'docs/explanation/threats.md',
    'docs/embedded.md',
  ])
    assert.ok(documents.includes(name), name)
})

test('every relative link leads to an existing file', () => {
  for (const path of documents)
    for (const [, target = ''] of read(path).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      assert.ok(existsSync(join(root, dirname(path), target)), `${path} links to ${target}`)
    }
})

test('every link to a heading leads to an existing heading', () => {
  for (const path of documents)
    for (const [, target = '', anchor = ''] of read(path).matchAll(/\]\(([^)#\s]*)#([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const other = target === '' ? path : join(dirname(path), target)
      const headings = [...read(other).matchAll(/^#+ (.+)$/gm)].map(([, text = '']) => slug(text))
      assert.ok(headings.includes(anchor), `${path} links to #${anchor} of ${other}`)
    }
})

test('no page has more than 1,500 words, and a page of more than 1,000 has a table of contents', () => {
  for (const path of documents.filter(
    (name) => name === 'README.md' || /^docs\/(?!decisions\/)/.test(name),
  )) {
    const text = read(path)
    const words = text.split(/\s+/).length
    assert.ok(words <= 1500, `${path} has ${words} words`)
    if (words > 1000) assert.ok(/\]\(#[\w-]+\)/.test(text), `${path} has no table of contents`)
  }
})

test('the index of docs links to every page', () => {
  const index = read('docs/README.md')
  for (const path of documents.filter((name) => name.startsWith('docs/'))) {
    if (path === 'docs/README.md' || path.startsWith('docs/decisions/')) continue
    assert.ok(index.includes(`](${path.slice('docs/'.length)})`), `docs/README.md links to ${path}`)
  }
})

/** Returns the anchor that GitHub generates for a heading. */
function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-')
}

test('every file of the repository that a document mentions exists', () => {
  for (const path of documents.filter((name) => !name.startsWith('testdata/')))
    for (const [, name = ''] of read(path).matchAll(
      /`((?:src|client|embedded|test|docs|bin|bench|testdata)\/[\w./-]+)`/g,
    ))
      assert.ok(existsSync(join(root, name)), `${path} mentions ${name}`)
})

test('every module and folder of src that ARCHITECTURE.md mentions exists', () => {
  const text = read('ARCHITECTURE.md').replace(/<!-- rooms -->.*<!-- \/rooms -->/s, '')
  const names = [...text.matchAll(/`([a-z][\w-]*(?:\/[\w-]+)+)`/g)].map(([, name = '']) => name)
  assert.ok(names.length > 20)
  const ours = names.filter((name) => !/^(?:test|client|embedded)\//.test(name))
  for (const name of ours)
    assert.ok(
      existsSync(join(root, 'src', `${name}.ts`)) || existsSync(join(root, 'src', name)),
      `ARCHITECTURE.md mentions ${name}`,
    )
})

test('jobs.md lists every job', () => {
  const rows = read('docs/reference/jobs.md').split('\n')
  for (const name of jobNames)
    assert.ok(
      rows.some((row) => row.startsWith(`| \`${name}\` |`)),
      name,
    )
})

test('metrics.md lists every metric with its labels', () => {
  const rows = read('docs/reference/metrics.md')
    .split('\n')
    .filter((line) => line.startsWith('| `signet_'))
  const listed = rows
    .flatMap((row) => row.split('|')[1]?.match(/`signet_[^`]+`/g) ?? [])
    .map((metric) => metric.slice('`signet_'.length, -1))
  const declared = metricRows.map(({ name, labels }) =>
    labels.length === 0 ? name : `${name}{${labels.join(',')}}`,
  )
  assert.deepEqual(listed.toSorted(), declared.toSorted())
})

test('lint-rules.md lists every rule with its severity', () => {
  const rows = read('docs/reference/lint-rules.md').split('\n')
  for (const [name, { severity, rule, source }] of Object.entries(rules))
    assert.ok(rows.includes(`| \`${name}\` | ${severity} | ${rule} | ${source} |`), name)
  const listed = rows.filter((row) => /^\| `[a-z0-9-]+` \| (?:error|warning) \|/.test(row))
  assert.equal(listed.length, Object.keys(rules).length)
})

test('the page on compatibility states whether each operation works', () => {
  const rows = read('docs/reference/compatibility/README.md')
    .split('\n')
    .filter((line) => line.startsWith('| '))
  for (const { name, offered } of Object.values(operations)) {
    const row = rows.find((line) =>
      new RegExp(String.raw`\b${name}\b`).test(line.split('|')[1] ?? ''),
    )
    assert.ok(row, name)
    assert.equal(/\| works? \|/.test(row), offered, name)
  }
})

test('the pages about database tables list every table', () => {
  const text = ['', '-of-access', '-of-enrollment']
    .map((name) => read(`docs/reference/database-tables${name}.md`))
    .join('\n')
  const db = new DatabaseSync(':memory:')
  for (const schema of sqliteSchema) db.exec(schema)
  const tables = db
    .prepare(`select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'`)
    .all()
  assert.ok(tables.length > 10)
  for (const { name } of tables) assert.ok(text.includes(`| \`${String(name)}\` |`), String(name))
})

test('no command replaces or deletes the settings file of the server, because another page may have added settings to it', () => {
  for (const path of documents)
    for (const [line] of read(path).matchAll(/^.*\/etc\/signet\/signet\.env.*$/gm))
      assert.doesNotMatch(line, /(?:^|[^>])> ?\/etc|\b(?:rm|mv|cp) /, `${path}: ${line}`)
})

test('no code span is a line break, which would be written as an escape sequence', () => {
  for (const path of documents) assert.doesNotMatch(read(path), /(?<!`)`\n`(?!`)/, path)
})

/** Variables that are set by the shell or by a script's caller. */
const environment: ReadonlySet<string> = new Set(['PWD', 'HOME', 'RENEWED_DIRECTORY'])

test('every shell variable that a page uses is set in a visible block of the page', () => {
  for (const path of documents) {
    const visible = read(path).replaceAll(/<!-- setup\n[^]*?-->/g, '')
    const commands = blocksOf(visible)
      .filter(({ language }) => language === 'sh')
      .map(({ text }) => text)
      .join('')
    const set = [...commands.matchAll(/(?:^|[\s(;])(\w+)=|\bfor (\w+) in/gm)].flat()
    for (const [, name = ''] of commands.matchAll(/\$\{?([A-Za-z_]\w*)/g))
      assert.ok(environment.has(name) || set.includes(name), `${path} does not set $${name}`)
  }
})
