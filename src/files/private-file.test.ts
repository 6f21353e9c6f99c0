import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { TestFolder } from '../../test/support/database.ts'
import { readPrivateFile, readTextFile } from './private-file.ts'

test('a file of 64 KiB is read, and a longer file or an endless device is refused', async () => {
  using folder = new TestFolder()
  const path = folder.file('secret')
  writeFileSync(path, 'é'.repeat(32_768), { mode: 0o600 })
  assert.equal((await readPrivateFile(path, '--secret')).length, 32_768)
  writeFileSync(path, 'x'.repeat(65_537))
  for (const long of [path, '/dev/zero'])
    await assert.rejects(readTextFile(long, '--secret'), {
      name: 'ConfigurationError',
      message: '--secret must not exceed 65536 bytes',
    })
})

test('errors say why a file cannot be read', async () => {
  using folder = new TestFolder()
  const path = folder.file('secret')
  writeFileSync(path, 'hunter2', { mode: 0o640 })
  const message = `--secret can be read by other users; restrict access with: chmod 600 '${path}'`
  await assert.rejects(readPrivateFile(path, '--secret'), { message })
  assert.equal(await readTextFile(path, '--secret'), 'hunter2')
  for (const [unreadable, reason] of [
    [folder.file('missing'), 'no such file or folder'],
    [folder.path, 'it is a folder'],
  ] as const)
    await assert.rejects(readTextFile(unreadable, '--secret'), {
      message: `--secret cannot be read: ${reason}`,
    })
})
