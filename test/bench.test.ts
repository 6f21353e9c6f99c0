/** The bench runs, and has a figure wherever its tables have a place for one. What the figures are is not looked at. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { TestFolder } from './support/database.ts'

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

test('every row of a quick run has its figures, and the plot its points', async () => {
  using folder = new TestFolder()
  const plot = folder.file('plot.svg')
  const { stdout } = await run(process.execPath, [main, '--quick', '--plot', plot])
  assert.doesNotMatch(stdout, /NaN|undefined|Infinity/)
  const rows = rowsOf(stdout)
  const names = rows.map(([what = '']) => what)
  for (const what of [
    /^IssueCertificate, P-256 CA, P-256 CSR$/,
    /^IssueCertificate, P-256 CA, RSA-2048 CSR$/,
    /^IssueCertificate, P-384 CA/,
    /^IssueCertificate, RSA-2048 CA/,
    /^IssueCertificate, ML-DSA-65 CA/,
    /^GetCertificate$/,
    /^RevokeCertificate$/,
    /^ListCertificateAuthorities, /,
    /^mixed: /,
    /^OCSP, cached$/,
    /^OCSP, a connection/,
    /^IssueCertificate, 2 000 stored$/,
    /^complete CRL/,
    /^expiring within 30 days$/,
    /^ML-DSA-65$/,
  ])
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
  assert.equal(
    [...readFileSync(plot, 'utf8').matchAll(/<circle cx="[\d.]+" cy="[\d.]+"/g)].length,
    12,
  )
})

test('a part that there is not is refused', async () => {
  await assert.rejects(run(process.execPath, [main, '--only', 'nothing']), /nothing is none of/)
})
