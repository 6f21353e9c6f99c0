import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import library from 'pkcs11js'
import {
  isUnsupported,
  meaningOf,
  returnValueOf,
  type ReturnValueMeaning,
} from './return-values.ts'

const table: Record<ReturnValueMeaning, readonly string[]> = {
  connection: [
    'CKR_CRYPTOKI_NOT_INITIALIZED',
    'CKR_DEVICE_REMOVED',
    'CKR_SESSION_CLOSED',
    'CKR_SESSION_COUNT',
    'CKR_SESSION_HANDLE_INVALID',
    'CKR_SLOT_ID_INVALID',
    'CKR_TOKEN_NOT_PRESENT',
    'CKR_TOKEN_NOT_RECOGNIZED',
  ],
  key: [
    'CKR_FUNCTION_REJECTED',
    'CKR_KEY_CHANGED',
    'CKR_KEY_FUNCTION_NOT_PERMITTED',
    'CKR_KEY_SIZE_RANGE',
    'CKR_KEY_TYPE_INCONSISTENT',
  ],
  request: [
    'CKR_ARGUMENTS_BAD',
    'CKR_ATTRIBUTE_READ_ONLY',
    'CKR_ATTRIBUTE_SENSITIVE',
    'CKR_ATTRIBUTE_TYPE_INVALID',
    'CKR_ATTRIBUTE_VALUE_INVALID',
    'CKR_DATA_INVALID',
    'CKR_DATA_LEN_RANGE',
    'CKR_DOMAIN_PARAMS_INVALID',
    'CKR_FUNCTION_NOT_SUPPORTED',
    'CKR_MECHANISM_INVALID',
    'CKR_MECHANISM_PARAM_INVALID',
    'CKR_SESSION_READ_ONLY',
    'CKR_TEMPLATE_INCOMPLETE',
    'CKR_TEMPLATE_INCONSISTENT',
    'CKR_TOKEN_WRITE_PROTECTED',
  ],
  uncertain: [
    'CKR_BUFFER_TOO_SMALL',
    'CKR_DEVICE_ERROR',
    'CKR_DEVICE_MEMORY',
    'CKR_FUNCTION_CANCELED',
    'CKR_FUNCTION_FAILED',
    'CKR_GENERAL_ERROR',
    'CKR_HOST_MEMORY',
    'CKR_KEY_HANDLE_INVALID',
    'CKR_OBJECT_HANDLE_INVALID',
    'CKR_OPERATION_ACTIVE',
    'CKR_OPERATION_NOT_INITIALIZED',
    'CKR_USER_NOT_LOGGED_IN',
  ],
}

const values = library as unknown as Readonly<Record<string, number | undefined>>
const valueOf = (name: string): number => values[name] ?? assert.fail(`pkcs11js lacks ${name}`)

for (const [meaning, names] of Object.entries(table))
  for (const name of names)
    test(`${name} means: ${meaning}`, () => assert.equal(meaningOf(valueOf(name)), meaning))

test('every return value has a meaning, and unknown ones are uncertain', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0x210, max: 0xff_ff_ff_ff }), (value) => {
      assert.equal(meaningOf(value), 'uncertain')
    }),
  )
})

test('only return values of key generations mean that a kind of key is not supported', () => {
  const unsupported = Object.entries(values).filter(
    ([name, value]) => name.startsWith('CKR_') && isUnsupported(value ?? 0),
  )
  assert.deepEqual(unsupported.map(([name]) => name).toSorted(), [
    'CKR_DOMAIN_PARAMS_INVALID',
    'CKR_KEY_SIZE_RANGE',
    'CKR_MECHANISM_INVALID',
  ])
})

test('only errors of the module have a return value', () => {
  const failed = Object.assign(new Error('CKR_GENERAL_ERROR:5'), { name: 'Pkcs11Error', code: 5 })
  assert.equal(returnValueOf(failed), 5)
  for (const other of [new Error('other'), { code: 5 }, { name: 'Pkcs11Error', code: 'E' }])
    assert.equal(returnValueOf(other), undefined)
})
