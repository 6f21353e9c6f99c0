import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { TestFolder } from '../../../test/support/database.ts'
import { CommitMarkWriter, markFile, readMark, replaceMark } from './commit-mark.ts'

const databaseId = '0123456789abcdef'.repeat(2)

test('a mark is read back after it is created or updated, and keeps its length', async () => {
  using folder = new TestFolder()
  const path = folder.file('signet.sqlite')
  assert.equal(readMark(path), 'none')
  await replaceMark(path, { databaseId, commits: 7 })
  assert.equal(statSync(markFile(path)).mode & 0o777, 0o600)
  const { size } = statSync(markFile(path))
  const writer = new CommitMarkWriter(path, databaseId)
  for (const commits of [8, 1_000_000, Number.MAX_SAFE_INTEGER]) {
    writer.move(commits)
    assert.deepEqual(readMark(path), { databaseId, commits })
    assert.equal(statSync(markFile(path)).size, size)
  }
  writer.close()
  writer.close()
})

test('a mark with a changed byte or a truncated mark is unreadable, and is never parsed as another number', async () => {
  using folder = new TestFolder()
  const path = folder.file('signet.sqlite')
  await replaceMark(path, { databaseId, commits: 123_456 })
  const whole = readFileSync(markFile(path))
  fc.assert(
    fc.property(
      fc.nat(whole.length - 1),
      fc.integer({ min: 1, max: 255 }),
      fc.option(fc.nat(whole.length - 1)),
      (at, change, length) => {
        const text = Buffer.from(whole)
        text[at] = (text[at] ?? 0) ^ change
        writeFileSync(markFile(path), length === null ? text : whole.subarray(0, length))
        assert.equal(readMark(path), 'unreadable')
      },
    ),
    { seed: 15, numRuns: 300 },
  )
})
