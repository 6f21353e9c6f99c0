import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { hostOf, isInternalAddress, isInternalHost } from './internal-address.ts'

const internal = [
  '0.0.0.0',
  '0.1.2.3',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '169.254.0.1',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::127.0.0.1',
  'fe80::1',
  'fe80::1%eth0',
  'febf::1',
  'fec0::1',
  'ff02::1',
  'fd00:ec2::254',
  'fd20:ce::254',
  '64:ff9b:1::7f00:1',
  '2001:0:7f00:1::',
  'not an address',
  '',
]

const external = [
  '1.1.1.1',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '126.255.255.255',
  '128.0.0.1',
  '169.253.255.255',
  '2606:4700::1111',
  'fd12:3456::1',
  '64:ff9b::808:808',
  '::ffff:8.8.8.8',
  '2002:808:808::1',
]

test('addresses of this machine, its links and metadata services are internal, but private networks are not', () => {
  for (const address of internal) assert.ok(isInternalAddress(address), address)
  for (const address of external) assert.ok(!isInternalAddress(address), address)
})

test('an IPv4 address embedded in an IPv6 address is classified like the IPv4 address, in every spelling', () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.boolean(), (address, isDotted) => {
      const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
      const hex = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
      const tail = isDotted ? address : hex
      const judged = isInternalAddress(address)
      for (const carrier of [`::ffff:${tail}`, `64:ff9b::${tail}`, `0:0:0:0:0:FFFF:${tail}`])
        assert.equal(isInternalAddress(carrier), judged, carrier)
      assert.equal(isInternalAddress(`2002:${hex}::1`), judged)
    }),
    { seed: 1010 },
  )
})

test('internal hosts are recognized in every spelling of a URL', () => {
  for (const host of [
    'localhost',
    'LOCALHOST',
    'a.localhost',
    'localhost.',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '0xa9.0xfe.0xa9.0xfe',
    '2852039166',
    '[::1]',
    '[::ffff:169.254.169.254]',
    '[0:0::1]',
    '127.0.0.1.',
    '①②⑦.0.0.1',
    '0',
  ])
    assert.ok(isInternalHost(hostOf(new URL(`https://${host}/`))), host)
  for (const host of ['example.com', '10.0.0.1', 'localhost.example.com', '[2606:4700::1111]'])
    assert.ok(!isInternalHost(hostOf(new URL(`https://${host}/`))), host)
})
