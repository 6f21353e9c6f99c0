import assert from 'node:assert/strict'
import { BlockList } from 'node:net'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { formatIpAddress, parseIpAddress } from './ip-address.ts'
import {
  containsAddress,
  intendedNetwork,
  isWithin,
  parseIpNetwork,
  type IpNetwork,
} from './ip-network.ts'

const network = (text: string): IpNetwork => parseIpNetwork(text) ?? assert.fail(text)
const address = (text: string): Uint8Array => parseIpAddress(text) ?? assert.fail(text)

test('a network is an address with an optional prefix length; other text is refused', () => {
  assert.deepEqual(network('10.0.0.0/8').prefix, 8)
  assert.deepEqual(network('10.0.0.1').prefix, 32)
  assert.deepEqual(network('fd00::/0').prefix, 0)
  for (const text of [
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/',
    '10.0.0.0/08',
    '10/8',
    '10.0.0.0/8/8',
    '::1%lo/64',
    '',
    'a',
  ])
    assert.equal(parseIpNetwork(text), undefined, text)
})

test('a network contains the same addresses as a BlockList of Node.js', () => {
  const cases = fc.oneof(
    fc.tuple(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.nat(32)),
    fc.tuple(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.nat(128)),
  )
  fc.assert(
    fc.property(cases, fc.nat(127), ([bytes, prefix], flipped) => {
      const family = bytes.length === 4 ? 'ipv4' : 'ipv6'
      // An address that differs from the network's address in one bit.
      const other = Uint8Array.from(bytes)
      const bit = flipped % (bytes.length * 8)
      other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7))
      const list = new BlockList()
      list.addSubnet(formatIpAddress(bytes), prefix, family)
      assert.equal(containsAddress({ bytes, prefix }, other), bit >= prefix)
      assert.equal(list.check(formatIpAddress(other), family), bit >= prefix)
    }),
    { seed: 1918 },
  )
})

test('a network is within another one only if all of its addresses are', () => {
  assert.ok(isWithin(network('127.0.0.0/8'), network('127.0.0.0/8')))
  assert.ok(isWithin(network('127.0.0.1'), network('127.0.0.0/8')))
  assert.ok(!isWithin(network('0.0.0.0/0'), network('127.0.0.0/8')))
  assert.ok(!isWithin(network('126.0.0.0/7'), network('127.0.0.0/8')))
  assert.ok(!isWithin(network('::/96'), network('0.0.0.0/0')))
})

test('IPv4 and IPv6 networks never contain addresses of the other family', () => {
  assert.ok(!containsAddress(network('0.0.0.0/0'), address('::')))
  assert.ok(!containsAddress(network('::/0'), address('0.0.0.0')))
})

test('the intended network of an address with bits beyond the prefix length has the first address', () => {
  for (const [text, intended] of [
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['10.1.2.3/0', '0.0.0.0/0'],
    ['192.0.2.129/25', '192.0.2.128/25'],
    ['192.0.2.1/31', '192.0.2.0/31'],
    ['2001:db8::1/127', '2001:db8::/127'],
    ['2001:db8:ffff::/33', '2001:db8:8000::/33'],
    ['10.0.0.0/8', undefined],
    ['0.0.0.0/0', undefined],
    ['192.0.2.128/25', undefined],
    ['192.0.2.1', undefined],
    ['2001:db8::1/128', undefined],
  ] as const)
    assert.equal(intendedNetwork(network(text)), intended, text)
})
