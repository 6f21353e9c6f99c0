import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { TestFolder } from '../../../test/support/database.ts'
import { asCalled } from './called-as.ts'

const calledAs = (name: string) => ({ environment: { SIGNET_CALLED_AS: name } })

test('suggested commands start with the name by which the program was called', () => {
  const text = 'create CAs with: signet init-hierarchy, or sudo signet status'
  assert.equal(
    asCalled(text, calledAs('./signet')),
    'create CAs with: ./signet init-hierarchy, or sudo ./signet status',
  )
  assert.equal(
    asCalled('signet status', calledAs('../my signet/signet')),
    "'../my signet/signet' status",
  )
  assert.equal(asCalled('signet status', { environment: {} }), 'signet status')
})

test('other words with the name of the program are unchanged', () => {
  const text = 'readable by user signet and /etc/signet dir; signet: x; signet cannot start'
  assert.equal(asCalled(text, calledAs('./signet'), '(?:serve|status)'), text)
})

test('the launcher passes a relative or absolute path, but only the name if it is on the PATH', () => {
  using folder = new TestFolder()
  const checkout = folder.file('checkout')
  mkdirSync(join(checkout, 'node_modules/node/bin'), { recursive: true })
  copyFileSync(resolve(import.meta.dirname, '../../../signet'), join(checkout, 'signet'))
  const node = '#!/bin/sh\nprintf %s "$SIGNET_CALLED_AS"\n'
  writeFileSync(join(checkout, 'node_modules/node/bin/node'), node, { mode: 0o755 })
  mkdirSync(folder.file('bin'))
  symlinkSync(join(checkout, 'signet'), folder.file('bin/signet'))
  const nameFor = (command: string, path: string): string =>
    execFileSync('/bin/sh', ['-c', command], {
      cwd: checkout,
      encoding: 'utf8',
      env: { PATH: `${path}:/usr/bin:/bin` },
    })
  assert.equal(nameFor('./signet', '/none'), './signet')
  assert.equal(nameFor('cd node_modules && ../signet', '/none'), '../signet')
  assert.equal(nameFor(`${checkout}/signet`, folder.file('bin')), `${checkout}/signet`)
  assert.equal(nameFor('signet', folder.file('bin')), 'signet')
})
