import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nameOfArn, roleArnOf, sessionNameFor } from './role-arn.ts'

const account = '123456789012'

test('a role is entered as its ARN, or as its name in the account', () => {
  const other = 'arn:aws:iam::210987654321:role/issuer'
  assert.equal(roleArnOf(other, account), other)
  assert.equal(roleArnOf('issuer', account), `arn:aws:iam::${account}:role/issuer`)
  for (const text of [
    '',
    'two words',
    'path/issuer',
    'arn:aws:iam::1:role/issuer',
    `arn:aws:iam::${account}:user/alice`,
    `arn:aws:sts::${account}:assumed-role/issuer/alice`,
    'x'.repeat(65),
  ])
    assert.equal(roleArnOf(text, account), undefined, text)
})

test('the session of a role is named after the user or the present session', () => {
  assert.equal(sessionNameFor(`arn:aws:iam::${account}:user/alice`), 'alice')
  assert.equal(
    sessionNameFor(`arn:aws:sts::${account}:assumed-role/issuer/a@b.example`),
    'a@b.example',
  )
  assert.equal(sessionNameFor(`arn:aws:iam::${account}:root`), 'root')
  assert.equal(sessionNameFor('x'), '--')
  assert.equal(nameOfArn(`arn:aws:iam::${account}:user/alice`), 'user/alice')
})
