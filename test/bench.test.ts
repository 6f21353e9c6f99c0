/** Tests that the benchmark runs, and that every cell in its tables contains a figure. The figures' values are not checked. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { hasCfssl } from '../bench/cfssl.ts'
import { thorough } from './support/thorough.ts'

const root = resolve(import.meta.dirname, '..')
const main = join(root, 'bench', 'main.ts')
const run = promisify(execFile)

/** Returns the rows of all Markdown tables as lists of cells, without the header rows. */
function rowsOf(markdown: string): string[][] {
  return markdown
    .split('\n')
    .filter(
      (line, index, lines) =>
        line.startsWith('|') && lines[index + 1]?.startsWith('| ---') !== true,
    )
    .filter((line) => !line.startsWith('| ---'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
}

/** Patterns for the first cells of the table rows, by part of the benchmark. */
const rowNames: Readonly<Record<string, readonly RegExp[]>> = {
  issue: [
    /^IssueCertificate, P-256 CA, P-256 CSR$/,
    /^IssueCertificate, P-256 CA, RSA-2048 CSR$/,
    /^IssueCertificate, P-384 CA/,
    /^IssueCertificate, RSA-2048 CA/,
    /^IssueCertificate, ML-DSA-65 CA/,
  ],
  get: [/^GetCertificate, 300 certificates$/, /^GetCertificate, 100 000 certificates$/],
  describe: [/^DescribeCertificateAuthority$/],
  list: [/^ListCertificateAuthorities, /],
  revoke: [/^RevokeCertificate$/],
  mixed: [/^mixed: /],
  ocsp: [/^OCSP, cached$/, /^OCSP, a connection/],
  stored: [/^IssueCertificate, 2 000 stored$/],
  scale: [/^Signet: complete CRL/],
  search: [/^expiring within 30 days$/],
  nodes: [/^IssueCertificate, one node on PostgreSQL$/],
  writers: [/^256$/],
  acme: [/^64$/],
}

/** Patterns that match the figures with targets, by part of the benchmark. */
const figures: Readonly<Record<string, readonly RegExp[]>> = {
  issue: [
    /^IssueCertificate, P-256 CA, P-256 CSR \/ CFSSL, HMAC and SQLite$/,
    /^IssueCertificate, P-256 CA, P-256 CSR \/ CFSSL$/,
    /^IssueCertificate, P-256 CA, P-256 CSR: CPU, µs$/,
    /^IssueCertificate, P-256 CA, P-256 CSR: p99 at half load, ms$/,
    /^IssueCertificate, RSA-2048 CA, P-256 CSR \/ CFSSL, HMAC and SQLite$/,
    /^IssueCertificate, RSA-2048 CA, P-256 CSR \/ CFSSL$/,
    /^IssueCertificate, ML-DSA-65 CA, P-256 CSR \/ raw crypto$/,
  ],
  get: [
    /^GetCertificate, 300 certificates \/ empty handler$/,
    /^GetCertificate, 100 000 certificates \/ empty handler$/,
  ],
  describe: [/^DescribeCertificateAuthority \/ before$/],
  list: [/^ListCertificateAuthorities, 10 on a page \/ before$/],
  revoke: [/^RevokeCertificate \/ before$/],
  ocsp: [/^OCSP, cached \/ empty handler$/],
  stored: [/^IssueCertificate, 2 000 stored \/ 0 stored$/, /^Start-up with 2 000 stored, s$/],
  scale: [/^Signet: CRL of 2 000, s$/],
}

/** Flags for the shortest possible run: short turns, and servers with a single process. */
const small = ['--seconds', '0.1', '--server-flags=--workers 1']

/** Benchmark runs: the parts to run, and whether another checkout is also measured. */
interface BenchRun {
  readonly parts: readonly string[]
  readonly before?: boolean
}

/** If CI is set, all parts of the benchmark run. */
const runs: readonly BenchRun[] = thorough
  ? [
      { parts: ['issue'] },
      { parts: ['describe', 'list', 'revoke'], before: true },
      { parts: ['get', 'mixed', 'ocsp', 'stored'] },
      { parts: ['scale', 'search', 'nodes', 'writers', 'acme'] },
    ]
  : [{ parts: ['issue'] }]

test('the runs of the benchmark have all parts', { skip: !thorough }, () => {
  const parts = runs.flatMap((each) => each.parts)
  assert.deepEqual(parts.toSorted(), Object.keys(rowNames).toSorted())
})

for (const { parts, before = false } of runs)
  test(`a quick run of the benchmark prints every row with its figures, and every target: ${parts.join(', ')}`, async () => {
    const flags = ['--only', parts.join(','), '--connections', '64', ...small]
    if (before) flags.push('--before', root)
    const { stdout } = await run(process.execPath, [main, '--quick', ...flags])
    assert.doesNotMatch(stdout, /NaN|undefined|Infinity/)
    const rows = rowsOf(stdout)
    const names = rows.map(([name = '']) => name)
    const optional = thorough || (await hasCfssl()) ? undefined : /CFSSL/
    const expected = parts.flatMap((part) => [...(rowNames[part] ?? []), ...(figures[part] ?? [])])
    for (const pattern of expected.filter(({ source }) => optional?.test(source) !== true))
      assert.ok(
        names.some((name) => pattern.test(name)),
        `no row ${pattern.source}`,
      )
    for (const [name = '', ...cells] of rows) requireFigures(name, cells)
    // Parts such as scale put no load on a prepared server, and print no memory figures.
    if (parts.includes('issue'))
      assert.match(stdout, /Memory of all server processes: Signet: \d+ MB/)
  })

function requireFigures(name: string, cells: string[]): void {
  if (cells.at(-1) === 'yes' || cells.at(-1) === 'no') cells.pop()
  else if (cells.length > 5) cells.shift()
  assert.ok(cells.length >= 2, name)
  for (const cell of cells) assert.match(cell, /\d|^–$/, `${name}: ${cell}`)
  assert.match(cells[0] ?? '', /\d/, name)
}

test('the benchmark also measures another checkout, over TLS, on one core, with several numbers of connections', async () => {
  const flags = ['--only', 'describe', '--before', root, '--tls', '--cores', '1']
  const { stdout } = await run(process.execPath, [
    main,
    '--quick',
    ...flags,
    ...small,
    '--connections',
    '1,3',
  ])
  assert.match(
    stdout,
    /Signet on Node\.js v[\d.]+; before on Node\.js v[\d.]+; over TLS; each contender on 1 core\(s\); server flags --workers 1/,
  )
  const names = rowsOf(stdout).map(([name, contender]) => [name, contender])
  assert.deepEqual(names, [
    ['DescribeCertificateAuthority, 1 connections', 'Signet'],
    ['', 'before'],
    ['', 'empty handler'],
    ['DescribeCertificateAuthority, 3 connections', 'Signet'],
    ['', 'before'],
    ['', 'empty handler'],
  ])
})

test('the benchmark rejects an unknown part', async () => {
  await assert.rejects(run(process.execPath, [main, '--only', 'nothing']), /nothing is not one of/)
})
