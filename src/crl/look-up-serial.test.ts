import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServiceError } from '../errors.ts'
import { testServices } from '../../test/support/services.ts'
import { createLog } from '../telemetry/log.ts'
import { lookUpSerial } from './look-up-serial.ts'

const at = { bucket: 'b', key: 'crl/x.crl' }
const serialNumber = Uint8Array.of(1)

function servicesWith(get: () => Promise<Uint8Array | undefined>) {
  return testServices({
    log: createLog('silent'),
    objects: { get } as never,
    bulk: { findInCrl: () => Promise.reject(new Error('malformed')) } as never,
  })
}

test('a CRL that cannot be read is a problem, not an error', async () => {
  const cases: [() => Promise<Uint8Array | undefined>, RegExp][] = [
    [() => Promise.resolve(undefined), /was deleted from its bucket/],
    [() => Promise.reject(new RangeError('too long')), /larger than 64 MiB/],
    [() => Promise.reject(new Error('unreachable')), /server log contains the reason/],
    [() => Promise.resolve(Uint8Array.of(0)), /server log contains the reason/],
  ]
  for (const [get, expected] of cases) {
    const found = await lookUpSerial(servicesWith(get), at, serialNumber)
    assert.match('problem' in found ? found.problem : '', expected)
  }
})

test('at most four CRLs are read at a time, and a place is free after each', async () => {
  let finish: (value: undefined) => void = () => undefined
  const waiting = new Promise<undefined>((resolve) => (finish = resolve))
  const services = servicesWith(() => waiting)
  const lookUp = () => lookUpSerial(services, at, serialNumber)
  const running = Array.from({ length: 4 }, lookUp)
  await assert.rejects(
    lookUp(),
    (error) => error instanceof ServiceError && error.code === 'ThrottlingException',
  )
  finish(undefined)
  await Promise.all(running)
  assert.ok('problem' in (await lookUp()))
})
