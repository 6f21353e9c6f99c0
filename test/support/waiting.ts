/** Helpers for certificates that wait for their CA's key. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { csr } from './csrs.ts'
import { issueInput, type CertificateOptions } from './hierarchy.ts'
import { lastOf } from './revocation.ts'
import type { ApiCaller, TestService } from './service.ts'

/** Requests a certificate, and returns the input for GetCertificate. */
export async function request(
  service: ApiCaller,
  authorityArn: string,
  options: CertificateOptions & { readonly csr?: string } = {},
): Promise<{ CertificateAuthorityArn: string; CertificateArn: string }> {
  const input = issueInput(authorityArn, options.csr ?? csr('ec-server'), options)
  const { CertificateArn } = await service.must('IssueCertificate', input)
  return { CertificateAuthorityArn: authorityArn, CertificateArn: CertificateArn as string }
}

/** Runs the job when the next attempt is due. */
export async function retry(service: TestService): Promise<void> {
  // The first call waits until the run triggered by the request has ended.
  await service.runJob('finish-issuance')
  service.clock.advance({ seconds: 31 })
  await service.runJob('finish-issuance')
}

/** Returns whether the serial number of a PEM certificate is the last part of its ARN. */
export function hasSerialOf(certificatePem: string, arn: string): boolean {
  const { serialNumber } = new X509Certificate(certificatePem)
  return serialNumber.toLowerCase().padStart(32, '0') === lastOf(arn)
}

/** Asserts that every acknowledged certificate was issued under its own serial number and signed by its CA. */
export async function assertAllIssued(
  service: ApiCaller,
  acknowledged: readonly Awaited<ReturnType<typeof request>>[],
  authorityPem: string,
): Promise<void> {
  const { publicKey } = new X509Certificate(authorityPem)
  const serials = new Set<string>()
  for (const arns of acknowledged) {
    const found = await service.must('GetCertificate', arns)
    assert.ok(hasSerialOf(found.Certificate as string, arns.CertificateArn))
    const certificate = new X509Certificate(found.Certificate as string)
    assert.ok(certificate.verify(publicKey))
    serials.add(certificate.serialNumber)
  }
  assert.equal(serials.size, acknowledged.length)
}
