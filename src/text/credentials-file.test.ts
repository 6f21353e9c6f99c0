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
  ])
    assert.deepEqual(parseCredentials(text), key, JSON.stringify(text))
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
