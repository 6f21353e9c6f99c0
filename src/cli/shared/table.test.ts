/** Tests of tables for terminals: alignment, narrow terminals, wide characters and escapes. */
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import * as fc from 'fast-check'
import type { Output } from '../../terminal.ts'
import { displayWidth, padToWidth, truncateToWidth } from './display-width.ts'
import { cellText, tableText as paintedTable, wordsOf, type Column, type Row } from './table.ts'

/** A terminal, or a file if `columns` is undefined. */
function output(columns?: number): Output {
  return Object.assign(new PassThrough(), columns === undefined ? {} : { isTTY: true, columns })
}

/** The text of a table without colours. */
const tableText = (...args: Parameters<typeof paintedTable>): string =>
  stripVTControlCharacters(paintedTable(...args))

const arn = 'arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/'
const rows: readonly Row[] = [
  { Name: 'Example Root CA', Status: 'ACTIVE', Id: `${arn}92d4dc60-01f0-4f0e-94d2-6fe19d7a4078` },
  { Name: '例え 中間 CA', Status: 'DISABLED', Id: `${arn}1fba9b94-5d00-43e8-8fa6-982462557360` },
]
const columns: readonly Column[] = [
  { key: 'Name' },
  { key: 'Status', shrink: 'never' },
  { key: 'Id', header: 'ID', shrink: 'id' },
]
const linesOf = (width: number | undefined, wide = false): string[] =>
  tableText(output(width), rows, { columns, wide }).split('\n')

/** Returns the terminal column at which a string starts. */
const startOf = (line: string, text: string): number =>
  displayWidth(line.slice(0, line.indexOf(text)))

test('cells start below their column headers, even after wide characters', () => {
  const [header = '', first = '', second = ''] = linesOf(undefined)
  for (const [line, status] of [
    [first, 'ACTIVE'],
    [second, 'DISABLED'],
  ] as const) {
    assert.equal(startOf(line, status), startOf(header, 'STATUS'))
    assert.equal(startOf(line, 'arn:'), startOf(header, 'ID'))
  }
})

test('on a narrow terminal, ARNs are shortened to IDs, then IDs to a prefix, and then texts are truncated', () => {
  assert.match(linesOf(140)[1] ?? '', / arn:aws:\S+-6fe19d7a4078$/)
  assert.match(linesOf(80)[1] ?? '', /ACTIVE {4}92d4dc60-01f0-4f0e-94d2-6fe19d7a4078$/)
  assert.match(linesOf(50)[1] ?? '', /^Example Root CA {2}ACTIVE {4}92d4dc60…$/)
  assert.match(linesOf(30)[1] ?? '', /^Example… +ACTIVE {4}92d4dc60…$/)
})

test('--wide and files show everything', () => {
  for (const lines of [linesOf(30, true), linesOf(undefined)])
    for (const [at, { Name, Id }] of rows.entries()) {
      assert.ok(lines[at + 1]?.startsWith(String(Name)))
      assert.ok(lines[at + 1]?.endsWith(String(Id)))
    }
})

test('a table without rows is empty, and columns marked as wide are shown only with --wide', () => {
  assert.equal(tableText(output(80), []), '')
  const wide: readonly Column[] = [{ key: 'Name' }, { key: 'Status', wide: true }]
  assert.equal(tableText(output(80), rows.slice(0, 1), { columns: wide }), 'NAME\nExample Root CA')
  assert.match(tableText(output(80), rows, { columns: wide, wide: true }), /^NAME +STATUS\n/)
})

const anyCell = fc.string({
  unit: fc.constantFrom('a', ' ', 'é', '中', '😀', '\u{1b}', '\n', 'x\u0301'),
})

test('no line exceeds the width of a terminal that has the minimum width, and no cell contains a line break', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ One: anyCell, Two: anyCell, Three: anyCell }), { minLength: 1 }),
      fc.integer({ min: 24, max: 100 }),
      (cells, width) => {
        const lines = tableText(output(width), cells).split('\n')
        assert.equal(lines.length, cells.length + 1)
        for (const line of lines) {
          assert.ok(displayWidth(line) <= width, JSON.stringify(line))
          assert.doesNotMatch(line, /\p{Cc}/u)
        }
      },
    ),
  )
})

test('truncated text fits into the width and is a prefix with an ellipsis; padding fills the width', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 40 }), (text, width) => {
      const cut = truncateToWidth(text, width)
      assert.ok(displayWidth(cut) <= width)
      if (displayWidth(text) <= width) assert.equal(cut, text)
      else assert.ok(cut.endsWith('…') && text.startsWith(cut.slice(0, -1)))
      assert.equal(displayWidth(cut + padToWidth(cut, width)), width)
    }),
  )
})

test('sentences that do not fit are wrapped below their rows, and the other columns stay readable', () => {
  const problem = `requires root permissions; run: sudo signet trust install --store system --file ${'x'.repeat(40)}.pem`
  const sentence: readonly Column[] = [...columns, { key: 'Problem', shrink: 'below' }]
  const failed = rows.map((row, index) => (index === 0 ? { ...row, Problem: problem } : row))
  const lines = tableText(output(80), failed, { columns: sentence }).split('\n')
  assert.equal(lines.length, 5)
  assert.match(lines[1] ?? '', /^Example Root CA {2}ACTIVE {4}92d4dc60-/)
  assert.deepEqual(
    lines
      .slice(2, 4)
      .map((line) => line.trim())
      .join(' '),
    problem,
  )
  assert.match(lines[2] ?? '', /^ {2}requires root permissions/)
  assert.match(
    tableText(output(300), failed, { columns: sentence }),
    /4078 {2}requires root permissions/,
  )
})

test('member names are shown as words, times without fractions, and lists and members of objects separated by commas', () => {
  assert.equal(cellText('2026-01-02T03:04:05.678Z'), '2026-01-02 03:04:05Z')
  assert.equal(cellText(['a', 'b']), 'a, b')
  assert.equal(cellText(true), 'yes')
  assert.equal(cellText(null), '')
  assert.equal(
    cellText({ ConnectionsMax: 1, Caa: null, Names: ['a', 'b'] }),
    'connections max 1, names a, b',
  )
  assert.equal(cellText([{ Bucket: 'a' }, { Bucket: 'b' }]), 'bucket a; bucket b')
  assert.equal(cellText({}), '')
  assert.equal(wordsOf('AccessKeyId'), 'access key ID')
  assert.equal(wordsOf('NotAfter'), 'not after')
})
