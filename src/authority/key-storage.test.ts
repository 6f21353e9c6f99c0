import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServiceError } from '../errors.ts'
import {
  keyStorageSecurityStandards,
  requireKeyStorage,
  type KeyStorageSecurityStandard,
} from './key-storage.ts'

const [level2, level3, ccpc] = keyStorageSecurityStandards
const refusal =
  'A certificate authority cannot be created in this region with the specified security standard.'

function outcome(
  requested: KeyStorageSecurityStandard | undefined,
  partition: string,
  offered?: readonly KeyStorageSecurityStandard[],
): string {
  try {
    return requireKeyStorage(requested, { partition, offered })
  } catch (error) {
    assert.ok(error instanceof ServiceError)
    assert.equal(error.code, 'InvalidArgsException')
    return error.message
  }
}

test('without a list, a partition offers the standards that AWS offers there', () => {
  for (const partition of ['aws', 'aws-us-gov']) {
    assert.equal(outcome(undefined, partition), level3)
    assert.equal(outcome(level2, partition), level2)
    assert.equal(outcome(ccpc, partition), refusal)
  }
  assert.equal(outcome(undefined, 'aws-cn'), ccpc)
  assert.equal(outcome(level3, 'aws-cn'), refusal)
})

test('with a list, every partition offers the listed standards, and an error names them', () => {
  for (const partition of ['aws', 'aws-cn']) {
    assert.equal(outcome(level3, partition, [level3, ccpc]), level3)
    assert.equal(outcome(ccpc, partition, [level3, ccpc]), ccpc)
    assert.equal(
      outcome(level2, partition, [level3, ccpc]),
      `${refusal} The server offers: ${level3}, ${ccpc}.`,
    )
  }
})

test('the default is that of AWS, and is refused if it is not listed', () => {
  assert.equal(outcome(undefined, 'aws', [ccpc, level3]), level3)
  assert.equal(outcome(undefined, 'aws-cn', [level3, ccpc]), ccpc)
  assert.equal(
    outcome(undefined, 'aws', [ccpc]),
    `${refusal} The request does not specify one, and the default is ${level3}. The server offers: ${ccpc}.`,
  )
})
