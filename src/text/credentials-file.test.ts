import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCredentials } from './credentials-file.ts'

const key = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a/b+c=' }

test('the access key of the section [default], or of a file without sections, is read however it is spaced', () => {
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

test('a file without a whole access key in [default] has none', () => {
  for (const text of [
    '',
    '[other]\naws_access_key_id = A\naws_secret_access_key = B\n',
    '[default]\naws_access_key_id = A\n[other]\naws_secret_access_key = B\n',
    '[default]\naws_access_key_id =\naws_secret_access_key = B\n',
  ])
    assert.equal(parseCredentials(text), undefined, JSON.stringify(text))
})
