import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { challengeFault, challengesFor, subjectKey, subjectOf } from './authorization-needs.ts'
import { grantFault } from './granted-names.ts'
import type { Identifier } from './identifier.ts'

const name: Identifier = { type: 'dns', value: 'a.corp.example' }
const wildcard: Identifier = { type: 'dns', value: '*.corp.example' }
const address: Identifier = { type: 'ip', value: '10.1.2.3' }
const all = ['tls-alpn-01', 'http-01', 'dns-01'] as const

suite('challenges', () => {
  test('for a wildcard are only dns-01, and those for an address are never dns-01', () => {
    assert.deepEqual(challengesFor(name, all), ['http-01', 'dns-01', 'tls-alpn-01'])
    assert.deepEqual(challengesFor(wildcard, all), ['dns-01'])
    assert.deepEqual(challengesFor(address, all), ['http-01', 'tls-alpn-01'])
  })

  test('that an endpoint does not offer make wildcards and addresses impossible', () => {
    assert.match(challengeFault(wildcard, ['http-01']) ?? '', /dns-01/)
    assert.match(challengeFault(address, ['dns-01']) ?? '', /http-01 or tls-alpn-01/)
    assert.equal(challengeFault(name, ['dns-01']), undefined)
    for (const each of [name, wildcard, address]) assert.equal(challengeFault(each, []), undefined)
  })

  test('prove a wildcard with the name below it', () => {
    assert.deepEqual(subjectOf(wildcard), {
      identifier: { type: 'dns', value: 'corp.example' },
      wildcard: true,
    })
    const apex: Identifier = { type: 'dns', value: 'corp.example' }
    assert.notEqual(subjectKey(subjectOf(wildcard)), subjectKey(subjectOf(apex)))
  })
})

suite('a grant', () => {
  const endpoint = {
    names: ['*.corp.example', '10.0.0.0/8'],
    challenges: ['http-01', 'dns-01'] as const,
  }

  test('requires the names of the endpoint and of the EAB key', () => {
    const other: Identifier = { type: 'dns', value: 'a.other.example' }
    assert.equal(grantFault(name, { endpoint, keyNames: undefined }), undefined)
    assert.match(grantFault(other, { endpoint, keyNames: undefined }) ?? '', /this endpoint/)
    assert.equal(grantFault(name, { endpoint, keyNames: ['a.corp.example'] }), undefined)
    assert.match(grantFault(wildcard, { endpoint, keyNames: ['a.corp.example'] }) ?? '', /EAB key/)
    assert.match(grantFault(address, { endpoint, keyNames: ['10.2.0.0/16'] }) ?? '', /EAB key/)
  })

  test('requires names of the endpoint or of the EAB key if there are no challenges', () => {
    const open = { names: [], challenges: [] }
    assert.match(
      grantFault(name, { endpoint: open, keyNames: [] }) ?? '',
      /Neither of them lists names/,
    )
    assert.match(
      grantFault(name, { endpoint: open, keyNames: undefined }) ?? '',
      /Neither of them lists names/,
    )
    assert.equal(grantFault(name, { endpoint: open, keyNames: ['*.corp.example'] }), undefined)
    const named = { names: ['*.corp.example'], challenges: [] }
    assert.equal(grantFault(name, { endpoint: named, keyNames: undefined }), undefined)
  })
})
