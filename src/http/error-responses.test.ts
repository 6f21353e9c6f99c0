import assert from 'node:assert/strict'
import { connect, createServer } from 'node:net'
import { test } from 'node:test'
import { rejectConnection } from './error-responses.ts'

/** Resolves to the bytes that a client receives when its connection fails with the error `code`. */
function refusedWith(code: string): Promise<string> {
  const server = createServer((socket) => rejectConnection({ code }, socket, 'the-id'))
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
      'Content-Type: application/x-amz-json-1.1',
      `Content-Length: ${body.length}`,
      'x-amzn-RequestId: the-id',
      'x-amzn-ErrorType: RequestTimeoutException',
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  )
})

test('no response is sent to a disconnected client', async () => {
  assert.equal(await refusedWith('ECONNRESET'), '')
})
