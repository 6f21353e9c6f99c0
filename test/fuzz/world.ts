/**
 * The resources to which requests refer: CAs, a certificate, a bucket, a role and an identity provider. Each run creates
 * new resources.
 */
import assert from 'node:assert/strict'
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { csr } from '../support/csrs.ts'
import { createAuthority, createRoot, createSubordinate, issue } from '../support/hierarchy.ts'
import { command } from '../support/process.ts'
import { clientOf } from '../support/process-client.ts'
import { readCredentials } from '../support/service.ts'
import type { Credentials } from '../support/signed-request.ts'
import type { ProbedServer } from './server.ts'

export interface World {
  readonly apiPort: number
  readonly publicPort: number
  readonly credentials: Credentials
  /** An ACTIVE CA, whose state no valid request changes. */
  readonly root: { readonly arn: string; readonly certificate: string }
  readonly issuing: { readonly arn: string; readonly certificate: string; readonly chain: string }
  /** ARN of the CA that requests delete, disable or replace. */
  readonly victim: string
  /** ARN of a CA in the state PENDING_CERTIFICATE. */
  readonly pending: string
  readonly certificateArn: string
  readonly certificate: string
  readonly bucket: string
  readonly roleArn: string
  readonly issuer: string
  readonly issuerKey: KeyObject
}

export const region = 'eu-west-1'
const bucket = 'fuzz-crls'
const issuer = 'https://tokens.fuzz.test'

export async function createWorld(server: ProbedServer): Promise<World> {
  const client = clientOf(server, server.data)
  await administer(server, ['bucket', 'create', bucket])
  const root = await createRoot(client)
  const issuing = await createSubordinate(client, root)
  await client.must('UpdateCertificateAuthority', {
    CertificateAuthorityArn: issuing.arn,
    RevocationConfiguration: {
      CrlConfiguration: { Enabled: true, ExpirationInDays: 7, S3BucketName: bucket },
      OcspConfiguration: { Enabled: true },
    },
  })
  const certificate = await issue(client, { arn: issuing.arn, csr: csr('ec-server') })
  const victim = await createRoot(client)
  const pending = await createAuthority(client)
  const tokens = await createIssuer(server)
  return {
    apiPort: Number(new URL(server.url).port),
    publicPort: Number(new URL(server.publicUrl).port),
    credentials: readCredentials(join(server.data, 'credentials')),
    root,
    issuing,
    victim: victim.arn,
    pending: pending.arn,
    certificateArn: certificate.arn,
    certificate: certificate.certificate,
    bucket,
    ...tokens,
  }
}

async function administer(server: ProbedServer, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await command([...args, '--data', server.data])
  assert.equal(code, 0, stderr)
  return stdout
}

async function createIssuer(
  server: ProbedServer,
): Promise<Pick<World, 'roleArn' | 'issuer' | 'issuerKey'>> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256', use: 'sig' }]
  const path = (name: string): string => join(server.data, '..', name)
  await writeFile(path('jwks.json'), JSON.stringify({ keys }))
  const provider = JSON.parse(
    await administer(server, [
      'oidc-provider',
      'create',
      issuer,
      '--audience',
      'signet',
      '--jwks',
      path('jwks.json'),
    ]),
  ) as { readonly Arn: string }
  const Statement = [
    {
      Effect: 'Allow',
      Principal: { Federated: provider.Arn },
      Action: ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession'],
      Condition: { StringLike: { 'tokens.fuzz.test:sub': '*' } },
    },
    { Effect: 'Allow', Principal: { AWS: '*' }, Action: ['sts:AssumeRole', 'sts:TagSession'] },
  ]
  await writeFile(path('trust.json'), JSON.stringify({ Version: '2012-10-17', Statement }))
  const role = JSON.parse(
    await administer(server, ['role', 'create', 'fuzz', '--trust-policy', path('trust.json')]),
  ) as { readonly Arn: string }
  return { roleArn: role.Arn, issuer, issuerKey: privateKey }
}

/** A JSON Web Token (RFC 7519) with arbitrary text as header and claims, signed with the issuer's key. */
export function tokenOf({ issuerKey }: World, head: string, claims: string): string {
  const text = [head, claims].map((part) => Buffer.from(part).toString('base64url')).join('.')
  const signature = sign('sha256', Buffer.from(text), { key: issuerKey, dsaEncoding: 'ieee-p1363' })
  return `${text}.${signature.toString('base64url')}`
}
