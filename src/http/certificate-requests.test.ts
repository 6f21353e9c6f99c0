import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import { connect as connectPlain, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { connect, type ConnectionOptions } from 'node:tls'
import { craft, named, pemOf } from '../../test/support/crafted-certificates.ts'
import { makeCertificate } from '../../test/support/tls.ts'
import { limitCertificateRequests, wasCertificateRequested } from './certificate-requests.ts'

let folder: string
let server: Server
/** Number of bytes with which each handshake ended. */
let ended: number[]
let isBegun: boolean
let isUsed: () => boolean | Promise<boolean>
let client: ConnectionOptions
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-requests-'))
  const files = await makeCertificate(folder, 'listener')
  const [cert, key] = await Promise.all([readFile(files.cert, 'utf8'), readFile(files.key, 'utf8')])
  server = createServer(
    { cert, key, ca: [], requestCert: true, rejectUnauthorized: false },
    ({ socket }, response) => response.end(String(wasCertificateRequested(socket))),
  )
  limitCertificateRequests(server, {
    budget: { begin: () => (isBegun ? countedOnce() : undefined) },
    isUsed: () => isUsed(),
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  client = clientWith(1)
})
beforeEach(() => {
  ended = []
  isBegun = true
  isUsed = () => true
})
after(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rm(folder, { recursive: true })
})

function countedOnce() {
  let isEnded = false
  return {
    end(bytes: number) {
      if (!isEnded) ended.push(bytes)
      isEnded = true
    },
  }
}

/** Creates a client that sends a chain of certificates. */
function clientWith(length: number): ConnectionOptions {
  const chain = [craft({ subject: named('0') })]
  for (let at = 1; at < length; at += 1) chain.unshift(craft({ subject: named(`${at}`) }, chain[0]))
  const key = chain[0]?.keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  return { key, cert: chain.map((each) => pemOf(each).toString()).join('') }
}

/** Sends a request. Returns the response, or the error code. */
async function answerTo(options: ConnectionOptions): Promise<string> {
  const { port } = server.address() as AddressInfo
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  const chunks: Buffer[] = []
  try {
    for await (const chunk of socket) chunks.push(chunk as Buffer)
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code)
  }
  return /\r\n\r\n(?:\w+\r\n)?(true|false)/.exec(Buffer.concat(chunks).toString())?.[1] ?? 'none'
}

test('a certificate is requested while certificates are used, and its bytes are counted once', async () => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const)
    assert.equal(await answerTo({ ...client, maxVersion }), 'true')
  const [short = 0] = ended
  assert.ok(ended.every((bytes) => bytes > 500 && bytes < 4096))
  assert.equal(await answerTo(clientWith(20)), 'true')
  assert.equal(ended.length, 3)
  assert.ok((ended[2] ?? 0) > short + 19 * 200)
})

test('a handshake that a client completes without a certificate has no bytes', async () => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const)
    assert.equal(await answerTo({ maxVersion }), 'true')
  assert.deepEqual(ended, [0, 0])
})

test('without a use, or above the budget, the handshake completes without a certificate', async () => {
  isUsed = () => false
  assert.equal(await answerTo(client), 'false')
  isUsed = () => Promise.resolve(false)
  assert.equal(await answerTo(client), 'false')
  isUsed = () => true
  isBegun = false
  assert.equal(await answerTo(client), 'false')
  assert.deepEqual(ended, [])
})

test('the handshake waits until the use is known, and each connection has its own answer', async () => {
  const first = Promise.withResolvers<boolean>()
  const answers = [first.promise, Promise.resolve(false)]
  const asked = Promise.withResolvers<void>()
  isUsed = () => {
    asked.resolve()
    return answers.shift() ?? true
  }
  const waiting = answerTo(client)
  await asked.promise
  assert.equal(await answerTo(client), 'false')
  first.resolve(true)
  assert.equal(await waiting, 'true')
  isUsed = () => Promise.reject(new Error('no database'))
  assert.match(await answerTo(client), /^ECONNRESET|none$/)
})

test('a client that leaves before its handshake, or during it, ends it', async () => {
  const { port } = server.address() as AddressInfo
  const use = Promise.withResolvers<boolean>()
  const asked = Promise.withResolvers<void>()
  isUsed = () => {
    asked.resolve()
    return use.promise
  }
  const early = connectPlain(port, '127.0.0.1')
  await asked.promise
  early.resetAndDestroy()
  await once(early, 'close')
  use.resolve(true)
  isUsed = () => true
  const late = connectPlain(port, '127.0.0.1')
  await once(late, 'connect')
  late.write(Buffer.from('160301', 'hex'))
  late.end()
  await once(late.resume(), 'close')
  assert.equal(await answerTo(client), 'true')
  assert.ok(ended.includes(3), ended.join())
})
