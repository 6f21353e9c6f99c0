import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { identifiersMax, readIdentifiers } from './requested-identifiers.ts'

const dns = (value: unknown) => ({ type: 'dns', value })

suite('the identifiers of an order', () => {
  test('are canonical, without duplicates and in the order of the request', () => {
    const requested = [
      dns('B.Corp.Example'),
      { type: 'ip', value: '2001:DB8:0:0::1' },
      dns('b.corp.example'),
      dns('*.corp.example'),
      { type: 'ip', value: '2001:db8::1' },
    ]
    assert.deepEqual(readIdentifiers(requested), {
      identifiers: [
        dns('b.corp.example'),
        { type: 'ip', value: '2001:db8::1' },
        dns('*.corp.example'),
      ],
    })
  })

  test('are malformed unless they are an array of one to a hundred objects with two strings', () => {
    const values = [
      undefined,
      {},
      'a.example',
      [],
      Array.from({ length: identifiersMax + 1 }, (_, at) => dns(`h${at}.example`)),
      [null],
      ['a.example'],
      [dns('a.example'), { type: 'dns' }],
      [dns(7)],
      [[]],
    ]
    for (const value of values)
      assert.ok('malformed' in readIdentifiers(value), JSON.stringify(value))
    const most = Array.from({ length: identifiersMax }, (_, at) => dns(`h${at}.example`))
    assert.ok('identifiers' in readIdentifiers(most))
  })

  test('have a fault for each refused identifier', () => {
    const requested = [
      dns('good.example'),
      { type: 'email', value: 'a@b.example' },
      dns('under_score.example'),
      dns('*.*.example'),
      dns('a.*.example'),
      dns('trailing.example.'),
      dns('10.0.0.1'),
      dns('bücher.example'),
      { type: 'ip', value: '10.0.0.256' },
      { type: 'ip', value: 'fe80::1%eth0' },
    ]
    const read = readIdentifiers(requested)
    assert.ok('faults' in read)
    assert.deepEqual(
      read.faults.map(({ type, identifier }) => [type, identifier.value]),
      requested
        .slice(1)
        .map(({ type, value }) => [
          type === 'email' ? 'unsupportedIdentifier' : 'rejectedIdentifier',
          value,
        ]),
    )
  })

  test('are repeated in faults only up to a limit, as well-formed text', () => {
    const read = readIdentifiers([dns(`${'x'.repeat(254)}\u{1F600}`)])
    assert.ok('faults' in read)
    assert.ok(read.faults.every(({ identifier }) => identifier.value.length <= 255))
    assert.ok(read.faults.every(({ identifier }) => identifier.value.isWellFormed()))
  })
})
