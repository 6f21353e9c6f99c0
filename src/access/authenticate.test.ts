import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { ServiceError } from '../errors.ts'
import { formatTimestamp } from '../wire/sigv4-timestamp.ts'
import { indexHeaders, splitTarget, type RawRequest } from '../wire/sigv4-request.ts'
import { canonicalRequest } from '../wire/sigv4-canonical.ts'
import { deriveSigningKey, parseSignature, stringToSign } from '../wire/sigv4.ts'
import { createHmac } from 'node:crypto'
import type { AccessKey } from './access-key.ts'
import { authenticate } from './authenticate.ts'
import { createSigningKeys } from './signing-keys.ts'

const now = new Date('2026-11-25T12:00:00Z')
const alice: AccessKey = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  accountId: '123456789012',
  userName: 'alice',
  policy: '{}',
  active: true,
}

function services(keys: AccessKey[] = [alice], at = now) {
  const searches: string[] = []
  return {
    searches,
    clock: { now: () => at },
    signingKeys: createSigningKeys(),
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
  readonly more?: Record<string, string>
}

/** A request signed as a client does. */
function signed(signing: Signing = {}): RawRequest {
  const { accessKeyId = 'AKIDEXAMPLE', secretAccessKey = alice.secretAccessKey } = signing
  const { region = 'us-east-1', more = {} } = signing
  const sent = { host: 'h', 'x-amz-date': formatTimestamp(now), ...more }
  const names = Object.keys(sent).sort()
  const credential = `${accessKeyId}/${formatTimestamp(now).slice(0, 8)}/${region}/acm-pca/aws4_request`
  const withSignature = (signature: string): RawRequest => {
    const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`
    const headers = indexHeaders(Object.entries({ ...sent, authorization }).flat())
    return { method: 'POST', path: '/', query: '', headers, body: Buffer.from('{}') }
  }
  const unsigned = withSignature('0')
  const claim = parseSignature(unsigned)
  const text = stringToSign(claim, canonicalRequest(unsigned, names))
  const key = deriveSigningKey(secretAccessKey, claim)
  return withSignature(createHmac('sha256', key).update(text).digest('hex'))
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof ServiceError, String(error))
  return `${error.code}: ${error.message}`
}

test('a signed request has a caller, in the partition of its Region', async () => {
  assert.deepEqual(await authenticate(services(), signed()), {
    partition: 'aws',
    region: 'us-east-1',
    accountId: '123456789012',
    arn: 'arn:aws:iam::123456789012:user/alice',
    accessKeyId: 'AKIDEXAMPLE',
    userName: 'alice',
    policies: ['{}'],
  })
  const china = await authenticate(services(), signed({ region: 'cn-north-1' }))
  assert.equal(china.arn, 'arn:aws-cn:iam::123456789012:user/alice')
})

const unrecognized =
  'UnrecognizedClientException: The security token included in the request is invalid'

test('an unknown or inactive key, and a session token, are not recognised', async () => {
  assert.equal(await codeOf(authenticate(services([]), signed())), unrecognized)
  assert.equal(
    await codeOf(authenticate(services([{ ...alice, active: false }]), signed())),
    unrecognized,
  )
  const withToken = signed({ more: { 'x-amz-security-token': 'token' } })
  assert.equal(await codeOf(authenticate(services(), withToken)), unrecognized)
})

test('the secret that stands in for that of an unknown key opens nothing', async () => {
  const request = signed({ accessKeyId: 'NOBODY', secretAccessKey: '-'.repeat(40) })
  assert.equal(await codeOf(authenticate(services(), request)), unrecognized)
})

test('an id that can be no access key is not looked up', async () => {
  const asked = services()
  const request = signed({ accessKeyId: "x'--" })
  assert.equal(await codeOf(authenticate(asked, request)), unrecognized)
  assert.deepEqual(asked.searches, [])
})

test('a wrong secret is told as AWS tells it', async () => {
  assert.match(
    await codeOf(authenticate(services(), signed({ secretAccessKey: 'other' }))),
    /^InvalidSignatureException: The request signature we calculated does not match the signature you provided\. /,
  )
})

test('a secret that changed is not met by the signing key of the one before', async () => {
  const shared = services()
  await authenticate(shared, signed())
  const changed = { ...shared, findAccessKey: async () => ({ ...alice, secretAccessKey: 'new' }) }
  assert.match(await codeOf(authenticate(changed, signed())), /^InvalidSignatureException/)
  await authenticate(changed, signed({ secretAccessKey: 'new' }))
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

test('requests and presigned URLs of botocore are recognised', async (context) => {
  const argv = ['-c', botocore, alice.accessKeyId, alice.secretAccessKey]
  // That of the system, as CI installs it, or else the first on PATH.
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
