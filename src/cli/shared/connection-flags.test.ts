import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connectionOf } from './connection-flags.ts'

let folder: string
const data = (): string => join(folder, 'data')
/** Environment variables that hide this machine's configuration files. */
const bare = (): Record<string, string> => ({ HOME: folder })
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'signet-flags-'))
  mkdirSync(data())
  writeFileSync(
    join(data(), 'credentials'),
    '[default]\naws_access_key_id = A\naws_secret_access_key = B\nregion = eu-north-1\n' +
      'endpoint_url = https://folder.test\nca_bundle = tls-root.pem\n',
  )
  mkdirSync(join(folder, '.aws'))
  writeFileSync(
    join(folder, '.aws', 'config'),
    '[profile pki]\nregion = eu-west-3\nendpoint_url = https://profile.test\n',
  )
})
after(() => rmSync(folder, { recursive: true }))

test('a data folder provides the endpoint, the Region and the CAs to trust', () => {
  const options = connectionOf({ data: data() }, bare())
  assert.equal(options.endpoint, 'https://folder.test')
  assert.equal(options.region, 'eu-north-1')
  assert.equal(options.caFile, join(data(), 'tls-root.pem'))
  assert.equal(options.isDataNamed, true)
  const named = connectionOf({}, { ...bare(), SIGNET_DATA: data() })
  assert.equal(named.endpoint, 'https://folder.test')
})

test('flags take precedence over the environment, and the environment over the data folder and the defaults', () => {
  const environment = {
    ...bare(),
    SIGNET_ENDPOINT: 'https://variable.test',
    AWS_REGION: 'us-east-1',
    AWS_CA_BUNDLE: '/variable.pem',
  }
  const flags = {
    data: data(),
    endpoint: 'https://flag.test',
    region: 'us-west-2',
    caFile: '/flag.pem',
  }
  const { endpoint, region, caFile } = connectionOf(flags, environment)
  assert.deepEqual([endpoint, region, caFile], ['https://flag.test', 'us-west-2', '/flag.pem'])
  const second = connectionOf({ data: data() }, environment)
  assert.deepEqual(
    [second.endpoint, second.region, second.caFile],
    ['https://variable.test', 'us-east-1', '/variable.pem'],
  )
  const none = connectionOf({ awsCredentials: true }, bare())
  assert.deepEqual([none.endpoint, none.region], ['http://127.0.0.1:8080', 'eu-central-1'])
})

test('the server of an earlier request takes precedence over the defaults, but not over --data', () => {
  const stored = { endpoint: 'https://stored.test', region: 'eu-south-1' }
  assert.equal(
    connectionOf({ awsCredentials: true }, bare(), stored).endpoint,
    'https://stored.test',
  )
  assert.equal(connectionOf({ data: data() }, bare(), stored).endpoint, 'https://folder.test')
  assert.equal(connectionOf({ data: data() }, bare(), stored).region, 'eu-south-1')
})

test('a profile provides the endpoint and the Region, and no data folder is read', () => {
  const options = connectionOf({ profile: 'pki' }, bare())
  assert.deepEqual(
    [options.endpoint, options.region, options.profile, options.dataDirectory],
    ['https://profile.test', 'eu-west-3', 'pki', undefined],
  )
  assert.throws(() => connectionOf({ profile: 'nobody' }, bare()), /no profile 'nobody'/)
})

test('flags that select different credentials are refused', () => {
  assert.throws(
    () => connectionOf({ data: data(), profile: 'pki' }, bare()),
    /--data cannot be combined with --profile/,
  )
  assert.throws(
    () => connectionOf({ awsCredentials: true, data: data() }, bare()),
    /--data cannot be combined with --aws-credentials/,
  )
})

test('an endpoint without http:// is refused with the URL that was probably meant', () => {
  assert.throws(
    () => connectionOf({ endpoint: '127.0.0.1:8080' }, bare()),
    /--endpoint must be an http or https URL such as http:\/\/127\.0\.0\.1:8080, not '127\.0\.0\.1:8080'/,
  )
  assert.throws(
    () => connectionOf({ endpoint: 'localhost:8080' }, bare()),
    /such as http:\/\/local/,
  )
})
