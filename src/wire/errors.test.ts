import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServiceError } from '../errors.ts'
import { ProtocolError, renderError } from './errors.ts'

test('a ServiceError is sent with its code, message and status', () => {
  assert.deepEqual(renderError(new ServiceError('ResourceNotFoundException', 'No such CA.')), {
    status: 400,
    code: 'ResourceNotFoundException',
    body: '{"__type":"ResourceNotFoundException","message":"No such CA."}',
  })
  assert.equal(renderError(new ServiceError('ServiceUnavailable', 'Busy.')).status, 503)
})

test('SerializationException has a member `Message` with a capital M', () => {
  const { body } = renderError(new ServiceError('SerializationException', 'Expected list or null'))
  assert.equal(body, '{"__type":"SerializationException","Message":"Expected list or null"}')
})

test('an empty message is omitted', () => {
  const { body } = renderError(new ServiceError('UnknownOperationException', ''))
  assert.equal(body, '{"__type":"UnknownOperationException"}')
})

test('a ProtocolError has its own HTTP status', () => {
  assert.equal(renderError(new ProtocolError('UnknownOperationException', 404, '')).status, 404)
})

test('any other error becomes an InternalFailure without details', () => {
  for (const thrown of [
    new Error('select secret from keys'),
    'secret',
    undefined,
    null,
    { code: 1 },
  ]) {
    assert.deepEqual(renderError(thrown), {
      status: 500,
      code: 'InternalFailure',
      body: '{"__type":"InternalFailure"}',
    })
  }
})
