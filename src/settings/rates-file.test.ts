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

test('there are no limits, or AWS’s, and what a file says comes first', () => {
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

test('a file that is none is refused with all that is wrong', () => {
  using folder = new TestFolder()
  const ratesFile = folder.file('rates.json')
  const refused = (message: RegExp): void =>
    assert.throws(
      () => readRates({ awsQuotas: true, ratesFile }),
      (error) => error instanceof ConfigurationError && message.test(error.message),
    )
  refused(/rates\.json cannot be read: /)
  const cases: [text: string, message: RegExp][] = [
    ['{', /cannot be read/],
    ['[]', /must be a JSON object/],
    ['{"Issue": 1, "ListTags": 0}', /no operation Issue\n.*ListTags must be a number above 0/],
    ['{"ListTags": "5"}', /ListTags must be a number/],
    ['{"toString": 5}', /no operation toString/],
  ]
  for (const [text, message] of cases) {
    writeFileSync(ratesFile, text)
    refused(message)
  }
})
