/** The CAs that the load is on. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { setTimeout as delay } from 'node:timers/promises'
import { csr } from '../support/csrs.ts'
import { authorityInput, base64, issueInput } from '../support/hierarchy.ts'
import { crlBucket, crlConfiguration, revocationOptions } from '../support/revocation.ts'
import type { Client } from './client.ts'

const run = promisify(execFile)

export interface LoadedAuthority {
  readonly arn: string
  /** PEM. */
  readonly certificate: string
  /** Of its CRL at the public listener. */
  readonly crlPath: string
}

export { crlBucket }

/** A root with OCSP and a complete CRL, and one with OCSP and partitions. */
export async function createAuthorities(client: Client): Promise<LoadedAuthority[]> {
  return [
    await createAuthority(client, 'complete', {}),
    await createAuthority(client, 'partitioned', { CrlType: 'PARTITIONED' }),
  ]
}

async function createAuthority(
  client: Client,
  name: string,
  more: Record<string, unknown>,
): Promise<LoadedAuthority> {
  const options = revocationOptions(crlConfiguration(more), { Enabled: true })
  const subject = { CommonName: name }
  const { CertificateAuthorityArn: arn } = await client.must(
    'CreateCertificateAuthority',
    authorityInput({ subject, more: options }),
  )
  const where = { CertificateAuthorityArn: arn }
  const input = issueInput(arn, await csrOf(client, arn), {
    template: 'RootCACertificate',
    validity: { Value: 10, Type: 'YEARS' },
  })
  const root = await client.must('IssueCertificate', input)
  const { Certificate } = await client.must('GetCertificate', { ...where, ...root })
  await client.must('ImportCertificateAuthorityCertificate', {
    ...where,
    Certificate: base64(Certificate),
  })
  const leaf = await client.must('IssueCertificate', issueInput(arn, csr('ec-server')))
  const found = await client.must('GetCertificate', { ...where, ...leaf })
  return { arn, certificate: Certificate, crlPath: await crlPathOf(found.Certificate) }
}

export async function csrOf(client: Client, arn: string): Promise<string> {
  for (;;) {
    const { status, json } = await client.settle('GetCertificateAuthorityCsr', {
      CertificateAuthorityArn: arn,
    })
    if (status === 200) return json.Csr as string
    if (json.__type !== 'RequestInProgressException') throw new Error(JSON.stringify(json))
    await delay(50)
  }
}

/** Where a certificate says that its CRL is, as OpenSSL reads it: the path. */
async function crlPathOf(certificate: string): Promise<string> {
  const running = run('openssl', ['x509', '-noout', '-ext', 'crlDistributionPoints'])
  running.child.stdin?.end(certificate)
  const { stdout } = await running
  return new URL(/URI:(\S+)/.exec(stdout)?.[1] ?? '').pathname
}
