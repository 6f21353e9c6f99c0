import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endpointProblem, parseProfiles } from './profile.ts'

const text = `[default]
aws_access_key_id = AKIA1
aws_secret_access_key = secret/1
# a comment
[profile ops]
aws_access_key_id=ASIA2
aws_secret_access_key=secret2
aws_session_token=token==
region=eu-west-1
endpoint_url=http://127.0.0.1:8080

[incomplete]
aws_access_key_id=AKIA3
`

test('profiles with a complete access key are found, and others are skipped', () => {
  assert.deepEqual(parseProfiles(text), [
    {
      name: 'default',
      credentials: { accessKeyId: 'AKIA1', secretAccessKey: 'secret/1', sessionToken: undefined },
      region: undefined,
      endpointUrl: undefined,
    },
    {
      name: 'ops',
      credentials: { accessKeyId: 'ASIA2', secretAccessKey: 'secret2', sessionToken: 'token==' },
      region: 'eu-west-1',
      endpointUrl: 'http://127.0.0.1:8080',
    },
  ])
})

test('text without a profile has no profiles', () => {
  for (const other of ['', '[x]', 'not a file', '\u0000\uFFFF'])
    assert.deepEqual(parseProfiles(other), [])
})

test('a profile for another server is reported, and other names of this machine are accepted', () => {
  const [, ops] = parseProfiles(text)
  assert.ok(ops)
  assert.equal(endpointProblem(ops, new URL('http://localhost:8080/console/')), undefined)
  assert.match(endpointProblem(ops, new URL('https://ca.example.com/')) ?? '', /127\.0\.0\.1:8080/)
  assert.match(
    endpointProblem({ ...ops, endpointUrl: 'x' }, new URL('http://a/')) ?? '',
    /not a URL/,
  )
})
