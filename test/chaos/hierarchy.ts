/** The CAs that the load uses. */
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
  /** The CA certificate in PEM. */
  readonly certificate: string
  /** Path of the CRL on the public listener. */
  readonly crlPath: string
}

export { crlBucket }

/** Creates two root CAs with OCSP: one with a complete CRL, and one with partitioned CRLs. */
export async function createAuthorities(client: Client): Promise<LoadedAuthority[]> {
  return [
    await createAuthority(client, 'complete', {}),
    await createAuthority(client, 'partitioned', { CrlType: 'PARTITIONED' }),
  ]
}

async function createAuthority(
  client: Client,
  name: string,
  crl: Record<string, unknown>,
): Promise<LoadedAuthority> {
  const options = revocationOptions(crlConfiguration(crl), { Enabled: true })
  const subject = { CommonName: name }
  const { CertificateAuthorityArn: arn } = await client.call(
    'CreateCertificateAuthority',
    authorityInput({ subject, more: options }),
  )
  const authority = { CertificateAuthorityArn: arn }
  const input = issueInput(arn, await csrOf(client, arn), {
    template: 'RootCACertificate',
    validity: { Value: 10, Type: 'YEARS' },
  })
  const root = await client.call('IssueCertificate', input)
  const { Certificate } = await client.call('GetCertificate', { ...authority, ...root })
  await client.call('ImportCertificateAuthorityCertificate', {
    ...authority,
    Certificate: base64(Certificate),
  })
  const leaf = await client.call('IssueCertificate', issueInput(arn, csr('ec-server')))
  const issued = await client.call('GetCertificate', { ...authority, ...leaf })
  return { arn, certificate: Certificate, crlPath: await crlPathOf(issued.Certificate) }
}

/** Returns a CA's CSR after the job has created it. */
export async function csrOf(client: Client, arn: string): Promise<string> {
  for (;;) {
    const { status, json } = await client.retry('GetCertificateAuthorityCsr', {
      CertificateAuthorityArn: arn,
    })
    if (status === 200) return json.Csr as string
    if (json.__type !== 'RequestInProgressException') throw new Error(JSON.stringify(json))
    await delay(50)
  }
}

/** Returns the path of the CRL URL in a certificate, as parsed by OpenSSL. */
async function crlPathOf(certificate: string): Promise<string> {
  const running = run('openssl', ['x509', '-noout', '-ext', 'crlDistributionPoints'])
  running.child.stdin?.end(certificate)
  const { stdout } = await running
  return new URL(/URI:(\S+)/.exec(stdout)?.[1] ?? '').pathname
}
