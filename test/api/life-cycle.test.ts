/** Tests every operation in every state of a CA (AWS Private CA User Guide: CA status and life cycle). */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { csr } from '../support/csrs.ts'
import {
  authorityInput,
  base64,
  createAuthority,
  createRoot,
  createSubordinate,
  issue,
  issueInput,
} from '../support/hierarchy.ts'
import { TestService } from '../support/service.ts'

let service: TestService
before(async () => {
  service = await TestService.start()
})
after(() => service.close())

type State =
  | 'CREATING'
  | 'PENDING_CERTIFICATE'
  | 'ACTIVE'
  | 'DISABLED'
  | 'EXPIRED'
  | 'FAILED'
  | 'DELETED'
const states: readonly State[] = [
  'CREATING',
  'PENDING_CERTIFICATE',
  'ACTIVE',
  'DISABLED',
  'EXPIRED',
  'FAILED',
  'DELETED',
]

interface Subject {
  readonly arn: string
  /** A certificate whose import makes the CA ACTIVE. */
  readonly certificate: string
  readonly certificateArn: string
}

/** Writes a CA state to the database. Some states are short-lived or occur only after a failure. */
async function forceStatus(arn: string, status: string): Promise<void> {
  const text = 'update authorities set status = ?, revision = revision + 1 where id = ?'
  await service.inDatabase(text, status, arn.split('/').at(-1) ?? '')
}

async function authorityIn(state: State): Promise<Subject> {
  const validity = state === 'EXPIRED' ? { Value: 1, Type: 'DAYS' } : { Value: 10, Type: 'YEARS' }
  const root = await createAuthority(service)
  const { arn: certificateArn, certificate } = await issue(service, root, {
    template: 'RootCACertificate',
    validity,
  })
  const subject = { arn: root.arn, certificate, certificateArn }
  const CertificateAuthorityArn = root.arn
  if (state === 'CREATING' || state === 'FAILED') await forceStatus(root.arn, state)
  if (state === 'ACTIVE' || state === 'DISABLED' || state === 'EXPIRED')
    await service.must('ImportCertificateAuthorityCertificate', {
      CertificateAuthorityArn,
      Certificate: base64(certificate),
    })
  if (state === 'DISABLED')
    await service.must('UpdateCertificateAuthority', {
      CertificateAuthorityArn,
      Status: 'DISABLED',
    })
  if (state === 'DELETED')
    await service.must('DeleteCertificateAuthority', { CertificateAuthorityArn })
  if (state !== 'EXPIRED') return subject
  service.clock.advance({ days: 2 })
  const renewed = await issue(service, root, {
    template: 'RootCACertificate',
    validity: { Value: 10, Type: 'YEARS' },
  })
  return { ...subject, certificate: renewed.certificate }
}

/** The outcome of each operation, either `ok` or an error code, in the order of `states`. */
const expectations: Record<
  string,
  { input: (subject: Subject) => object; outcomes: readonly string[] }
> = {
  DescribeCertificateAuthority: {
    input: () => ({}),
    outcomes: ['ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok'],
  },
  GetCertificateAuthorityCsr: {
    input: () => ({}),
    outcomes: ['RequestInProgress', 'ok', 'ok', 'ok', 'ok', 'RequestFailed', 'InvalidState'],
  },
  GetCertificateAuthorityCertificate: {
    input: () => ({}),
    outcomes: ['InvalidState', 'InvalidState', 'ok', 'ok', 'ok', 'InvalidState', 'InvalidState'],
  },
  ImportCertificateAuthorityCertificate: {
    input: ({ certificate }) => ({ Certificate: base64(certificate) }),
    outcomes: ['InvalidState', 'ok', 'ok', 'ok', 'ok', 'InvalidState', 'InvalidState'],
  },
  IssueCertificate: {
    input: ({ arn }) => issueInput(arn, csr('ec-server'), { validity: { Value: 1, Type: 'DAYS' } }),
    outcomes: [
      'InvalidState',
      'InvalidState',
      'ok',
      'InvalidState',
      'InvalidState',
      'InvalidState',
      'InvalidState',
    ],
  },
  GetCertificate: {
    input: ({ certificateArn }) => ({ CertificateArn: certificateArn }),
    outcomes: ['InvalidState', 'ok', 'ok', 'ok', 'ok', 'InvalidState', 'InvalidState'],
  },
  UpdateCertificateAuthority: {
    input: () => ({ Status: 'ACTIVE' }),
    outcomes: [
      'InvalidState',
      'InvalidState',
      'ok',
      'ok',
      'InvalidState',
      'InvalidState',
      'InvalidState',
    ],
  },
  DeleteCertificateAuthority: {
    input: () => ({}),
    outcomes: ['ok', 'ok', 'InvalidState', 'ok', 'ok', 'ok', 'InvalidState'],
  },
  RestoreCertificateAuthority: {
    input: () => ({}),
    outcomes: [
      'InvalidState',
      'InvalidState',
      'InvalidState',
      'InvalidState',
      'InvalidState',
      'InvalidState',
      'ok',
    ],
  },
  TagCertificateAuthority: {
    input: () => ({ Tags: [{ Key: 'a', Value: 'b' }] }),
    outcomes: ['InvalidState', 'ok', 'ok', 'ok', 'ok', 'InvalidState', 'InvalidState'],
  },
  UntagCertificateAuthority: {
    input: () => ({ Tags: [{ Key: 'a' }] }),
    outcomes: ['InvalidState', 'ok', 'ok', 'ok', 'ok', 'InvalidState', 'InvalidState'],
  },
  ListTags: {
    input: () => ({}),
    outcomes: ['InvalidState', 'ok', 'ok', 'ok', 'ok', 'InvalidState', 'InvalidState'],
  },
}

for (const [operation, { input, outcomes }] of Object.entries(expectations))
  test(`in each state of a CA ${operation} responds as AWS does`, async () => {
    const found: string[] = []
    for (const state of states) {
      const subject = await authorityIn(state)
      const { arn } = subject
      const described = await service.must('DescribeCertificateAuthority', {
        CertificateAuthorityArn: arn,
      })
      assert.equal(described.CertificateAuthority.Status, state)
      const answer = await service.call(operation, {
        CertificateAuthorityArn: arn,
        ...input(subject),
      })
      const code = (answer.json['__type'] as string | undefined) ?? 'ok'
      found.push(code.replace('Exception', ''))
    }
    assert.deepEqual(found, outcomes)
  })

test('ListCertificateAuthorities shows a CA in every state', async () => {
  for (const state of states) {
    const { arn } = await authorityIn(state)
    let token: string | undefined
    const seen: { Arn: string; Status: string }[] = []
    do {
      const page = await service.must(
        'ListCertificateAuthorities',
        token === undefined ? {} : { NextToken: token },
      )
      seen.push(...page.CertificateAuthorities)
      token = page.NextToken
    } while (token !== undefined)
    assert.equal(seen.find(({ Arn }) => Arn === arn)?.Status, state)
  }
})

test('an expired root that renews its certificate returns to its previous status', async () => {
  for (const former of ['ACTIVE', 'DISABLED']) {
    const root = await createRoot(service, { validity: { Value: 1, Type: 'DAYS' } })
    const CertificateAuthorityArn = root.arn
    if (former === 'DISABLED')
      await service.must('UpdateCertificateAuthority', {
        CertificateAuthorityArn,
        Status: 'DISABLED',
      })
    service.clock.advance({ days: 2 })
    const renewed = await issue(service, root, {
      template: 'RootCACertificate',
      validity: { Value: 1, Type: 'YEARS' },
    })
    assert.equal(renewed.chain, undefined)
    await service.must('ImportCertificateAuthorityCertificate', {
      CertificateAuthorityArn,
      Certificate: base64(renewed.certificate),
    })
    const { CertificateAuthority } = await service.must('DescribeCertificateAuthority', {
      CertificateAuthorityArn,
    })
    assert.equal(CertificateAuthority.Status, former)
  }
})

test('an expired CA issues only its own root certificate', async () => {
  const root = await createRoot(service, { validity: { Value: 1, Type: 'DAYS' } })
  service.clock.advance({ days: 2 })
  for (const [name, template] of [
    ['ec-server', undefined],
    ['ec-server', 'RootCACertificate'],
  ] as const)
    assert.equal(
      await service.refusal(
        'IssueCertificate',
        issueInput(root.arn, csr(name), template === undefined ? {} : { template }),
      ),
      'InvalidStateException: The certificate authority is not in a valid state for issuing certificates',
    )
})

test('a renewal changes the certificate chain of later certificates only', async () => {
  const root = await createRoot(service)
  const subordinate = await createSubordinate(service, root, {
    validity: { Value: 30, Type: 'DAYS' },
  })
  const leaf = await issue(
    service,
    { arn: subordinate.arn, csr: csr('ec-server') },
    { validity: { Value: 1, Type: 'DAYS' } },
  )
  assert.equal(leaf.chain, `${subordinate.certificate}\n${root.certificate}`)
  const renewed = await issue(
    service,
    { arn: root.arn, csr: subordinate.csr },
    {
      template: 'SubordinateCACertificate_PathLen0',
      validity: { Value: 60, Type: 'DAYS' },
    },
  )
  await service.must('ImportCertificateAuthorityCertificate', {
    CertificateAuthorityArn: subordinate.arn,
    Certificate: base64(renewed.certificate),
    CertificateChain: base64(root.certificate),
  })
  const again = await service.must('GetCertificate', {
    CertificateAuthorityArn: subordinate.arn,
    CertificateArn: leaf.arn,
  })
  assert.equal(again.CertificateChain, leaf.chain)
  const next = await issue(
    service,
    { arn: subordinate.arn, csr: csr('ec-server') },
    { validity: { Value: 1, Type: 'DAYS' } },
  )
  assert.equal(next.chain, `${renewed.certificate}\n${root.certificate}`)
})

test('a deleted CA can be restored to its previous status within the restoration period, and not afterwards', async () => {
  const { arn: CertificateAuthorityArn } = await authorityIn('DISABLED')
  await service.must('DeleteCertificateAuthority', {
    CertificateAuthorityArn,
    PermanentDeletionTimeInDays: 7,
  })
  const deleted = await service.must('DescribeCertificateAuthority', { CertificateAuthorityArn })
  const secondsLeft =
    deleted.CertificateAuthority.RestorableUntil - service.clock.now().getTime() / 1000
  assert.ok(secondsLeft > 7 * 86_400 - 60 && secondsLeft <= 7 * 86_400, String(secondsLeft))
  service.clock.advance({ days: 6 })
  assert.equal(
    (await service.call('RestoreCertificateAuthority', { CertificateAuthorityArn })).text,
    '',
  )
  const restored = await service.must('DescribeCertificateAuthority', { CertificateAuthorityArn })
  assert.equal(restored.CertificateAuthority.Status, 'DISABLED')
  assert.equal('RestorableUntil' in restored.CertificateAuthority, false)
  await service.must('DeleteCertificateAuthority', {
    CertificateAuthorityArn,
    PermanentDeletionTimeInDays: 7,
  })
  service.clock.advance({ days: 7 })
  for (const operation of [
    'DescribeCertificateAuthority',
    'RestoreCertificateAuthority',
    'DeleteCertificateAuthority',
  ])
    assert.match(
      await service.refusal(operation, { CertificateAuthorityArn }),
      /^ResourceNotFoundException: Could not find certificate authority arn:/,
    )
})

/** Counts a CA's stored keys, and the CA rows that refer to a key. */
async function keysOf(arn: string): Promise<{ stored: number; referenced: number }> {
  const id = arn.split('/').at(-1) ?? ''
  const count = async (query: string): Promise<number> =>
    Number((await service.inDatabase(query, id))[0]?.['n'])
  const stored = await count('select count(*) as n from keys where name = ?')
  const referenced = await count(
    'select count(*) as n from authorities where id = ? and key_handle is not null',
  )
  return { stored, referenced }
}

test('the key of a CA is erased at its permanent deletion, and not before', async () => {
  const { arn: CertificateAuthorityArn } = await authorityIn('DISABLED')
  await service.must('DeleteCertificateAuthority', {
    CertificateAuthorityArn,
    PermanentDeletionTimeInDays: 7,
  })
  service.clock.advance({ days: 6 })
  await service.restart()
  assert.deepEqual(await keysOf(CertificateAuthorityArn), { stored: 1, referenced: 1 })
  service.clock.advance({ days: 1 })
  await service.restart()
  await until(async () => (await keysOf(CertificateAuthorityArn)).referenced === 0)
  assert.deepEqual(await keysOf(CertificateAuthorityArn), { stored: 0, referenced: 0 })
})

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 3000; attempt += 1) {
    if (await condition()) return
    await setTimeout(20)
  }
  assert.fail('the condition was not met within a minute')
}

test('a CA that is deleted during its creation leaves no key behind', async () => {
  const { CertificateAuthorityArn } = await service.must(
    'CreateCertificateAuthority',
    authorityInput({ keyAlgorithm: 'RSA_2048' }),
  )
  await service.must('DeleteCertificateAuthority', { CertificateAuthorityArn })
  assert.match(
    await service.refusal('DescribeCertificateAuthority', { CertificateAuthorityArn }),
    /^ResourceNotFoundException: /,
  )
  // CA creation completes first, so that no partial key remains. Then the key is erased.
  await until(() => isFinished(CertificateAuthorityArn))
  await until(async () => (await keysOf(CertificateAuthorityArn)).referenced === 0)
  assert.deepEqual(await keysOf(CertificateAuthorityArn), { stored: 0, referenced: 0 })
})

async function isFinished(arn: string): Promise<boolean> {
  const text = 'select status from authorities where id = ?'
  const [row] = await service.inDatabase(text, arn.split('/').at(-1) ?? '')
  return row?.['status'] !== 'CREATING'
}
