import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { requireConfirmation } from './confirm.ts'

async function confirm(answer: string, isTTY: boolean): Promise<string> {
  const stdin = Object.assign(new PassThrough(), { isTTY })
  const stderr = new PassThrough()
  stdin.end(answer)
  await requireConfirmation(
    { stdin: () => stdin, stderr },
    { question: 'Delete Old CA?', expected: 'Old CA' },
  )
  return String(stderr.read())
}

test('a change is confirmed by typing the expected name', async () => {
  assert.match(await confirm('Old CA\n', true), /Delete Old CA\?\nType Old CA to confirm: /)
  await assert.rejects(
    confirm('old\n', true),
    /the confirmation does not match; nothing was changed/,
  )
})

test('without a terminal, confirmation fails with an error that contains the flag to use', async () => {
  await assert.rejects(
    confirm('Old CA\n', false),
    /requires a terminal; to skip the confirmation, use --yes/,
  )
})
