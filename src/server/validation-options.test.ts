import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { ownAddresses, validationOptions } from './validation-options.ts'

const machine = (): string[] => ['10.0.0.1', 'fd00::1']

test('a listener on one address is recognized by its address and port', () => {
  const isOwn = ownAddresses(
    [
      { host: '10.0.0.1', port: 443 },
      { host: 'FD00:0::1', port: 80 },
    ],
    machine,
  )
  assert.ok(isOwn('10.0.0.1', 443))
  assert.ok(isOwn('fd00::1', 80))
  for (const [address, port] of [
    ['10.0.0.1', 80],
    ['10.0.0.2', 443],
    ['127.0.0.1', 443],
    ['fd00::1', 443],
  ] as const)
    assert.ok(!isOwn(address, port), `${address} ${port}`)
})

test('a listener on every address or on a host name is recognized by all addresses of the machine', () => {
  for (const host of ['0.0.0.0', '::', '0::0', 'localhost', 'ca.example']) {
    const isOwn = ownAddresses([{ host, port: 443 }], machine)
    for (const address of ['10.0.0.1', 'fd00::1', '127.0.0.1', '127.0.0.2', '::1'])
      assert.ok(isOwn(address, 443), `${host} ${address}`)
    assert.ok(!isOwn('10.0.0.2', 443))
    assert.ok(!isOwn('10.0.0.1', 80))
  }
})

test('the addresses of the machine are those of its interfaces', () => {
  const isOwn = ownAddresses([{ host: '0.0.0.0', port: 443 }])
  for (const each of Object.values(networkInterfaces()).flat())
    if (each?.family === 'IPv4') assert.ok(isOwn(each.address, 443), each.address)
})

test('a server without an enrollment listener validates nothing; all listeners are own addresses', () => {
  const listen = { host: '10.0.0.1', port: 443 }
  const listeners = {
    listen,
    publicListen: { ...listen, port: 80 },
    metricsListen: { ...listen, port: 9000 },
  }
  assert.equal(validationOptions({ ...listeners, enrollment: undefined }), undefined)
  const validation = {
    resolver: ['10.0.0.53:53'],
    networks: ['192.0.2.0/24'],
    httpPort: 80,
    tlsPort: 443,
  }
  const enrollment = { listen: { ...listen, port: 8443 }, names: undefined, validation }
  const options = validationOptions({ ...listeners, metricsListen: undefined, enrollment })
  assert.deepEqual(
    { ...options, isOwnAddress: undefined },
    { ...validation, isOwnAddress: undefined },
  )
  const own = [80, 443, 8443, 9000].map((port) => options?.isOwnAddress('10.0.0.1', port))
  assert.deepEqual(own, [true, true, true, false])
})
