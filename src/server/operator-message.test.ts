import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigurationError } from '../errors.ts'
import { operatorMessage } from './operator-message.ts'
import { DatabaseUnavailableError } from '../store/database.ts'

test('the message for operators contains why the database is unavailable, and the message for callers does not', () => {
  const error = new DatabaseUnavailableError('connect ECONNREFUSED 127.0.0.1:5432')
  assert.equal(error.message, 'The database of the service cannot be reached. Try again later.')
  const expected = 'the database cannot be reached: connect ECONNREFUSED 127.0.0.1:5432'
  assert.equal(operatorMessage(error), expected)
})

test('other errors keep their message', () => {
  assert.equal(
    operatorMessage(new ConfigurationError('a flag\nand another')),
    'a flag\nand another',
  )
  assert.equal(operatorMessage('thrown as text'), 'thrown as text')
})
