/**
 * Terraform makes a hierarchy, reads every field back, has nothing to change, and destroys it. Needs `terraform` and, since there
 * is no registry to ask, the provider in a folder that TERRAFORM_PROVIDER_MIRROR names.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { csr } from '../support/csrs.ts'
import { tool } from '../support/foreign-tools.ts'
import { TestService } from '../support/service.ts'

const run = promisify(execFile)
const mirror = process.env['TERRAFORM_PROVIDER_MIRROR']

test('Terraform applies a hierarchy, a second plan is empty, and destroy revokes and deletes', async (t) => {
  if (mirror === undefined) {
    t.skip('NOT TESTED: TERRAFORM_PROVIDER_MIRROR does not name a folder with the provider')
    return
  }
  const terraform = await tool(t, 'terraform', { probe: ['version'], optional: true })
  if (terraform === undefined) return
  const service = await TestService.start()
  await service.createBucket('my-crls')
  const folder = await mkdtemp(join(tmpdir(), 'signet-terraform-'))
  t.after(async () => {
    await service.close()
    await rm(folder, { recursive: true })
  })
  await copyFile(join(import.meta.dirname, 'hierarchy.tf'), join(folder, 'main.tf'))
  const mirrorSettings = `provider_installation {\n  filesystem_mirror {\n    path = "${mirror}"\n  }\n}\n`
  await writeFile(join(folder, 'terraform.rc'), mirrorSettings)
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    TF_CLI_CONFIG_FILE: join(folder, 'terraform.rc'),
    TF_VAR_endpoint: service.url,
    TF_VAR_server_csr: csr('ec-server'),
    CHECKPOINT_DISABLE: '1',
    AWS_SHARED_CREDENTIALS_FILE: join(service.config.dataDirectory, 'credentials'),
    AWS_CONFIG_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  }
  const call = (...args: string[]) =>
    run(terraform, [...args, '-no-color'], { cwd: folder, env, maxBuffer: 16 * 1024 * 1024 })
  await call('init')
  await call('apply', '-auto-approve')
  // With -detailed-exitcode a plan that would change something ends with 2.
  const { stdout } = await call('plan', '-detailed-exitcode')
  assert.match(stdout, /No changes\. Your infrastructure matches the configuration\./)
  const output = await run(terraform, ['output', '-raw', 'status'], { cwd: folder, env })
  assert.equal(output.stdout, 'ACTIVE')
  const arns = await authorities(service)
  const revokedBefore = await revocations(service)
  assert.deepEqual([[...arns.values()], revokedBefore], [['ACTIVE', 'ACTIVE'], 0])
  await call('destroy', '-auto-approve')
  // Certificates that the provider made are revoked, but not that of a root, which cannot be.
  assert.deepEqual([...(await authorities(service)).values()], ['DELETED', 'DELETED'])
  assert.equal(await revocations(service), 2)
  const { stdout: left } = await call('state', 'list')
  assert.equal(left, '')
})

/** Status of every CA by ARN. */
async function authorities(service: TestService): Promise<ReadonlyMap<string, string>> {
  const { CertificateAuthorities } = await service.must(
    'ListCertificateAuthorities',
    {},
    { region: 'eu-central-1' },
  )
  const listed = CertificateAuthorities as { readonly Arn: string; readonly Status: string }[]
  return new Map(listed.map(({ Arn, Status }) => [Arn, Status]))
}

/** How many certificates the service has revoked, by its own count. */
async function revocations(service: TestService): Promise<number> {
  const response = await fetch(`${service.url}/metrics`)
  const [, count] = /^\w*certificates_revoked_total (\d+)$/m.exec(await response.text()) ?? []
  return Number(count)
}
