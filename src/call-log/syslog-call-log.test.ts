import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { SyslogCallLog, type SyslogLimits } from './syslog-call-log.ts'
import { createLog } from '../telemetry/log.ts'

/** An in-memory syslog server. `fault` prevents connections, and `isBroken` prevents writes. */
function standIn(limits: Partial<SyslogLimits> = {}) {
  const said: string[] = []
  const log = createLog('error', { write: (line) => void said.push(JSON.parse(line).msg) })
  const server = {
    received: '',
    connections: 0,
    fault: undefined as Error | undefined,
    isBroken: false,
    endAll: undefined as ((error?: Error) => void) | undefined,
  }
  const connect = async () => {
    await setImmediate()
    if (server.fault !== undefined) throw server.fault
    server.connections += 1
    const { promise: ended, resolve } = Promise.withResolvers<Error | undefined>()
    server.endAll = resolve
    return {
      ended,
      async write(bytes: Uint8Array) {
        await setImmediate()
        if (server.isBroken) throw new Error('reset')
        server.received += Buffer.from(bytes).toString('latin1')
      },
      end: () => resolve(undefined),
      destroy: () => resolve(undefined),
    }
  }
  const source = { hostname: 'host', processId: 1 }
  const callLog = new SyslogCallLog({
    connect,
    source,
    log,
    limits: { pauseMilliseconds: 0, pauseMillisecondsMax: 0, trialMilliseconds: 0, ...limits },
  })
  return { said, server, callLog }
}

const numbers = (received: string): number[] =>
  [...received.matchAll(/"n":(\d+)/g)].map(([, n]) => Number(n))

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate()
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n)

test('records are sent once and in order, and closing sends the waiting ones', async () => {
  const { server, callLog, said } = standIn()
  for (let n = 0; n < 2000; n += 1) {
    callLog.write({ n })
    if (n % 100 === 0) await setImmediate()
  }
  await callLog.close()
  assert.deepEqual(numbers(server.received), upTo(2000))
  assert.deepEqual([server.connections, said], [1, []])
})

test('records wait while the server cannot be reached, and one message announces the outage and one its end', async () => {
  const { server, callLog, said } = standIn()
  server.fault = new Error('refused')
  for (let n = 0; n < 10; n += 1) callLog.write({ n })
  await until(() => said.length > 0)
  server.fault = undefined
  await until(() => said.length > 1)
  await callLog.close()
  assert.deepEqual(numbers(server.received), upTo(10))
  assert.deepEqual(said, [
    'the syslog server cannot be reached; records wait in memory',
    'records reach the syslog server again',
  ])
})

test('the end of an outage is logged without a further record', async () => {
  const { server, callLog, said } = standIn({ trialMilliseconds: 5 })
  server.fault = new Error('refused')
  callLog.write({ n: 0 })
  await until(() => said.length > 0)
  server.fault = undefined
  await until(() => said.length > 1)
  assert.equal(said.at(-1), 'records reach the syslog server again')
  await callLog.close()
  assert.deepEqual(numbers(server.received), [0])
})

test('a batch whose write failed is sent again on a new connection', async () => {
  const { server, callLog } = standIn()
  await until(() => server.connections === 1)
  server.isBroken = true
  callLog.write({ n: 0 })
  await until(() => server.connections > 1)
  server.isBroken = false
  callLog.write({ n: 1 })
  await until(() => numbers(server.received).length === 2)
  await callLog.close()
  assert.deepEqual(numbers(server.received), [0, 1])
})

test('records of a connection that the server ends within its trial are sent again', async () => {
  const { server, callLog, said } = standIn({ trialMilliseconds: 600_000 })
  callLog.write({ n: 0 })
  await until(() => server.received !== '')
  server.endAll?.(new Error('certificate required'))
  await until(() => numbers(server.received).length === 2)
  assert.deepEqual(numbers(server.received), [0, 0])
  assert.deepEqual(said, ['the syslog server cannot be reached; records wait in memory'])
  await callLog.close()
})

test('a connection that ends after its trial is replaced when there is a record', async () => {
  const { server, callLog, said } = standIn()
  callLog.write({ n: 0 })
  await until(() => server.received !== '')
  server.endAll?.()
  for (let turn = 0; turn < 10; turn += 1) await setImmediate()
  assert.equal(server.connections, 1)
  callLog.write({ n: 1 })
  await callLog.close()
  assert.deepEqual([numbers(server.received), server.connections, said], [[0, 1], 2, []])
})

test('reopening connects again without a lost or repeated record', async () => {
  const { server, callLog } = standIn()
  for (let n = 0; n < 300; n += 1) {
    callLog.write({ n })
    if (n % 50 === 0) callLog.reopen()
    if (n % 7 === 0) await setImmediate()
  }
  await callLog.close()
  assert.deepEqual(numbers(server.received), upTo(300))
  assert.ok(server.connections > 1)
})

test('memory is limited: further records are dropped, and the drop is logged once', async () => {
  const { server, callLog, said } = standIn({ waitingBytesMax: 1000 })
  server.fault = new Error('refused')
  const changes: boolean[] = []
  callLog.onChange((isWritable) => changes.push(isWritable))
  const taken: boolean[] = []
  for (let n = 0; n < 50; n += 1) taken.push(await callLog.record({ n }))
  const kept = taken.filter(Boolean).length
  assert.ok(kept > 5 && kept < 40, String(kept))
  assert.equal(callLog.isWritable(), false)
  server.fault = undefined
  await until(() => callLog.isWritable())
  await callLog.close()
  assert.deepEqual(numbers(server.received), upTo(kept))
  assert.equal(said.filter((message) => message.includes('are dropped')).length, 1)
  assert.deepEqual(changes, [false, true])
})

test('closing while the server cannot be reached ends, and the lost records are logged', async () => {
  const { server, callLog, said } = standIn({ pauseMilliseconds: 600_000, closeMilliseconds: 0 })
  server.fault = new Error('refused')
  callLog.write({ n: 0 })
  await until(() => said.length > 0)
  await callLog.close()
  assert.equal(said.at(-1), 'records could not be sent to the syslog server')
  assert.equal(await callLog.record({ n: 1 }), false)
})
