import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCredentials, parseIni, parseServerAddress } from './credentials-file.ts'

const key = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a/b+c=' }

test('the access key of the section [default], or of a file without sections, is parsed with any spacing', () => {
  for (const text of [
    'aws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = a/b+c=\n',
    '[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = a/b+c=\n',
    '# written by hand\r\n [default] \r\naws_secret_access_key=a/b+c=\r\n  aws_access_key_id=AKIDEXAMPLE',
    '[other]\naws_access_key_id = X\naws_secret_access_key = Y\n[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = a/b+c=\n[more]\naws_access_key_id = Z\n',
    '[default] # administrator\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = a/b+c=\n',
    '[ default ]\n# see [wiki]\naws_access_key_id = AKIDEXAMPLE ; mine\naws_secret_access_key = a/b+c= # too\n',
  ])
    assert.deepEqual(parseCredentials(text), key, JSON.stringify(text))
})

test('a file with a line of a hundred thousand spaces is read in linear time', () => {
  const spaces = ' '.repeat(100_000)
  assert.equal(
    parseCredentials(`[default]\n${spaces}x${spaces}\naws_access_key_id ${spaces}`),
    undefined,
  )
})

test('a file with an incomplete access key in [default] has no access key', () => {
  for (const text of [
    '',
    '[other]\naws_access_key_id = A\naws_secret_access_key = B\n',
    '[default]\naws_access_key_id = A\n[other]\naws_secret_access_key = B\n',
    '[default]\naws_access_key_id =\naws_secret_access_key = B\n',
  ])
    assert.equal(parseCredentials(text), undefined, JSON.stringify(text))
})

test('the address of the server is read from the section of the access key', () => {
  const text =
    '[default]\naws_access_key_id = A\naws_secret_access_key = B\nregion = eu-west-1\n' +
    'endpoint_url = https://ca.test:8443\nca_bundle = /srv/with space/tls-root.pem # own\n[other]\nregion = x\n'
  assert.deepEqual(parseServerAddress(text), {
    endpoint: 'https://ca.test:8443',
    region: 'eu-west-1',
    caFile: '/srv/with space/tls-root.pem',
  })
  assert.deepEqual(parseServerAddress('[default]\nregion =\n'), {})
  assert.deepEqual(parseServerAddress('[other]\nregion = x\n'), {})
})

test('nested settings of one service do not hide the settings of another service in the same section', () => {
  const sections = parseIni(
    '[services local]\ns3 =\n  endpoint_url = http://s3\nacm_pca = \n  endpoint_url = http://pca\nregion = r\n',
  )
  assert.deepEqual(Object.fromEntries(sections.get('services local') ?? []), {
    s3: '',
    's3.endpoint_url': 'http://s3',
    acm_pca: '',
    'acm_pca.endpoint_url': 'http://pca',
    region: 'r',
  })
})
