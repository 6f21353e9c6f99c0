/** Audit reports: every certificate that a CA issued, one after the other (AWS Private CA User Guide, audit reports). */
import { nameText } from '../x509/name-text.ts'
import { parseCertificateSummary } from '../x509/certificate-summary.ts'

export type AuditReportFormat = 'JSON' | 'CSV'

/** One certificate as it is recorded. */
export interface AuditedCertificate {
  readonly certificateDer: Uint8Array
  /** 16 octets, as in its ARN. */
  readonly serialNumber: Uint8Array
  readonly templateName: string
  readonly issuedAt: Date
  readonly revocation: { readonly revokedAt: Date; readonly reason: string } | undefined
}

/** Whose certificates. */
export interface AuditedAuthority {
  readonly arn: string
  readonly accountId: string
  readonly partition: string
}

/** Key of the report's object. */
export function auditReportKey(
  authorityId: string,
  reportId: string,
  format: AuditReportFormat,
): string {
  return `audit-report/${authorityId}/${reportId}.${format.toLowerCase()}`
}

/** Media type of the report's object. */
export function auditReportType(format: AuditReportFormat): string {
  return format === 'JSON' ? 'application/json' : 'text/csv'
}

/** In the order in which both forms have them. */
const columns = [
  'awsAccountId',
  'requestedByServicePrincipal',
  'certificateArn',
  'serial',
  'subject',
  'notBefore',
  'notAfter',
  'issuedAt',
  'revokedAt',
  'revocationReason',
  'templateArn',
] as const

type ReportRow = Partial<Record<(typeof columns)[number], string>>

/** What comes before the first row, between rows and after the last; and how a row is written. */
export interface ReportForm {
  readonly head: string
  readonly separator: string
  readonly tail: string
  row(certificate: AuditedCertificate, authority: AuditedAuthority): string
}

export const reportForms: Readonly<Record<AuditReportFormat, ReportForm>> = {
  // As JSON.stringify writes the whole array, indented by two.
  JSON: {
    head: '[\n',
    separator: ',\n',
    tail: '\n]\n',
    row: (certificate, authority) =>
      `  ${JSON.stringify(rowOf(certificate, authority), undefined, 2).replaceAll('\n', '\n  ')}`,
  },
  CSV: {
    head: `${columns.join(',')}\n`,
    separator: '\n',
    tail: '\n',
    row: (certificate, authority) => csvLine(rowOf(certificate, authority)),
  },
}

/** Keys without a value are left out. */
function rowOf(certificate: AuditedCertificate, authority: AuditedAuthority): ReportRow {
  const { notBefore, notAfter, subject } = parseCertificateSummary(certificate.certificateDer)
  const serial = Buffer.from(certificate.serialNumber).toString('hex')
  const { revocation } = certificate
  return {
    awsAccountId: authority.accountId,
    certificateArn: `${authority.arn}/certificate/${serial}`,
    serial: serial.replaceAll(/..(?=.)/g, '$&:'),
    subject: nameText(subject),
    notBefore: timeText(notBefore),
    notAfter: timeText(notAfter),
    issuedAt: timeText(certificate.issuedAt),
    ...(revocation && {
      revokedAt: timeText(revocation.revokedAt),
      revocationReason: revocation.reason,
    }),
    templateArn: `arn:${authority.partition}:acm-pca:::template/${certificate.templateName}/V1`,
  }
}

function timeText(date: Date): string {
  return `${date.toISOString().slice(0, -5)}+0000`
}

/** The subject is always quoted (RFC 4180 §2); nothing else has a character that would need it. */
function csvLine(row: ReportRow): string {
  return columns
    .map((column) => {
      const value = row[column] ?? ''
      return column === 'subject' ? `"${value.replaceAll('"', '""')}"` : value
    })
    .join(',')
}
