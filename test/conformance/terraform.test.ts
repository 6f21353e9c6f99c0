/** Tests that Terraform can create CAs and their resources, read every field, change resources in place, and destroy them. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { csr } from '../support/csrs.ts'
import { TestService, type Members } from '../support/service.ts'
import { startTerraform, type Terraform } from '../support/terraform.ts'

const region = 'eu-central-1'
const configurationPath = (name: string): string => join(import.meta.dirname, name)
const noChanges = /No changes\. Your infrastructure matches the configuration\./

test('Terraform applies a hierarchy, plans no further changes, and on destroy revokes and deletes', async (t) => {
  const service = await TestService.start()
  t.after(() => service.close())
  await service.createBucket('my-crls')
  const terraform = await startTerraform(t, service, configurationPath('hierarchy.tf'))
  if (terraform === undefined) return
  const variables = { server_csr: csr('ec-server') }
  const call = (...args: string[]): Promise<string> => terraform.call(args, variables)
  await call('apply', '-auto-approve')
  // With -detailed-exitcode, `plan` exits with 2 if there are changes.
  assert.match(await call('plan', '-detailed-exitcode'), noChanges)
  assert.equal(await call('output', '-raw', 'status'), 'ACTIVE')
  const arns = await authorities(service)
  const revokedBefore = await revocations(service)
  assert.deepEqual([[...arns.values()], revokedBefore], [['ACTIVE', 'ACTIVE'], 0])
  await call('destroy', '-auto-approve')
  // The provider's certificates are revoked, except for the root certificate, which cannot be revoked.
  assert.deepEqual([...(await authorities(service)).values()], ['DELETED', 'DELETED'])
  assert.equal(await revocations(service), 2)
  assert.equal(await call('state', 'list'), '')
})

/** Values for the administration.tf variables that are changed in place. */
interface Stage {
  readonly enabled: boolean
  readonly tags: Readonly<Record<string, string>>
  readonly crl_days: number
  readonly ocsp: boolean
  readonly shared_with: string
  readonly permitted: readonly string[]
}

const first: Stage = {
  enabled: true,
  tags: { team: 'pki', stays: 'same' },
  crl_days: 0,
  ocsp: false,
  shared_with: 'arn:aws:iam::210987654321:root',
  permitted: ['123456789012'],
}

/** Later stages, each with the summary that the plan must print. */
const later: readonly [stage: Stage, plan: RegExp][] = [
  [
    {
      enabled: false,
      tags: { team: 'Web PKI', stays: 'same', added: 'a: + = @' },
      crl_days: 7,
      ocsp: true,
      shared_with: 'arn:aws:iam::333333333333:role/issuer',
      permitted: ['123456789012', '210987654321'],
    },
    /Plan: 1 to add, 2 to change, 0 to destroy\./,
  ],
  [
    { ...first, tags: {}, permitted: ['210987654321'] },
    /Plan: 0 to add, 2 to change, 1 to destroy\./,
  ],
]

test('Terraform changes a CA, its policy, permissions and tags in place, and its data sources read them', async (t) => {
  const service = await TestService.start()
  t.after(() => service.close())
  await service.createBucket('my-crls')
  const terraform = await startTerraform(t, service, configurationPath('administration.tf'))
  if (terraform === undefined) return
  const apply = async (stage: Stage): Promise<string> => {
    const variables = { ...stage, server_csr: csr('ec-server') }
    const text = await terraform.call(['apply', '-auto-approve'], variables)
    assert.match(await terraform.call(['plan', '-detailed-exitcode'], variables), noChanges)
    return text
  }
  assert.match(await apply(first), /Plan: 6 to add, 0 to change, 0 to destroy\./)
  const { arn } = await outputs(terraform)
  await assertStage(service, terraform, { stage: first, arn })
  for (const [stage, plan] of later) {
    assert.match(await apply(stage), plan)
    await assertStage(service, terraform, { stage, arn })
  }
  const variables = { ...first, server_csr: csr('ec-server') }
  await terraform.call(['destroy', '-auto-approve'], variables)
  assert.equal(await terraform.call(['state', 'list']), '')
  assert.deepEqual([...(await authorities(service)).entries()], [[arn, 'DELETED']])
  assert.equal(await revocations(service), 1)
})

async function outputs(terraform: Terraform): Promise<Members> {
  const text = await terraform.call(['output', '-json'])
  const entries = Object.entries(JSON.parse(text) as Record<string, { value: unknown }>)
  return Object.fromEntries(entries.map(([name, { value }]) => [name, value]))
}

/** Asserts that the service has a stage's values, and that the data sources have read them. */
async function assertStage(
  service: TestService,
  terraform: Terraform,
  { stage, arn }: { readonly stage: Stage; readonly arn: string },
): Promise<void> {
  const of = { CertificateAuthorityArn: arn }
  const read = (operation: string, input: object = of): Promise<Members> =>
    service.must(operation, input, { region })
  const { CertificateAuthority: found } = await read('DescribeCertificateAuthority')
  const crl = found.RevocationConfiguration.CrlConfiguration
  assert.deepEqual(
    [found.Status, crl.Enabled, crl.ExpirationInDays ?? 0],
    [stage.enabled ? 'ACTIVE' : 'DISABLED', stage.crl_days > 0, stage.crl_days],
  )
  assert.equal(found.RevocationConfiguration.OcspConfiguration.Enabled, stage.ocsp)
  const { Tags } = await read('ListTags')
  const pairs = (Tags as { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, Value])
  assert.deepEqual(Object.fromEntries(pairs), stage.tags)
  const { Permissions } = await read('ListPermissions')
  const accounts = (Permissions as { SourceAccount: string }[]).map((one) => one.SourceAccount)
  assert.deepEqual(accounts, stage.permitted)
  const { Policy } = await read('GetPolicy', { ResourceArn: arn })
  const { Statement } = JSON.parse(Policy as string) as { Statement: Members[] }
  assert.deepEqual(
    Statement.map(({ Principal }) => Principal.AWS as string),
    [stage.shared_with, stage.shared_with],
  )
  assertOutputs(await outputs(terraform), { found, stage })
}

function assertOutputs(
  shown: Members,
  { found, stage }: { readonly found: Members; readonly stage: Stage },
): void {
  assert.deepEqual(Object.keys(shown.permissions as object), stage.permitted)
  for (const policy of Object.values(shown.permissions as Record<string, string>))
    assert.equal(JSON.parse(policy).Statement[0].Principal.Service, 'acm.amazonaws.com')
  const authority = shown.read_authority
  const { crl_configuration: crls, ocsp_configuration: ocsps } =
    authority.revocation_configuration[0]
  assert.deepEqual(
    [authority.arn, authority.status, authority.serial, authority.type, authority.usage_mode],
    [found.Arn, found.Status, found.Serial, 'ROOT', 'GENERAL_PURPOSE'],
  )
  assert.deepEqual([authority.certificate, authority.certificate_chain], [shown.root, ''])
  assert.match(authority.certificate_signing_request, /^-----BEGIN CERTIFICATE REQUEST-----\n/)
  assert.equal(Date.parse(authority.not_after as string), found.NotAfter * 1000)
  assert.deepEqual(authority.tags, stage.tags)
  assert.deepEqual([crls[0].expiration_in_days, ocsps[0].enabled], [stage.crl_days, stage.ocsp])
  assert.equal(authority.key_storage_security_standard, 'FIPS_140_2_LEVEL_3_OR_HIGHER')
  const { certificate, certificate_chain: chain } = shown.read_certificate
  assert.deepEqual({ certificate, chain }, shown.server)
  assert.equal(chain, shown.root)
}

/** Returns the status of every CA, by ARN. */
async function authorities(service: TestService): Promise<ReadonlyMap<string, string>> {
  const { CertificateAuthorities } = await service.must(
    'ListCertificateAuthorities',
    {},
    { region },
  )
  const listed = CertificateAuthorities as { readonly Arn: string; readonly Status: string }[]
  return new Map(listed.map(({ Arn, Status }) => [Arn, Status]))
}

/** Returns the number of revoked certificates, from the service's metrics. */
async function revocations(service: TestService): Promise<number> {
  const response = await fetch(`${service.url}/metrics`)
  const [, count] = /^\w*certificates_revoked_total (\d+)$/m.exec(await response.text()) ?? []
  return Number(count)
}
