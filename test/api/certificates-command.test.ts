/** Tests of `signet certificates`: search, description and download through the API. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { csr } from '../support/csrs.ts'
import { createRoot, issueInput } from '../support/hierarchy.ts'
import { command, type Outcome } from '../support/process.ts'
import { lastOf, revoke } from '../support/revocation.ts'
import { searchable } from '../support/search.ts'
import { TestService, type Members } from '../support/service.ts'

let service: TestService
let root: { arn: string }
before(async () => {
  // The linter would reject control characters in names.
  service = await TestService.start({ lint: 'warn' })
  root = await createRoot(service)
})
after(() => service.close())

const run = (...flags: string[]): Promise<Outcome> => certificates('list', ...flags)

const certificates = (...args: string[]): Promise<Outcome> =>
  command([
    'certificates',
    ...args,
    '--endpoint',
    service.url,
    '--data',
    service.config.dataDirectory,
    '--region',
    'eu-west-1',
  ])

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

test('signet certificates list supports every filter and output format', async () => {
  const short = await issueNamed('say "=1+1", please', 'a.command.test', 3)
  const long = await issueNamed('long\u001b[31m', 'b.command.test', 300)
  await searchable(service)
  const arnsOf = async (...flags: string[]): Promise<string[]> =>
    (await json(...flags)).map(({ CertificateArn }: Members) => CertificateArn)
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

test('signet certificates list prints a note if more certificates match than the limit', async () => {
  const limited = await run('--limit', '1', '--output', 'json')
  assert.equal(JSON.parse(limited.stdout).length, 1)
  assert.equal(
    limited.stderr,
    'signet: note: more than 1 certificates match; raise --limit to see them\n',
  )
})

test('an empty result is reported on standard error, with exit code 0', async () => {
  const { code, stdout, stderr } = await run('--serial', 'ff')
  assert.deepEqual([code, stdout, stderr], [0, '', 'No certificates found.\n'])
})

test('--requester accepts a user name', async () => {
  const [first] = await json('--requester', 'administrator')
  assert.match(first.Requester, /:user\/administrator$/)
  assert.deepEqual(await json('--requester', 'nobody'), [])
})

test('--wide shows the issuer and the revocation', async () => {
  const { stdout } = await run('--status', 'REVOKED', '--wide')
  assert.match(stdout, /ISSUER .*REVOKED .*REASON/)
  assert.match(stdout, /ROOT EC_prime256v1 .*KEY_COMPROMISE/)
})

test('signet certificates show describes a certificate by serial number, ARN and file', async () => {
  const arn = await issueNamed('shown', 'shown.command.test', 30)
  await searchable(service)
  const { code, stdout, stderr } = await certificates('show', lastOf(arn), '--output', 'json')
  assert.equal(code, 0, stderr)
  const description = JSON.parse(stdout)
  assert.deepEqual([description.CertificateArn, description.Status], [arn, 'VALID'])
  assert.match(description.Certificate, /^-----BEGIN CERTIFICATE-----/)
  const text = (await certificates('show', arn)).stdout
  assert.match(text, /CN=shown/)
  assert.match(text, /requester +arn:aws:iam::\d+:user\/administrator/)
})

test('a serial number that was copied from a shortened column is refused with the way to the whole number', async () => {
  for (const name of ['show', 'download']) {
    const { code, stderr } = await certificates(name, '8c10e7ff')
    assert.equal(code, 2)
    assert.match(
      stderr,
      /serial number 8c10e7ff; if this is only the start .* certificates list --wide$/m,
    )
  }
})

test('signet certificates download writes a folder, a file, or standard output', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'signet-download-'))
  try {
    const arn = await issueNamed('loaded', 'loaded.command.test', 30)
    const out = join(folder, 'tls')
    assert.equal((await certificates('download', arn, '--out', out)).code, 0)
    const files = ['ca.pem', 'cert.pem', 'chain.pem', 'fullchain.pem']
    assert.deepEqual((await readdir(out)).toSorted(), files)
    const leaf = new X509Certificate(await readFile(join(out, 'cert.pem')))
    assert.ok(leaf.verify(new X509Certificate(await readFile(join(out, 'ca.pem'))).publicKey))
    const again = await certificates('download', arn, '--out', out)
    assert.equal(again.code, 2)
    assert.match(again.stderr, /cert\.pem exists; replace the file with --force/)
    const file = join(folder, 'x.pem')
    await searchable(service)
    const byFile = await certificates('download', join(out, 'cert.pem'), '--out', file, '--chain')
    assert.equal(byFile.code, 0, byFile.stderr)
    const printed = await certificates('download', arn)
    assert.equal(printed.stdout, await readFile(join(out, 'cert.pem'), 'utf8'))
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('flags that select a database or an account are refused, with the flags to use instead', async () => {
  for (const flag of ['--database', '--master-key-file']) {
    const { code, stderr } = await run(flag, 'x')
    assert.equal(code, 2)
    assert.match(
      stderr,
      new RegExp(`${flag}: the search uses the API: specify --endpoint or --data`),
    )
  }
  const { code, stderr } = await run('--account', '123456789012')
  assert.equal(code, 2)
  assert.match(stderr, /--account: the search covers the credentials' account/)
})

test('signet certificates list refuses invalid filters', async () => {
  for (const [flags, expected] of [
    [['--ca', 'arn:x'], /no CA 'arn:x' exists/],
    [['--ca', 'No Such CA'], /no CA 'No Such CA' exists; choose one of the following CAs:\n/],
    [['--requester', 'two words'], /--requester must be the ARN of a user/],
    [['--subject', '*'], /--subject is an asterisk/],
    [['--san', ''], /--san must not be empty/],
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
