import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { after, before, beforeEach, test } from 'node:test'
import * as fc from 'fast-check'
import { TestFolder } from '../../test/support/database.ts'
import { KmsServer, useKmsCredentials } from '../../test/support/kms-server.ts'
import { ConfigurationError } from '../errors.ts'
import { parseKeyArn, type KeyArn } from '../keys/kms/key-arn.ts'
import { systemRandom as random } from '../random.ts'
import {
  newMasterKey,
  openMasterKey,
  readMasterKey,
  writeMasterKey,
  type MasterKey,
} from './master-key.ts'
import { replaceKeyFile } from './rotate-master-key.ts'
import { newFileKey, noWrapping, type WrappingOptions } from './wrapped-master-key.ts'

useKmsCredentials()
let kms: KmsServer
let arn: KeyArn
before(async () => {
  kms = await KmsServer.start()
  arn = newKey()
})
beforeEach(() => {
  kms.fault = () => undefined
})
after(() => kms[Symbol.asyncDispose]())

function newKey(): KeyArn {
  return parseKeyArn(kms.operations.createSymmetricKey().arn) ?? assert.fail('not an ARN')
}

function options(key: KeyArn | undefined = arn): WrappingOptions {
  return { ...noWrapping, kms: { arn: key, endpoint: kms.endpoint, random } }
}

/** Options without an ARN, for a server that reads the ARN from the file. */
function withoutArn(): WrappingOptions {
  return { ...noWrapping, kms: { arn: undefined, endpoint: kms.endpoint, random } }
}

function refused(pattern: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof ConfigurationError && pattern.test(error.message)
}

async function createIn(folder: TestFolder): Promise<MasterKey> {
  const path = folder.file('master.key')
  return openMasterKey({ path, mayCreate: true, random, wrapping: options() })
}

test('the file contains only a ciphertext, and KMS decrypts it', async () => {
  using folder = new TestFolder()
  const created = await createIn(folder)
  assert.equal(created.bytes.length, 32)
  const content = readFileSync(created.path, 'utf8')
  assert.match(content, /^signet-master-key-kms-1:[A-Za-z0-9+/=]+:arn:aws:kms:\S+\n$/)
  assert.equal(statSync(created.path).mode & 0o777, 0o600)
  for (const encoding of ['hex', 'base64', 'latin1'] as const)
    assert.ok(!content.includes(Buffer.from(created.bytes).toString(encoding)))
  assert.ok(
    !Buffer.from(content.split(':')[1] ?? '', 'base64').includes(Buffer.from(created.bytes)),
  )
  for (const each of [options(), withoutArn()])
    assert.deepEqual(await readMasterKey(created.path, each), created)
})

test('an existing master key is written as a ciphertext', async () => {
  using folder = new TestFolder()
  const path = folder.file('master.key')
  const masterKey = { bytes: random.bytes(32), path, fileKey: newFileKey(options()) }
  await writeMasterKey(masterKey)
  assert.match(readFileSync(masterKey.path, 'utf8'), /^signet-master-key-kms-1:/)
  const { bytes } = (await readMasterKey(masterKey.path, options())) ?? assert.fail('no key')
  assert.equal(Buffer.compare(bytes, masterKey.bytes), 0)
  await assert.rejects(writeMasterKey(masterKey), refused(/already exists/))
})

test('another KMS key in the settings than in the file is refused', async () => {
  using folder = new TestFolder()
  const { path } = await createIn(folder)
  await assert.rejects(
    readMasterKey(path, options(newKey())),
    refused(/--master-key-kms: .* is encrypted with the KMS key .*, not with /),
  )
})

test('a file with the master key itself is refused if a KMS key is configured', async () => {
  using folder = new TestFolder()
  const path = folder.file('master.key')
  await openMasterKey({ path, mayCreate: true, random })
  await assert.rejects(
    readMasterKey(path, options()),
    refused(/contains an unencrypted master key/),
  )
  assert.equal((await readMasterKey(path, withoutArn()))?.bytes.length, 32)
})

test('an altered, truncated or relabelled file is refused', async () => {
  using folder = new TestFolder()
  const { path, bytes } = await createIn(folder)
  const content = readFileSync(path, 'utf8')
  const refusal = refused(/is damaged|cannot be decrypted/)
  const other = newKey().text
  const altered = [
    content.slice(0, -2),
    content.replace(arn.text, other),
    content.replace(/:(.)/, (_, first: string) => `:${first === 'A' ? 'B' : 'A'}`),
    content.replace(/:[^:]+:/, '::'),
    `${content}\n`,
    'signet-master-key-kms-1:',
  ]
  for (const text of altered) {
    writeFileSync(path, text)
    await assert.rejects(readMasterKey(path, withoutArn()), refusal, text)
  }
  const position = fc.nat({ max: content.length - 2 })
  await fc.assert(
    fc.asyncProperty(position, fc.constantFrom('A', '/', ':', ' ', '='), async (at, text) => {
      writeFileSync(path, content.slice(0, at) + text + content.slice(at + 1))
      const read = readMasterKey(path, withoutArn()).then(
        (key) => key?.bytes,
        (error: unknown) => error instanceof ConfigurationError,
      )
      const result = await read
      assert.ok(result === true || (result && Buffer.compare(bytes, result) === 0))
    }),
    { numRuns: 30 },
  )
})

test('a file for another purpose or key is refused by KMS', async () => {
  using folder = new TestFolder()
  const path = folder.file('master.key')
  const input = { KeyId: arn.text, Plaintext: Buffer.alloc(32).toString('base64') }
  const contexts = [{}, { EncryptionContext: { signet: 'other' } }]
  for (const context of contexts) {
    const { CiphertextBlob } = kms.operations.run('Encrypt', { ...input, ...context }, false) as {
      readonly CiphertextBlob: string
    }
    writeFileSync(path, `signet-master-key-kms-1:${CiphertextBlob}:${arn.text}\n`, { mode: 0o600 })
    await assert.rejects(readMasterKey(path, options()), refused(/InvalidCiphertextException/))
  }
})

test('an outage, denied access and a disabled key are reported with what to do', async () => {
  using folder = new TestFolder()
  const { path } = await createIn(folder)
  kms.fault = () => 'deny'
  await assert.rejects(readMasterKey(path, options()), refused(/AccessDenied.* its IAM policy/))
  kms.fault = () => undefined
  const key = kms.operations.find({ KeyId: arn.text })
  key.state = 'Disabled'
  await assert.rejects(readMasterKey(path, options()), refused(/is disabled.*; enable the key/))
  key.state = 'Enabled'
  await kms.stop()
  await assert.rejects(readMasterKey(path, options()), refused(/ECONNREFUSED.*when KMS can be/))
  await kms.resume()
  assert.ok(await readMasterKey(path, options()))
})

test('nothing is created if KMS generates no key', async () => {
  using folder = new TestFolder()
  kms.fault = () => 'deny'
  await assert.rejects(createIn(folder), refused(/a key cannot be generated/))
  assert.equal(await readMasterKey(folder.file('master.key'), options()), undefined)
})

test('a rotation replaces the ciphertext in the file with a ciphertext of the new key', async () => {
  using folder = new TestFolder()
  const previous = await createIn(folder)
  const { path } = previous
  const next = newMasterKey({ path, fileKey: previous.fileKey }, random)
  await replaceKeyFile({ previous, next })
  assert.match(readFileSync(path, 'utf8'), /^signet-master-key-kms-1:/)
  assert.deepEqual((await readMasterKey(path, options()))?.bytes, Uint8Array.from(next.bytes))
  kms.fault = () => 'deny'
  await assert.rejects(
    replaceKeyFile({ previous, next: newMasterKey(next, random) }),
    refused(/KMS/),
  )
  kms.fault = () => undefined
  assert.deepEqual((await readMasterKey(path, options()))?.bytes, Uint8Array.from(next.bytes))
})
