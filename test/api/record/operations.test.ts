/** Tests of the operations that read the record: who sees which entries, bounded pages, and proofs that a client verifies. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { addUser, removeUser } from '../../../src/admin-commands/users.ts'
import { putPolicy } from '../../../src/admin-commands/policies.ts'
import { openCheckpoint } from '../../../src/record/checkpoint.ts'
import { decodeLeaf } from '../../../src/record/leaf.ts'
import { leafHash } from '../../../src/record/merkle.ts'
import { parseVerifier } from '../../../src/record/note.ts'
import { verifyConsistency, verifyInclusion } from '../../../src/record/proofs.ts'
import { allow, createAccount, createUser, policyOf } from '../../support/accounts.ts'
import { csr } from '../../support/csrs.ts'
import { createRoot, issue } from '../../support/hierarchy.ts'
import { TestService, type CallOptions, type Members } from '../../support/service.ts'

const reading = { Effect: 'Allow', Action: 'signet:*', Resource: '*' }

async function start(t: TestContext, ...options: Parameters<typeof TestService.start>) {
  const service = await TestService.start(...options)
  t.after(() => service.close())
  await service.runJob('seal-record')
  return service
}

async function entriesOf(
  service: TestService,
  input: object = {},
  by: CallOptions = {},
): Promise<Members[]> {
  const entries: Members[] = []
  let token: string | undefined
  do {
    const page: Members = await service.must(
      'ListRecordEntries',
      { ...input, ...(token !== undefined && { NextToken: token }) },
      by,
    )
    entries.push(...page.Entries)
    token = page.NextToken
  } while (token !== undefined)
  return entries
}

/** Verifies an entry as a client does, using only the verification key. */
function isProved(output: Members): boolean {
  const tree = openCheckpoint(output.Checkpoint, parseVerifier(output.Key))
  const hash = leafHash(Buffer.from(output.LeafData, 'base64'))
  const proof = output.InclusionProof.map((text: string) => Buffer.from(text, 'base64'))
  return verifyInclusion({ index: output.Entry.Index, hash }, tree, proof)
}

test('entries are listed newest first, with filters that are combined with AND', async (t) => {
  const service = await start(t)
  const root = await createRoot(service)
  const alice = await createUser(service, { userName: 'alice', statements: [allow('*')] })
  const before = service.clock.now()
  service.clock.advance({ days: 1 })
  const { arn } = await issue(service, { arn: root.arn, csr: csr('ec-server') }, { options: alice })
  const serial = arn.slice(arn.lastIndexOf('/') + 1)
  const all = await entriesOf(service)
  const indexes = all.map(({ Index }) => Index as number)
  assert.deepEqual(
    indexes,
    indexes.toSorted((a, b) => b - a),
  )
  const issued = await entriesOf(service, { Kind: 'certificate', Principal: 'user/alice' })
  assert.equal(issued.length, 1)
  const [entry] = issued
  assert.deepEqual(
    [entry.Kind, entry.Principal, entry.CertificateAuthorityArn, entry.SerialNumber],
    ['certificate', alice.arn, root.arn, serial],
  )
  assert.equal(entry.Time * 1000, service.clock.now().getTime())
  const indexesOf = async (input: object): Promise<number[]> =>
    (await entriesOf(service, input)).map(({ Index }) => Index as number)
  assert.deepEqual(await indexesOf({ SerialNumber: serial }), [entry.Index])
  assert.deepEqual(await indexesOf({ CertificateAuthorityArn: root.arn, Principal: 'alice' }), [
    entry.Index,
  ])
  const since = before.getTime() / 1000 + 3600
  assert.deepEqual(await indexesOf({ Since: since }), [entry.Index])
  assert.ok(!(await indexesOf({ Until: since })).includes(entry.Index))
  assert.deepEqual(await indexesOf({ Kind: 'revocation' }), [])
  for (const [input, error] of [
    [{ Since: since, Until: since }, /^ValidationException: Since must be earlier than Until/],
    [{ SerialNumber: ':' }, /^ValidationException: SerialNumber must be/],
    [{ Kind: 'nothing' }, /^ValidationException/],
    [{ NextToken: 'x' }, /^InvalidNextTokenException/],
    [
      { CertificateAuthorityArn: `${root.arn.slice(0, -12)}000000000000` },
      /^ResourceNotFoundException/,
    ],
  ] as const)
    assert.match(await service.refusal('ListRecordEntries', input), error)
})

test('an account sees only entries about its rows and by its principals, and no entry of the server', async (t) => {
  const service = await start(t)
  const root = await createRoot(service)
  const accountId = await createAccount(service)
  const tenant = await createUser(service, {
    accountId,
    userName: 'tenant',
    statements: [allow('*'), reading],
  })
  await createRoot(service, { options: tenant })
  const owner = { accountId, userName: 'tenant', roleName: undefined }
  await putPolicy(service.config, owner, { name: 'more', policy: policyOf(allow('ListTags')) })
  await service.runJob('seal-record')
  const own = await entriesOf(service)
  const theirs = await entriesOf(service, {}, tenant)
  assert.ok(own.length > 0 && theirs.length > 0)
  const shared = theirs.filter(({ Index }) => own.some((entry) => entry.Index === Index))
  assert.deepEqual(shared, [])
  const mentions = (entry: Members): string => JSON.stringify(entry)
  assert.ok(theirs.every((entry) => !mentions(entry).includes(service.config.accountId)))
  assert.ok(own.every((entry) => !mentions(entry).includes(accountId)))
  // Entries about the user and its policy contain the account only in the row, or not at all.
  const tables = new Set(theirs.map(({ Table }) => Table as string))
  for (const table of ['accounts', 'users', 'identity_policies', 'access_keys', 'authorities'])
    assert.ok(tables.has(table), table)
  // The server's own entries have no account.
  assert.ok(own.some(({ Kind, Table }) => Kind === 'baseline' && Table === undefined))
  const hidden = own.find(({ CertificateAuthorityArn: arn }) => arn === root.arn)
  assert.match(
    await service.refusal('GetRecordEntry', { Index: hidden.Index }, tenant),
    /^ResourceNotFoundException: The record has no entry \d+ that you can see/,
  )
  assert.match(
    await service.refusal('ListRecordEntries', { CertificateAuthorityArn: root.arn }, tenant),
    /^(?:AccessDenied|ResourceNotFound)Exception/,
  )
})

test('entries about deleted users by a command are visible to the operator only', async (t) => {
  const service = await start(t)
  const accountId = await createAccount(service)
  const tenant = await createUser(service, { accountId, userName: 'boss', statements: [reading] })
  await addUser(service.config, { accountId, userName: 'gone' }, {})
  const seen = await entriesOf(service, {}, tenant)
  await removeUser(service.config, { accountId, userName: 'gone' })
  const later = await entriesOf(service, {}, tenant)
  assert.equal(later.length, seen.length)
  const [newest] = await entriesOf(service)
  assert.deepEqual([newest.Table, newest.Command], ['users', 'signet user delete'])
})

test('a principal sees entries about CAs only in the Region of the CA, and only CAs that its policy allows', async (t) => {
  const service = await start(t)
  const first = await createRoot(service)
  const second = await createRoot(service)
  const arns = async (by: CallOptions, input = {}): Promise<string[]> => [
    ...new Set(
      (await entriesOf(service, input, by)).flatMap(
        ({ CertificateAuthorityArn: arn }) => (arn as string | undefined) ?? [],
      ),
    ),
  ]
  assert.deepEqual((await arns({})).toSorted(), [first.arn, second.arn].toSorted())
  assert.deepEqual(await arns({ region: 'us-east-1' }), [])
  const denied = await createUser(service, {
    userName: 'denied',
    statements: [reading, { Effect: 'Deny', Action: 'signet:*', Resource: second.arn }],
  })
  assert.deepEqual(await arns(denied), [first.arn])
  const narrow = await createUser(service, {
    userName: 'narrow',
    statements: [{ ...reading, Resource: first.arn }],
  })
  assert.match(
    await service.refusal('ListRecordEntries', {}, narrow),
    /no identity-based policy allows the signet:ListRecordEntries action/,
  )
  assert.deepEqual(await arns(narrow, { CertificateAuthorityArn: first.arn }), [first.arn])
  const [entry] = await entriesOf(service, { CertificateAuthorityArn: first.arn }, narrow)
  const input = { Index: entry.Index, CertificateAuthorityArn: first.arn }
  assert.equal((await service.must('GetRecordEntry', input, narrow)).Entry.Index, entry.Index)
  const other = await entriesOf(service, { CertificateAuthorityArn: second.arn })
  assert.match(
    await service.refusal('GetRecordEntry', { ...input, Index: other[0].Index as number }, narrow),
    /^ResourceNotFoundException/,
  )
})

test('acm-pca permissions do not allow reading the record', async (t) => {
  const service = await start(t)
  const user = await createUser(service, { statements: [allow('*')] })
  for (const [operation, input] of [
    ['ListRecordEntries', {}],
    ['GetRecordEntry', { Index: 0 }],
    ['GetRecordCheckpoint', {}],
  ] as const)
    assert.match(await service.refusal(operation, input, user), /^AccessDeniedException/)
})

test('a page reads a limited number of rows even if nothing matches, and the next page continues', async (t) => {
  const reads: number[] = []
  const service = await start(
    t,
    {},
    {
      wrapDatabase: (db) => ({
        ...db,
        async query(statement) {
          const rows = await db.query(statement)
          if (statement.text.includes('as state_head')) reads.push(rows.length)
          return rows
        },
      }),
    },
  )
  await createRoot(service)
  // Leaves of a type that the search does not match.
  await service.inDatabase(
    `insert into record_leaves (leaf_number, entry, state)
      with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 2500)
      select (select max(leaf_number) from record_leaves) + n,
        (select entry from record_leaves where leaf_number = 0), null from numbers`,
  )
  const pages: Members[] = []
  let token: string | undefined
  do {
    const page: Members = await service.must('ListRecordEntries', {
      Kind: 'retirement',
      ...(token !== undefined && { NextToken: token }),
    })
    pages.push(page)
    token = page.NextToken
  } while (token !== undefined)
  assert.ok(pages.length >= 3)
  assert.deepEqual(
    pages.flatMap(({ Entries }) => Entries as Members[]),
    [],
  )
  assert.ok(pages.every(({ SearchedSince }) => SearchedSince > 0))
  assert.ok(reads.every((rows) => rows <= 1000))
  const limited = await service.must('ListRecordEntries', { MaxResults: 2 })
  assert.equal(limited.Entries.length, 2)
  const next = await service.must('ListRecordEntries', {
    MaxResults: 2,
    NextToken: limited.NextToken,
  })
  assert.equal(next.Entries[0].Index, limited.Entries[1].Index - 1)
})

test('an entry has a proof that leads to the signed checkpoint, and its data contains the displayed members', async (t) => {
  const service = await start(t)
  const root = await createRoot(service)
  const [waiting] = await entriesOf(service)
  const output = await service.must('GetRecordEntry', { Index: waiting.Index })
  assert.equal(output.InclusionProof, undefined)
  await service.runJob('seal-record')
  for (const { Index, LeafHash } of await entriesOf(service)) {
    const proved = await service.must('GetRecordEntry', { Index })
    assert.ok(isProved(proved), String(Index))
    assert.equal(proved.Entry.LeafHash, LeafHash)
    const leaf = decodeLeaf(Buffer.from(proved.LeafData, 'base64'))
    assert.equal(leaf.kind, proved.Entry.Kind)
    assert.equal(leaf.principal, proved.Entry.Principal)
  }
  const earlier = await service.must('GetRecordCheckpoint', {})
  await issue(service, { arn: root.arn, csr: csr('ec-server') })
  await service.runJob('seal-record')
  const later = await service.must('GetRecordCheckpoint', { EarlierSize: earlier.Size })
  assert.ok(later.Size > earlier.Size)
  const key = parseVerifier(later.Key)
  const proof = later.ConsistencyProof.map((text: string) => Buffer.from(text, 'base64'))
  const trees = [earlier, later].map(({ Checkpoint }) => openCheckpoint(Checkpoint, key))
  assert.ok(verifyConsistency(trees[0] as never, trees[1] as never, proof))
  assert.equal(trees[1]?.size, later.EntryCount)
  const longer = await service.must('GetRecordCheckpoint', { EarlierSize: later.Size + 1 })
  assert.equal(longer.ConsistencyProof, undefined)
})

test('an altered entry is listed, and its proof fails', async (t) => {
  const service = await start(t)
  const root = await createRoot(service)
  await issue(service, { arn: root.arn, csr: csr('ec-server') })
  await service.runJob('seal-record')
  const [entry, other] = await entriesOf(service, { Kind: 'certificate' })
  const principal = 'administrator'
  assert.ok(entry.Principal.includes(principal))
  const data = await service.must('GetRecordEntry', { Index: entry.Index })
  const bytes = Buffer.from(data.LeafData, 'base64')
  const at = bytes.indexOf(principal)
  bytes.write('somebodyother', at)
  const literal = (hex: string): string =>
    service.config.database === undefined ? `x'${hex}'` : `'\\x${hex}'::bytea`
  const alter = async (hex: string, index: number): Promise<void> => {
    await service.inDatabase(
      `update record_leaves set entry = ${literal(hex)} where leaf_number = ${index}`,
    )
  }
  await alter(bytes.toString('hex'), entry.Index as number)
  const altered = await service.must('GetRecordEntry', { Index: entry.Index })
  assert.match(altered.Entry.Principal, /somebodyother/)
  assert.equal(isProved(altered), false)
  await alter('00', other.Index as number)
  const unreadable = await service.must('GetRecordEntry', { Index: other.Index })
  assert.match(unreadable.Entry.Problem, /was altered/)
  assert.equal(isProved(unreadable), false)
  const listed = await entriesOf(service, { Since: entry.Time })
  assert.ok(listed.some(({ Index, Problem }) => Index === other.Index && Problem !== undefined))
  await service.inDatabase('delete from record_tiles')
  const { Problem } = await service.must('GetRecordEntry', { Index: entry.Index })
  assert.match(Problem, /the record was altered/)
  assert.match((await service.must('GetRecordCheckpoint', {})).Problem, /the record was altered/)
  await service.inDatabase('delete from record_checkpoint')
  assert.match(
    await service.refusal('GetRecordCheckpoint', {}),
    /^InvalidStateException: The record was altered: the checkpoint of the record was removed/,
  )
})
