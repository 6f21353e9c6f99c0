import assert from 'node:assert/strict'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { craft, pemOf } from '../../test/support/crafted-certificates.ts'
import { TestDnsServer } from '../../test/support/dns-server.ts'
import { keyAuthorization, LocalServer, token, validate } from '../../test/support/validation.ts'

const path = `/.well-known/acme-challenge/${token}`
const url = `http://host.example${path}`

let dns: TestDnsServer
let web: LocalServer<Server>
let requests: { url: string; headers: IncomingHttpHeaders }[] = []
let answer: (path: string, response: ServerResponse) => void

before(async () => {
  dns = await TestDnsServer.start()
  const server = createServer((request, response) => {
    requests.push({ url: request.url ?? '', headers: request.headers })
    answer(request.url ?? '', response)
  })
  web = await LocalServer.start<Server>(server)
})
after(async () => {
  await web[Symbol.asyncDispose]()
  await dns[Symbol.asyncDispose]()
})
beforeEach(() => {
  requests = []
  web.connections = 0
  dns.set('host.example', { A: ['127.0.0.1'] })
  answer = (_path, response) => void response.end(keyAuthorization)
})

type Settings = Omit<Parameters<typeof validate>[0], 'type' | 'value'>

function run(settings: Settings = {}, value = 'host.example'): Promise<string> {
  const options = { resolver: [dns.address], httpPort: web.port, ...settings }
  return validate({ type: 'http-01', value, ...options })
}

/** Validates against a server that handles its connections itself. */
async function runRaw(handle: (socket: Socket) => void, settings: Settings = {}): Promise<string> {
  await using raw = await LocalServer.start(createTcpServer(handle))
  return await run({ httpPort: raw.port, ...settings })
}

function redirect(location: string, status = 302): void {
  answer = (at, response) =>
    at === path
      ? void response.writeHead(status, { location }).end()
      : void response.end(keyAuthorization)
}

test('a response with the key authorization is valid, also with white space at its end', async () => {
  assert.equal(await run(), 'valid')
  assert.deepEqual(requests, [
    {
      url: path,
      headers: {
        host: 'host.example',
        accept: '*/*',
        'accept-encoding': 'identity',
        'user-agent': 'signet',
        connection: 'close',
      },
    },
  ])
  answer = (_path, response) => void response.end(`${keyAuthorization}\r\n \n`)
  assert.equal(await run(), 'valid')
})

test('an address is validated under its own name, without a lookup', async () => {
  const queries = dns.queries.length
  assert.equal(await run({ identifierType: 'ip' }, '127.0.0.1'), 'valid')
  assert.equal(requests[0]?.headers.host, '127.0.0.1')
  await using six = await LocalServer.start(
    createServer((request, response) => {
      requests.push({ url: request.url ?? '', headers: request.headers })
      response.end(keyAuthorization)
    }),
    '::1',
  )
  assert.equal(await run({ identifierType: 'ip', httpPort: six.port }, '::1'), 'valid')
  assert.equal(requests[1]?.headers.host, '[::1]')
  assert.equal(dns.queries.length, queries)
})

test('any other response is refused, and its content does not appear in the error', async () => {
  const secret = 'password=hunter2'
  for (const text of [secret, '', `x${keyAuthorization}`, `${keyAuthorization} x`, token]) {
    answer = (_path, response) => void response.end(text)
    assert.equal(
      await run(),
      `incorrectResponse: The response of ${text.length} bytes for ${url} does not contain the key authorization of this challenge; it must contain exactly ${keyAuthorization}.`,
    )
  }
})

test('a response must have status 200; overloaded servers are tried again', async () => {
  for (const [status, retry] of [
    [404, ''],
    [401, ''],
    [204, ''],
    [304, ''],
    [503, ' (retryable)'],
    [429, ' (retryable)'],
  ] as const) {
    answer = (_path, response) => void response.writeHead(status).end()
    assert.equal(
      await run(),
      `unauthorized${retry}: The web server returned status ${status} for ${url}; the status must be 200.`,
    )
  }
})

test('redirects to other hosts, paths and schemes are followed', async () => {
  const { certificate, keys } = craft({ notAfter: '2021-01-01T00:00:00Z' })
  const cert = pemOf({ certificate, keys })
  const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' })
  await using tls = await LocalServer.start<Server>(
    createTlsServer({ cert, key }, (_request, response) => void response.end(keyAuthorization)),
  )
  dns.set('other.example', { A: ['127.0.0.1'] })
  for (const status of [301, 302, 303, 307, 308]) {
    redirect('http://other.example/elsewhere?a=b#fragment', status)
    assert.equal(await run(), 'valid')
    assert.equal(requests.at(-1)?.url, '/elsewhere?a=b')
    assert.equal(requests.at(-1)?.headers.host, 'other.example')
  }
  redirect('/relative')
  assert.equal(await run(), 'valid')
  for (const location of ['https://other.example/', `https://127.0.0.1:${tls.port}/`]) {
    redirect(location)
    assert.equal(await run({ tlsPort: tls.port }), 'valid')
  }
})

test('a redirect to another port or scheme, or with credentials, is refused', async () => {
  const allowed = `only the ports 80, 443, ${web.port} are allowed`
  for (const [location, shown] of [
    ['http://host.example:22/a', `http://host.example:22/…, which uses port 22; ${allowed}`],
    ['https://host.example:8443/', `https://host.example:8443/…, which uses port 8443; ${allowed}`],
    ['file:///etc/passwd', 'file:///…, which is not an http or https URL'],
    ['ftp://host.example/', 'ftp://host.example/…, which is not an http or https URL'],
    ['gopher://host.example:80/', 'gopher://host.example:80/…, which is not an http or https URL'],
    [
      'http://user:password@host.example/',
      'http://host.example/…, which contains a user name or password',
    ],
    ['http://[broken', 'a location that is not a URL'],
    ['http://host.example:99999/', 'a location that is not a URL'],
  ] as const) {
    redirect(location)
    assert.equal(await run(), `connection: The web server redirects ${url} to ${shown}.`)
  }
  answer = (_path, response) => void response.writeHead(302).end()
  assert.equal(
    await run(),
    `connection: The web server redirects ${url} without a Location header.`,
  )
  assert.equal(web.connections, 9)
})

test('a redirect to an internal address is refused in every spelling, and nothing connects to it', async () => {
  await using inside = await LocalServer.start(createTcpServer(), '127.0.0.2')
  const { port } = inside
  dns.set('rebind.example', { A: ['127.0.0.2'] })
  dns.set('mapped.example', { AAAA: ['::ffff:127.0.0.2'] })
  for (const host of [
    '127.0.0.2',
    '0x7f.2',
    '0x7f000002',
    '2130706434',
    '0177.0.0.2',
    '127.2',
    '%31%32%37.0.0.2',
    '[::ffff:127.0.0.2]',
    '[::ffff:7f00:2]',
    '[64:ff9b::7f00:2]',
    '[::127.0.0.2]',
    '0',
    '169.254.169.254',
    '0xa9fea9fe',
    '[fe80::1]',
    '[fd00:ec2::254]',
    '224.0.0.1',
    '8.8.8.8',
    'rebind.example',
    'mapped.example',
  ]) {
    redirect(`http://${host}:${port}/latest/meta-data`)
    const found = await run({ networks: ['127.0.0.1'], tlsPort: port })
    assert.match(found, /^connection: No connection to .*(?:not permitted|not in a private)/, host)
  }
  assert.equal(inside.connections, 0)
})

test('an error does not contain the path and the query of a redirect target, unless it is the path of a challenge', async () => {
  answer = (at, response) =>
    at === path
      ? void response.writeHead(302, { location: '/login?token=secret' }).end()
      : void response.writeHead(404).end('secret')
  assert.equal(
    await run(),
    'unauthorized: The web server returned status 404 for http://host.example/…; the status must be 200.',
  )
  redirect(`https://host.example:1${path}?secret`)
  assert.match(await run(), new RegExp(`to https://host\\.example:1${path}, which uses port 1;`))
})

test("a redirect to the server's own listener is refused", async () => {
  redirect(`https://127.0.0.1:${web.port}/`)
  const isOwnAddress = (address: string, port: number): boolean =>
    address === '127.0.0.1' && port === web.port && requests.length > 0
  assert.equal(
    await run({ isOwnAddress }),
    `connection: No connection to 127.0.0.1: port ${web.port} belongs to this CA server.`,
  )
  assert.equal(web.connections, 1)
})

test('at most ten redirects are followed', async () => {
  let left = 10
  answer = (_path, response) => {
    left -= 1
    if (left < 0) response.end(keyAuthorization)
    else response.writeHead(302, { location: path }).end()
  }
  assert.equal(await run(), 'valid')
  left = 11
  assert.equal(
    await run(),
    'connection: The web server of host.example redirects more than 10 times.',
  )
  assert.equal(requests.length, 22)
})

test('the name of each hop is looked up once, and the connection uses the address of this lookup', async () => {
  const given = ['127.0.0.1', '127.0.0.2', '169.254.169.254']
  const asked: string[] = []
  dns.set('rebind.example', ({ type }) => {
    if (type !== 'A') return {}
    const address = given[asked.length] ?? '127.0.0.3'
    asked.push(address)
    return { A: [address] }
  })
  const networks = ['127.0.0.1']
  assert.equal(await run({ networks }, 'rebind.example'), 'valid')
  assert.deepEqual(asked, ['127.0.0.1'])
  assert.match(
    await run({ networks }, 'rebind.example'),
    /127\.0\.0\.2: the address is not permitted/,
  )
  assert.match(await run({ networks }, 'rebind.example'), /169\.254\.169\.254: .*link-local/)
  assert.equal(asked.length, 3)
  assert.equal(web.connections, 1)
})

test('addresses that are not permitted are skipped if another address is permitted', async () => {
  dns.set('mixed.example', { A: ['8.8.8.8', '127.0.0.1'], AAAA: ['2001:db8::1'] })
  assert.equal(await run({}, 'mixed.example'), 'valid')
})

test('an IPv4 address is used if the connection to the IPv6 address fails', async () => {
  dns.set('both.example', { A: ['127.0.0.1'], AAAA: ['::1'] })
  assert.equal(await run({}, 'both.example'), 'valid')
})

test('at most four addresses are tried, and the error lists them', async () => {
  const A = Array.from({ length: 40 }, (_, at) => `127.0.1.${at}`)
  dns.set('many.example', { A })
  const found = await run({}, 'many.example')
  assert.match(found, /^connection \(retryable\): Cannot connect to many\.example: 127\.0\.1\.\d/)
  assert.equal(found.match(/connection refused/g)?.length, 4)
})

test('a closed port is reported with the address and the reason', async () => {
  assert.equal(
    await run({ httpPort: 1 }),
    'connection (retryable): Cannot connect to host.example: 127.0.0.1 port 1: connection refused.',
  )
  assert.equal(
    await run({ httpPort: 1, identifierType: 'ip' }, '127.0.0.1'),
    'connection (retryable): Cannot connect to 127.0.0.1 port 1: connection refused.',
  )
  assert.equal(
    await run({}, 'missing.example'),
    'dns (retryable): DNS name missing.example does not exist (NXDOMAIN).',
  )
})

test('a connection that is not established within 2.5 seconds is reported', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const result = run({ identifierType: 'ip' }, '127.0.0.1')
  t.mock.timers.tick(2500)
  assert.equal(
    await result,
    `connection (retryable): Cannot connect to 127.0.0.1 port ${web.port}: no answer.`,
  )
})

test('an endless or long response is cut off at 1 KiB', async () => {
  const tooLong = `incorrectResponse: The web server returned more than 1024 bytes for ${url}; the response must be the key authorization.`
  answer = (_path, response) => {
    const more = (): void => {
      while (response.write('x'.repeat(65_536)));
    }
    response.on('drain', more)
    more()
  }
  assert.equal(await run(), tooLong)
  answer = (_path, response) => void response.end(`${keyAuthorization}${' '.repeat(1025 - 87)}`)
  assert.equal(await run(), tooLong)
  answer = (_path, response) => void response.end(`${keyAuthorization}${' '.repeat(1024 - 87)}`)
  assert.equal(await run(), 'valid')
})

test('a compressed response is not decompressed', async () => {
  answer = (_path, response) =>
    void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(keyAuthorization))
  assert.match(
    await run(),
    /^incorrectResponse: The response of \d+ bytes with a Content-Encoding for http:/,
  )
})

test('headers of 100 KB are refused', async () => {
  const found = await runRaw((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}\r\n\r\n${keyAuthorization}`)
  })
  assert.match(
    found,
    /^connection \(retryable\): No response .*: the headers are longer than 16384 bytes\.$/,
  )
})

test('endless informational responses are refused', async () => {
  const found = await runRaw((socket) => {
    socket.write('HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n'.repeat(1000))
  })
  assert.equal(
    found,
    `connection: The web server returned more than 8 informational responses for ${url}.`,
  )
})

test('bytes that another protocol sends do not appear in the error', async () => {
  const found = await runRaw((socket) => void socket.write('SSH-2.0-OpenSSH_9.9 secret\r\n'))
  assert.match(
    found,
    /^connection \(retryable\): No response .*: the response is not valid HTTP \(HPE_\w+\)\.$/,
  )
})

test('a connection that is closed before or within the response is reported', async () => {
  for (const [name, handle] of Object.entries<(socket: Socket) => void>({
    closed: (socket) => void socket.end(),
    reset: (socket) => void socket.once('data', () => socket.resetAndDestroy()),
    truncated: (socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 87\r\n\r\nabc'),
    upgraded: (socket) =>
      void socket.end(
        'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
      ),
  }))
    assert.match(await runRaw(handle), /^connection \(retryable\): No response/, name)
})

test('a response that arrives slowly ends with the time of the attempt', async () => {
  const slow = (text: string) => (socket: Socket) => {
    socket.write(text)
    const timer = setInterval(() => socket.write('x'), 5)
    socket.on('close', () => clearInterval(timer))
  }
  for (const text of ['', 'HTTP/1.1 200 OK\r\nx: ', 'HTTP/1.1 200 OK\r\n\r\n'])
    assert.match(
      await runRaw(slow(text), { attemptMilliseconds: 100 }),
      text === ''
        ? /not valid HTTP/
        : /^connection \(retryable\): The validation did not finish within 0\.1 seconds; the time ended while reading http:\/\/host\.example\S+ from host\.example \(127\.0\.0\.1\) port \d+\.$/,
    )
})

test('a server that never responds, and a redirect to TLS that never answers, end with the time of the attempt', async () => {
  assert.match(await runRaw(() => {}, { attemptMilliseconds: 50 }), /time ended while reading/)
  await using silent = await LocalServer.start(createTcpServer())
  redirect('https://host.example/')
  assert.match(
    await run({ attemptMilliseconds: 100, tlsPort: silent.port }),
    /time ended while performing the TLS handshake with host\.example \(127\.0\.0\.1\) port/,
  )
  dns.set('silent.example', 'silence')
  assert.match(
    await run({ attemptMilliseconds: 50 }, 'silent.example'),
    /time ended while looking up the addresses of silent\.example\.$/,
  )
})

test('a stopping server ends the attempt without a result', async () => {
  const stopping = new AbortController()
  answer = () => stopping.abort(new Error('stopping'))
  await assert.rejects(run({ signal: stopping.signal }), /^Error: stopping$/)
  await assert.rejects(run({ signal: AbortSignal.abort(new Error('stopped')) }), /^Error: stopped$/)
})

test('the connection is closed at the end of the attempt, although the server keeps it open', async () => {
  const closed = new Promise<unknown>((resolve) => {
    answer = (_path, response) => {
      response.socket?.on('close', resolve)
      response.writeHead(200, { connection: 'keep-alive' }).end(keyAuthorization)
    }
  })
  assert.equal(await run(), 'valid')
  await closed
})

test('a web server can send any bytes without an internal error', async () => {
  let bytes: Uint8Array = Buffer.alloc(0)
  await using raw = await LocalServer.start(createTcpServer((socket) => void socket.end(bytes)))
  const status = fc.constantFrom(
    'HTTP/1.1 200 OK',
    'HTTP/1.1 302 Found',
    'HTTP/1.0 200',
    'HTTP/1.1 100',
  )
  const header = fc.oneof(
    fc.string({ unit: 'binary' }).map((location) => `location: ${location}`),
    fc.constantFrom(
      'transfer-encoding: chunked',
      'content-length: 5',
      'content-length: -1',
      'upgrade: x',
    ),
  )
  const response = fc
    .tuple(status, fc.array(header, { maxLength: 3 }), fc.string({ unit: 'binary' }))
    .map(([line, headers, body]) =>
      Buffer.from(`${[line, ...headers].join('\r\n')}\r\n\r\n${body}`),
    )
  await fc.assert(
    fc.asyncProperty(fc.oneof(response, fc.uint8Array({ maxLength: 200 })), async (sent) => {
      bytes = sent
      const networks = ['127.0.0.1']
      const found = await run({ httpPort: raw.port, networks, identifierType: 'ip' }, '127.0.0.1')
      assert.match(
        found,
        /^(?:connection|unauthorized|incorrectResponse|tls|dns|malformed)(?: \(retryable\))?: [A-Z]/,
      )
    }),
    { seed: 8555, numRuns: 200 },
  )
})

test('a wildcard cannot be validated with http-01', async () => {
  assert.equal(
    await run({}, '*.host.example'),
    'malformed: The challenge http-01 cannot validate the wildcard *.host.example; use dns-01.',
  )
})
