import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, relative, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { clientEnvironment } from '../test/support/foreign-tools.ts'
import { createRoot } from '../test/support/hierarchy.ts'
import { TestService } from '../test/support/service.ts'
import {
  ClientError,
  createClient,
  UnexpectedResponseError,
  UnknownClientMethodError,
  type Client,
} from './index.ts'

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

test('credentials, Region and endpoint come from the environment, and a client that is not closed does not keep the process alive', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'signet-client-'))
  const { dataDirectory } = service.config
  const program = `
    import { createClient } from ${JSON.stringify(resolve(import.meta.dirname, 'index.ts'))}
    const client = createClient()
    const { CertificateAuthorities } = await client.listCertificateAuthorities()
    console.log(JSON.stringify([CertificateAuthorities[0].Arn, await client.meta.regionName()]))`
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

test('AWS_REGION has precedence over AWS_DEFAULT_REGION, and the option over both', async () => {
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

test('the default endpoint is the AWS endpoint of the Region', async () => {
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

test('the path of the endpoint is kept', async () => {
  const { credentials } = service
  const proxied = createClient({ region, endpoint: 'https://pki.example:8443/api', credentials })
  assert.equal(await proxied.meta.endpointUrl(), 'https://pki.example:8443/api')
  const url = new URL(await proxied.generatePresignedUrl('listCertificateAuthorities'))
  assert.equal(url.origin + url.pathname, 'https://pki.example:8443/api/')
  proxied.close()
})

test('a presigned URL is valid until it expires, and only for the signed call', async () => {
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

test('a presigned URL can contain bytes and numbers, but no lists or structures', async () => {
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
    { name: 'TypeError', message: /^the untagCertificateAuthority parameter Tags is a list/ },
  )
  await assert.rejects(client.generatePresignedUrl('close' as never), UnknownClientMethodError)
  for (const expiresIn of [0, -1, 1.5, 604_801])
    await assert.rejects(
      client.generatePresignedUrl('listCertificateAuthorities', {}, { expiresIn }),
      { name: 'RangeError' },
    )
})

test('members with bytes can be bytes or text', async () => {
  const of = { CertificateAuthorityArn: root.arn }
  for (const Certificate of [root.certificate, Buffer.from(root.certificate)])
    await client.importCertificateAuthorityCertificate({ ...of, Certificate })
})

test('times in responses are Dates', async () => {
  const { CertificateAuthority } = await client.describeCertificateAuthority({
    CertificateAuthorityArn: root.arn,
  })
  assert.ok(CertificateAuthority?.CreatedAt instanceof Date)
  assert.ok(CertificateAuthority.NotAfter instanceof Date)
})

test('an exception has the code, the message and the request ID of the response', async () => {
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

test('an error that is not a response of the service is thrown unchanged', async () => {
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

test('the error for a response that is not from the API states the endpoint and the ports of Signet', async () => {
  for (const [status, body] of [
    [405, 'Method Not Allowed'],
    [200, '<html>'],
    [503, 'no'],
  ] as const) {
    await using server = createServer((_, response) => response.writeHead(status).end(body))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const { credentials } = service
    const endpoint = `http://127.0.0.1:${port}/`
    const other = createClient({ region, endpoint, credentials, maxAttempts: 1 })
    await assert.rejects(other.listCertificateAuthorities(), (error: UnexpectedResponseError) => {
      assert.ok(error instanceof UnexpectedResponseError)
      assert.deepEqual([error.endpoint, error.statusCode], [endpoint, status])
      assert.match(error.message, /check the endpoint: .*--listen .*8080.*--public-listen.*8081/)
      return true
    })
    other.close()
  }
})

test('without a Region, the error explains how to set it', async () => {
  const program = `
    const { createClient } = await import(${JSON.stringify(join(import.meta.dirname, 'index.ts'))})
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
    const client = createClient({ endpoint: 'http://127.0.0.1:1', credentials })
    await client.listTags({ CertificateAuthorityArn: 'a' }).catch(({ message }) => console.log(message))`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', program],
    { env: { PATH: process.env['PATH'], AWS_CONFIG_FILE: '/dev/null' } },
  )
  assert.equal(stdout, 'the Region is unknown: set AWS_REGION, or pass region to createClient\n')
})

test('a call can be aborted', async () => {
  await assert.rejects(
    client.listCertificateAuthorities({}, { abortSignal: AbortSignal.abort() }),
    {
      name: 'AbortError',
    },
  )
})

test('the client imports only pure modules of the server: X.509, names and texts', () => {
  const allowed =
    /^src\/(x509\/(?:[\w-]+\/)?[\w-]+|authority\/(subject|general-names)|text\/closest-names)\.ts$/
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
