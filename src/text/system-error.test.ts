import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, openSync, readFileSync, rmdirSync } from 'node:fs'
import { test } from 'node:test'
import { problemText, systemErrorText } from './system-error.ts'

function errorOf(work: () => unknown): Error {
  try {
    work()
  } catch (error) {
    return error as Error
  }
  return assert.fail('no error')
}

test('a system error that no caller has explained states the action, the path, the reason and what to do', () => {
  for (const [work, message] of [
    [() => openSync('/none/x', 'r'), 'cannot open /none/x: no such file or folder; check the path'],
    [
      () => mkdirSync('/dev/null/x'),
      'cannot create /dev/null/x: a part of the path is not a folder; check the path',
    ],
    [
      () => mkdirSync('/proc'),
      'cannot create /proc: a file or folder with this name already exists',
    ],
    [() => rmdirSync('/none'), 'cannot remove /none: no such file or folder; check the path'],
    [
      () => execFileSync('/none/program'),
      'cannot run /none/program: no such program; specify the full path of an installed program',
    ],
    [() => execFileSync('/etc/passwd'), 'cannot run /etc/passwd: it is not an executable file'],
  ] as const)
    assert.equal(problemText(errorOf(work)), message)
})

test('other errors keep their message', () => {
  assert.equal(problemText(new Error('no')), 'no')
  assert.equal(
    problemText(Object.assign(new Error('connect ECONNREFUSED ::1:1'), { code: 'ECONNREFUSED' })),
    'connect ECONNREFUSED ::1:1',
  )
  assert.equal(systemErrorText(errorOf(() => readFileSync('/'))), 'it is a folder')
})
