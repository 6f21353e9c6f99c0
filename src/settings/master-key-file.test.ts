import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { TestFolder } from '../../test/support/database.ts'
import { locateMasterKey } from './master-key-file.ts'

test('the master key is that of the setting, the credential of systemd, or the file in the data folder', () => {
  using folder = new TestFolder()
  const inSystemd = { CREDENTIALS_DIRECTORY: folder.path }
  const data = '/var/lib/signet'
  assert.equal(locateMasterKey(undefined, {}, data), '/var/lib/signet/master.key')
  assert.equal(locateMasterKey(undefined, inSystemd, data), '/var/lib/signet/master.key')
  writeFileSync(folder.file('master.key'), '')
  assert.equal(locateMasterKey(undefined, inSystemd, data), folder.file('master.key'))
  assert.equal(locateMasterKey('own.key', inSystemd, data), resolve('own.key'))
  assert.equal(locateMasterKey('-', inSystemd, data), '-')
})
