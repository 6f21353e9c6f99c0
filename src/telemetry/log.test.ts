import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog } from './log.ts'

function createCollectedLog(level: string): {
  readonly log: ReturnType<typeof createLog>
  readonly lines: Record<string, unknown>[]
  readonly texts: string[]
} {
  const texts: string[] = []
  const lines: Record<string, unknown>[] = []
  const write = (text: string): void => {
    texts.push(text)
    lines.push(JSON.parse(text) as Record<string, unknown>)
  }
  return { log: createLog(level, { write }), lines, texts }
}

test('a line has the level, the time, the defined fields and, at its end, the message', () => {
  const { log, lines, texts } = createCollectedLog('info')
  log.info({ requestId: 'r', errorCode: undefined, status: 200 }, 'request')
  log.warn('only a message')
  const [first, second] = lines
  assert.deepEqual(Object.keys(first ?? {}), [
    'level',
    'severity',
    'time',
    'requestId',
    'status',
    'msg',
  ])
  assert.equal(first?.['level'], 30)
  assert.match(String(first?.['time']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  assert.deepEqual([second?.['level'], second?.['msg']], [40, 'only a message'])
  for (const text of texts) assert.match(text, /^[^\n]*\n$/)
})

test('messages below the level of the log are not written', () => {
  for (const [level, expected] of [
    ['debug', ['debug', 'info', 'warn', 'error', 'fatal']],
    ['warn', ['warn', 'error', 'fatal']],
    ['silent', []],
  ] as const) {
    const { log, lines } = createCollectedLog(level)
    for (const name of ['debug', 'info', 'warn', 'error', 'fatal'] as const) log[name](name)
    const written = lines.map(({ msg }) => msg)
    assert.deepEqual(written, expected)
    assert.equal(log.isLevelEnabled('info'), level === 'debug')
  }
})

test('an error is logged with its class, causes, stack and code', () => {
  const { log, lines } = createCollectedLog('info')
  const cause = Object.assign(new RangeError('the disk is full'), { code: 'ENOSPC' })
  log.error({ err: new Error('cannot write', { cause }) }, 'failed')
  log.error({ err: Object.assign(cause, { cause }) }, 'a cause of itself')
  log.error({ err: new AggregateError([new TypeError('one')], 'several') }, 'failed')
  log.error({ err: 'no error' }, 'failed')
  const [first, second, third, fourth] = lines.map(({ err }) => err as Record<string, unknown>)
  assert.equal(first?.['type'], 'Error')
  assert.equal(first['message'], 'cannot write: the disk is full')
  assert.match(String(first['stack']), /^Error: cannot write\n[^]*caused by: RangeError: the disk/)
  assert.deepEqual([second?.['message'], second?.['code']], ['the disk is full', 'ENOSPC'])
  assert.match(JSON.stringify(third?.['aggregateErrors']), /"message":"one"/)
  assert.equal(fourth, 'no error')
})

test('a message is written even if its fields cannot be converted to JSON', () => {
  const { log, lines } = createCollectedLog('info')
  const circular: Record<string, unknown> = {}
  circular['itself'] = circular
  log.error({ circular }, 'one')
  log.error({ big: 1n }, 'two')
  log.error({ toJSON: () => assert.fail('hostile') }, 'three')
  const [one, other] = [new Error('one'), new Error('other')]
  Object.assign(one, { other })
  Object.assign(other, { one })
  log.error({ err: one }, 'four')
  assert.deepEqual(
    lines.map(({ msg }) => msg),
    ['one', 'two', 'three', 'four'],
  )
})

test('control characters for terminals are escaped', () => {
  const { log, texts } = createCollectedLog('info')
  log.info({ name: 'x\u009b2J\u202e\u2028' }, 'y\u200b')
  assert.doesNotMatch(texts.join(''), /[^\n\x20-\x7e]/)
  assert.match(texts.join(''), /\\u009b2J\\u202e/)
})
