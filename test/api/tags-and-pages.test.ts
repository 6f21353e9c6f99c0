import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createAuthority } from '../support/hierarchy.ts'
import { TestService, type Members } from '../support/service.ts'

let service: TestService
before(async () => {
  service = await TestService.start({ quotaTags: '5' })
})
after(() => service.close())

test('tags are added, replaced, listed by key and removed', async () => {
  const Tags = [{ Key: 'b', Value: '1' }, { Key: 'a', Value: '' }, { Key: 'c' }]
  const { arn: CertificateAuthorityArn } = await createAuthority(service, { more: { Tags } })
  const list = async (): Promise<Members> =>
    (await service.must('ListTags', { CertificateAuthorityArn })).Tags
  assert.deepEqual(await list(), [{ Key: 'a', Value: '' }, { Key: 'b', Value: '1' }, { Key: 'c' }])
  const tagged = await service.call('TagCertificateAuthority', {
    CertificateAuthorityArn,
    Tags: [
      { Key: 'b', Value: '2' },
      { Key: 'B', Value: 'ü +-=._:/@' },
    ],
  })
  assert.deepEqual([tagged.status, tagged.text], [200, ''])
  await service.must('UntagCertificateAuthority', {
    CertificateAuthorityArn,
    Tags: [{ Key: 'a', Value: 'other' }, { Key: 'c' }, { Key: 'absent' }],
  })
  assert.deepEqual(await list(), [
    { Key: 'B', Value: 'ü +-=._:/@' },
    { Key: 'a', Value: '' },
    { Key: 'b', Value: '2' },
  ])
  await service.must('UntagCertificateAuthority', {
    CertificateAuthorityArn,
    Tags: [{ Key: 'a', Value: '' }],
  })
  assert.equal((await list()).length, 2)
})

test('reserved keys, repeated keys and tags beyond the quota are refused without a change', async () => {
  const { arn: CertificateAuthorityArn } = await createAuthority(service)
  const tag = (Tags: unknown): Promise<string> =>
    service.refusal('TagCertificateAuthority', { CertificateAuthorityArn, Tags })
  assert.match(await tag([{ Key: 'aws:x', Value: 'y' }]), /^InvalidTagException: Tag key 'aws:x'/)
  assert.match(
    await tag([{ Key: 'x' }, { Key: 'x' }]),
    /^InvalidTagException: Tag key 'x' is given/,
  )
  const many = Array.from({ length: 6 }, (_, index) => ({ Key: `k${index}` }))
  assert.match(await tag(many), /^TooManyTagsException: /)
  assert.deepEqual((await service.must('ListTags', { CertificateAuthorityArn })).Tags, [])
  await service.must('TagCertificateAuthority', { CertificateAuthorityArn, Tags: many.slice(0, 5) })
  assert.match(await tag([{ Key: 'one more' }]), /^TooManyTagsException: /)
  await service.must('TagCertificateAuthority', {
    CertificateAuthorityArn,
    Tags: [{ Key: 'k0', Value: 'new' }],
  })
})

test('ListTags returns pages, and its page token is bound to the CA and the operation', async () => {
  const Tags = ['a', 'b', 'c'].map((Key) => ({ Key }))
  const { arn: CertificateAuthorityArn } = await createAuthority(service, { more: { Tags } })
  const other = await createAuthority(service, { more: { Tags } })
  const first = await service.must('ListTags', { CertificateAuthorityArn, MaxResults: 2 })
  assert.deepEqual(first.Tags, [{ Key: 'a' }, { Key: 'b' }])
  const NextToken = first.NextToken as string
  const second = await service.must('ListTags', {
    CertificateAuthorityArn,
    MaxResults: 2,
    NextToken,
  })
  assert.deepEqual(second, { Tags: [{ Key: 'c' }] })
  const foreign = { CertificateAuthorityArn: other.arn, NextToken }
  assert.match(await service.refusal('ListTags', foreign), /^ValidationException: NextToken/)
  assert.match(
    await service.refusal('ListCertificateAuthorities', { NextToken }),
    /^InvalidNextTokenException: /,
  )
})

test('ListCertificateAuthorities returns the CAs of one Region in pages, oldest first', async () => {
  const options = { region: 'ap-south-1' }
  const arns: string[] = []
  for (let index = 0; index < 5; index += 1)
    arns.push((await createAuthority(service, { options })).arn)
  const seen: string[] = []
  let NextToken: string | undefined
  do {
    const page = await service.must(
      'ListCertificateAuthorities',
      { MaxResults: 2, ...(NextToken === undefined ? {} : { NextToken }) },
      options,
    )
    assert.ok(page.CertificateAuthorities.length <= 2)
    seen.push(...page.CertificateAuthorities.map(({ Arn }: { Arn: string }) => Arn))
    NextToken = page.NextToken
  } while (NextToken !== undefined)
  assert.deepEqual(seen, arns)
  const shared = await service.must(
    'ListCertificateAuthorities',
    { ResourceOwner: 'OTHER_ACCOUNTS' },
    options,
  )
  assert.deepEqual(shared, { CertificateAuthorities: [] })
})

test('a page token survives a restart, and cannot be altered or used in another Region', async () => {
  const options = { region: 'ap-south-1' }
  const page = await service.must('ListCertificateAuthorities', { MaxResults: 1 }, options)
  const NextToken = page.NextToken as string
  await service.restart()
  await service.must('ListCertificateAuthorities', { NextToken }, options)
  assert.match(
    await service.refusal('ListCertificateAuthorities', { NextToken }, { region: 'ap-south-2' }),
    /^InvalidNextTokenException: /,
  )
  for (let index = 0; index < NextToken.length; index += 7) {
    const other = NextToken[index] === 'A' ? 'B' : 'A'
    const altered = NextToken.slice(0, index) + other + NextToken.slice(index + 1)
    assert.match(
      await service.refusal('ListCertificateAuthorities', { NextToken: altered }, options),
      /^InvalidNextTokenException: /,
    )
  }
})
