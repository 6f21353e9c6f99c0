import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { parseDate, validityFault } from './requested-validity.ts'

const now = new Date('2030-01-01T00:00:00.500Z')
const limits = { validitySeconds: 86_400, now }
const at = (text: string) => new Date(text)

test('dates of an order have the form of RFC 3339 and exist', () => {
  const accepted = {
    '2030-01-31T00:00:00Z': '2030-01-31T00:00:00.000Z',
    '2030-01-31t01:00:00.123456789z': '2030-01-31T01:00:00.000Z',
    '2030-01-31T00:00:00+02:00': '2030-01-30T22:00:00.000Z',
  }
  for (const [text, date] of Object.entries(accepted))
    assert.equal(parseDate(text)?.toISOString(), date)
  const refused = [
    7,
    null,
    '',
    '2030-01-31',
    '2030-01-31T00:00Z',
    '2030-01-31T00:00:00',
    '2030-02-30T00:00:00Z',
    '2030-13-01T00:00:00Z',
    '2030-01-31T25:00:00Z',
    '2030-01-31T00:00:00+99:99',
    ' 2030-01-31T00:00:00Z',
  ]
  for (const text of refused) assert.equal(parseDate(text), undefined, String(text))
})

suite('the requested validity', () => {
  const fault = (notBefore?: string, notAfter?: string) =>
    validityFault(
      {
        notBefore: notBefore === undefined ? undefined : at(notBefore),
        notAfter: notAfter === undefined ? undefined : at(notAfter),
      },
      limits,
    )

  test('is accepted within the validity of the endpoint', () => {
    assert.equal(fault(), undefined)
    assert.equal(fault('2029-12-31T23:00:00Z', '2030-01-02T00:00:00Z'), undefined)
    assert.equal(fault('2030-01-01T12:00:00Z'), undefined)
    assert.equal(fault(undefined, '2030-01-01T00:00:01Z'), undefined)
  })

  test('is refused outside the validity of the endpoint', () => {
    assert.match(fault('2029-12-31T22:59:59Z') ?? '', /an hour ago/)
    assert.match(fault('2030-01-02T12:00:00Z') ?? '', /would expire/)
    assert.match(fault('2030-01-01T12:00:00Z', '2030-01-01T12:00:00Z') ?? '', /would expire/)
    assert.match(fault(undefined, '2030-01-01T00:00:00Z') ?? '', /in the future/)
    assert.match(fault(undefined, '2030-01-02T00:00:01Z') ?? '', /at most 86400 seconds/)
  })
})
