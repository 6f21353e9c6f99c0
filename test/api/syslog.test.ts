/** Tests of the call log on a syslog server (RFC 5424 over TLS). The receiver parses RFC 5425 strictly. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { createServer, type TLSSocket } from 'node:tls'
import type { Flags } from '../../src/settings/config.ts'
import { command } from '../support/process.ts'
import { eventually } from '../support/revocation.ts'
import { TestService, type Members } from '../support/service.ts'
import { makeCertificate, type CertificateFiles } from '../support/tls.ts'

let folder: string
let own: CertificateFiles
let client: CertificateFiles

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signet-syslog-'))
  own = await makeCertificate(folder, 'syslog')
  client = await makeCertificate(folder, 'client')
})
after(() => rm(folder, { recursive: true, force: true }))

interface Receiver {
  readonly port: number
  readonly messages: string[]
  readonly find: (requestId: string | null) => Promise<Members>
  /** Closes every connection, as a restart would. */
  readonly restart: () => void
  readonly peers: (string | undefined)[]
}

/** Starts a syslog receiver. With `clientCa`, clients must present a certificate issued by that CA. */
async function receiver(t: TestContext, clientCa?: string): Promise<Receiver> {
  const messages: string[] = []
  const peers: (string | undefined)[] = []
  const sockets = new Set<TLSSocket>()
  const server = createServer(
    {
      cert: await readFile(own.cert),
      key: await readFile(own.key),
      ...(clientCa && { ca: await readFile(clientCa), requestCert: true }),
    },
    (socket) => {
      sockets.add(socket)
      const { subject } = socket.getPeerCertificate()
      peers.push(subject && String(subject.CN))
      let waiting = Buffer.alloc(0)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
      socket.on('data', (bytes: Buffer) => {
        waiting = Buffer.concat([waiting, bytes])
        for (;;) {
          const [head = '', length] =
            /^([1-9]\d{0,4}) /.exec(waiting.toString('latin1', 0, 6)) ?? []
          const end = head.length + Number(length)
          if (length === undefined || waiting.length < end) break
          messages.push(waiting.toString('utf8', head.length, end))
          waiting = waiting.subarray(end)
        }
      })
    },
  )
  const restart = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    restart()
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port,
    messages,
    peers,
    restart,
    find: (requestId) =>
      eventually(
        async () => messages.map(jsonOf).find(({ requestID }) => requestID === requestId),
        `the message of ${requestId}`,
      ),
  }
}

const messageForm =
  /^<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) ([\x21-\x7E]{1,255}) signet (\d{1,10}) ApiCall - (\{.*\})$/

function jsonOf(message: string): Members {
  const found = messageForm.exec(message)
  assert.ok(found, message)
  return JSON.parse(found[5] ?? '')
}

async function serviceWith(t: TestContext, flags: Flags): Promise<TestService> {
  const service = await TestService.start(flags)
  t.after(() => service.close())
  return service
}

const requestId = ({ headers }: { readonly headers: Headers }) => headers.get('x-amzn-requestid')

test('each call is one syslog message with the record of CloudTrail', async (t) => {
  const { port, find, messages } = await receiver(t)
  const service = await serviceWith(t, {
    callLog: `syslog+tls://localhost:${port}`,
    callLogCa: own.cert,
  })
  const list = await service.call('ListCertificateAuthorities', { MaxResults: 5 })
  const record = await find(requestId(list))
  assert.deepEqual(
    [record.eventName, record.requestParameters, record.userIdentity.userName],
    ['ListCertificateAuthorities', { maxResults: 5 }, 'administrator'],
  )
  const refused = await service.call('ListTags', { CertificateAuthorityArn: 'x' })
  await find(requestId(refused))
  assert.match(messages.at(-1) ?? '', /^<109>1 /)
})

test('after the receiver has restarted, calls continue and later records arrive', async (t) => {
  const { port, find, restart, peers } = await receiver(t)
  const service = await serviceWith(t, {
    callLog: `syslog+tls://127.0.0.1:${port}`,
    callLogCa: own.cert,
  })
  await find(requestId(await service.call('ListCertificateAuthorities', {})))
  restart()
  await find(requestId(await service.call('ListCertificateAuthorities', {})))
  assert.equal(peers.length, 2)
})

test('with a file, --call-log-required depends on the file, and both have every record', async (t) => {
  const { port, find } = await receiver(t)
  const file = join(folder, 'calls.jsonl')
  const service = await serviceWith(t, {
    callLog: `${file},syslog+tls://localhost:${port}`,
    callLogCa: own.cert,
    callLogRequired: 'true',
  })
  const id = requestId(await service.call('ListCertificateAuthorities', {}))
  assert.ok((await readFile(file, 'utf8')).includes(String(id)))
  await find(id)
})

test('calls succeed while the syslog server cannot be reached', async (t) => {
  const { port } = await receiver(t)
  for (const target of ['localhost:1', `localhost:${port}`]) {
    // Without --call-log-ca, the receiver's certificate is not trusted.
    const service = await serviceWith(t, { callLog: `syslog+tls://${target}` })
    assert.equal((await service.call('ListCertificateAuthorities', {})).status, 200)
  }
})

test('a client certificate is presented', async (t) => {
  const { port, find, peers } = await receiver(t, client.cert)
  const service = await serviceWith(t, {
    callLog: `syslog+tls://localhost:${port}`,
    callLogCa: own.cert,
    callLogCert: client.cert,
    callLogKey: client.key,
  })
  await find(requestId(await service.call('ListCertificateAuthorities', {})))
  assert.deepEqual(peers, ['client'])
})

test('check-config connects to the syslog server and reports an untrusted certificate', async (t) => {
  const { port } = await receiver(t)
  const url = `syslog+tls://localhost:${port}`
  const argv = ['check-config', '--data', join(folder, 'data'), '--call-log', url]
  const untrusted = await command(argv)
  assert.notEqual(untrusted.code, 0)
  assert.match(
    untrusted.stdout + untrusted.stderr,
    /--call-log: the syslog server localhost:\d+ cannot be used: self-signed certificate/,
  )
  const trusted = await command([...argv, '--call-log-ca', own.cert])
  assert.equal(trusted.code, 0, trusted.stderr)
})
