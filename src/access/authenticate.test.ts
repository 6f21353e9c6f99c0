import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { servedRegions } from '../wire/region.ts'
import { ServiceError } from '../errors.ts'
import { formatTimestamp } from '../wire/sigv4/timestamp.ts'
import { indexHeaders, splitTarget, type SignedRequest } from '../wire/sigv4/request.ts'
import { canonicalRequest } from '../wire/sigv4/canonical.ts'
import { hmacHex } from '../wire/sigv4/hmac-key.ts'
import { deriveSigningKey, parseSignature, stringToSign } from '../wire/sigv4/verify.ts'
import {
  accessKeyOf,
  sessionCaller,
  serviceCaller,
  userCaller,
} from '../../test/support/callers.ts'
import { createSealer } from '../sealer.ts'
import { systemRandom } from '../random.ts'
import type { AccessKey } from '../store/access-keys.ts'
import type { RoleWithPolicies } from '../store/roles.ts'
import { authenticate } from './authenticate.ts'
import { createKeyUses } from './key-uses.ts'
import { createSessions, type Session } from '../identity/session.ts'
import { createSigningKeys } from './signing-keys.ts'

const now = new Date('2026-11-25T12:00:00Z')
const alice = accessKeyOf({ policies: ['{}'] })
const sessions = createSessions(createSealer(systemRandom.bytes(32), systemRandom))
const role: RoleWithPolicies = {
  roleId: 'AROAEXAMPLE',
  accountId: '123456789012',
  organizationId: undefined,
  roleName: 'issuer',
  trustPolicy: '{}',
  sessionSecondsMax: 3600,
  tags: { Team: 'web' },
  createdAt: new Date(0),
  policies: ['{}'],
}

function services(keys: AccessKey[] = [alice], at = now) {
  const searches: string[] = []
  return {
    searches,
    clock: { now: () => at },
    signingKeys: createSigningKeys(),
    regions: servedRegions(),
    sessions,
    keyUses: createKeyUses(),
    findRole: async (id: string) => (id === role.roleId ? role : undefined),
    findAccessKey: async (id: string) => {
      searches.push(id)
      return keys.find((key) => key.accessKeyId === id)
    },
  }
}

interface Signing {
  readonly accessKeyId?: string
  readonly secretAccessKey?: string
  readonly region?: string
  readonly service?: string
  readonly more?: Record<string, string>
}

/** Returns a request signed with Signature V4. */
function signed(signing: Signing = {}): SignedRequest {
  const { accessKeyId = 'AKIDEXAMPLE', secretAccessKey = alice.secretAccessKey } = signing
  const { region = 'us-east-1', service = 'acm-pca', more = {} } = signing
  const sent = { host: 'h', 'x-amz-date': formatTimestamp(now), ...more }
  const names = Object.keys(sent).sort()
  const credential = `${accessKeyId}/${formatTimestamp(now).slice(0, 8)}/${region}/${service}/aws4_request`
  const withSignature = (signature: string): SignedRequest => {
    const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`
    const headers = indexHeaders(Object.entries({ ...sent, authorization }).flat())
    return { method: 'POST', ...splitTarget('/'), headers, body: Buffer.from('{}') }
  }
  const unsigned = withSignature('0')
  const claim = parseSignature(unsigned)
  const text = stringToSign(claim, canonicalRequest(unsigned, names))
  const key = deriveSigningKey(secretAccessKey, claim)
  return withSignature(hmacHex(key, text))
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof ServiceError, String(error))
  return `${error.code}: ${error.message}`
}

test("a signed request yields its caller, in the partition of the request's Region", async () => {
  const caller = userCaller({ policies: ['{}'], principal: alice.owner })
  assert.deepEqual(await authenticate(services(), signed()), caller)
  const china = await authenticate(services(), signed({ region: 'cn-north-1' }))
  assert.equal(china.arn, 'arn:aws-cn:iam::123456789012:user/alice')
})

const unrecognized =
  'UnrecognizedClientException: The security token included in the request is invalid'

test('an unknown or inactive access key, and an invalid session token, are refused', async () => {
  assert.equal(await codeOf(authenticate(services([]), signed())), unrecognized)
  assert.equal(
    await codeOf(authenticate(services([{ ...alice, active: false }]), signed())),
    unrecognized,
  )
  const withToken = signed({ more: { 'x-amz-security-token': 'token' } })
  assert.equal(await codeOf(authenticate(services(), withToken)), unrecognized)
})

test('the placeholder secret for unknown access keys authenticates nobody', async () => {
  const request = signed({ accessKeyId: 'NOBODY', secretAccessKey: '-'.repeat(40) })
  assert.equal(await codeOf(authenticate(services(), request)), unrecognized)
})

test('a malformed access key ID is not looked up', async () => {
  const asked = services()
  const request = signed({ accessKeyId: "x'--" })
  assert.equal(await codeOf(authenticate(asked, request)), unrecognized)
  assert.deepEqual(asked.searches, [])
})

test('a wrong secret access key causes the same error as at AWS', async () => {
  assert.match(
    await codeOf(authenticate(services(), signed({ secretAccessKey: 'other' }))),
    /^InvalidSignatureException: The request signature we calculated does not match the signature you provided\. /,
  )
})

test('the cached signing key of a previous secret does not verify signatures of a new secret', async () => {
  const shared = services()
  await authenticate(shared, signed())
  const changed = { ...shared, findAccessKey: async () => ({ ...alice, secretAccessKey: 'new' }) }
  assert.match(await codeOf(authenticate(changed, signed())), /^InvalidSignatureException/)
  await authenticate(changed, signed({ secretAccessKey: 'new' }))
})

test('the access key of a service identifies the service, which has no identity policies', async () => {
  const owner = { kind: 'service', name: 'acm.amazonaws.com', sourceArn: undefined } as const
  const caller = await authenticate(services([accessKeyOf({ owner, policies: ['{}'] })]), signed())
  assert.deepEqual(caller, serviceCaller())
})

test('the last use of an access key is recorded only if the signature is valid', async () => {
  const asked = services()
  await authenticate(asked, signed({ service: 'sts', region: 'eu-west-1' }), { service: 'sts' })
  await codeOf(authenticate(asked, signed({ secretAccessKey: 'other' })))
  assert.deepEqual(
    [...asked.keyUses.take()],
    [['AKIDEXAMPLE', { at: now, region: 'eu-west-1', service: 'sts' }]],
  )
  assert.equal(asked.keyUses.take().size, 0)
})

test('a signature for one service is invalid for another service', async () => {
  assert.match(
    await codeOf(authenticate(services(), signed(), { service: 'sts' })),
    /^InvalidSignatureException: Credential should be scoped to correct service: 'sts'\.$/,
  )
})

function sessionOf(change: Partial<Session> = {}): Session {
  return {
    accessKeyId: 'ASIAEXAMPLE',
    secretAccessKey: 'temporary',
    roleId: role.roleId,
    sessionName: 'job-1',
    issuedAt: new Date('2026-11-25T11:00:00Z'),
    expiresAt: new Date('2026-11-25T13:00:00Z'),
    policies: undefined,
    tags: {},
    transitiveTags: {},
    sourceIdentity: undefined,
    federatedProvider: undefined,
    origin: 'AIDAEXAMPLE',
    ...change,
  }
}

function signedBy(session: Session, token = sessions.tokenOf(session), signing: Signing = {}) {
  const { accessKeyId, secretAccessKey } = session
  return signed({
    accessKeyId,
    secretAccessKey,
    more: { 'x-amz-security-token': token },
    ...signing,
  })
}

test('a session has the policies of its role and its session policies', async () => {
  const caller = await authenticate(services(), signedBy(sessionOf({ policies: ['{"a":1}'] })))
  assert.deepEqual(caller, sessionCaller({ policies: ['{}'], sessionPolicies: ['{"a":1}'] }))
  const tagged = await authenticate(services(), signedBy(sessionOf({ tags: { team: 'db' } })))
  const { principal } = tagged
  assert.deepEqual(principal.kind === 'role-session' && principal.tags, { team: 'db' })
  assert.equal(services().keyUses.take().size, 0)
})

test('only a caller with the session secret receives the error that the session has expired', async () => {
  const session = sessionOf({ expiresAt: now })
  assert.equal(
    await codeOf(authenticate(services(), signedBy(session))),
    'ExpiredTokenException: The security token included in the request is expired',
  )
  const forged = signedBy(session, undefined, { secretAccessKey: 'x' })
  assert.match(await codeOf(authenticate(services(), forged)), /^InvalidSignatureException/)
  const last = sessionOf({ expiresAt: new Date(now.getTime() + 1) })
  assert.equal((await authenticate(services(), signedBy(last))).accessKeyId, 'ASIAEXAMPLE')
})

test('a missing session token, and a token of another access key or server, are refused', async () => {
  const session = sessionOf()
  const elsewhere = createSessions(createSealer(systemRandom.bytes(32), systemRandom))
  const token = sessions.tokenOf(session)
  for (const request of [
    signedBy({ ...session, accessKeyId: 'ASIAOTHER' }, token),
    signedBy(session, elsewhere.tokenOf(session)),
    signedBy(session, `${token.slice(0, -8)}AAAAAAA=`),
    signedBy(session, 'x'),
    signedBy(session, 'A'.repeat(17_000)),
    signed({ accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'temporary' }),
    signedBy(sessionOf({ roleId: 'AROAGONE' })),
    signed({ more: { 'x-amz-security-token': token } }),
  ])
    assert.equal(await codeOf(authenticate(services(), request)), unrecognized)
})

const botocore = `
import json, sys
import botocore.session
from botocore.awsrequest import AWSRequest
from botocore.config import Config
session = botocore.session.Session()
session.set_credentials(sys.argv[1], sys.argv[2])
client = session.create_client('acm-pca', region_name='eu-west-1', endpoint_url='http://localhost:8080')
out = []
def keep(request, **kwargs):
    out.append({'url': request.url, 'method': request.method, 'body': (request.body or b'').decode(),
        'headers': [[k, v.decode() if isinstance(v, bytes) else str(v)] for k, v in request.headers.items()]})
    raise KeyboardInterrupt()
client.meta.events.register('before-send.acm-pca', keep)
try:
    client.list_certificate_authorities(MaxResults=5)
except KeyboardInterrupt:
    pass
url = client.generate_presigned_url('list_tags', Params={'CertificateAuthorityArn': 'arn:aws:acm-pca:eu-west-1:1:x/é *'})
out.append({'url': url, 'method': 'POST', 'body': '', 'headers': [['Content-Type', 'application/x-amz-json-1.1'],
    ['X-Amz-Target', 'ACMPrivateCA.ListTags']]})
print(json.dumps(out))
`

interface BotocoreRequest {
  readonly url: string
  readonly method: string
  readonly body: string
  readonly headers: [name: string, value: string][]
}

test('requests and presigned URLs of botocore are authenticated', async (context) => {
  const argv = ['-c', botocore, alice.accessKeyId, alice.secretAccessKey]
  // Path of the system's Python, or of the first Python on PATH if the system has none.
  const runs = ['/usr/bin/python3', 'python3'].map((python) =>
    spawnSync(python, argv, { encoding: 'utf8' }),
  )
  const { stdout } = runs.find(({ status }) => status === 0) ?? {}
  if (stdout === undefined) {
    assert.equal(process.env['CI'], undefined, runs[0]?.stderr)
    context.skip('needs python3 with botocore')
    return
  }
  const requests: BotocoreRequest[] = JSON.parse(stdout)
  assert.equal(requests.length, 2)
  for (const { url, method, body, headers } of requests) {
    const { path, query } = splitTarget(url.slice('http://localhost:8080'.length))
    const withHost = headers.some(([name]) => name.toLowerCase() === 'host')
    const sent = [...(withHost ? [] : [['Host', 'localhost:8080']]), ...headers].flat()
    const request = { method, path, query, headers: indexHeaders(sent), body: Buffer.from(body) }
    const caller = await authenticate(services([alice], parseSignature(request).timestamp), request)
    assert.equal(caller.region, 'eu-west-1')
  }
})
