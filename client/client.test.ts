import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { clientEnvironment } from '../test/support/foreign-tools.ts'
import { createRoot } from '../test/support/hierarchy.ts'
import { TestService } from '../test/support/service.ts'
import { ClientError, createClient, UnknownClientMethodError, type Client } from './index.ts'

const region = 'eu-west-1'
let service: TestService
let client: Client
let root: { readonly arn: string; readonly certificate: string }
before(async () => {
  service = await TestService.start()
  const { url: endpoint, credentials } = service
  client = createClient({ region, endpoint, credentials, maxAttempts: 1 })
  root = await createRoot(service)
})
after(async () => {
  client.close()
  await service.close()
})

const post = (url: string, headers: Record<string, string>): Promise<Response> =>
  fetch(url, { method: 'POST', headers })

test('credentials, Region and endpoint come from where every AWS SDK looks, and the program ends', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'signet-client-'))
  const { dataDirectory } = service.config
  const program = `
    import { createClient } from ${JSON.stringify(resolve(import.meta.dirname, 'index.ts'))}
    const client = createClient()
    const { CertificateAuthorities } = await client.listCertificateAuthorities()
    console.log(JSON.stringify([CertificateAuthorities[0].Arn, await client.meta.regionName()]))
    client.close()`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', program],
    {
      timeout: 20_000,
      env: {
        ...clientEnvironment(folder, { dataDirectory, region }),
        AWS_ENDPOINT_URL_ACM_PCA: service.url,
      },
    },
  )
  assert.deepEqual(JSON.parse(stdout), [root.arn, region])
  await rm(folder, { recursive: true })
})

test('AWS_REGION goes before AWS_DEFAULT_REGION, and an option before both', async () => {
  const { credentials } = service
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env
  try {
    Object.assign(process.env, { AWS_REGION: 'eu-west-2', AWS_DEFAULT_REGION: 'eu-west-3' })
    for (const [options, expected] of [
      [{ credentials }, 'eu-west-2'],
      [{ credentials, region }, region],
    ] as const) {
      const one = createClient(options)
      assert.equal(await one.meta.regionName(), expected)
      one.close()
    }
  } finally {
    for (const [name, value] of Object.entries({ AWS_REGION, AWS_DEFAULT_REGION }))
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
  }
})

test('without an endpoint it is that of AWS', async () => {
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b', sessionToken: 'c' }
  const aws = createClient({ region: 'eu-central-1', credentials })
  assert.equal(await aws.meta.endpointUrl(), 'https://acm-pca.eu-central-1.amazonaws.com')
  const url = new URL(await aws.generatePresignedUrl('listCertificateAuthorities'))
  assert.equal(url.host, 'acm-pca.eu-central-1.amazonaws.com')
  assert.equal(url.searchParams.get('X-Amz-Security-Token'), 'c')
  assert.equal(url.searchParams.get('X-Amz-Expires'), '3600')
  const china = createClient({ region: 'cn-north-1', credentials })
  assert.equal(await china.meta.endpointUrl(), 'https://acm-pca.cn-north-1.amazonaws.com.cn')
  for (const one of [aws, china]) one.close()
})

test('a path of the endpoint stays', async () => {
  const { credentials } = service
  const proxied = createClient({ region, endpoint: 'https://pki.example:8443/api', credentials })
  assert.equal(await proxied.meta.endpointUrl(), 'https://pki.example:8443/api')
  const url = new URL(await proxied.generatePresignedUrl('listCertificateAuthorities'))
  assert.equal(url.origin + url.pathname, 'https://pki.example:8443/api/')
  proxied.close()
})

test('a presigned URL is honoured until it expires, for what was signed only', async () => {
  const of = { CertificateAuthorityArn: root.arn }
  const url = await client.generatePresignedUrl('listTags', of, { expiresIn: 60 })
  const headers = client.presignedHeaders('listTags')
  assert.deepEqual(await (await post(url, headers)).json(), { Tags: [] })
  const others = await post(url, client.presignedHeaders('listPermissions'))
  assert.equal(others.status, 400)
  assert.match(await others.text(), /InvalidSignatureException/)
  const changed = await post(`${url}&MaxResults=1`, headers)
  assert.match(await changed.text(), /InvalidSignatureException/)
  const signingDate = new Date(service.clock.now().getTime() - 61_000)
  const old = await client.generatePresignedUrl('listTags', of, { expiresIn: 60, signingDate })
  assert.match(await (await post(old, headers)).text(), /expired/)
})

test('a presigned URL carries bytes and numbers, and refuses what it cannot carry', async () => {
  const url = await client.generatePresignedUrl('importCertificateAuthorityCertificate', {
    CertificateAuthorityArn: root.arn,
    Certificate: root.certificate,
  })
  const headers = client.presignedHeaders('importCertificateAuthorityCertificate')
  assert.equal((await post(url, headers)).status, 200)
  await assert.rejects(
    client.generatePresignedUrl('untagCertificateAuthority', {
      CertificateAuthorityArn: root.arn,
      Tags: [{ Key: 'team' }],
    }),
    { name: 'TypeError', message: /^Tags of untagCertificateAuthority is a list/ },
  )
  await assert.rejects(client.generatePresignedUrl('close' as never), UnknownClientMethodError)
  for (const expiresIn of [0, -1, 1.5, 604_801, NaN])
    await assert.rejects(
      client.generatePresignedUrl('listCertificateAuthorities', {}, { expiresIn }),
      { name: 'RangeError' },
    )
})

test('bytes may be bytes or text', async () => {
  const of = { CertificateAuthorityArn: root.arn }
  for (const Certificate of [root.certificate, Buffer.from(root.certificate)])
    await client.importCertificateAuthorityCertificate({ ...of, Certificate })
})

test('times are Dates', async () => {
  const { CertificateAuthority } = await client.describeCertificateAuthority({
    CertificateAuthorityArn: root.arn,
  })
  assert.ok(CertificateAuthority?.CreatedAt instanceof Date)
  assert.ok(CertificateAuthority.NotAfter instanceof Date)
})

test('an exception says what the service said, and where its log has it', async () => {
  const unknown = { CertificateAuthorityArn: root.arn.replace(/[^/]+$/, crypto.randomUUID()) }
  const error = await client.listTags(unknown).then(
    () => assert.fail('not refused'),
    (reason: unknown) => reason,
  )
  const { ResourceNotFoundException, InvalidStateException } = client.exceptions
  assert.ok(error instanceof ResourceNotFoundException)
  assert.ok(error instanceof ClientError && error instanceof Error)
  assert.ok(!(error instanceof InvalidStateException))
  assert.equal(error.name, 'ResourceNotFoundException')
  assert.equal(error.code, error.response.Error.Code)
  assert.equal(error.operationName, 'ListTags')
  assert.match(error.requestId, /^[0-9a-f-]{36}$/)
  assert.equal(error.response.ResponseMetadata.HTTPHeaders['x-amzn-requestid'], error.requestId)
  assert.equal((error.cause as Error).name, 'ResourceNotFoundException')
})

test('what is no answer of the service is passed on as it is', async () => {
  const { credentials } = service
  const nobody = createClient({
    region,
    endpoint: 'http://127.0.0.1:1',
    credentials,
    maxAttempts: 1,
  })
  await assert.rejects(
    nobody.listCertificateAuthorities(),
    (error) => !(error instanceof ClientError) && /ECONNREFUSED/.test(String(error)),
  )
  nobody.close()
})

test('a call can be given up', async () => {
  await assert.rejects(
    client.listCertificateAuthorities({}, { abortSignal: AbortSignal.abort() }),
    {
      name: 'AbortError',
    },
  )
})

test('of the server the client uses what is pure: X.509 and how names are written', () => {
  const allowed = /^src\/(x509\/(?:[\w-]+\/)?[\w-]+|authority\/(subject|general-names))\.ts$/
  const folder = resolve(import.meta.dirname, '..')
  const files = globSync('*.ts', { cwd: import.meta.dirname, exclude: ['*.test.ts'] })
  assert.ok(files.length > 10)
  const imports = files.flatMap((file) =>
    [...readFileSync(join(import.meta.dirname, file), 'utf8').matchAll(/from '(\.\.[^']+)'/g)].map(
      ([, path = '']) => relative(folder, resolve(import.meta.dirname, path)),
    ),
  )
  assert.ok(imports.length > 5)
  assert.deepEqual(
    imports.filter((path) => !allowed.test(path)),
    [],
  )
})
