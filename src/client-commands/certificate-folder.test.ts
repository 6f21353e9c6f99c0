/** Tests of a certificate's files: their modes, their replacement, and invalid metadata. */
import assert from 'node:assert/strict'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ConfigurationError } from '../errors.ts'
import {
  readMetadata,
  requireUnused,
  requireWritable,
  writeFolder,
  type FolderContent,
} from './certificate-folder.ts'

let above: string
before(async () => {
  above = await mkdtemp(join(tmpdir(), 'signet-folder-'))
})
after(() => rm(above, { recursive: true }))

const content: FolderContent = {
  key: 'KEY\n',
  csr: undefined,
  certificate: 'CERTIFICATE\n',
  chain: 'CHAIN\n',
  root: 'ROOT\n',
  metadata: {
    version: 1,
    arn: 'arn:c',
    certificateAuthorityArn: 'arn:ca',
    certificateAuthorityName: 'CA',
    serialNumber: '01',
    notBefore: '2026-03-01T08:00:00Z',
    notAfter: '2026-04-01T08:00:00Z',
    names: ['host'],
    keyAlgorithm: 'EC_prime256v1',
    template: null,
    validity: '30d',
    endpoint: 'http://127.0.0.1:8080',
    region: 'eu-central-1',
  },
}

const modeOf = async (path: string): Promise<string> =>
  ((await stat(path)).mode & 0o777).toString(8)

test('metadata.json is read back unchanged, and only the key file is private', async () => {
  const folder = join(above, 'a', 'b')
  requireUnused(folder)
  await writeFolder(folder, content)
  assert.deepEqual(await readMetadata(folder), content.metadata)
  for (const name of await readdir(folder))
    assert.equal(await modeOf(join(folder, name)), name === 'key.pem' ? '600' : '644', name)
  assert.equal(await readFile(join(folder, 'fullchain.pem'), 'utf8'), 'CERTIFICATE\nCHAIN\n')
  assert.throws(() => requireUnused(folder), ConfigurationError)
})

test('a replaced file keeps its mode', async () => {
  const folder = join(above, 'kept')
  await writeFolder(folder, content)
  await chmod(join(folder, 'key.pem'), 0o640)
  // Temporary files that a crashed run left behind are replaced.
  await writeFile(join(folder, 'key.pem.new'), 'half', { mode: 0o644 })
  await writeFolder(folder, { ...content, key: 'NEW\n' })
  assert.equal(await readFile(join(folder, 'key.pem'), 'utf8'), 'NEW\n')
  assert.equal(await modeOf(join(folder, 'key.pem')), '640')
  assert.ok(!(await readdir(folder)).includes('key.pem.new'))
})

test('a key of an earlier certificate is removed', async () => {
  const folder = join(above, 'csr')
  await writeFolder(folder, content)
  await writeFolder(folder, { ...content, key: undefined, csr: 'CSR\n' })
  const names = await readdir(folder)
  assert.ok(!names.includes('key.pem') && names.includes('csr.pem'))
})

test('metadata without the members that a renewal needs is refused', async () => {
  const folder = join(above, 'bad')
  await assert.rejects(readMetadata(folder), /specify a folder that 'signet issue' has written/)
  await writeFolder(folder, content)
  for (const change of [
    { version: 2 },
    { names: 'host' },
    { names: [1] },
    { notAfter: 'soon' },
    { validity: 30 },
    { keyAlgorithm: 1 },
    { endpoint: null },
  ]) {
    await writeFile(
      join(folder, 'metadata.json'),
      JSON.stringify({ ...content.metadata, ...change }),
    )
    await assert.rejects(readMetadata(folder), /lacks members that a renewal requires/)
  }
  await writeFile(join(folder, 'metadata.json'), '[]')
  await assert.rejects(readMetadata(folder), ConfigurationError)
})

test('a folder that cannot be written is refused before the issuance', async () => {
  await requireWritable(join(above, 'not', 'there', 'yet'))
  const file = join(above, 'file')
  await writeFile(file, '')
  for (const folder of [file, join(file, 'below')])
    await assert.rejects(requireWritable(folder), /cannot be written: .*file is not a folder/)
  // /proc has no permission to check, but refuses all files.
  if (process.platform === 'linux')
    await assert.rejects(
      requireWritable('/proc/x'),
      /\/proc\/x cannot be written: .*; specify a folder/,
    )
})
