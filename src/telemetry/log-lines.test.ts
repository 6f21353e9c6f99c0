/** Tests of log lines written to a full disk, to a closed pipe, and to a slow reader. */
import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { barrier, joinBatch } from '../turns/batch.ts'
import { LogLines, type Recovery } from './log-lines.ts'
import { createLogOn } from './log.ts'

/** Outcome of a write(2) call: an error code, or the maximum number of bytes that the call writes. */
type Outcome = string | number

/** A file descriptor on which each write has the outcome that `next` returns. */
class Descriptor {
  text = ''
  drops = 0
  next: () => Outcome = () => Number.POSITIVE_INFINITY

  readonly lines = new LogLines({
    write: (bytes) => {
      const outcome = this.next()
      if (typeof outcome === 'string') throw Object.assign(new Error(outcome), { code: outcome })
      const accepted = bytes.subarray(0, outcome)
      this.text += Buffer.from(accepted).toString('latin1')
      return accepted.length
    },
    onDrop: (lines) => (this.drops += lines),
  })

  /** Writes a line that is the only line in its turn of the event loop. */
  write(line: string): void {
    this.lines.write(line)
    this.lines.handOver()
  }
}

for (const code of ['ENOSPC', 'EPIPE', 'EIO', 'EBADF', 'EFBIG', 'EDQUOT'])
  test(`lines that fail with ${code} are dropped and counted, and the recovery is reported once`, () => {
    const to = new Descriptor()
    const recoveries: Recovery[] = []
    to.lines.onRecovery = (recovery) => recoveries.push(recovery)
    to.write('before\n')
    to.next = () => code
    for (const line of ['one\n', 'two\n', 'three\n']) to.write(line)
    assert.equal(to.drops, 3)
    assert.deepEqual(recoveries, [])
    to.next = () => Number.POSITIVE_INFINITY
    to.write('after\n')
    to.write('later\n')
    assert.deepEqual(recoveries, [{ dropped: 3, code }])
    assert.equal(to.text, 'before\nafter\nlater\n')
  })

test('the log reports the number of its dropped lines', () => {
  const to = new Descriptor()
  const log = createLogOn('info', to.lines)
  to.next = () => 'ENOSPC'
  for (let line = 0; line < 4; line += 1) log.info('lost')
  to.lines.handOver()
  to.next = () => Number.POSITIVE_INFINITY
  log.info('kept')
  to.lines.handOver()
  to.lines.handOver()
  const written = to.text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  assert.deepEqual(
    written.map(({ msg, dropped, code }) => ({ msg, dropped, code })),
    [
      { msg: 'kept', dropped: undefined, code: undefined },
      {
        msg: 'log lines were dropped because standard error could not be written',
        dropped: 4,
        code: 'ENOSPC',
      },
    ],
  )
})

test('after a truncated line, the next line starts with a line break', () => {
  const to = new Descriptor()
  const outcomes: Outcome[] = [3, 'ENOSPC', 'ENOSPC']
  to.next = () => outcomes.shift() ?? Number.POSITIVE_INFINITY
  to.write('aaaaaa\n')
  to.write('bbbbbb\n')
  to.write('cccccc\n')
  assert.equal(to.text, 'aaa\ncccccc\n')
  assert.equal(to.drops, 2)
})

test('lines for a slow reader are buffered up to 1 MiB and written in order', () => {
  const to = new Descriptor()
  to.next = () => 'EAGAIN'
  const line = `${'x'.repeat(999)}\n`
  for (let count = 0; count < 2000; count += 1) to.write(line)
  assert.equal(to.drops, 2000 - Math.floor(1_048_576 / 1000))
  to.next = () => Number.POSITIVE_INFINITY
  to.lines.flushAtEnd()
  assert.equal(to.text, line.repeat(1048))
})

test('for every outcome of write(2), nothing is thrown, and each line is written in order, truncated or dropped', () => {
  const outcome = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 12 }) },
    { weight: 2, arbitrary: fc.constant('EAGAIN') },
    fc.constantFrom('EINTR', 'ENOSPC', 'EPIPE'),
  )
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 30 }),
      fc.array(outcome, { maxLength: 120 }),
      fc.infiniteStream(fc.boolean()),
      (lengths, outcomes, ends) => {
        const to = new Descriptor()
        const remaining = outcomes.slice()
        to.next = () => remaining.shift() ?? Number.POSITIVE_INFINITY
        // Each line starts with its number, so that it can be identified in the output.
        const lines = lengths.map((length, index) => `${index}:${'x'.repeat(length)}`)
        for (const line of lines) {
          to.lines.write(`${line}\n`)
          if (ends.next().value === true) to.lines.handOver()
        }
        remaining.length = 0
        to.lines.flushAtEnd()
        const written = to.text.split('\n').filter((line) => line !== '')
        const whole = written.filter((line) => lines.includes(line))
        let position = 0
        for (const line of written) {
          const index = lines.findIndex((each, at) => at >= position && each.startsWith(line))
          assert.ok(index >= position, `${JSON.stringify(line)} in ${JSON.stringify(to.text)}`)
          position = index
        }
        assert.ok(whole.length + to.drops >= lines.length)
        assert.ok(to.drops <= lines.length)
      },
    ),
    { seed: 15, numRuns: 2000 },
  )
})

test('lines of one turn are written together, in pieces of whole lines that a pipe never splits', async () => {
  const pieces: string[] = []
  const lines = new LogLines({ write: (bytes) => pieces.push(String(bytes)) && bytes.length })
  const written = Array.from({ length: 100 }, (_, at) => `${at} ${'ü'.repeat(at)}\n`)
  for (const line of written) lines.write(line)
  const piecesBefore = pieces.length
  await lines.written()
  assert.equal(pieces.join(''), written.join(''))
  assert.ok(pieces.length < 10 && piecesBefore === pieces.length - 1, `${pieces.length} pieces`)
  for (const piece of pieces) {
    assert.ok(piece.endsWith('\n'))
    assert.ok(Buffer.byteLength(piece) <= 4096)
  }
  assert.equal(lines.written(), undefined)
})

test('lines are written after the pending microtasks, and before any other callback', async () => {
  const order: string[] = []
  const lines = new LogLines({ write: (bytes) => order.push(String(bytes)) && bytes.length })
  const request = async (line: string, steps: number): Promise<void> => {
    await joinBatch()
    for (let step = 0; step < steps; step += 1) await barrier
    lines.write(line)
    await lines.written()
    order.push('answer')
  }
  const requests = [request('one ', 1), request('two', 3)]
  setImmediate(() => order.push('next callback'))
  await Promise.all(requests)
  await nextTurn()
  assert.deepEqual(order, ['one two', 'answer', 'answer', 'next callback'])
})
