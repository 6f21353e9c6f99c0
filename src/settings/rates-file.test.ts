import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { TestFolder } from '../../test/support/database.ts'
import { awsRates } from '../access/rates.ts'
import { ConfigurationError } from '../errors.ts'
import { operations } from '../operations/index.ts'
import { readRates } from './rates-file.ts'

test('every operation has a rate', () => {
  const names = Object.values(operations).map(({ name }) => name)
  assert.deepEqual(Object.keys(awsRates).toSorted(), names.toSorted())
})

test('rates are unlimited or those of AWS, and the rates file overrides both', () => {
  using folder = new TestFolder()
  const ratesFile = folder.file('rates.json')
  assert.deepEqual(readRates({ awsQuotas: false, ratesFile: undefined }), {})
  assert.deepEqual(readRates({ awsQuotas: true, ratesFile: undefined }), awsRates)
  writeFileSync(ratesFile, '{"IssueCertificate": 200.5, "GetCertificate": null}')
  assert.deepEqual(readRates({ awsQuotas: false, ratesFile }), { IssueCertificate: 200.5 })
  const { GetCertificate: _none, ...others } = awsRates
  assert.deepEqual(readRates({ awsQuotas: true, ratesFile }), {
    ...others,
    IssueCertificate: 200.5,
  })
})

test('an invalid rates file is refused with every problem in it', () => {
  using folder = new TestFolder()
  const ratesFile = folder.file('rates.json')
  const assertRefused = (message: RegExp): void =>
    assert.throws(
      () => readRates({ awsQuotas: true, ratesFile }),
      (error) =>
        error instanceof ConfigurationError &&
        message.test(error.message) &&
        error.message.split('\n').every((line) => line.startsWith(`--rates-file: ${ratesFile}`)),
    )
  assertRefused(/rates\.json cannot be read: /)
  const cases: [text: string, message: RegExp][] = [
    ['{', /cannot be read/],
    ['[]', /must be a JSON object/],
    [
      '{"Issue": 1, "ListTags": 0}',
      /Issue is not an operation\n.*ListTags must be a number above 0/,
    ],
    ['{"ListTags": "5"}', /ListTags must be a number/],
    ['{"toString": 5}', /toString is not an operation/],
  ]
  for (const [text, message] of cases) {
    writeFileSync(ratesFile, text)
    assertRefused(message)
  }
})
