/** Tests of a listener's limits on connections and failed authentications. */
import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { createUser } from '../support/accounts.ts'
import { TestService } from '../support/service.ts'
import { assume, callSts, createRole, outcomeOf, trusting } from '../support/sts.ts'

let service: TestService
before(async () => {
  service = await TestService.start({ authFailures: '5', maxConnections: '20' })
})
after(() => service.close())

const nobody = { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' }

test('an address with too many failed authentications is throttled, except for access keys that it has used successfully', async () => {
  await service.must('ListCertificateAuthorities', {})
  const role = await createRole(service, { trust: [trusting({ AWS: '123456789012' })] })
  const session = await assume(service, role)
  const fail = (): Promise<string> =>
    service.refusal('ListCertificateAuthorities', {}, { credentials: nobody })
  for (let time = 0; time < 5; time += 1) assert.match(await fail(), /^UnrecognizedClientException/)
  assert.equal(await fail(), 'ThrottlingException: Rate exceeded')
  await service.must('ListCertificateAuthorities', {})
  const fresh = await createUser(service, { userName: 'fresh' })
  assert.equal(
    await service.refusal('ListCertificateAuthorities', {}, fresh),
    'ThrottlingException: Rate exceeded',
    'the address has not used the new key before',
  )
  assert.match(
    await service.refusal(
      'ListCertificateAuthorities',
      {},
      {
        credentials: { ...service.credentials, secretAccessKey: 'x' },
      },
    ),
    /^ThrottlingException/,
    'a wrong signature with a known key is also a failure',
  )
  const unsigned = await fetch(service.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'ACMPrivateCA.ListCertificateAuthorities',
    },
    body: '{}',
  })
  assert.equal(unsigned.headers.get('x-amzn-errortype'), 'ThrottlingException')
  const token = { Action: 'AssumeRoleWithWebIdentity', RoleArn: role, RoleSessionName: 'x1' }
  assert.equal(
    outcomeOf(
      await callSts(service, { ...token, WebIdentityToken: 'a.b.c' }, { credentials: null }),
    ),
    '400 Throttling: Rate exceeded',
  )
  service.clock.advance({ seconds: 60 })
  assert.match(
    await service.refusal('ListCertificateAuthorities', {}, { credentials: session }),
    /^AccessDeniedException/,
  )
  assert.match(await fail(), /^UnrecognizedClientException/)
})

async function openConnection(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  socket.resume()
  await once(socket, 'connect')
  return socket
}

test('a connection above the limit is closed, and requests succeed after other connections end', async () => {
  const port = Number(new URL(service.url).port)
  const sockets: Socket[] = []
  const closings: Promise<unknown>[] = []
  for (let number = 0; number < 21; number += 1) {
    const socket = await openConnection(port)
    closings.push(once(socket, 'close'))
    sockets.push(socket)
  }
  await Promise.race(closings)
  for (const socket of sockets) socket.destroy()
  await Promise.all(closings)
  await service.must('ListCertificateAuthorities', {})
})
