/** Tests that no input causes a 5xx response, a hang or a crash. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as fc from 'fast-check'
import { operations } from '../../src/operations/index.ts'
import { csr } from '../support/csrs.ts'
import { base64, createRoot, issueInput } from '../support/hierarchy.ts'
import { TestService } from '../support/service.ts'

let service: TestService
let root: { arn: string; csr: string; certificate: string }
before(async () => {
  service = await TestService.start({ quotaAuthorities: '1000000' })
  root = await createRoot(service)
})
after(() => service.close())

const names = Object.keys(operations)

async function assertHandled(
  operation: string,
  body: string | Uint8Array<ArrayBuffer>,
): Promise<void> {
  const answer = await service.send(operation, body)
  assert.ok(
    answer.status < 500,
    `${operation} ${answer.status} ${answer.text} for ${String(body).slice(0, 500)}`,
  )
  if (answer.status === 200) return
  assert.match(String(answer.json['__type']), /^[A-Za-z]+Exception$/)
  assert.match(answer.headers.get('x-amzn-requestid') ?? '', /^[0-9a-f-]{36}$/)
}

test('a body of random bytes never causes InternalFailure', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...names),
      fc.uint8Array({ maxLength: 200 }),
      (operation, bytes) => assertHandled(operation, Uint8Array.from(bytes)),
    ),
    { numRuns: 100 },
  )
})

test('random JSON never causes InternalFailure', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...names),
      fc.json({ maxDepth: 5, stringUnit: 'binary' }),
      (operation, json) => assertHandled(operation, json),
    ),
    { numRuns: 100 },
  )
})

test('known members with random values never cause InternalFailure', async () => {
  const value = fc.oneof(
    { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }) },
    fc.constantFrom(root.arn, 'arn:aws:acm-pca:::template/EndEntityCertificate/V1', '', 'AAAA'),
    fc.string({ unit: 'binary' }).map(base64),
    fc.bigInt({ min: 0n, max: 2n ** 64n }).map(Number),
    fc.constant({ Type: 'DAYS', Value: 1 }),
    fc.constant({ Type: 'END_DATE', Value: 99999999999999 }),
  )
  const input = (operation: string) => {
    const members = Object.keys(operations[operation as keyof typeof operations].input.members)
    return fc.tuple(
      fc.constant(operation),
      fc.dictionary(fc.constantFrom(...members, '__proto__', 'constructor', 'toString'), value, {
        maxKeys: 8,
      }),
    )
  }
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...names).chain(input), async ([operation, members]) => {
      await assertHandled(operation, JSON.stringify(members))
      const withArn = { CertificateAuthorityArn: root.arn, ...members }
      // Delete and Update operations are excluded, because the other tests need the CA.
      if (!/^(Delete|Update)/.test(operation))
        await assertHandled(operation, JSON.stringify(withArn))
    }),
    { numRuns: 200 },
  )
})

test('integers beyond the range of a number never cause InternalFailure', async () => {
  const huge = '123456789012345678901234567890'
  for (const body of [
    `{"MaxResults":${huge}}`,
    `{"MaxResults":-${huge}}`,
    `{"NextToken":${huge}}`,
    `{"CertificateAuthorityArn":${huge},"Tags":${huge}}`,
    `{"CertificateAuthorityArn":${JSON.stringify(root.arn)},"Tags":[${huge},{"Key":${huge}},{"Key":"a","Other":${huge}}]}`,
    `{"CertificateAuthorityArn":"x","Csr":"","SigningAlgorithm":"x","Validity":{"Value":${huge},"Type":"DAYS"}}`,
    `{"CertificateAuthorityArn":"x","Csr":"","SigningAlgorithm":"x","Validity":{"Value":9223372036854775807,"Type":"DAYS"}}`,
    `[${huge}]`,
    huge,
  ])
    for (const operation of names) await assertHandled(operation, body)
})

test('properties of the prototype chain are neither read nor set', async () => {
  for (const body of [
    '{"__proto__":{"CertificateAuthorityArn":"x"}}',
    '{"constructor":{"prototype":{"polluted":true}}}',
    `{"CertificateAuthorityArn":${JSON.stringify(root.arn)},"__proto__":{"polluted":true}}`,
  ])
    await assertHandled('DescribeCertificateAuthority', body)
  assert.equal('polluted' in {}, false)
  for (const operation of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', ''])
    assert.equal((await service.send(operation, '{}')).json['__type'], 'UnknownOperationException')
})

test('deeply nested and large bodies are refused, and later requests succeed', async () => {
  const depth = 500_000
  for (const body of [
    '['.repeat(depth),
    '['.repeat(depth) + ']'.repeat(depth),
    `{"a":${'{"a":'.repeat(depth)}1${'}'.repeat(depth + 1)}`,
    `{"CertificateAuthorityArn":"${'a'.repeat(3_000_000)}"}`,
    `{"Tags":[${'{"Key":"a"},'.repeat(200_000)}{"Key":"a"}]}`,
  ])
    await assertHandled('TagCertificateAuthority', body)
  const tooLarge = await service
    .send('TagCertificateAuthority', ' '.repeat(5_000_000))
    .catch((error: unknown) => error)
  if (!(tooLarge instanceof Error)) assert.equal((tooLarge as { status: number }).status, 413)
  const { status } = await service.call('DescribeCertificateAuthority', {
    CertificateAuthorityArn: root.arn,
  })
  assert.equal(status, 200)
})

test('a CSR with a flipped bit is refused as malformed', async () => {
  const der = Buffer.from(csr('ec-server').replaceAll(/-----[A-Z ]+-----|\s/g, ''), 'base64')
  const pem = (bytes: Uint8Array): string =>
    `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from(bytes).toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`
  for (let bit = 0; bit < der.length * 8; bit += 5) {
    const damaged = Uint8Array.from(der)
    const index = bit >> 3
    damaged[index] = (damaged[index] ?? 0) ^ (1 << (bit & 7))
    const answer = await service.call('IssueCertificate', issueInput(root.arn, pem(damaged)))
    assert.equal(answer.json['__type'], 'MalformedCSRException', `bit ${bit}: ${answer.text}`)
  }
  for (const text of [
    '-----BEGIN CERTIFICATE REQUEST-----\n'.repeat(800),
    `-----BEGIN CERTIFICATE REQUEST-----\n${'A'.repeat(32_000)}\n-----END CERTIFICATE REQUEST-----`,
    pem(Buffer.from(`30${'80'.repeat(100)}`, 'hex')),
    pem(Buffer.from('3084ffffffff', 'hex')),
    '\u0000'.repeat(1000),
  ])
    assert.equal(
      (await service.call('IssueCertificate', issueInput(root.arn, text))).json['__type'],
      'MalformedCSRException',
    )
})

test('a certificate with a flipped bit is refused', async () => {
  const der = Buffer.from(root.certificate.replaceAll(/-----[A-Z ]+-----|\s/g, ''), 'base64')
  const codes = new Set([
    'MalformedCertificateException',
    'CertificateMismatchException',
    'InvalidRequestException',
    'ValidationException',
  ])
  for (let bit = 0; bit < der.length * 8; bit += 11) {
    const damaged = Uint8Array.from(der)
    const index = bit >> 3
    damaged[index] = (damaged[index] ?? 0) ^ (1 << (bit & 7))
    const pem = `-----BEGIN CERTIFICATE-----\n${Buffer.from(damaged).toString('base64')}\n-----END CERTIFICATE-----`
    const answer = await service.call('ImportCertificateAuthorityCertificate', {
      CertificateAuthorityArn: root.arn,
      Certificate: base64(pem),
    })
    assert.ok(
      codes.has(String(answer.json['__type'])),
      `bit ${bit}: ${answer.status} ${answer.text}`,
    )
  }
})
