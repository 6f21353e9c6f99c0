/** Tests that foreign clients automatically obtain credentials from Signet's STS, as they would from AWS. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { ACMPCAClient, ListCertificateAuthoritiesCommand } from '@aws-sdk/client-acm-pca'
import { fromTemporaryCredentials, fromTokenFile } from '@aws-sdk/credential-providers'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { allow, createUser, type User } from '../support/accounts.ts'
import { clientEnvironment, clients, tool } from '../support/foreign-tools.ts'
import { TestService } from '../support/service.ts'
import { answerOf, createRole, trustIssuer, trusting } from '../support/sts.ts'

const run = promisify(execFile)
const account = '123456789012'
const region = 'eu-west-1'
let service: TestService
let folder: string
let user: User
let role: string
let tokenRole: string
let tokenFile: string

before(async () => {
  service = await TestService.start()
  folder = await mkdtemp(join(tmpdir(), 'signet-sts-'))
  user = await createUser(service, { userName: 'alice', statements: [allow('List*')] })
  const Action = ['sts:AssumeRole', 'sts:TagSession']
  role = await createRole(service, {
    trust: [trusting({ AWS: user.arn }, { Action })],
    statements: [allow('List*')],
  })
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  const issuer = 'https://kubernetes.default.svc.cluster.local'
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256' }]
  const provider = await trustIssuer(service, { issuer, keySet: { keys } })
  tokenRole = await createRole(service, {
    roleName: 'pods',
    trust: [
      {
        Effect: 'Allow',
        Principal: { Federated: provider },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: {
          StringEquals: {
            'kubernetes.default.svc.cluster.local:sub': 'system:serviceaccount:pki:issuer',
            'kubernetes.default.svc.cluster.local:aud': 'signet',
          },
        },
      },
    ],
    statements: [allow('List*')],
  })
  tokenFile = join(folder, 'token')
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: 'RS256', kid: 'one' })
    .setIssuer(issuer)
    .setSubject('system:serviceaccount:pki:issuer')
    .setAudience(['signet'])
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey)
  await writeFile(tokenFile, token)
})
after(async () => {
  await service.close()
  await rm(folder, { recursive: true })
})

function environment(): NodeJS.ProcessEnv {
  const { dataDirectory } = service.config
  return clientEnvironment(folder, { dataDirectory, region })
}

const session = (name: string, of = 'issuer'): string =>
  `arn:aws:sts::${account}:assumed-role/${of}/${name}`

for (const { command, optional } of clients('python3'))
  test(`botocore's credential providers obtain credentials with ${command}`, async (t) => {
    const python = await tool(t, command, { probe: ['-c', 'import boto3'], optional })
    if (python === undefined) return
    const { accessKeyId, secretAccessKey } = user.credentials
    const script = join(import.meta.dirname, 'sts_boto3.py')
    const argv = [service.url, accessKeyId, secretAccessKey, role, tokenRole, tokenFile]
    const { stdout } = await run(python, [script, ...argv], { env: environment() })
    const report = JSON.parse(stdout)
    assert.equal(report.user.Arn, user.arn)
    assert.match(report.user.UserId, /^AIDA[A-Z2-7]{16}$/)
    assert.equal(report.assumed.Arn, session('fetched'))
    assert.match(report.assumed.UserId, /^AROA[A-Z2-7]{16}:fetched$/)
    assert.deepEqual([report.token.Arn, report.token.Account], [session('pod', 'pods'), account])
    assert.equal(report.expires, true)
    assert.ok(report.packed > 0 && report.packed <= 100)
    assert.deepEqual(report.errors, [
      '403 AccessDenied',
      '400 ValidationError',
      '400 InvalidAction',
      '403 SignatureDoesNotMatch',
      '403 InvalidClientTokenId',
      '403 InvalidClientTokenId',
      '400 InvalidIdentityToken',
    ])
    for (const method of ['GET', 'POST']) {
      const answer = await answerOf(await fetch(report.presigned, { method }))
      assert.equal(answer.get('Arn'), method === 'GET' ? user.arn : undefined)
    }
  })

for (const { command, optional } of clients('aws'))
  test(`the AWS CLI ${command} assumes roles by itself`, async (t) => {
    const aws = await tool(t, command, { optional })
    if (aws === undefined) return
    const { accessKeyId, secretAccessKey } = user.credentials
    const env = {
      ...environment(),
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_DEFAULT_REGION: region,
      AWS_PAGER: '',
    }
    const sts = async (...args: string[]): Promise<Record<string, unknown>> => {
      const argv = ['sts', ...args, '--endpoint-url', service.url, '--output', 'json']
      return JSON.parse((await run(aws, argv, { env })).stdout)
    }
    assert.equal((await sts('get-caller-identity'))['Arn'], user.arn)
    const named = ['--role-session-name', 'cli']
    const assumed = await sts(
      'assume-role',
      '--role-arn',
      role,
      ...named,
      '--duration-seconds',
      '900',
    )
    assert.equal((assumed['AssumedRoleUser'] as { Arn: string }).Arn, session('cli'))
    const { stdout: version } = await run(aws, ['--version'])
    if (!readsEndpointVariables(version)) return
    const config = join(folder, 'config')
    await writeFile(
      config,
      `[profile assuming]\nrole_arn = ${role}\ncredential_source = Environment\nrole_session_name = profile\n` +
        `[profile token]\nrole_arn = ${tokenRole}\nweb_identity_token_file = ${tokenFile}\nrole_session_name = pod\n`,
    )
    for (const [profile, arn] of [
      ['assuming', session('profile')],
      ['token', session('pod', 'pods')],
    ] as const) {
      const withProfile = {
        ...env,
        AWS_CONFIG_FILE: config,
        AWS_ENDPOINT_URL_STS: service.url,
        AWS_ENDPOINT_URL_ACM_PCA: service.url,
      }
      const runWithProfile = (...args: string[]): Promise<{ stdout: string }> =>
        run(aws, [...args, '--profile', profile, '--output', 'json'], { env: withProfile })
      assert.equal(JSON.parse((await runWithProfile('sts', 'get-caller-identity')).stdout).Arn, arn)
      const { stdout } = await runWithProfile('acm-pca', 'list-certificate-authorities')
      assert.deepEqual(JSON.parse(stdout), { CertificateAuthorities: [] })
    }
  })

/** Returns whether a client reads AWS_ENDPOINT_URL variables, as botocore 1.31 and version 2.13 of the AWS CLI do. */
function readsEndpointVariables(version: string): boolean {
  const [, cli = 0] = /aws-cli\/2\.(\d+)/.exec(version) ?? []
  const [, botocore = 0] = /botocore\/1\.(\d+)/.exec(version) ?? []
  return Number(cli) >= 13 || Number(botocore) >= 31
}

test('the AWS SDK for JavaScript obtains credentials with AssumeRole and with a token file', async () => {
  // In a pod, AWS_ENDPOINT_URL_STS is set. Not every credential provider passes on the configured endpoint.
  process.env['AWS_ENDPOINT_URL_STS'] = service.url
  const clientConfig = { region, endpoint: service.url }
  const params = { RoleArn: role, RoleSessionName: 'js' }
  for (const credentials of [
    fromTemporaryCredentials({ masterCredentials: user.credentials, params, clientConfig }),
    fromTokenFile({
      webIdentityTokenFile: tokenFile,
      roleArn: tokenRole,
      roleSessionName: 'js',
      clientConfig,
    }),
  ]) {
    const client = new ACMPCAClient({ ...clientConfig, credentials })
    const { CertificateAuthorities } = await client.send(new ListCertificateAuthoritiesCommand({}))
    assert.deepEqual(CertificateAuthorities, [])
    client.destroy()
  }
})
