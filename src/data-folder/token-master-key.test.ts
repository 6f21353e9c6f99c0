import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { TestFolder } from '../../test/support/database.ts'
import { SoftHsm } from '../../test/support/softhsm.ts'
import { ConfigurationError } from '../errors.ts'
import { systemRandom as random } from '../random.ts'
import { newMasterKey, openMasterKey, readMasterKey } from './master-key.ts'
import { replaceKeyFile } from './rotate-master-key.ts'
import { noWrapping, type WrappingOptions } from './wrapped-master-key.ts'

const aes = ['--keygen', '--key-type', 'AES:32', '--sensitive']
const rsa = ['--keypairgen', '--key-type', 'rsa:2048']

function refused(pattern: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof ConfigurationError && pattern.test(error.message)
}

/**
 * Creates a token, and returns the token with the options for one of its keys. Returns undefined if SoftHSM is not installed.
 */
async function start(t: TestContext) {
  const hsm = await SoftHsm.create(t)
  if (hsm === undefined) return undefined
  const folder = new TestFolder()
  t.after(() => folder[Symbol.dispose]())
  const optionsOf = (label?: string, location = hsm.location): WrappingOptions => ({
    ...noWrapping,
    token: { label, location },
  })
  const addKey = (label: string, args: readonly string[]) => hsm.tool(...args, '--label', label)
  const create = (label: string, name = 'master.key') =>
    openMasterKey({ path: folder.file(name), mayCreate: true, random, wrapping: optionsOf(label) })
  return { hsm, folder, optionsOf, addKey, create }
}

test('an AES-256 or an RSA key of the token encrypts the file, and a rotation replaces it', async (t) => {
  const world = await start(t)
  if (world === undefined) return
  const { folder, optionsOf, addKey, create } = world
  await addKey('master; key', aes)
  await addKey('rsa', rsa)
  for (const [label, name, mechanism] of [
    ['master; key', 'aes.key', 'aes-gcm'],
    ['rsa', 'rsa.key', 'rsa-oaep-sha1'],
  ] as const) {
    const created = await create(label, name)
    const path = folder.file(name)
    const content = readFileSync(path, 'utf8')
    assert.match(content, /^signet-master-key-pkcs11-1:[a-z0-9-]+:[\w+/=]+:pkcs11:token=\S+\n$/)
    assert.ok(content.includes(`:${mechanism}:`))
    assert.ok(!content.includes(Buffer.from(created.bytes).toString('hex')))
    for (const options of [optionsOf(label), optionsOf()]) {
      const read = await readMasterKey(path, options)
      assert.deepEqual(read?.bytes, Uint8Array.from(created.bytes))
      assert.equal(read.fileKey?.kind, 'token')
    }
    const next = newMasterKey({ path, fileKey: created.fileKey }, random)
    await replaceKeyFile({ previous: created, next })
    const rotated = await readMasterKey(path, optionsOf())
    assert.deepEqual(rotated?.bytes, Uint8Array.from(next.bytes))
  }
})

test('a key that can leave the token, is short, missing or ambiguous is refused, and no file is written', async (t) => {
  const world = await start(t)
  if (world === undefined) return
  const { folder, optionsOf, addKey, create } = world
  await addKey('plain', ['--keygen', '--key-type', 'AES:32'])
  await addKey('exported', [...aes, '--extractable'])
  await addKey('short', ['--keygen', '--key-type', 'AES:16', '--sensitive'])
  await addKey('curve', ['--keypairgen', '--key-type', 'EC:prime256v1'])
  await addKey('twice', aes)
  await addKey('twice', rsa)
  for (const [label, expected] of [
    ['plain', /is extractable or not sensitive; create a key with CKA_SENSITIVE/],
    ['exported', /is extractable or not sensitive/],
    ['short', /must be an AES key of 256 bits/],
    ['curve', /must be an AES-256 or RSA key/],
    ['twice', /exists 2 times; labels must be unique/],
    ['absent', /does not have the key absent; create an AES-256 or RSA key with this label/],
  ] as const)
    await assert.rejects(create(label), refused(expected))
  assert.equal(await readMasterKey(folder.file('master.key'), optionsOf()), undefined)
})

test('a file of another key, another token or another source is refused with a reason', async (t) => {
  const world = await start(t)
  if (world === undefined) return
  const { hsm, folder, optionsOf, addKey, create } = world
  await addKey('one', aes)
  await addKey('two', aes)
  const { path } = await create('one')
  const read = (options: WrappingOptions) => readMasterKey(path, options)
  await assert.rejects(
    read(optionsOf('two')),
    refused(/is encrypted with the key 'one' .* not with/),
  )
  const other = { ...hsm.location, token: 'another' }
  for (const options of [optionsOf(undefined, other), noWrapping])
    await assert.rejects(read(options), refused(/specify this token with --pkcs11-module/))
  const kms = { arn: { text: 'arn:x', region: 'r' }, endpoint: undefined, random }
  await assert.rejects(
    read({ ...noWrapping, kms }),
    refused(/--master-key-kms: .* is encrypted with a key in a PKCS #11 token/),
  )
  const content = readFileSync(path, 'utf8')
  writeFileSync(path, content.replace('object=one', 'object=two'))
  await assert.rejects(read(optionsOf()), refused(/the token cannot decrypt the value/))
  for (const damaged of [
    content.slice(0, 60),
    content.replace('aes-gcm', 'aes-xts'),
    `${content}x`,
  ]) {
    writeFileSync(path, damaged)
    await assert.rejects(read(optionsOf()), refused(/is damaged; restore this file from a copy/))
  }
  writeFileSync(path, `signet-master-key-1:${'0'.repeat(64)}\n`)
  await assert.rejects(
    read(optionsOf('one')),
    refused(/--master-key-pkcs11: .* contains an unencrypted master key/),
  )
  assert.equal((await read(optionsOf()))?.bytes.length, 32)
  assert.equal(folder.bytes().includes('pkcs11'), false)
})
