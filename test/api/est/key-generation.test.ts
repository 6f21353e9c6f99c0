/** Tests of keys that the server generates for EST clients. */
import assert from 'node:assert/strict'
import crypto, {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  X509Certificate,
} from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { craftRequest } from '../../support/crafted-requests.ts'
import {
  certificatesIn,
  clientKey,
  csrBody,
  enrolled,
  estCall,
  createEndpoint,
  createPassword,
  type EstCall,
} from '../../support/est.ts'
import { createRoot } from '../../support/hierarchy.ts'
import { TestService } from '../../support/service.ts'

const lines: string[] = []
let service: TestService
before(async () => {
  const logTo = { write: (line: string) => void lines.push(line) }
  service = await TestService.start({ enrollListen: '127.0.0.1:0', logLevel: 'debug' }, { logTo })
  const { arn } = await createRoot(service)
  await createEndpoint(service, 'devices', {
    ca: arn,
    names: '*.corp.example',
    serverKeyGeneration: true,
  })
})
after(() => service.close())

/** Requests a key, and returns the key's PKCS #8 and the certificate. */
async function generated(
  call: EstCall,
): Promise<{ readonly pkcs8: Buffer; readonly cert: string }> {
  const answer = await estCall(service, 'devices/serverkeygen', call)
  assert.equal(answer.status, 200, answer.text)
  const boundary = /^multipart\/mixed; boundary=(\S+)$/.exec(
    String(answer.headers['content-type']),
  )?.[1]
  const [preamble, key = '', certificate = '', end] = answer.text.split(`--${boundary}`)
  assert.deepEqual([preamble, end], ['', '--\r\n'])
  assert.match(
    key,
    /^\r\nContent-Type: application\/pkcs8\r\nContent-Transfer-Encoding: base64\r\n\r\n/,
  )
  assert.match(certificate, /^\r\nContent-Type: application\/pkcs7-mime; smime-type=certs-only\r\n/)
  const [cert = ''] = certificatesIn(certificate.split('\r\n\r\n')[1] ?? '')
  return { pkcs8: Buffer.from(key.split('\r\n\r\n')[1] ?? '', 'base64'), cert }
}

const passwordFor = (): Promise<string> => createPassword(service, 'devices')

test('the server generates a key of the same kind as the key in the CSR, and its certificate', async () => {
  for (const keyAlgorithm of ['EC_prime256v1', 'EC_secp384r1', 'RSA_2048'] as const) {
    const { csr, key } = await clientKey({ keyAlgorithm })
    const { pkcs8, cert } = await generated({ csr, credentials: await passwordFor() })
    const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
    assert.ok(new X509Certificate(cert).checkPrivateKey(privateKey))
    const sent = createPrivateKey(key)
    assert.equal(privateKey.asymmetricKeyType, sent.asymmetricKeyType)
    assert.deepEqual(privateKey.asymmetricKeyDetails, sent.asymmetricKeyDetails)
    assert.ok(!createPublicKey(privateKey).equals(createPublicKey(sent)))
    assert.equal(new X509Certificate(cert).subjectAltName, 'DNS:device-1.corp.example')
  }
})

test('the signature of the CSR is ignored, as the key in it is not certified', async () => {
  const der = Buffer.from(craftRequest())
  der[der.length - 1] = (der.at(-1) ?? 0) ^ 1
  const { cert } = await generated({
    body: der.toString('base64'),
    credentials: await passwordFor(),
  })
  assert.match(new X509Certificate(cert).subject, /CN=device-1.corp.example/)
})

test('a generated key is neither stored nor logged', async () => {
  const { csr } = await clientKey()
  const { pkcs8 } = await generated({ csr, credentials: await passwordFor() })
  const { d = '' } = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }).export({
    format: 'jwk',
  })
  const secret = Buffer.from(d, 'base64url')
  assert.equal(secret.length, 32)
  const folder = service.config.dataDirectory
  for (const file of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue
    const content = await readFile(join(file.parentPath, file.name))
    assert.ok(!content.includes(secret), file.name)
  }
  assert.ok(!lines.join('').includes(pkcs8.toString('base64').slice(0, 60)))
})

test('a password gives one key, and a client certificate renews with a new key', async () => {
  const credentials = await passwordFor()
  const { csr } = await clientKey()
  await generated({ csr, credentials })
  const again = await estCall(service, 'devices/serverkeygen', { csr, credentials })
  assert.equal(again.status, 403)
  assert.match(again.text, /is not stored/)
  assert.equal((await estCall(service, 'devices/simpleenroll', { csr, credentials })).status, 401)
  const client = await enrolled(service, 'devices')
  const { pkcs8, cert } = await generated({ csr: client.csr, client })
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  const next = { key: key.export({ type: 'pkcs8', format: 'pem' }) as string, cert }
  assert.equal(
    (await estCall(service, 'devices/simplereenroll', { csr: client.csr, client: next })).status,
    200,
  )
})

test('of concurrent requests for keys with one password, one gets a key', async () => {
  const credentials = await passwordFor()
  const { csr } = await clientKey()
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => estCall(service, 'devices/serverkeygen', { csr, credentials })),
  )
  const statuses = answers.map(({ status }) => status)
  assert.equal(statuses.filter((status) => status === 200).length, 1)
  assert.ok(
    statuses.every((status) => [200, 401, 403, 503].includes(status)),
    statuses.join(),
  )
})

test('other names and kinds of keys are refused, and do not use the password', async () => {
  const credentials = await passwordFor()
  const other = await clientKey({ names: ['other.example'] })
  const refused = { csr: other.csr, credentials }
  assert.equal((await estCall(service, 'devices/serverkeygen', refused)).status, 403)
  const keys = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
  const body = Buffer.from(craftRequest({ keys })).toString('base64')
  const unknown = await estCall(service, 'devices/serverkeygen', { body, credentials })
  assert.equal(unknown.status, 400)
  assert.match(unknown.text, /kind that the server does not generate/)
  const { csr } = await clientKey()
  await generated({ body: csrBody(csr), credentials })
})

/** Counts the keys that the process generates. */
function countKeys(t: TestContext): () => number {
  const { mock } = t.mock.method(crypto, 'generateKeyPair')
  syncBuiltinESMExports()
  t.after(() => {
    mock.restore()
    syncBuiltinESMExports()
  })
  return () => mock.callCount()
}

test('no key is generated for a request that is refused', async (t) => {
  const limited = await TestService.start({
    enrollListen: '127.0.0.1:0',
    awsQuotas: 'true',
    quotaCertificates: '3',
  })
  t.after(() => limited.close())
  const { arn } = await createRoot(limited)
  await createEndpoint(limited, 'devices', { ca: arn, serverKeyGeneration: true })
  await createEndpoint(limited, 'named', {
    ca: arn,
    names: '*.x.example',
    serverKeyGeneration: true,
  })
  const credentials = await createPassword(limited, 'devices')
  const { csr } = await clientKey({ keyAlgorithm: 'RSA_2048' })
  const client = await enrolled(limited, 'devices')
  const keys = countKeys(t)
  const statusOf = async (call: EstCall, endpoint = 'devices'): Promise<number> =>
    (await estCall(limited, `${endpoint}/serverkeygen`, { csr, ...call })).status
  assert.equal(await statusOf({}), 401)
  assert.equal(await statusOf({ credentials: `${credentials}x` }), 401)
  const named = await createPassword(limited, 'named')
  assert.equal(await statusOf({ credentials: named }, 'named'), 403)
  assert.equal(await statusOf({ credentials }), 200)
  assert.equal(keys(), 1)
  const unused = await createPassword(limited, 'devices')
  assert.equal(await statusOf({ credentials: unused }), 503, 'the quota is exhausted')
  let status = 0
  while (status !== 429) {
    const again = { csr: client.csr, client }
    ;({ status } = await estCall(limited, 'devices/simplereenroll', again))
    assert.ok(status === 503 || status === 429, String(status))
  }
  assert.equal(await statusOf({ credentials: unused }), 429)
  await limited.must('UpdateCertificateAuthority', {
    CertificateAuthorityArn: arn,
    Status: 'DISABLED',
  })
  limited.clock.advance({ seconds: 5 })
  assert.equal(await statusOf({ credentials: unused }), 503)
  assert.equal(keys(), 1)
})
