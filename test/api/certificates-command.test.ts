/** `signet certificates list`, on the folder of a server that runs. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { allow, createAccount, createUser, otherAccountId } from '../support/accounts.ts'
import { csr } from '../support/csrs.ts'
import { createRoot, issueInput } from '../support/hierarchy.ts'
import { command, type Outcome } from '../support/process.ts'
import { lastOf, revoke } from '../support/revocation.ts'
import { searchable } from '../support/search.ts'
import { TestService, type Members } from '../support/service.ts'

let service: TestService
let root: { arn: string }
before(async () => {
  // The lint refuses control characters in names.
  service = await TestService.start({ lint: 'warn' })
  root = await createRoot(service)
})
after(() => service.close())

const run = (...flags: string[]): Promise<Outcome> =>
  command(['certificates', 'list', '--data', service.config.dataDirectory, ...flags])

async function json(...flags: string[]): Promise<Members> {
  const { code, stdout, stderr } = await run(...flags, '--output', 'json')
  assert.deepEqual([code, stderr], [0, ''])
  return JSON.parse(stdout)
}

async function issueNamed(CommonName: string, name: string, days: number): Promise<string> {
  const input = issueInput(root.arn, csr('ec-server'), {
    template: 'EndEntityCertificate_APIPassthrough',
    validity: { Value: days, Type: 'DAYS' },
    more: {
      ApiPassthrough: {
        Subject: { CommonName },
        Extensions: { SubjectAlternativeNames: [{ DnsName: name }] },
      },
    },
  })
  return (await service.must('IssueCertificate', input)).CertificateArn
}

test('every filter, and each form of the answer', async () => {
  const short = await issueNamed('say "=1+1", please', 'a.command.test', 3)
  const long = await issueNamed('long\u001b[31m', 'b.command.test', 300)
  await searchable(service)
  const arnsOf = async (...flags: string[]): Promise<string[]> =>
    (await json(...flags)).map((one: Members) => one.CertificateArn)
  const both = [short, long]
  assert.deepEqual(await arnsOf('--san', '.command.test'), both)
  assert.deepEqual(await arnsOf('--subject', 'long*'), [long])
  assert.deepEqual(await arnsOf('--serial', lastOf(short)), [short])
  assert.deepEqual(await arnsOf('--serial', '1'.repeat(50)), [])
  assert.deepEqual(await arnsOf('--ca', root.arn, '--expiring-within', '30d'), [short])
  assert.deepEqual(await arnsOf('--template', 'EndEntityCertificate_APIPassthrough'), both)
  assert.deepEqual(await arnsOf('--requester', service.config.accountId, '--san', 'b.*'), [long])
  assert.deepEqual(await arnsOf('--issued-after', '2020-01-01', '--san', 'a.command.test'), [short])
  assert.deepEqual(await arnsOf('--issued-after', '2999-01-01T00:00:00Z'), [])
  await revoke(service, short)
  const [revoked] = await json('--status', 'REVOKED')
  assert.equal(revoked.CertificateArn, short)
  assert.equal(revoked.RevocationReason, 'KEY_COMPROMISE')

  const csv = (await run('--san', 'a.command.test', '--output', 'csv')).stdout.split('\n')
  assert.match(csv[0] ?? '', /^CertificateArn,SerialNumber,Subject,/)
  assert.match(
    csv[1] ?? '',
    /"CN=say \\""=1\\\+1\\""\\, please","a\.command\.test","arn:aws:acm-pca:::/,
  )
  const table = (await run('--san', '.command.test')).stdout
  assert.match(table, /CN=long\\u\{1b\}\[31m/)
  assert.match(table, new RegExp(lastOf(long)))
})

test('signet certificates list shows all accounts, or one', async () => {
  await createAccount(service)
  const { credentials } = await createUser(service, {
    accountId: otherAccountId,
    statements: [allow('*')],
  })
  const other = await createRoot(service, { options: { credentials, region: 'eu-west-2' } })
  await searchable(service)
  const theirs = await json('--account', otherAccountId)
  assert.deepEqual(
    theirs.map((one: Members) => one.CertificateAuthorityArn),
    [other.arn],
  )
  const all = await json()
  assert.ok(all.some((one: Members) => one.CertificateAuthorityArn === other.arn))
  assert.ok(all.some((one: Members) => one.CertificateAuthorityArn === root.arn))
})

test('that there is more, or that search is behind, is said', async () => {
  const cut = await run('--limit', '1', '--output', 'json')
  assert.equal(JSON.parse(cut.stdout).length, 1)
  assert.equal(cut.stderr, 'signet: note: there are more than 1; --limit shows more\n')
  await service.inDatabase('update search_progress set certificate_number = certificate_number - 1')
  const behind = await run('--serial', 'ff', '--output', 'json')
  assert.match(behind.stderr, /^signet: note: the newest certificates are not searched yet|^$/)
})

test('signet certificates list refuses filters that mean nothing', async () => {
  for (const [flags, expected] of [
    [['--ca', 'arn:x'], /arn:x is not the ARN of a certificate authority/],
    [['--ca', root.arn.replace(/\/.*/, '/00000000-0000-0000-0000-000000000000')], /there is no /],
    [['--ca', root.arn, '--account', otherAccountId], /either --ca or --account/],
    [['--subject', '*'], /--subject is an asterisk/],
    [['--san', ''], /--san must have 1 to 253 characters/],
    [['--serial', 'x'], /--serial must be a hexadecimal/],
    [['--template', 'a b'], /--template must be the name or the ARN/],
    [['--issued-after', 'yesterday'], /'yesterday' must be a day/],
    [['--issued-after', '2026-02-31T99:00:00Z'], /must be a day/],
    [['--expiring-within', '30'], /'30' must be a number and a unit \(s, m, h, d, w/],
    [['--limit', '0'], /--limit must be 1 to 100000/],
    [['--status', 'GOOD'], /Allowed choices are VALID, EXPIRED, REVOKED/],
  ] as const) {
    const { code, stdout, stderr } = await run(...flags)
    assert.deepEqual([code, stdout], [2, ''], flags.join(' '))
    assert.match(stderr, expected)
  }
})
