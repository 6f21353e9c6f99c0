/** Every operation in every state of a CA (acm-pca: CA status and life cycle). */
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
  /** A certificate that makes a CA of this key ACTIVE. */
  readonly certificate: string
  readonly certificateArn: string
}

/** States that last for a moment, or only after a fault, are written into the database. */
async function force(arn: string, status: string): Promise<void> {
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
  if (state === 'CREATING' || state === 'FAILED') await force(root.arn, state)
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

/** What each cell says: `ok`, or the code of the refusal. States in the order of `states`. */
const table: Record<string, { input: (subject: Subject) => object; cells: readonly string[] }> = {
  DescribeCertificateAuthority: {
    input: () => ({}),
    cells: ['ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok'],
  },
  GetCertificateAuthorityCsr: {
    input: () => ({}),
    cells: ['RequestInProgress', 'ok', 'ok', 'ok', 'ok', 'RequestFailed', 'InvalidState'],
  },
  GetCertificateAuthorityCertificate: {
    input: () => ({}),
    cells: ['InvalidState', 'InvalidState', 'ok', 'ok', 'ok', 'InvalidState', 'InvalidState'],
  },
  ImportCertificateAuthorityCertificate: {
    input: ({ certificate }) => ({ Certificate: base64(certificate) }),
    cells: ['InvalidState', 'ok', 'ok', 'ok', 'ok', 'InvalidState', 'InvalidState'],
  },
  IssueCertificate: {
    input: ({ arn }) => issueInput(arn, csr('ec-server'), { validity: { Value: 1, Type: 'DAYS' } }),
    cells: [
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
    cells: ['InvalidState', 'ok', 'ok', 'ok', 'ok', 'InvalidState', 'InvalidState'],
  },
  UpdateCertificateAuthority: {
    input: () => ({ Status: 'ACTIVE' }),
    cells: [
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
    cells: ['ok', 'ok', 'InvalidState', 'ok', 'ok', 'ok', 'InvalidState'],
  },
  RestoreCertificateAuthority: {
    input: () => ({}),
    cells: [
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
    cells: ['InvalidState', 'ok', 'ok', 'ok', 'ok', 'InvalidState', 'InvalidState'],
  },
  UntagCertificateAuthority: {
    input: () => ({ Tags: [{ Key: 'a' }] }),
    cells: ['InvalidState', 'ok', 'ok', 'ok', 'ok', 'InvalidState', 'InvalidState'],
  },
  ListTags: {
    input: () => ({}),
    cells: ['InvalidState', 'ok', 'ok', 'ok', 'ok', 'InvalidState', 'InvalidState'],
  },
}

for (const [operation, { input, cells }] of Object.entries(table))
  test(`in each state of a CA ${operation} is answered as AWS answers it`, async () => {
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
    assert.deepEqual(found, cells)
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

test('an expired root signs itself again, and is as it was before', async () => {
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

test('an expired CA issues nothing but its own root certificate', async () => {
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

test('renewal changes the certificate and the chain of what is issued from then on only', async () => {
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

test('a deleted CA comes back as it was within its restoration period, and never after', async () => {
  const { arn: CertificateAuthorityArn } = await authorityIn('DISABLED')
  await service.must('DeleteCertificateAuthority', {
    CertificateAuthorityArn,
    PermanentDeletionTimeInDays: 7,
  })
  const deleted = await service.must('DescribeCertificateAuthority', { CertificateAuthorityArn })
  const left = deleted.CertificateAuthority.RestorableUntil - service.clock.now().getTime() / 1000
  assert.ok(left > 7 * 86_400 - 60 && left <= 7 * 86_400, String(left))
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

/** Whether there is a stored key of the CA, and whether its row names one. */
async function keysOf(arn: string): Promise<{ stored: number; named: number }> {
  const id = arn.split('/').at(-1) ?? ''
  const count = async (query: string): Promise<number> =>
    Number((await service.inDatabase(query, id))[0]?.['n'])
  const stored = await count('select count(*) as n from keys where name = ?')
  const named = await count(
    'select count(*) as n from authorities where id = ? and key_handle is not null',
  )
  return { stored, named }
}

test('the key of a CA is erased when it is deleted for good, and not before', async () => {
  const { arn: CertificateAuthorityArn } = await authorityIn('DISABLED')
  await service.must('DeleteCertificateAuthority', {
    CertificateAuthorityArn,
    PermanentDeletionTimeInDays: 7,
  })
  service.clock.advance({ days: 6 })
  await service.restart()
  assert.deepEqual(await keysOf(CertificateAuthorityArn), { stored: 1, named: 1 })
  service.clock.advance({ days: 1 })
  await service.restart()
  await until(async () => (await keysOf(CertificateAuthorityArn)).named === 0)
  assert.deepEqual(await keysOf(CertificateAuthorityArn), { stored: 0, named: 0 })
})

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 3000; attempt += 1) {
    if (await condition()) return
    await setTimeout(20)
  }
  assert.fail('did not happen in a minute')
}

test('a CA that is deleted while it is being made is gone, and leaves no key', async () => {
  const { CertificateAuthorityArn } = await service.must(
    'CreateCertificateAuthority',
    authorityInput({ keyAlgorithm: 'RSA_2048' }),
  )
  await service.must('DeleteCertificateAuthority', { CertificateAuthorityArn })
  assert.match(
    await service.refusal('DescribeCertificateAuthority', { CertificateAuthorityArn }),
    /^ResourceNotFoundException: /,
  )
  // Its creation goes on to the end, so that no half-made key is left, and then the key is erased.
  await until(() => isFinished(CertificateAuthorityArn))
  await until(async () => (await keysOf(CertificateAuthorityArn)).named === 0)
  assert.deepEqual(await keysOf(CertificateAuthorityArn), { stored: 0, named: 0 })
})

async function isFinished(arn: string): Promise<boolean> {
  const text = 'select status from authorities where id = ?'
  const [row] = await service.inDatabase(text, arn.split('/').at(-1) ?? '')
  return row?.['status'] !== 'CREATING'
}
