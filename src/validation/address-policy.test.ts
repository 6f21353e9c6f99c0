import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { isInternalAddress } from '../text/internal-address.ts'
import { formatIpAddress, parseIpAddress } from '../text/ip-address.ts'
import { containsAddress, parseIpNetwork } from '../text/ip-network.ts'
import { createAddressPolicy } from './address-policy.ts'

const isOwnAddress = (): boolean => false

function isPermitted(address: string, ...networks: readonly string[]): boolean {
  return 'permitted' in createAddressPolicy({ networks, isOwnAddress })(address, 80)
}

test('private networks are permitted, and public addresses only if their network is listed', () => {
  for (const address of [
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    'fd12::1',
    'fc00::',
  ])
    assert.ok(isPermitted(address), address)
  for (const address of [
    '8.8.8.8',
    '172.32.0.1',
    '100.64.0.1',
    '2001:db8::1',
    '64:ff9b::a00:1',
    '2002:a00:1::1',
  ]) {
    assert.ok(!isPermitted(address), address)
    assert.ok(isPermitted(address, '0.0.0.0/0', '::/0'), address)
  }
  assert.ok(isPermitted('8.8.8.8', '8.8.8.8'))
  assert.ok(!isPermitted('8.8.8.9', '8.8.8.8'))
})

test('internal addresses are permitted only by a listed network inside their range', () => {
  for (const [address, inside, wider] of [
    ['127.0.0.1', '127.0.0.1', '126.0.0.0/7'],
    ['169.254.169.254', '169.254.0.0/16', '169.252.0.0/14'],
    ['::1', '::1/128', '::/95'],
    ['fe80::1', 'fe80::/64', 'fe00::/9'],
    ['fd00:ec2::254', 'fd00:ec2::254', 'fd00::/8'],
    ['224.0.0.1', '224.0.0.0/24', '192.0.0.0/2'],
  ] as const) {
    assert.ok(!isPermitted(address), address)
    assert.ok(!isPermitted(address, wider, '0.0.0.0/0', '::/0'), address)
    assert.ok(isPermitted(address, inside), address)
  }
})

test('a network of internal IPv4 addresses does not permit IPv6 addresses that a gateway translates to them', () => {
  for (const address of ['64:ff9b::7f00:1', '2002:7f00:1::1', '::127.0.0.1', '::ffff:0:127.0.0.1'])
    assert.ok(!isPermitted(address, '127.0.0.0/8', '::/0'), address)
})

test('an IPv4-mapped address is decided and used as the IPv4 address', () => {
  const policy = createAddressPolicy({ networks: ['127.0.0.0/8'], isOwnAddress })
  for (const [address, permitted] of [
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:7f00:1', '127.0.0.1'],
    ['FD00:0::1', 'fd00::1'],
  ] as const)
    assert.deepEqual(policy(address, 80), { permitted })
  assert.ok(!isPermitted('::ffff:127.0.0.1', '::/0'))
})

test("the server's own addresses and ports are never permitted, in any spelling", () => {
  const policy = createAddressPolicy({
    networks: ['127.0.0.0/8', '0.0.0.0/0'],
    isOwnAddress: (address, port) => address === '127.0.0.1' && port === 443,
  })
  const fault = '127.0.0.1: port 443 belongs to this CA server'
  assert.deepEqual(policy('127.0.0.1', 443), { fault })
  assert.deepEqual(policy('::ffff:7f00:1', 443), { fault })
  assert.deepEqual(policy('127.0.0.1', 80), { permitted: '127.0.0.1' })
})

test('a refusal names the address, the kind of its range and the network that would permit it', () => {
  const policy = createAddressPolicy({ networks: [], isOwnAddress })
  assert.deepEqual(policy('127.0.0.1', 80), {
    fault:
      '127.0.0.1: the address is not permitted (loopback); to permit it, list a network inside 127.0.0.0/8 in --acme-networks',
  })
  assert.deepEqual(policy('8.8.8.8', 80), {
    fault:
      '8.8.8.8: the address is not in a private network; --acme-networks must list its network',
  })
  for (const text of ['', 'localhost', '0x7f.1', '127.1', 'fe80::1%eth0', '010.0.0.1'])
    assert.deepEqual(policy(text, 80), { fault: `${text} is not an address` })
})

test('text that is not a network is refused', () => {
  for (const text of ['10.0.0.0/33', 'private', ''])
    assert.throws(() => createAddressPolicy({ networks: [text], isOwnAddress }), RangeError)
})

test('no list of networks that are larger than the internal ranges permits an internal address', () => {
  const addresses = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    fc.ipV4().map((address) => parseIpAddress(`::ffff:${address}`) ?? new Uint8Array(16)),
    fc
      .constantFrom('127.0.0.1', '169.254.169.254', '::1', 'fe80::1', 'fd00:ec2::254')
      .map((address) => parseIpAddress(address) ?? new Uint8Array(4)),
  )
  fc.assert(
    fc.property(addresses, fc.array(fc.nat(3)), (bytes, prefixes) => {
      const address = formatIpAddress(bytes)
      // The shortest prefix length of any range is 4 for IPv4 (multicast), and 8 for IPv6.
      const networks = prefixes.map((prefix) => `${address}/${prefix}`)
      const permitted = isPermitted(address, ...networks)
      if (isInternalAddress(address)) assert.ok(!permitted, address)
      const mapped = bytes.length === 16 && address.startsWith('::ffff:')
      if (!isInternalAddress(address) && networks.length > 0 && !mapped)
        assert.ok(permitted, address)
    }),
    { seed: 8555 },
  )
})

test('a permitted address is private or in a listed network', () => {
  const listed = '198.51.100.0/24'
  const networks = [listed, '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'].map(
    (text) => parseIpNetwork(text) ?? assert.fail(text),
  )
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
      const decision = createAddressPolicy({ networks: [listed], isOwnAddress })(address, 80)
      if (!('permitted' in decision)) return
      const bytes = parseIpAddress(decision.permitted) ?? assert.fail()
      assert.ok(networks.some((each) => containsAddress(each, bytes)))
      assert.ok(!isInternalAddress(decision.permitted))
    }),
    { seed: 1918 },
  )
})
