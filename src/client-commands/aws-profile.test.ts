import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigurationError } from '../errors.ts'
import { parseIni } from '../text/credentials-file.ts'
import { profileAddress } from './aws-profile.ts'

const files = {
  fallback: 'default',
  config: parseIni(
    [
      '[default]',
      'region = eu-west-1',
      '[profile pki]',
      'region = eu-central-1',
      'endpoint_url = https://all.test',
      'services = local',
      '[services local]',
      's3 =',
      '  endpoint_url = https://s3.test',
      'acm_pca =',
      '  endpoint_url = https://pca.test',
    ].join('\n'),
  ),
  credentials: parseIni(
    '[pki]\nregion = us-east-1\nca_bundle = /ca.pem\n[other]\nendpoint_url = https://other.test\n',
  ),
}

test('a profile is merged from both files, and an endpoint for the service takes precedence', () => {
  assert.deepEqual(profileAddress('pki', files), {
    endpoint: 'https://pca.test',
    region: 'eu-central-1',
    caFile: '/ca.pem',
  })
  assert.deepEqual(profileAddress('other', files), { endpoint: 'https://other.test' })
})

test('without a name the default profile is used, and it may be missing', () => {
  assert.deepEqual(profileAddress(undefined, files), { region: 'eu-west-1' })
  assert.deepEqual(profileAddress(undefined, { ...files, fallback: 'missing' }), {})
})

test('a named profile that is in neither file is refused', () => {
  assert.throws(
    () => profileAddress('nobody', files),
    (error) => error instanceof ConfigurationError && /no profile 'nobody'/.test(error.message),
  )
})
