/**
 * Runs Terraform against a service, in a temporary folder. Requires `terraform`. No registry is contacted, so
 * TERRAFORM_PROVIDER_MIRROR must contain the path of a folder with the AWS provider.
 */
import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import { tool } from './foreign-tools.ts'
import type { TestService } from './service.ts'

const run = promisify(execFile)
const mirror = process.env['TERRAFORM_PROVIDER_MIRROR']

/** Values of Terraform variables. Strings are passed unchanged, and all other values as JSON. */
type Variables = Readonly<Record<string, unknown>>

export interface Terraform {
  /** Runs a Terraform command and returns its standard output. */
  call(args: readonly string[], variables?: Variables): Promise<string>
}

/** Initializes a Terraform configuration. If Terraform cannot be run, prints a line, skips the test and returns undefined. */
export async function startTerraform(
  t: TestContext,
  service: TestService,
  configuration: string,
): Promise<Terraform | undefined> {
  if (mirror === undefined) {
    const message = 'NOT TESTED: TERRAFORM_PROVIDER_MIRROR is not set to a folder with the provider'
    console.error(message)
    t.skip(message)
    return undefined
  }
  const terraform = await tool(t, 'terraform', { probe: ['version'], optional: true })
  if (terraform === undefined) return undefined
  const folder = await mkdtemp(join(tmpdir(), 'signet-terraform-'))
  t.after(() => rm(folder, { recursive: true }))
  await copyFile(configuration, join(folder, 'main.tf'))
  const settings = `provider_installation {\n  filesystem_mirror {\n    path = "${mirror}"\n  }\n}\n`
  await writeFile(join(folder, 'terraform.rc'), settings)
  const environment = {
    PATH: process.env['PATH'],
    HOME: folder,
    TF_CLI_CONFIG_FILE: join(folder, 'terraform.rc'),
    TF_VAR_endpoint: service.url,
    CHECKPOINT_DISABLE: '1',
    AWS_SHARED_CREDENTIALS_FILE: join(service.config.dataDirectory, 'credentials'),
    AWS_CONFIG_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  }
  const call: Terraform['call'] = async (args, variables = {}) => {
    const env = { ...environment, ...asEnvironment(variables) }
    const options = { cwd: folder, env, maxBuffer: 16 * 1024 * 1024 }
    return (await run(terraform, [...args, '-no-color'], options)).stdout
  }
  await call(['init'])
  return { call }
}

function asEnvironment(variables: Variables): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      `TF_VAR_${name}`,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  )
}
