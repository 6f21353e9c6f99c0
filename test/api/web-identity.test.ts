import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import { after, before, test } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose'
import {
  changeIdentityProvider,
  removeIdentityProvider,
} from '../../src/admin-commands/identity-providers.ts'
import { allow } from '../support/accounts.ts'
import { TestService } from '../support/service.ts'
import {
  callSts,
  createRole,
  credentialsOf,
  outcomeOf,
  trustIssuer,
  type StsAnswer,
} from '../support/sts.ts'

/** An issuer that serves its keys over HTTP. */
interface Issuer {
  readonly url: string
  /** Paths of the requests that the issuer has received. */
  readonly requests: string[]
  keys: JWK[]
  /** Status code of the issuer's next responses; 200 by default. */
  status: number
  /** The issuer in the OpenID configuration document. */
  claimedIssuer: string
}

const account = '123456789012'
let service: TestService
let server: Server
let issuer: Issuer
let privateKey: CryptoKey
let publicKey: JWK
let provider: string
let roleArn: string

before(async () => {
  service = await TestService.start()
  const pair = await generateKeyPair('ES256', { extractable: true })
  privateKey = pair.privateKey
  publicKey = { ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }
  issuer = await startIssuer([publicKey])
  provider = await trustIssuer(service, { issuer: issuer.url })
  roleArn = await createRole(service, {
    trust: [trustingTokens(`system:serviceaccount:pki:*`)],
    statements: [allow('*')],
  })
})
after(async () => {
  server.close()
  await service.close()
})

async function startIssuer(keys: JWK[]): Promise<Issuer> {
  const newIssuer: Issuer = { url: '', requests: [], keys, status: 200, claimedIssuer: '' }
  server = createServer((request, response) => {
    const path = request.url ?? ''
    newIssuer.requests.push(path)
    const answer = path.endsWith('/jwks')
      ? { keys: newIssuer.keys }
      : { issuer: newIssuer.claimedIssuer, jwks_uri: `${newIssuer.url}/jwks` }
    response.writeHead(newIssuer.status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const url = `http://127.0.0.1:${port}/id/CLUSTER`
  return Object.assign(newIssuer, { url, claimedIssuer: url })
}

function trustingTokens(subject: string, more: object = {}): Readonly<Record<string, unknown>> {
  const issuerHost = issuer.url.replace('http://', '')
  return {
    Effect: 'Allow',
    Principal: { Federated: provider },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: {
      StringLike: { [`${issuerHost}:sub`]: subject },
      StringEquals: { [`${issuerHost}:aud`]: 'signet' },
    },
    ...more,
  }
}

interface TokenOptions {
  readonly iss?: string
  readonly sub?: string
  readonly aud?: string | string[]
  readonly lifeSeconds?: number
  readonly key?: CryptoKey
  readonly kid?: string
  readonly more?: Record<string, unknown>
}

async function token(options: TokenOptions = {}): Promise<string> {
  const { iss = issuer.url, sub = 'system:serviceaccount:pki:issuer', aud = 'signet' } = options
  const { lifeSeconds = 600, key = privateKey, kid = 'one', more = {} } = options
  const now = Math.floor(service.clock.now().getTime() / 1000)
  return new SignJWT(more)
    .setProtectedHeader({ alg: 'ES256', kid })
    .setIssuer(iss)
    .setSubject(sub)
    .setAudience(aud)
    .setIssuedAt(now)
    .setExpirationTime(now + lifeSeconds)
    .sign(key)
}

async function assumeWith(WebIdentityToken: string, more: object = {}): Promise<StsAnswer> {
  const Action = 'AssumeRoleWithWebIdentity'
  const parameters = { Action, RoleArn: roleArn, RoleSessionName: 'pod', WebIdentityToken, ...more }
  return callSts(service, parameters, { credentials: null })
}

const outcomeWith = async (options: TokenOptions, more: object = {}): Promise<string> =>
  outcomeOf(await assumeWith(await token(options), more))

test('a token of a trusted issuer yields credentials of a role without an access key', async () => {
  const answer = await assumeWith(await token())
  const credentials = credentialsOf(answer)
  assert.deepEqual(['SubjectFromWebIdentityToken', 'Provider', 'Audience', 'Arn'].map(answer.get), [
    'system:serviceaccount:pki:issuer',
    provider,
    'signet',
    `arn:aws:sts::${account}:assumed-role/issuer/pod`,
  ])
  await service.must('ListCertificateAuthorities', {}, { credentials })
})

test('the keys of an issuer are fetched once and then cached', async () => {
  await assumeWith(await token())
  const before_ = issuer.requests.length
  for (let time = 0; time < 5; time += 1) await assumeWith(await token())
  assert.equal(issuer.requests.length, before_)
  assert.ok(issuer.requests.includes('/id/CLUSTER/.well-known/openid-configuration'))
})

test('tokens that do not match the trust policy are refused', async () => {
  const refused = '403 AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity'
  assert.equal(await outcomeWith({ sub: 'system:serviceaccount:web:issuer' }), refused)
  assert.equal(await outcomeWith({ more: { azp: 'other' } }), refused)
  assert.equal(await outcomeWith({}, { RoleArn: `arn:aws:iam::${account}:role/none` }), refused)
  const unnamed = await createRole(service, {
    roleName: 'unnamed',
    trust: [
      trustingTokens('*', { Principal: { AWS: '*' } }),
      trustingTokens('*', { Principal: '*' }),
      trustingTokens('*', { Principal: { Federated: `${provider}2` } }),
      trustingTokens('*', { Action: 'sts:AssumeRole' }),
    ],
  })
  assert.equal(await outcomeWith({}, { RoleArn: unnamed }), refused)
})

test('an invalid token is refused with the reason', async () => {
  const stranger = (await generateKeyPair('ES256')).privateKey
  const cases: [options: TokenOptions, message: RegExp][] = [
    [{ aud: 'other' }, /^400 InvalidIdentityToken: Incorrect token audience$/],
    [{ iss: 'https://other.example.com' }, /^400 InvalidIdentityToken: No OpenIDConnect provider/],
    [{ iss: `${issuer.url}/` }, /^400 InvalidIdentityToken: No OpenIDConnect provider/],
    [{ key: stranger }, /^400 InvalidIdentityToken: The token is not signed by its issuer$/],
    [{ kid: 'two' }, /^400 InvalidIdentityToken: Couldn't retrieve verification key/],
    [
      { lifeSeconds: -31 },
      /^400 ExpiredTokenException: Token expired: current date\/time \d+ must/,
    ],
    [{ sub: '' }, /^403 AccessDenied/],
  ]
  for (const [options, message] of cases) assert.match(await outcomeWith(options), message)
  assert.equal(await outcomeWith({ aud: ['other', 'signet'], more: { azp: 'signet' } }), '200')
  const [header, claims, signature] = (await token()).split('.')
  const none = Buffer.from('{"alg":"none"}').toString('base64url')
  const hmac = Buffer.from('{"alg":"HS256","kid":"one"}').toString('base64url')
  for (const text of [
    '....',
    'x.y.',
    `${none}.${claims}.`,
    `${hmac}.${claims}.${signature}`,
    `${header}.${claims}.AAAA`,
  ])
    assert.match(outcomeOf(await assumeWith(text)), /^400 InvalidIdentityToken: /, text)
})

test('a token with a claim of the wrong type is refused, and cannot evade a Deny', async () => {
  const subject = 'system:serviceaccount:pki:issuer'
  const issuerHost = issuer.url.replace('http://', '')
  const denied = await createRole(service, {
    roleName: 'denied',
    trust: [
      trustingTokens('*', { Condition: {} }),
      trustingTokens('*', {
        Effect: 'Deny',
        Condition: { StringLike: { [`${issuerHost}:sub`]: '*' } },
      }),
    ],
  })
  const now = Math.floor(service.clock.now().getTime() / 1000)
  const valid = { iss: issuer.url, sub: subject, aud: 'signet', iat: now, exp: now + 600 }
  const assumeWithClaims = async (
    claims: Record<string, unknown>,
    role: string,
  ): Promise<string> => {
    const jwt = new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'one' })
    return outcomeOf(await assumeWith(await jwt.sign(privateKey), { RoleArn: role }))
  }
  assert.equal(await assumeWithClaims(valid, roleArn), '200')
  const wrong: Record<string, unknown>[] = [
    ...[5, null, [subject], [], {}, true, `${subject}\0`].map((sub) => ({ sub })),
    ...[['signet', 5], ['signet', null], 5, null, {}, []].map((aud) => ({ aud })),
    ...[5, null, ['signet'], 'a\0'].map((azp) => ({ azp })),
    ...[5, [5], {}].map((amr) => ({ amr })),
    ...['1', null, [1]].flatMap((time) => [{ exp: time }, { iat: time }, { nbf: time }]),
  ]
  for (const claims of wrong)
    for (const role of [roleArn, denied]) {
      const outcome = await assumeWithClaims({ ...valid, ...claims }, role)
      assert.match(outcome, /^400 InvalidIdentityToken: /, JSON.stringify(claims))
    }
  assert.match(await assumeWithClaims(valid, denied), /^403 AccessDenied/)
})

test('a token with an issuer that no database can store is refused as untrusted', async () => {
  for (const iss of [`${issuer.url}\0`, '\0', '\ud800', 5, null, [issuer.url], {}]) {
    const payload = Buffer.from(JSON.stringify({ iss, sub: 'a' })).toString('base64url')
    const text = `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.${payload}.AAAA`
    assert.match(
      outcomeOf(await assumeWith(text)),
      /^400 InvalidIdentityToken: No OpenIDConnect provider found/,
    )
  }
})

test('an issuer with damaged or too many keys causes an error response, but no server error', async () => {
  const own = server
  const damaged: JWK[][] = [
    [{ ...publicKey, x: 'AA' }],
    [{ ...publicKey, kty: 'oct', k: 'AAAA' }],
    [{ ...publicKey, kty: 'RSA', n: 'AQAB', e: 'AQAB' }],
    Array.from({ length: 101 }, () => publicKey),
  ]
  for (const keys of damaged) {
    const other = await startIssuer(keys)
    await trustIssuer(service, { issuer: other.url })
    const outcome = await outcomeWith({ iss: other.url })
    assert.match(outcome, /^400 (?:InvalidIdentityToken|IDPCommunicationError): /, outcome)
    server.close()
    server = own
  }
})

test('a token that is not valid yet or does not expire is refused', async () => {
  const now = Math.floor(service.clock.now().getTime() / 1000)
  assert.match(await outcomeWith({ more: { nbf: now + 120 } }), /^400 InvalidIdentityToken: .*nbf/)
  const endless = await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .setIssuer(issuer.url)
    .setSubject('system:serviceaccount:pki:issuer')
    .setAudience('signet')
    .setIssuedAt(now)
    .sign(privateKey)
  assert.match(outcomeOf(await assumeWith(endless)), /^400 InvalidIdentityToken: .*exp/)
})

test('configured keys work without the issuer, and changed keys apply immediately', async () => {
  const url = 'https://issuer.invalid'
  const arn = await trustIssuer(service, { issuer: url, keySet: { keys: [publicKey] } })
  const RoleArn = await createRole(service, {
    roleName: 'offline',
    trust: [
      {
        Effect: 'Allow',
        Principal: { Federated: arn },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: { StringEquals: { 'issuer.invalid:sub': 'job' } },
      },
    ],
  })
  const options = { iss: url, sub: 'job' }
  assert.equal(await outcomeWith(options, { RoleArn }), '200')
  const other = await exportJWK((await generateKeyPair('ES256', { extractable: true })).publicKey)
  const name = { accountId: account, issuer: url }
  await changeIdentityProvider(service.config, name, {
    keySet: JSON.stringify({ keys: [{ ...other, kid: 'one', alg: 'ES256' }] }),
  })
  assert.match(
    await outcomeWith(options, { RoleArn }),
    /^400 InvalidIdentityToken: The token is not/,
  )
  await changeIdentityProvider(service.config, name, { audiences: ['else'] })
  assert.match(await outcomeWith(options, { RoleArn }), /^400 InvalidIdentityToken/)
  await removeIdentityProvider(service.config, name)
  assert.match(await outcomeWith(options, { RoleArn }), /No OpenIDConnect provider found/)
})

test('an invalid response of an issuer is reported, and the request is repeated later', async (context) => {
  const other = await TestService.start()
  context.after(() => other.close())
  const arn = await trustIssuer(other, { issuer: issuer.url })
  const RoleArn = await createRole(other, {
    trust: [trustingTokens('*', { Principal: { Federated: arn } })],
  })
  const WebIdentityToken = await token()
  const attempt = async (): Promise<string> => {
    const Action = 'AssumeRoleWithWebIdentity'
    const parameters = { Action, RoleArn, RoleSessionName: 'pod', WebIdentityToken }
    return outcomeOf(await callSts(other, parameters, { credentials: null }))
  }
  issuer.status = 503
  assert.match(
    await attempt(),
    /^400 IDPCommunicationError: .*openid-configuration cannot be read$/,
  )
  issuer.status = 200
  const requestCount = issuer.requests.length
  assert.match(await attempt(), /^400 IDPCommunicationError/)
  assert.equal(issuer.requests.length, requestCount, 'no request until the retry delay is over')
  issuer.claimedIssuer = 'https://other.example.com'
  other.clock.advance({ seconds: 31 })
  assert.match(await attempt(), /has no valid jwks_uri$/)
  issuer.claimedIssuer = issuer.url
  other.clock.advance({ seconds: 31 })
  assert.equal(await attempt(), '200')
})
