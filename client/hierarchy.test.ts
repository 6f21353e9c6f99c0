import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { afterEach, beforeEach, test } from 'node:test'
import { breakCreations, brokenKeyAlgorithm } from '../test/support/broken-creations.ts'
import { TestService } from '../test/support/service.ts'
import { createHierarchy } from './hierarchy.ts'
import { createClient, HierarchyError, type Client, type HierarchyRequest } from './index.ts'

let service: TestService
let client: Client
beforeEach(async () => {
  service = await TestService.start()
  const { url: endpoint, credentials } = service
  client = createClient({ region: 'eu-west-1', endpoint, credentials, maxAttempts: 1 })
})
afterEach(async () => {
  client.close()
  await service.close()
})

const request: HierarchyRequest = {
  root: { subject: { CommonName: 'Root' } },
  issuing: { subject: { CommonName: 'Issuing' } },
  waiter: { Delay: 0.05 },
}

const authorities = async (): Promise<string[]> => {
  const all = await client.getPaginator('listCertificateAuthorities').paginate().buildFullResult()
  return all.CertificateAuthorities.map(({ Status = '' }) => Status).sort()
}

test('createHierarchy creates two ACTIVE CAs with the requested settings', async () => {
  const { root, issuing } = await client.createHierarchy({
    root: {
      ...request.root,
      keyAlgorithm: 'RSA_2048',
      signingAlgorithm: 'SHA512WITHRSA',
      validity: { years: 20 },
      tags: { team: 'pki' },
    },
    issuing: {
      ...request.issuing,
      keyAlgorithm: 'EC_secp384r1',
      pathLength: 1,
      validity: { days: 100 },
      revocation: { OcspConfiguration: { Enabled: true } },
    },
  })
  const [rootCertificate, certificate] = [root, issuing].map(
    (made) => new X509Certificate(made.certificate),
  )
  assert.ok(rootCertificate && certificate)
  assert.ok(
    certificate.verify(rootCertificate.publicKey) && certificate.checkIssued(rootCertificate),
  )
  assert.deepEqual([root.chain, issuing.chain], ['', ''])
  assert.deepEqual([root.root, issuing.root], [root.certificate, root.certificate])
  assert.equal(rootCertificate.publicKey.asymmetricKeyType, 'rsa')
  const days = (certificate.validToDate.getTime() - Date.now()) / 86_400_000
  assert.ok(days > 99 && days < 101, String(days))
  assert.deepEqual(await authorities(), ['ACTIVE', 'ACTIVE'])
  const described = await client.describeCertificateAuthority({
    CertificateAuthorityArn: issuing.arn,
  })
  const { RevocationConfiguration } = described.CertificateAuthority ?? {}
  assert.equal(RevocationConfiguration?.OcspConfiguration?.Enabled, true)
  const { Tags = [] } = await client.listTags({ CertificateAuthorityArn: root.arn })
  assert.ok(Tags.some(({ Key, Value }) => Key === 'team' && Value === 'pki'))
})

test('a second call returns the same hierarchy, even after the idempotency tokens have expired', async () => {
  const first = await client.createHierarchy(request)
  assert.deepEqual(await client.createHierarchy(request), first)
  await service.inDatabase('delete from idempotency_tokens')
  assert.deepEqual(await client.createHierarchy(request), first)
  const other = await client.createHierarchy({ ...request, name: 'another' })
  assert.notEqual(other.root.arn, first.root.arn)
  assert.equal((await authorities()).length, 4)
})

test('a request without a subject is refused before a CA is created', async () => {
  for (const [bad, message] of [
    [{ name: 'x' }, "createHierarchy: option 'root' is missing"],
    [{ root: {}, issuing: request.issuing }, "createHierarchy: root: option 'subject' is missing"],
    [{ root: request.root }, "createHierarchy: option 'issuing' is missing"],
  ] as const)
    await assert.rejects(client.createHierarchy(bad as never), {
      name: 'TypeError',
      message: new RegExp(`^${message}; it must be an object, such as .*CommonName: 'Example'`),
    })
  assert.deepEqual(await authorities(), [])
})

test('two concurrent calls create one hierarchy', async () => {
  const [first, second] = await Promise.all([
    client.createHierarchy(request),
    client.createHierarchy(request),
  ])
  assert.equal(first.issuing.arn, second.issuing.arn)
  assert.deepEqual(await authorities(), ['ACTIVE', 'ACTIVE'])
})

const steps = [
  'createCertificateAuthority',
  'describeCertificateAuthority',
  'getCertificateAuthorityCsr',
  'issueCertificate',
  'importCertificateAuthorityCertificate',
  'getCertificateAuthorityCertificate',
] as const

for (const step of steps)
  test(`after a lost response to ${step}, the next call continues at that step`, async () => {
    const lost = new Set<string>()
    const losing: Client = {
      ...client,
      [step]: async (...input: [never]) => {
        const output = await client[step](...input)
        const { CertificateAuthorityArn, TemplateArn, CertificateAuthorityType } = input[0]
        const about = JSON.stringify([
          CertificateAuthorityArn,
          TemplateArn,
          CertificateAuthorityType,
        ])
        if (lost.has(about)) return output
        lost.add(about)
        throw new Error('the connection is lost')
      },
    }
    for (let turn = 0; turn < 2; turn += 1) {
      await assert.rejects(
        createHierarchy(losing, request),
        (error) =>
          error instanceof HierarchyError &&
          error.message.endsWith('the connection is lost') &&
          error.role === (turn === 0 ? 'root' : 'issuing'),
      )
      // Tests that a repeated call relies only on state in the service.
      await service.inDatabase('delete from idempotency_tokens')
    }
    const { root, issuing } = await client.createHierarchy(request)
    assert.ok(
      new X509Certificate(issuing.certificate).verify(
        new X509Certificate(root.certificate).publicKey,
      ),
    )
    assert.deepEqual(await authorities(), ['ACTIVE', 'ACTIVE'])
  })

test('the error for an unusable CA has its ARN and the reason', async () => {
  const { root, issuing } = await client.createHierarchy(request)
  await assert.rejects(
    client.createHierarchy({ ...request, root: { ...request.root, keyAlgorithm: 'RSA_2048' } }),
    {
      name: 'HierarchyError',
      role: 'root',
      certificateAuthorityArn: root.arn,
      message: `root CA ${root.arn}: the CA exists with the key algorithm EC_prime256v1, not RSA_2048`,
    },
  )
  const where = { CertificateAuthorityArn: issuing.arn }
  await client.updateCertificateAuthority({ ...where, Status: 'DISABLED' })
  await assert.rejects(client.createHierarchy(request), {
    name: 'HierarchyError',
    role: 'issuing',
    certificateAuthorityArn: issuing.arn,
    message: /the CA has the status DISABLED/,
  })
  await client.deleteCertificateAuthority(where)
  await service.inDatabase('delete from idempotency_tokens')
  const again = await client.createHierarchy(request)
  assert.equal(again.root.arn, root.arn)
  assert.notEqual(again.issuing.arn, issuing.arn)
})

test('a repeated call returns a hierarchy whose root was disabled after it had certified the issuing CA', async () => {
  const first = await client.createHierarchy(request)
  await client.updateCertificateAuthority({
    CertificateAuthorityArn: first.root.arn,
    Status: 'DISABLED',
  })
  assert.deepEqual(await client.createHierarchy(request), first)
})

test('the error has the cause for a key that cannot be generated and for an error of the service', async () => {
  breakCreations(service)
  const slow = { ...request, root: { ...request.root, keyAlgorithm: brokenKeyAlgorithm } as const }
  await assert.rejects(
    client.createHierarchy({ ...slow, waiter: { Delay: 0.01, MaxAttempts: 3 } }),
    (error) =>
      error instanceof HierarchyError &&
      error.certificateAuthorityArn !== undefined &&
      (error.cause as Error).name === 'WaiterError',
  )
  await assert.rejects(
    client.createHierarchy({ ...request, root: { subject: {} } }),
    (error) =>
      error instanceof HierarchyError &&
      error.certificateAuthorityArn === undefined &&
      error.cause instanceof client.exceptions.InvalidArgsException,
  )
})

test('CAs whose tags are not available are ignored, and a FAILED CA of the hierarchy is an error', async () => {
  const other = await client.createHierarchy({ ...request, name: 'of others' })
  const hiding: Client = {
    ...client,
    listTags: (input) =>
      [other.root.arn, other.issuing.arn].includes(input.CertificateAuthorityArn)
        ? client
            .getCertificateAuthorityCsr({ CertificateAuthorityArn: unknownArn })
            .then(() => assert.fail())
        : client.listTags(input),
  }
  const unknownArn = other.root.arn.replace(/[^/]+$/, crypto.randomUUID())
  const { issuing } = await createHierarchy(hiding, request)
  assert.notEqual(issuing.arn, other.issuing.arn)
  const failing: Client = {
    ...client,
    async describeCertificateAuthority(input) {
      const { $metadata, CertificateAuthority } = await client.describeCertificateAuthority(input)
      const failed = { ...CertificateAuthority, Status: 'FAILED', FailureReason: 'OTHER' } as const
      return { $metadata, CertificateAuthority: failed }
    },
  }
  await assert.rejects(createHierarchy(failing, request), {
    name: 'HierarchyError',
    role: 'root',
    message:
      /: the CA has the status FAILED \(OTHER\); it must be ACTIVE or PENDING_CERTIFICATE\. /,
  })
})
