import { reasonOfCode } from '../../authority/revocation-reason.ts'
import { certificateArn, certificateAuthorityArn } from '../../wire/arn.ts'
import type { ListedCertificate } from '../../search/filter.ts'

/** Converts a stored certificate to the members of a ListCertificates entry. */
export function certificateMembers(certificate: ListedCertificate) {
  const { authority, serialNumber, names, requester, revocation, status } = certificate
  const authorityArn = certificateAuthorityArn(authority)
  const requesterName = requester.name ?? requester.accountId
  return {
    CertificateArn: certificateArn(authorityArn, serialNumber),
    CertificateAuthorityArn: authorityArn,
    SerialNumber: Buffer.from(serialNumber)
      .toString('hex')
      .replaceAll(/..(?=.)/g, '$&:'),
    Subject: names.subject,
    SubjectAlternativeNames: names.alternativeNames,
    TemplateArn: `arn:${authority.partition}:acm-pca:::template/${certificate.templateName}/V1`,
    ...(requesterName !== undefined && { Requester: requesterName }),
    IssuedAt: certificate.issuedAt,
    ...(names.notBefore && { NotBefore: names.notBefore }),
    NotAfter: certificate.notAfter,
    Status: status,
    ...(revocation && {
      RevokedAt: revocation.revokedAt,
      RevocationReason: reasonOfCode(revocation.reasonCode),
    }),
  }
}
