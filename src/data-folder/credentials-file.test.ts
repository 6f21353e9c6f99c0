import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseServerAddress } from '../text/credentials-file.ts'
import { withAddress } from './credentials-file.ts'

const key = '[default]\naws_access_key_id = AKIA\naws_secret_access_key = secret\n'
const address = { endpoint: 'http://127.0.0.1:8080', caFile: undefined }

test('the server address and the default region are appended to the default section', () => {
  assert.equal(
    withAddress(key, address),
    `${key}region = eu-central-1\nendpoint_url = http://127.0.0.1:8080\n`,
  )
})

test('a previous address is replaced, and other lines and sections do not change', () => {
  const text =
    `# mine\n[other]\nendpoint_url = http://other\n\n${key}region = us-east-1\n` +
    'endpoint_url = http://old\nca_bundle = /old.pem\n\n[third]\nregion = x\n'
  const updated = withAddress(text, { endpoint: 'https://[::1]:1', caFile: '/root.pem' })
  assert.equal(
    updated,
    text.replace('http://old', 'https://[::1]:1').replace('/old.pem', '/root.pem'),
  )
  assert.doesNotMatch(withAddress(updated, address), /ca_bundle/)
})

test('the URLs of the metrics and of the enrollment listener are removed when the listeners are turned off', () => {
  const urls = { metricsUrl: 'http://127.0.0.1:9090/metrics', enrollUrl: 'https://ca.example:8443' }
  const text = withAddress(key, { ...address, ...urls })
  assert.deepEqual(parseServerAddress(text), {
    endpoint: address.endpoint,
    region: 'eu-central-1',
    ...urls,
  })
  assert.equal(withAddress(text, address), withAddress(key, address))
})

test('a file without a default section does not change', () => {
  const text = 'aws_access_key_id = A\naws_secret_access_key = S\n'
  assert.equal(withAddress(text, address), text)
})

test('a second update with the same address changes nothing', () => {
  const line = fc.constantFrom(
    '[default]',
    '[a]',
    'region = x',
    'endpoint_url = y',
    '',
    ' # c',
    'k = v',
  )
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const once = withAddress(lines.join('\n'), address)
      assert.equal(withAddress(once, address), once)
    }),
  )
})
