/** The bench runs, and has a figure wherever its tables have a place for one. What the figures are is not looked at. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { TestFolder } from './support/database.ts'
import { thorough } from './support/thorough.ts'

const root = resolve(import.meta.dirname, '..')
const main = join(root, 'bench', 'main.ts')
const run = promisify(execFile)

/** Rows of every table in Markdown, cell by cell, without heads. */
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

/** The first cells of the rows of each part. */
const rowNames: Readonly<Record<string, readonly RegExp[]>> = {
  issue: [
    /^IssueCertificate, P-256 CA, P-256 CSR$/,
    /^IssueCertificate, P-256 CA, RSA-2048 CSR$/,
    /^IssueCertificate, P-384 CA/,
    /^IssueCertificate, RSA-2048 CA/,
    /^IssueCertificate, ML-DSA-65 CA/,
  ],
  get: [/^GetCertificate$/],
  revoke: [/^RevokeCertificate$/],
  list: [/^ListCertificateAuthorities, /],
  mixed: [/^mixed: /],
  ocsp: [/^OCSP, cached$/, /^OCSP, a connection/],
  stored: [/^IssueCertificate, 2 000 stored$/],
  scale: [/^complete CRL/],
  search: [/^expiring within 30 days$/],
  steps: [/^ML-DSA-65$/],
}

/** With CI=true the whole bench runs. */
const parts = thorough ? Object.keys(rowNames) : ['issue']

test('every row of a quick run of the bench has its figures, and the plot its points', async () => {
  using folder = new TestFolder()
  const plot = folder.file('plot.svg')
  const only = thorough ? [] : ['--only', parts.join(',')]
  const { stdout } = await run(process.execPath, [main, '--quick', '--plot', plot, ...only])
  assert.doesNotMatch(stdout, /NaN|undefined|Infinity/)
  const rows = rowsOf(stdout)
  const names = rows.map(([what = '']) => what)
  for (const what of parts.flatMap((part) => rowNames[part] ?? []))
    assert.ok(
      names.some((name) => what.test(name)),
      `no row ${what.source}`,
    )
  for (const [what, ...cells] of rows) {
    assert.ok(cells.length >= 3, what)
    for (const cell of cells) assert.match(cell, /\d|^–$/, `${what}: ${cell}`)
    assert.match(cells[0] ?? '', /\d/, what)
  }
  assert.match(stdout, /Memory of all server processes: \d+ MB/)
  if (!thorough) return
  assert.equal(
    [...readFileSync(plot, 'utf8').matchAll(/<circle cx="[\d.]+" cy="[\d.]+"/g)].length,
    12,
  )
})

test('the bench refuses an unknown part', async () => {
  await assert.rejects(run(process.execPath, [main, '--only', 'nothing']), /nothing is none of/)
})
