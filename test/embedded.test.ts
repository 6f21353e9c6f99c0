/** Tests of the embedded CA: clients, policies, CRLs and OCSP. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { ACMPCAClient, ListCertificateAuthoritiesCommand } from '@aws-sdk/client-acm-pca'
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers'
import { createClient, type Hierarchy, type IssuedCertificate } from '../client/index.ts'
import { openEmbedded, type EmbeddedCa, type EmbeddedOptions } from '../embedded/index.ts'
import { addAccessKey } from '../src/admin-commands/access-keys.ts'
import { putPolicy } from '../src/admin-commands/policies.ts'
import { addRole } from '../src/admin-commands/roles.ts'
import { addUser } from '../src/admin-commands/users.ts'
import { readConfig } from '../src/settings/config.ts'
import { parseCertificateList } from '../src/x509/certificate-list.ts'
import { readRevokedCertificates } from '../src/x509/revoked-certificates.ts'
import { ocspRequest, readOcspAnswer } from './support/ocsp-requests.ts'
import { policyOf } from './support/accounts.ts'
import { TestClock } from './support/service.ts'

const bucket = 'embedded-crls'
let ca: EmbeddedCa
let hierarchy: Hierarchy

before(async () => {
  ca = await openEmbedded({ crlDelaySeconds: 0 })
  await ca.createBucket(bucket)
  hierarchy = await hierarchyOf(ca)
})
after(() => ca.close())

async function hierarchyOf({ client }: EmbeddedCa, withCrl = true): Promise<Hierarchy> {
  const CrlConfiguration = { Enabled: true, ExpirationInDays: 7, S3BucketName: bucket }
  return client.createHierarchy({
    root: { subject: { CommonName: 'Embedded Root' } },
    issuing: {
      subject: { CommonName: 'Embedded Issuing' },
      revocation: {
        OcspConfiguration: { Enabled: true },
        ...(withCrl && {
          CrlConfiguration: { ...CrlConfiguration, S3ObjectAcl: 'PUBLIC_READ' as const },
        }),
      },
    },
  })
}

const issueOne = (one: EmbeddedCa, { issuing }: Hierarchy): Promise<IssuedCertificate> =>
  one.client.issue({ ca: issuing.arn, names: ['host.example'], validity: { days: 30 } })

/** Options for an SDK client that uses the embedded CA. */
const sdkOptions = (credentials: EmbeddedCa['credentials'] = ca.credentials) => {
  const { region, endpoint, requestHandler } = ca
  return { region, endpoint, requestHandler, credentials, maxAttempts: 1 }
}

/** Polls until `look` returns a value, because a CRL is published only after the response to RevokeCertificate. */
async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const found = await look()
    if (found !== undefined) return found
    await setTimeout(50)
  }
  throw new Error('no value within five seconds')
}

test('an issued certificate has the URLs from which CRL, OCSP and CA certificate can be fetched', async () => {
  const { certificate } = await issueOne(ca, hierarchy)
  const issued = new X509Certificate(certificate)
  assert.ok(issued.verify(new X509Certificate(hierarchy.issuing.certificate).publicKey))
  assert.match(issued.infoAccess ?? '', /OCSP - URI:http:\/\/pki\.signet\.embedded\/ocsp/)
  const [, url = ''] = /CA Issuers - URI:(\S+)/.exec(issued.infoAccess ?? '') ?? []
  const answer = await ca.fetchPublic(url)
  assert.equal(answer.status, 200)
  const served = new X509Certificate(Buffer.from(await answer.arrayBuffer()))
  assert.equal(
    served.fingerprint256,
    new X509Certificate(hierarchy.issuing.certificate).fingerprint256,
  )
})

test('a revoked certificate is on the CRL, and its OCSP status is revoked by POST and by GET', async () => {
  const { certificate, arn } = await issueOne(ca, hierarchy)
  const { serialNumber } = new X509Certificate(certificate)
  const request = ocspRequest([{ issuer: hierarchy.issuing.certificate, serial: serialNumber }])
  const statusByPost = async (): Promise<string | undefined> => {
    const answer = await ca.fetchPublic('/ocsp', { method: 'POST', body: Uint8Array.from(request) })
    assert.equal(answer.headers.get('content-type'), 'application/ocsp-response')
    return readOcspAnswer(Buffer.from(await answer.arrayBuffer())).singles[0]?.status
  }
  assert.equal(await statusByPost(), 'good')
  await ca.client.revokeCertificate({
    CertificateAuthorityArn: hierarchy.issuing.arn,
    CertificateSerial: serialNumber,
    RevocationReason: 'KEY_COMPROMISE',
  })
  assert.equal(await statusByPost(), 'revoked', arn)
  const path = `${ca.publicUrl}/ocsp/${encodeURIComponent(request.toString('base64'))}`
  const got = await ca.fetchPublic(path)
  assert.match(got.headers.get('cache-control') ?? '', /max-age/)
  assert.equal(readOcspAnswer(Buffer.from(await got.arrayBuffer())).singles[0]?.status, 'revoked')
  const etag = got.headers.get('etag') ?? ''
  const again = await ca.fetchPublic(path, { headers: { 'if-none-match': etag } })
  assert.deepEqual([again.status, await again.text()], [304, ''])

  const id = hierarchy.issuing.arn.split('/').at(-1)
  const crl = await eventually(async () => {
    const answer = await ca.fetchPublic(`/${bucket}/crl/${id}.crl`)
    if (answer.status === 404) return undefined
    const list = parseCertificateList(new Uint8Array(await answer.arrayBuffer()))
    return list.revokedCertificates.length > 0 ? list : undefined
  })
  const listed = [...readRevokedCertificates(crl.revokedCertificates)].map((one) =>
    BigInt(`0x${Buffer.from(one.serialNumber).toString('hex')}`),
  )
  assert.deepEqual(listed, [BigInt(`0x${serialNumber}`)])
})

test('fetchPublic returns 404 for unknown paths and for other hosts', async () => {
  for (const url of ['/nothing', 'https://example.com/ca/none', new URL('http://127.0.0.1:1/x')])
    assert.equal((await ca.fetchPublic(url)).status, 404, String(url))
  assert.equal((await ca.fetchPublic('/ocsp', { method: 'DELETE' })).status, 405)
  const head = await ca.fetchPublic(
    new Request(`${ca.publicUrl}/${bucket}/none`, { method: 'HEAD' }),
  )
  assert.equal(head.status, 404)
  await assert.rejects(ca.fetchPublic('http://['), TypeError)
})

test('an OCSP request that is too long is refused', async () => {
  const body = new Uint8Array(64 * 1024 + 1)
  assert.equal((await ca.fetchPublic('/ocsp', { method: 'POST', body })).status, 413)
})

test('a request with a wrong secret key is refused', async () => {
  const { accessKeyId, secretAccessKey } = ca.credentials
  const listWith = async (credentials: EmbeddedCa['credentials']): Promise<unknown> => {
    const sdk = new ACMPCAClient(sdkOptions(credentials))
    return sdk.send(new ListCertificateAuthoritiesCommand({}))
  }
  await listWith(ca.credentials)
  await assert.rejects(listWith({ accessKeyId, secretAccessKey: `${secretAccessKey}x` }), {
    name: 'InvalidSignatureException',
  })
  await assert.rejects(listWith({ accessKeyId: 'AKIANOBODY', secretAccessKey }), {
    name: 'UnrecognizedClientException',
  })
})

/** The configuration for commands with `--data`. */
const configOf = ({ dataDirectory }: EmbeddedCa) => readConfig({ data: dataDirectory }, {})

test('policies apply to a user that a command created in the folder of a CA in memory', async () => {
  const config = configOf(ca)
  const owner = { accountId: undefined, userName: 'reader', roleName: undefined }
  await addUser(config, owner, {})
  const statement = { Effect: 'Allow', Action: 'acm-pca:List*', Resource: '*' } as const
  await putPolicy(config, owner, { name: 'read', policy: policyOf(statement) })
  const key = await addAccessKey(config, { ...keyOptions, userName: 'reader' })
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey } = key
  const client = createClient(sdkOptions({ accessKeyId, secretAccessKey }))
  assert.equal((await client.listCertificateAuthorities({})).CertificateAuthorities?.length, 2)
  await assert.rejects(
    client.describeCertificateAuthority({ CertificateAuthorityArn: hierarchy.root.arn }),
    { code: 'AccessDeniedException' },
  )
})

const keyOptions = {
  accountId: undefined,
  servicePrincipal: undefined,
  sourceAccount: undefined,
  policy: undefined,
}

test('a client of STS can use the same handler, and its credentials are valid', async () => {
  const trust = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: ca.accountId } }
  const name = { accountId: undefined, roleName: 'issuer' }
  const trustPolicy = JSON.stringify({ Version: '2012-10-17', Statement: [trust] })
  await addRole(configOf(ca), name, { trustPolicy })
  const { credentials: masterCredentials, ...options } = sdkOptions()
  const credentials = fromTemporaryCredentials({
    masterCredentials,
    params: { RoleArn: `arn:aws:iam::${ca.accountId}:role/issuer`, RoleSessionName: 'test' },
    clientConfig: options,
  })
  const client = createClient({ ...options, credentials })
  await assert.rejects(client.listCertificateAuthorities({}), {
    code: 'AccessDeniedException',
    message: /assumed-role\/issuer\/test/,
  })
})

test('a signal aborts a call before and after its start', async () => {
  const aborted = { abortSignal: AbortSignal.abort() }
  await assert.rejects(ca.client.listCertificateAuthorities({}, aborted), { name: 'AbortError' })
  const controller = new AbortController()
  const call = ca.client.listCertificateAuthorities({}, { abortSignal: controller.signal })
  queueMicrotask(() => controller.abort())
  await assert.rejects(call, { name: 'AbortError' })
  const legacySignal = { aborted: false, onabort: null as (() => void) | null }
  const answer = ca.requestHandler.handle(bareRequest, { abortSignal: legacySignal })
  legacySignal.onabort?.()
  await assert.rejects(answer, { name: 'AbortError' })
})

const bareRequest = { method: 'POST', protocol: 'http:', path: '/', headers: {} }

/** Returns the error code for an unsigned request with a body. */
async function errorCodeFor(body: unknown): Promise<string | undefined> {
  const target = {
    'x-amz-target': 'ACMPrivateCA.ListTags',
    'content-type': 'application/x-amz-json-1.1',
  }
  const { response } = await ca.requestHandler.handle({ ...bareRequest, headers: target, body })
  assert.match(response.headers['x-amzn-requestid'] ?? '', /^[0-9a-f-]{36}$/)
  return response.headers['x-amzn-errortype']
}

test('a body can be text, bytes, a view or a stream of at most 4 MiB', async () => {
  const bytes = Buffer.from('{}')
  for (const body of [
    '{}',
    bytes,
    new Uint16Array([0x7d_7b]),
    Uint8Array.from(bytes).buffer,
    Readable.from(['{', Buffer.from('}')]),
  ])
    assert.equal(await errorCodeFor(body), 'MissingAuthenticationTokenException')
  assert.equal(await errorCodeFor('{'), 'SerializationException')
  for (const body of [
    Buffer.alloc(4 * 1024 * 1024 + 1),
    Readable.from(Array.from({ length: 6 }, () => Buffer.alloc(1024 * 1024))),
  ])
    assert.equal(await errorCodeFor(body), 'RequestEntityTooLargeException')
  await assert.rejects(errorCodeFor(17), TypeError)
})

test('two CAs in one process share no data', async () => {
  await using other = await openEmbedded({
    accountId: '999999999999',
    region: 'eu-west-1',
    publicUrl: 'https://pki.example.com/one',
  })
  assert.deepEqual((await other.client.listCertificateAuthorities({})).CertificateAuthorities, [])
  await other.createBucket(bucket)
  const theirs = await hierarchyOf(other, false)
  assert.match(theirs.root.arn, /^arn:aws:acm-pca:eu-west-1:999999999999:/)
  const { certificate } = await issueOne(other, theirs)
  const { infoAccess = '' } = new X509Certificate(certificate)
  const [, url = ''] = /CA Issuers - URI:(\S+)/.exec(infoAccess) ?? []
  assert.match(url, /^https:\/\/pki\.example\.com\/one\/ca\//)
  assert.equal((await other.fetchPublic(url)).status, 200)
  assert.equal((await ca.fetchPublic(url)).status, 404)
  const { region, endpoint, requestHandler } = other
  const stranger = createClient({ region, endpoint, requestHandler, credentials: ca.credentials })
  await assert.rejects(stranger.listCertificateAuthorities({}), {
    code: 'UnrecognizedClientException',
  })
  assert.notEqual(other.dataDirectory, ca.dataDirectory)
})

test('SDKs sign with the clock of the CA', async () => {
  const clock = new TestClock()
  clock.advance({ days: 400 })
  await using other = await openEmbedded({ clock })
  const { root } = await hierarchyOf(other, false)
  const status = async (): Promise<string | undefined> => {
    const input = { CertificateAuthorityArn: root.arn }
    const { CertificateAuthority } = await other.client.describeCertificateAuthority(input)
    return CertificateAuthority?.Status
  }
  assert.equal(await status(), 'ACTIVE')
  clock.advance({ days: 3660 })
  assert.equal(await status(), 'EXPIRED')
})

test('the folder of a CA in memory is private, and is removed when the CA is closed', async () => {
  const other = await openEmbedded()
  const { dataDirectory } = other
  assert.equal(statSync(dataDirectory).mode & 0o777, 0o700)
  const listing = other.client.listCertificateAuthorities({})
  const running = hierarchyOf(other, false)
  const refused = assert.rejects(running, /the embedded CA is closed/)
  await setTimeout(1)
  await Promise.all([other.close(), other.close()])
  await other.close()
  assert.ok(!existsSync(dataDirectory))
  assert.deepEqual((await listing).CertificateAuthorities, [])
  await refused
  await assert.rejects(other.client.listCertificateAuthorities({}), /the embedded CA is closed/)
  await assert.rejects(other.fetchPublic('/ocsp'), /the embedded CA is closed/)
  await assert.rejects(other.createBucket('more'), /the embedded CA is closed/)
})

test('the error lists every option with an invalid value', async () => {
  const wrong = {
    accountId: '12',
    crlDelaySeconds: -1,
    quotas: { tagsPerAuthority: 1.5 },
    logLevel: 'loud',
    publicUrl: 'pki',
  } as unknown as EmbeddedOptions
  await assert.rejects(openEmbedded(wrong), (error: Error) => {
    const named = error.message.split('\n').map((line) => line.split(' ', 1)[0])
    assert.deepEqual(named, [
      'publicUrl',
      'accountId',
      'logLevel',
      'quotas.tagsPerAuthority',
      'crlDelaySeconds',
    ])
    return true
  })
  const foreign = { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' }
  await assert.rejects(openEmbedded({ credentials: foreign }), /no access key AKIANOBODY/)
  await assert.rejects(ca.createBucket(bucket), /already exists/)
})

const mistakes: [options: object, message: string][] = [
  [{ dta: 'x' }, "openEmbedded: unknown option 'dta'; did you mean 'data'?"],
  [{ data: 5 }, "openEmbedded: option 'data' must be a non-empty string, not a number"],
  [
    { region: 'nope!' },
    `openEmbedded: option 'region' must be a name of lower-case letters, digits and single hyphens, such as 'eu-central-1', not "nope!"`,
  ],
  [
    { regions: 'garage' },
    "openEmbedded: option 'regions' must be an array of strings, such as ['garage'], not a string",
  ],
  [{ quotas: { tags: 1 } }, "openEmbedded: quotas: unknown option 'tags'; the options are "],
  [
    { clock: new Date() },
    "openEmbedded: option 'clock' must be an object with a now() method that returns a Date, not a Date",
  ],
]

for (const [options, message] of mistakes)
  test(`TypeError: ${message}`, async () => {
    await assert.rejects(openEmbedded(options), (error: Error) => {
      assert.ok(error instanceof TypeError && error.message.startsWith(message), error.message)
      return true
    })
  })

test('the client of an embedded CA rejects an invalid request with the error of the client', async () => {
  const { client } = ca as unknown as {
    client: Record<string, (request?: unknown) => Promise<object>>
  }
  for (const request of [undefined, null, 'text', [], { waiter: 5 }])
    for (const name of ['issue', 'createHierarchy'])
      await assert.rejects(async () => client[name]?.(request), TypeError)
})

test('the quotas option takes effect', async () => {
  await using other = await openEmbedded({ quotas: { authoritiesPerRegion: 1 } })
  await assert.rejects(hierarchyOf(other, false), /LimitExceeded/)
})

test('Regions in the options are served, and unknown Regions are not', async () => {
  await using own = await openEmbedded({ region: 'local', regions: ['garage'] })
  assert.deepEqual((await own.client.listCertificateAuthorities({})).CertificateAuthorities, [])
  const { endpoint, requestHandler, credentials } = own
  const listIn = (region: string): Promise<object> =>
    createClient({ region, endpoint, requestHandler, credentials }).listCertificateAuthorities({})
  await listIn('garage')
  await listIn('us-east-1')
  await assert.rejects(listIn('home'), /'home' is not served.*local, garage/)
  await assert.rejects(
    openEmbedded({ regions: ['No Region'] }),
    /^ConfigurationError: regions must/,
  )
})
