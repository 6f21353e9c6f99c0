import assert from 'node:assert/strict'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { TestFolder } from '../../../test/support/database.ts'
import { systemRandom } from '../../random.ts'
import { PinGuard, refusedPinFile } from './refused-pin.ts'

function guardOf(folder: string | undefined, token = 'token'): PinGuard {
  return new PinGuard({ token, folder, random: systemRandom })
}

/** A token that accepts one PIN, and counts attempts. */
class CountingToken {
  readonly pin: string
  attempts = 0

  constructor(pin: string) {
    this.pin = pin
  }

  /** Logs in as another process of the server, or as the process that owns a guard. */
  logIn(folder: string | undefined, pin: string, guard = guardOf(folder)): string {
    return guard.logIn(pin, () => {
      this.attempts += 1
      return pin === this.pin
    })
  }
}

test('processes of a server try a wrong PIN once together', () => {
  using folder = new TestFolder()
  const token = new CountingToken('271828')
  assert.equal(token.logIn(folder.path, '000000'), 'refused')
  for (let process = 0; process < 3; process += 1)
    assert.equal(token.logIn(folder.path, '000000'), 'refused earlier')
  assert.equal(token.attempts, 1)
})

test('a changed PIN is tried, and after a success every PIN is tried again', () => {
  using folder = new TestFolder()
  const token = new CountingToken('271828')
  assert.equal(token.logIn(folder.path, '000000'), 'refused')
  assert.equal(token.logIn(folder.path, '111111'), 'refused')
  assert.equal(token.logIn(folder.path, '271828'), 'accepted')
  assert.equal(token.logIn(folder.path, '111111'), 'refused')
  assert.equal(token.attempts, 4)
})

test('a PIN that was refused by one token is tried with another token', () => {
  using folder = new TestFolder()
  const token = new CountingToken('271828')
  token.logIn(folder.path, '000000')
  token.logIn(folder.path, '000000', guardOf(folder.path, 'other'))
  assert.equal(token.attempts, 2)
})

test('a process repeats the comparison with the refused PIN after the file was removed', () => {
  using folder = new TestFolder()
  const token = new CountingToken('271828')
  const guard = guardOf(folder.path)
  assert.equal(token.logIn(folder.path, '000000', guard), 'refused')
  assert.equal(token.logIn(folder.path, '000000', guard), 'refused earlier')
  rmSync(folder.file(refusedPinFile))
  assert.equal(token.logIn(folder.path, '000000', guard), 'refused')
})

test('no process logs in while another one does', () => {
  using folder = new TestFolder()
  const token = new CountingToken('271828')
  token.logIn(folder.path, '271828')
  const other = new DatabaseSync(folder.file(refusedPinFile))
  other.exec('BEGIN EXCLUSIVE')
  assert.equal(token.logIn(folder.path, '271828'), 'busy')
  other.close()
  assert.equal(token.logIn(folder.path, '271828'), 'accepted')
  assert.equal(token.attempts, 2)
})

test('a folder that cannot be used does not prevent a login, and the process remembers a wrong PIN', () => {
  using folder = new TestFolder()
  writeFileSync(folder.file(refusedPinFile), 'not a database '.repeat(100))
  for (const path of [undefined, folder.file('missing'), folder.path]) {
    const token = new CountingToken('271828')
    const guard = guardOf(path)
    assert.equal(token.logIn(path, '271828', guard), 'accepted')
    assert.equal(token.logIn(path, '000000', guard), 'refused')
    assert.equal(token.logIn(path, '000000', guard), 'refused earlier')
    assert.equal(token.logIn(path, '271828', guard), 'accepted')
    assert.equal(token.attempts, 3)
  }
})

test('an error of the module is thrown, and nothing is recorded', () => {
  using folder = new TestFolder()
  const guard = guardOf(folder.path)
  const failing = () => {
    throw new Error('CKR_DEVICE_REMOVED')
  }
  assert.throws(() => guard.logIn('000000', failing), /CKR_DEVICE_REMOVED/)
  assert.equal(new CountingToken('000000').logIn(folder.path, '000000'), 'accepted')
})

test('only the owner can read the file, which does not contain the PIN', () => {
  using folder = new TestFolder()
  new CountingToken('271828').logIn(folder.path, '123459876')
  assert.equal(statSync(folder.file(refusedPinFile)).mode & 0o777, 0o600)
  assert.ok(!readFileSync(folder.file(refusedPinFile)).includes('123459876'))
})
