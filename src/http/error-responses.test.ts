import assert from 'node:assert/strict'
import { connect, createServer } from 'node:net'
import { test } from 'node:test'
import { errorAnswer } from './aws-answer.ts'
import { sendRaw } from '../../test/support/raw-http.ts'
import { systemRandom } from '../random.ts'
import { createLog } from '../telemetry/log.ts'
import { enrollErrorAnswer } from './enroll-routes.ts'
import { rejectConnection } from './error-responses.ts'
import { createPlainServer } from './server.ts'

/** Resolves to the bytes that a client receives when its connection fails with the error `code`. */
function refusedWith(code: string): Promise<string> {
  const server = createServer((socket) =>
    rejectConnection({ code }, socket, (error) => errorAnswer(error, 'the-id')),
  )
  return new Promise((resolve, reject) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') return reject(new Error('no port'))
      const client = connect(address.port, '127.0.0.1')
      let received = ''
      client.on('data', (chunk) => (received += chunk.toString('utf8')))
      client.on('error', reject)
      return client.on('close', () => server.close(() => resolve(received)))
    })
  })
}

test('a request that does not arrive in time receives RequestTimeoutException', async () => {
  const body =
    '{"__type":"RequestTimeoutException","message":"The request did not arrive in time."}'
  assert.equal(
    await refusedWith('ERR_HTTP_REQUEST_TIMEOUT'),
    [
      'HTTP/1.1 408 Request Timeout',
      'x-amzn-RequestId: the-id',
      'content-type: application/x-amz-json-1.1',
      'x-amzn-ErrorType: RequestTimeoutException',
      `content-length: ${body.length}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  )
})

test('no response is sent to a disconnected client', async () => {
  assert.equal(await refusedWith('ECONNRESET'), '')
})

test('the enrollment listener answers requests that reach no route with problem documents', async (t) => {
  const listener = createPlainServer(
    {
      log: createLog('silent'),
      random: systemRandom,
      limits: { headersMilliseconds: 200, requestMilliseconds: 400, checkMilliseconds: 20 },
      errorFormat: enrollErrorAnswer,
    },
    [],
  )
  t.after(() => listener.close())
  const url = await listener.listen({ port: 0, host: '127.0.0.1' })
  const line = 'GET /acme/web/directory HTTP/1.1\r\nHost: a\r\n'
  const headers = (count: number) => 'X: 1\r\n'.repeat(count)
  for (const [request, status, title, detail] of [
    ['GET\r\n\r\n', 400, 'Bad Request', 'The HTTP request is malformed.'],
    [
      'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n',
      400,
      'Bad Request',
      'The HTTP request is malformed.',
    ],
    [line, 408, 'Request Timeout', 'The request did not arrive in time.'],
    ...[`${line}X: ${'x'.repeat(40_000)}\r\n\r\n`, `${line}${headers(250)}\r\n`].map(
      (text) =>
        [
          text,
          431,
          'Request Header Fields Too Large',
          'The request line and the headers are too large.',
        ] as const,
    ),
    // A listener without routes fails on every request.
    [
      `${line}\r\n`,
      500,
      'Internal Server Error',
      'The request failed unexpectedly. The server log contains the reason.',
    ],
  ] as const) {
    const answer = await sendRaw(url, request)
    assert.equal(answer.status, status, request.slice(0, 100))
    assert.equal(answer.headers['content-type'], 'application/problem+json')
    assert.deepEqual(
      Object.keys(answer.headers).filter((name) => name.startsWith('x-amzn')),
      [],
    )
    assert.deepEqual(JSON.parse(answer.body), { type: 'about:blank', title, status, detail })
  }
})
