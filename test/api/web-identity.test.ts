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

/** An issuer whose keys are asked for over HTTP. */
interface Issuer {
  readonly url: string
  /** What it was asked for. */
  readonly asked: string[]
  keys: JWK[]
  /** Of the next answers; 200 unless a test says otherwise. */
  status: number
  /** What its configuration says of itself. */
  named: string
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
  const started: Issuer = { url: '', asked: [], keys, status: 200, named: '' }
  server = createServer((request, response) => {
    const path = request.url ?? ''
    started.asked.push(path)
    const answer = path.endsWith('/jwks')
      ? { keys: started.keys }
      : { issuer: started.named, jwks_uri: `${started.url}/jwks` }
    response.writeHead(started.status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const url = `http://127.0.0.1:${port}/id/CLUSTER`
  return Object.assign(started, { url, named: url })
}

function trustingTokens(subject: string, more: object = {}): Readonly<Record<string, unknown>> {
  const place = issuer.url.replace('http://', '')
  return {
    Effect: 'Allow',
    Principal: { Federated: provider },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: {
      StringLike: { [`${place}:sub`]: subject },
      StringEquals: { [`${place}:aud`]: 'signet' },
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

async function bring(WebIdentityToken: string, more: object = {}): Promise<StsAnswer> {
  const Action = 'AssumeRoleWithWebIdentity'
  const parameters = { Action, RoleArn: roleArn, RoleSessionName: 'pod', WebIdentityToken, ...more }
  return callSts(service, parameters, { credentials: null })
}

const refusedWith = async (options: TokenOptions, more: object = {}): Promise<string> =>
  outcomeOf(await bring(await token(options), more))

test('a token of a trusted issuer gives credentials of a role, without a key of ours', async () => {
  const answer = await bring(await token())
  const credentials = credentialsOf(answer)
  assert.deepEqual(['SubjectFromWebIdentityToken', 'Provider', 'Audience', 'Arn'].map(answer.get), [
    'system:serviceaccount:pki:issuer',
    provider,
    'signet',
    `arn:aws:sts::${account}:assumed-role/issuer/pod`,
  ])
  await service.must('ListCertificateAuthorities', {}, { credentials })
})

test('keys of an issuer are asked for once, and again for one that is not known yet', async () => {
  await bring(await token())
  const before_ = issuer.asked.length
  for (let time = 0; time < 5; time += 1) await bring(await token())
  assert.equal(issuer.asked.length, before_)
  assert.ok(issuer.asked.includes('/id/CLUSTER/.well-known/openid-configuration'))
})

test('who is not meant by the trust policy is refused', async () => {
  const refused = '403 AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity'
  assert.equal(await refusedWith({ sub: 'system:serviceaccount:web:issuer' }), refused)
  assert.equal(await refusedWith({ more: { azp: 'other' } }), refused)
  assert.equal(await refusedWith({}, { RoleArn: `arn:aws:iam::${account}:role/none` }), refused)
  const unnamed = await createRole(service, {
    roleName: 'unnamed',
    trust: [
      trustingTokens('*', { Principal: { AWS: '*' } }),
      trustingTokens('*', { Principal: '*' }),
      trustingTokens('*', { Principal: { Federated: `${provider}2` } }),
      trustingTokens('*', { Action: 'sts:AssumeRole' }),
    ],
  })
  assert.equal(await refusedWith({}, { RoleArn: unnamed }), refused)
})

test('a token that proves nothing is refused, and it is said why', async () => {
  const stranger = (await generateKeyPair('ES256')).privateKey
  const cases: [options: TokenOptions, said: RegExp][] = [
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
  for (const [options, said] of cases) assert.match(await refusedWith(options), said)
  assert.equal(await refusedWith({ aud: ['other', 'signet'], more: { azp: 'signet' } }), '200')
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
    assert.match(outcomeOf(await bring(text)), /^400 InvalidIdentityToken: /, text)
})

test('a claim of another type is refused by name, and escapes no Deny', async () => {
  const subject = 'system:serviceaccount:pki:issuer'
  const place = issuer.url.replace('http://', '')
  const denied = await createRole(service, {
    roleName: 'denied',
    trust: [
      trustingTokens('*', { Condition: {} }),
      trustingTokens('*', { Effect: 'Deny', Condition: { StringLike: { [`${place}:sub`]: '*' } } }),
    ],
  })
  const now = Math.floor(service.clock.now().getTime() / 1000)
  const right = { iss: issuer.url, sub: subject, aud: 'signet', iat: now, exp: now + 600 }
  const bringClaims = async (claims: Record<string, unknown>, role: string): Promise<string> => {
    const made = new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'one' })
    return outcomeOf(await bring(await made.sign(privateKey), { RoleArn: role }))
  }
  assert.equal(await bringClaims(right, roleArn), '200')
  const wrong: Record<string, unknown>[] = [
    ...[5, null, [subject], [], {}, true, `${subject}\0`].map((sub) => ({ sub })),
    ...[['signet', 5], ['signet', null], 5, null, {}, []].map((aud) => ({ aud })),
    ...[5, null, ['signet'], 'a\0'].map((azp) => ({ azp })),
    ...[5, [5], {}].map((amr) => ({ amr })),
    ...['1', null, [1]].flatMap((time) => [{ exp: time }, { iat: time }, { nbf: time }]),
  ]
  for (const claims of wrong)
    for (const role of [roleArn, denied]) {
      const outcome = await bringClaims({ ...right, ...claims }, role)
      assert.match(outcome, /^400 InvalidIdentityToken: /, JSON.stringify(claims))
    }
  assert.match(await bringClaims(right, denied), /^403 AccessDenied/)
})

test('an issuer that no database can hold is one that nobody trusts', async () => {
  for (const iss of [`${issuer.url}\0`, '\0', '\ud800', 5, null, [issuer.url], {}]) {
    const payload = Buffer.from(JSON.stringify({ iss, sub: 'a' })).toString('base64url')
    const text = `${Buffer.from('{"alg":"ES256"}').toString('base64url')}.${payload}.AAAA`
    assert.match(
      outcomeOf(await bring(text)),
      /^400 InvalidIdentityToken: No OpenIDConnect provider found/,
    )
  }
})

test('keys that are damaged, or too many, are no fault of the server', async () => {
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
    const outcome = await refusedWith({ iss: other.url })
    assert.match(outcome, /^400 (?:InvalidIdentityToken|IDPCommunicationError): /, outcome)
    server.close()
    server = own
  }
})

test('a token that is not valid yet, or has no end, is refused', async () => {
  const now = Math.floor(service.clock.now().getTime() / 1000)
  assert.match(await refusedWith({ more: { nbf: now + 120 } }), /^400 InvalidIdentityToken: .*nbf/)
  const endless = await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .setIssuer(issuer.url)
    .setSubject('system:serviceaccount:pki:issuer')
    .setAudience('signet')
    .setIssuedAt(now)
    .sign(privateKey)
  assert.match(outcomeOf(await bring(endless)), /^400 InvalidIdentityToken: .*exp/)
})

test('keys that are given need no issuer that answers; other keys count at once', async () => {
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
  assert.equal(await refusedWith(options, { RoleArn }), '200')
  const other = await exportJWK((await generateKeyPair('ES256', { extractable: true })).publicKey)
  const name = { accountId: account, issuer: url }
  await changeIdentityProvider(service.config, name, {
    keySet: JSON.stringify({ keys: [{ ...other, kid: 'one', alg: 'ES256' }] }),
  })
  assert.match(
    await refusedWith(options, { RoleArn }),
    /^400 InvalidIdentityToken: The token is not/,
  )
  await changeIdentityProvider(service.config, name, { audiences: ['else'] })
  assert.match(await refusedWith(options, { RoleArn }), /^400 InvalidIdentityToken/)
  await removeIdentityProvider(service.config, name)
  assert.match(await refusedWith(options, { RoleArn }), /No OpenIDConnect provider found/)
})

test('an issuer that does not answer as it should is said, and asked again later', async (context) => {
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
  const asked = issuer.asked.length
  assert.match(await attempt(), /^400 IDPCommunicationError/)
  assert.equal(issuer.asked.length, asked, 'it is left alone for a while')
  issuer.named = 'https://other.example.com'
  other.clock.advance({ seconds: 31 })
  assert.match(await attempt(), /has no valid jwks_uri$/)
  issuer.named = issuer.url
  other.clock.advance({ seconds: 31 })
  assert.equal(await attempt(), '200')
})
