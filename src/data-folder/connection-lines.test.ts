import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseCredentials } from '../text/credentials-file.ts'
import { updateConnection, withConnection } from './connection-lines.ts'

const key = 'aws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = a/b+c=\n'
const connection = {
  endpointUrl: 'http://127.0.0.1:8080',
  region: 'eu-central-1',
  caBundle: undefined,
}
const added = 'region = eu-central-1\nendpoint_url = http://127.0.0.1:8080\n'

test('region and endpoint are added to the section [default]', () => {
  assert.equal(withConnection(`[default]\n${key}`, connection), `[default]\n${key}${added}`)
  const others = `\n[other]\nendpoint_url = http://x\n`
  assert.equal(
    withConnection(`[default]\n${key}${others}`, connection),
    `[default]\n${key}${added}${others}`,
  )
})

test('a start on another port replaces the endpoint and keeps the region, comments and other lines', () => {
  const text = `# mine\n[default]\nregion = us-west-2\n${key}endpoint_url=http://127.0.0.1:1\noutput = json\n`
  assert.equal(
    withConnection(text, {
      ...connection,
      endpointUrl: 'https://[::]:9',
      caBundle: '/data/a b.pem',
    }),
    `# mine\n[default]\nregion = us-west-2\n${key}output = json\nendpoint_url = https://[::1]:9\nca_bundle = /data/a b.pem\n`,
  )
})

test('a file without a section [default] stays as it is', () => {
  for (const text of ['', key, `[other]\n${key}`])
    assert.equal(withConnection(text, connection), text)
})

test('an update of any file is idempotent and keeps its access key', () => {
  const line = fc.constantFrom(
    '[default]',
    '[b]',
    'region = x',
    'endpoint_url = y',
    '',
    '# c',
    'ca_bundle = z',
    'a=b',
  )
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const text = `[default]\n${key}${lines.join('\n')}`
      const once = withConnection(text, connection)
      assert.equal(withConnection(once, connection), once)
      assert.deepEqual(parseCredentials(once)?.accessKeyId, parseCredentials(text)?.accessKeyId)
    }),
  )
})

test('the file is replaced with mode 0600, and a missing file is not created', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'signet-connection-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'credentials')
  await updateConnection(path, connection)
  await assert.rejects(stat(path), { code: 'ENOENT' })
  await writeFile(path, `[default]\n${key}`, { mode: 0o600 })
  await updateConnection(path, connection)
  assert.equal(await readFile(path, 'utf8'), `[default]\n${key}${added}`)
  assert.equal((await stat(path)).mode & 0o777, 0o600)
})
