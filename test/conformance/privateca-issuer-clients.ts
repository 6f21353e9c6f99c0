/** Makes the same calls as aws-privateca-issuer, in the same order, with two of AWS's SDKs. */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import {
  ACMPCAClient,
  DescribeCertificateAuthorityCommand,
  GetCertificateCommand,
  IssueCertificateCommand,
  waitUntilCertificateIssued,
} from '@aws-sdk/client-acm-pca'
import { tool } from '../support/foreign-tools.ts'
import type { Credentials } from '../support/signed-request.ts'

const run = promisify(execFile)
const region = 'eu-west-1'

/** Parameters for the calls that obtain a certificate. */
export interface ClientRequest {
  readonly endpoint: string
  /** ARN of the CA. */
  readonly authority: string
  /** ARN of the template. */
  readonly template: string
  readonly csr: string
  readonly token: string
  /** End of the validity, in seconds since 1970. */
  readonly notAfter: number
}

/** The issued certificate, in PEM. */
export interface Issued {
  readonly signingAlgorithm: string
  readonly certificateArn: string
  readonly certificate: string
  readonly chain: string
}

export type Client = (request: ClientRequest, credentials: Credentials) => Promise<Issued>

/** Obtains a certificate with the AWS SDK for JavaScript. */
export async function javascriptClient(
  request: ClientRequest,
  credentials: Credentials,
): Promise<Issued> {
  const client = new ACMPCAClient({ endpoint: request.endpoint, region, credentials })
  const of = { CertificateAuthorityArn: request.authority }
  const described = await client.send(new DescribeCertificateAuthorityCommand(of))
  const { SigningAlgorithm } =
    described.CertificateAuthority?.CertificateAuthorityConfiguration ?? {}
  const { CertificateArn } = await client.send(
    new IssueCertificateCommand({
      ...of,
      SigningAlgorithm,
      TemplateArn: request.template,
      Csr: Buffer.from(request.csr),
      Validity: { Type: 'ABSOLUTE', Value: request.notAfter },
      IdempotencyToken: request.token,
    }),
  )
  const identifiers = { ...of, CertificateArn }
  const waited = await waitUntilCertificateIssued(
    { client, maxWaitTime: 60, minDelay: 1 },
    identifiers,
  )
  assert.equal(waited.state, 'SUCCESS')
  const found = await client.send(new GetCertificateCommand(identifiers))
  client.destroy()
  return {
    signingAlgorithm: SigningAlgorithm ?? '',
    certificateArn: CertificateArn ?? '',
    certificate: found.Certificate ?? '',
    chain: found.CertificateChain ?? '',
  }
}

/** Returns a client that runs the Go program compiled by `buildGoProgram`, which uses the AWS SDK for Go. */
export const goClient =
  (program: string): Client =>
  async (request, { accessKeyId, secretAccessKey }) => {
    const env = {
      HOME: dirname(program),
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_CONFIG_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
    }
    const child = spawn(program, [], { env, stdio: ['pipe', 'pipe', 'pipe'] })
    child.stdin.end(JSON.stringify(request))
    const ended = new Promise((resolve) => child.once('close', resolve))
    const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)])
    if ((await ended) !== 0) throw new Error(errors)
    const { SigningAlgorithm, CertificateArn, Certificate, Chain } = JSON.parse(output) as Record<
      string,
      string
    >
    return {
      signingAlgorithm: SigningAlgorithm ?? '',
      certificateArn: CertificateArn ?? '',
      certificate: Certificate ?? '',
      chain: Chain ?? '',
    }
  }

/**
 * Compiles the Go program to a folder, using Debian's packages. If the packages are missing, prints a line and skips the test.
 */
export async function buildGoProgram(t: TestContext, folder: string): Promise<string | undefined> {
  const go = await tool(t, 'go', { probe: ['version'], optional: true })
  if (go === undefined) return undefined
  const source = join(import.meta.dirname, 'privateca_issuer.go')
  const program = join(folder, 'issuer')
  const env = {
    PATH: process.env['PATH'],
    GO111MODULE: 'off',
    GOPATH: '/usr/share/gocode',
    GOCACHE: join(folder, 'cache'),
  }
  try {
    await run(go, ['build', '-o', program, source], { env })
    return program
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string }
    if (!stderr.includes('cannot find package')) throw error
    const message = 'NOT TESTED: golang-github-aws-aws-sdk-go-v2-dev is not installed'
    console.error(message)
    t.skip(message)
    return undefined
  }
}
