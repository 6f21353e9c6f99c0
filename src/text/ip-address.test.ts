import assert from 'node:assert/strict'
import { BlockList, isIP, isIPv6, SocketAddress } from 'node:net'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { formatAddressRange, formatIpAddress, networkOf, parseIpAddress } from './ip-address.ts'

const addressBytes = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
  // Addresses whose text forms omit runs of zeros.
  fc.array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 16, maxLength: 16 }).map(toBytes),
)

function toBytes(values: readonly number[]): Uint8Array {
  return Uint8Array.from(values)
}

test('the system parses the text of an address to the same bytes', () => {
  fc.assert(
    fc.property(addressBytes, (bytes) => {
      const text = formatIpAddress(bytes)
      assert.equal(isIP(text), bytes.length === 4 ? 4 : 6)
      assert.deepEqual(parseIpAddress(text), Uint8Array.from(bytes))
      // The system's serializer returns the same text, except for embedded IPv4 addresses, whose form RFC 5952 does not
      // specify.
      const { address } = new SocketAddress({
        address: text,
        family: isIPv6(text) ? 'ipv6' : 'ipv4',
      })
      if (!address.includes('.') || bytes.length === 4) assert.equal(text, address)
      else assert.deepEqual(parseIpAddress(address), Uint8Array.from(bytes))
    }),
    { numRuns: 1000 },
  )
})

test('a text is parsed as an address if and only if the system accepts it, and as the same address', () => {
  const anyText = fc.string({
    unit: fc.constantFrom(...Array.from('0123456789abcdefABCDEFxX:.%/ ')),
    maxLength: 24,
  })
  const number = fc.constantFrom('0', '1', '01', '0177', '0x7f', '255', '256', '65535')
  const ipv4Like = fc
    .array(number, { minLength: 1, maxLength: 5 })
    .map((numbers) => numbers.join('.'))
  const group = fc.constantFrom('0', '1', 'ffff', 'FFFF', '00ab', '0', '', '10000', '1.2.3.4')
  const ipv6Like = fc.array(group, { minLength: 2, maxLength: 9 }).map((groups) => groups.join(':'))
  const mapped = ipv4Like.chain((tail) =>
    fc.constantFrom('::', '::ffff:', '64:ff9b::', '1:2:3:4:5:6:').map((head) => head + tail),
  )
  fc.assert(
    fc.property(fc.oneof(anyText, ipv4Like, ipv6Like, mapped, fc.ipV4(), fc.ipV6()), (text) => {
      const bytes = parseIpAddress(text)
      assert.equal(bytes !== undefined, isIP(text) !== 0 && !text.includes('%'), text)
      if (bytes === undefined) return
      const family = bytes.length === 4 ? 'ipv4' : 'ipv6'
      const system = new BlockList()
      system.addAddress(text, family)
      assert.ok(system.check(formatIpAddress(bytes), family), text)
    }),
    { numRuns: 3000 },
  )
})

test('spellings that only other parsers accept as an IPv4 address are rejected', () => {
  for (const text of [
    '127.1',
    '0177.0.0.1',
    '0x7f.0.0.1',
    '2130706433',
    '::ffff:0177.0.0.1',
    '1.2.3.4 ',
  ])
    assert.equal(parseIpAddress(text), undefined, text)
  // An IPv4-compatible address is not an IPv4-mapped address.
  assert.equal(formatIpAddress(parseIpAddress('::1.2.3.4') ?? toBytes([])), '::102:304')
})

test('an address with a mask is formatted with the prefix length', () => {
  assert.equal(formatAddressRange(toBytes([10, 0, 0, 0, 255, 0, 0, 0])), '10.0.0.0/8')
  assert.equal(formatAddressRange(toBytes([192, 0, 2, 1])), '192.0.2.1')
  const prefix = [0x20, 1, 0xd, 0xb8, ...Array<number>(12).fill(0)]
  const mask = [255, 255, 255, 255, 254, ...Array<number>(11).fill(0)]
  assert.equal(formatAddressRange(toBytes([...prefix, ...mask])), '2001:db8::/39')
})

test('an IPv6 host is identified by its /64 network, however the address is written', () => {
  for (const [address, network] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::1', '0:0:0:0::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:DB8:0:0:ffff::', '2001:db8:0:0::/64'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['odd', 'odd'],
  ] as const)
    assert.equal(networkOf(address), network)
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      assert.match(
        networkOf(address),
        /^(?:\d+\.\d+\.\d+\.\d+|(?:[0-9a-f]{1,4}:){3}[0-9a-f]{1,4}::\/64)$/,
      )
    }),
  )
})
