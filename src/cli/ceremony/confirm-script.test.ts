import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import type { Confirmed } from '../../ceremony/ceremony.ts'
import { confirmByFlags, confirmScript, groupedDigest } from './confirm-script.ts'

const scriptSha256 = '0123456789abcdef'.repeat(4)
const half = scriptSha256.slice(0, 32)
const clock = { now: () => new Date('2030-01-01T10:00:00Z') }

async function confirm(
  answers: readonly string[],
  { permitted = [], isTTY = true }: { permitted?: readonly string[]; isTTY?: boolean } = {},
): Promise<{ readonly confirmed: Confirmed; readonly shown: string }> {
  const stdin = Object.assign(new PassThrough(), { isTTY })
  const stderr = new PassThrough()
  let shown = ''
  stderr.on('data', (chunk: Buffer) => (shown += chunk.toString()))
  stdin.end(answers.map((answer) => `${answer}\n`).join(''))
  const confirmed = await confirmScript(
    { stdin: () => stdin, stderr },
    { scriptSha256, permitted, clock },
  )
  // The last prompts are delivered in the next turn of the event loop.
  await new Promise(setImmediate)
  return { confirmed, shown }
}

test('two people confirm the SHA-256, which is displayed after they have typed it', async () => {
  const groups = '0123 4567 89AB CDEF 0123 4567 89AB CDEF'
  const { confirmed, shown } = await confirm(['Ada', scriptSha256, 'Grace', groups])
  assert.deepEqual(confirmed, {
    confirmation: 'terminal',
    participants: [
      { name: 'Ada', confirmedAt: '2030-01-01T10:00:00Z' },
      { name: 'Grace', confirmedAt: '2030-01-01T10:00:00Z' },
    ],
  })
  const [before, after] = shown.split(/Grace, type the SHA-256 of your copy, or its first 8 groups/)
  assert.doesNotMatch(before ?? '', /0123/)
  assert.ok(after?.includes(groupedDigest(scriptSha256)))
  assert.match(shown, /Second participant, type your name: /)
})

test('a confirmation requires two different people and the SHA-256 of the script', async () => {
  for (const [answers, expected] of [
    [['Ada', half.slice(1)], /at least 32 digits of the SHA-256 are required/],
    [['Ada', ''], /at least 32 digits/],
    [
      ['Ada', '1'.repeat(32)],
      /your copy differs from the script on this machine; not confirmed, and nothing was signed/,
    ],
    [['Ada', `${scriptSha256}0`], /your copy differs from the script on this machine/],
    [['Ada', half, ' ada ', half], /must be another person/],
    [['', half], /a name must have 1 to 100 visible characters/],
    [['\u001B[2J', half], /a name must have 1 to 100 visible characters/],
    [['Ada', half], /the input ended; not confirmed/],
    [[], /the input ended/],
  ] as const)
    await assert.rejects(confirm(answers), expected)
  await assert.rejects(
    confirm(['Eve', half], { permitted: ['Ada', 'Grace'] }),
    /Eve is not one of the participants in the script: Ada, Grace/,
  )
  await assert.rejects(confirm([], { isTTY: false }), /must confirm the script at a terminal/)
})

test('the flags for tests need two names and the SHA-256 of the script', () => {
  const script = { scriptSha256, permitted: [], clock }
  const flags = { confirmedBy: ['Ada', 'Grace'], scriptSha256 }
  assert.equal(confirmByFlags(flags, script).confirmation, 'flags')
  assert.throws(
    () => confirmByFlags({ scriptSha256 }, script),
    /--confirmed-by must be given twice/,
  )
  assert.throws(() => confirmByFlags({ confirmedBy: ['Ada', 'Ada'] }, script), /another person/)
  assert.throws(
    () => confirmByFlags({ confirmedBy: ['Ada', 'Grace'] }, script),
    /requires --script-sha256/,
  )
  assert.throws(
    () => confirmByFlags({ ...flags, scriptSha256: '00'.repeat(32) }, script),
    /the script has a different SHA-256; not confirmed/,
  )
})
