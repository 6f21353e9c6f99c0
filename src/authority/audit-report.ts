/** Audit reports, which list every certificate of a CA (AWS Private CA User Guide, audit reports). */
import { csvCell, visibleJson } from '../text/visible-text.ts'
import { nameTextOf } from '../x509/names/name-text.ts'
import { parseCertificateSummary, type CertificateSummary } from '../x509/certificate-parts.ts'

export type AuditReportFormat = 'JSON' | 'CSV'

export type { CertificateSummary }

/** A stored certificate, or the summary of a deleted certificate. */
export type AuditedCertificate = AuditedRecord &
  ({ readonly certificateDer: Uint8Array } | { readonly summary: CertificateSummary })

interface AuditedRecord {
  /** Serial number of the certificate: the 16 bytes that its ARN contains. */
  readonly serialNumber: Uint8Array
  readonly templateName: string
  /** Account that requested the certificate; undefined if the CA's owner requested it. */
  readonly requesterAccountId: string | undefined
  /** Service that requested the certificate on behalf of an account; undefined if no service was involved. */
  readonly requesterService: string | undefined
  readonly issuedAt: Date
  readonly revocation: { readonly revokedAt: Date; readonly reason: string } | undefined
}

export interface AuditedAuthority {
  readonly arn: string
  readonly accountId: string
  readonly partition: string
}

export function auditReportKey(
  authorityId: string,
  reportId: string,
  format: AuditReportFormat,
): string {
  return `audit-report/${authorityId}/${reportId}.${format.toLowerCase()}`
}

export function auditReportType(format: AuditReportFormat): string {
  return format === 'JSON' ? 'application/json' : 'text/csv'
}

/** Columns of the audit report, in the order of both formats. */
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

type ReportRow = Readonly<Record<(typeof columns)[number], string>>

/** A format of audit reports: the text before the first row, between rows and after the last row, and the encoding of rows. */
export interface ReportForm {
  readonly head: string
  readonly first: string
  readonly separator: string
  tail(hasRows: boolean): string
  row(certificate: AuditedCertificate, authority: AuditedAuthority): string
}

export const reportForms: Readonly<Record<AuditReportFormat, ReportForm>> = {
  // The layout that JSON.stringify produces with an indentation of two.
  JSON: {
    head: '[',
    first: '\n',
    separator: ',\n',
    tail: (hasRows) => (hasRows ? '\n]\n' : ']\n'),
    row: jsonRow,
  },
  CSV: { head: columns.join(','), first: '\n', separator: '\n', tail: () => '\n', row: csvRow },
}

/**
 * Encodes an audit report row as JSON. Members without a value are omitted from the JSON. Only a subject can contain
 * characters that require escaping.
 */
function jsonRow(certificate: AuditedCertificate, authority: AuditedAuthority): string {
  const row = rowOf(certificate, authority)
  let text = '  {'
  for (const column of columns) {
    const value = row[column]
    if (value === '') continue
    const literal = column === 'subject' ? visibleJson(JSON.stringify(value)) : `"${value}"`
    text += `${text.length === 3 ? '' : ','}\n    "${column}": ${literal}`
  }
  return `${text}\n  }`
}

/**
 * Encodes an audit report row as CSV. The subject is always quoted (RFC 4180 §2), and its control and format characters are
 * escaped. No value except the subject needs quoting or escaping. No cell can be mistaken for a spreadsheet formula, because a
 * subject starts with a keyword or an OID.
 */
function csvRow(certificate: AuditedCertificate, authority: AuditedAuthority): string {
  const row = rowOf(certificate, authority)
  let text = ''
  for (const column of columns) {
    const value = row[column]
    const cell = column === 'subject' ? csvCell(value) : value
    text += text === '' ? cell : `,${cell}`
  }
  return text
}

/** Formats an optional value, using an empty cell for a missing value. */
function rowOf(certificate: AuditedCertificate, authority: AuditedAuthority): ReportRow {
  const { notBefore, notAfter, subjectDer } =
    'summary' in certificate
      ? certificate.summary
      : parseCertificateSummary(certificate.certificateDer)
  const { revocation } = certificate
  const { hex, colons } = serialTexts(certificate.serialNumber)
  return {
    awsAccountId: certificate.requesterAccountId ?? authority.accountId,
    requestedByServicePrincipal: certificate.requesterService ?? '',
    certificateArn: `${authority.arn}/certificate/${hex}`,
    serial: colons,
    subject: nameTextOf(subjectDer),
    notBefore: `${notBefore}+0000`,
    notAfter: `${notAfter}+0000`,
    issuedAt: timeText(certificate.issuedAt),
    revokedAt: revocation === undefined ? '' : timeText(revocation.revokedAt),
    revocationReason: revocation?.reason ?? '',
    templateArn: `arn:${authority.partition}:acm-pca:::template/${certificate.templateName}/V1`,
  }
}

const hexOf: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
)

function serialTexts(bytes: Uint8Array): { readonly hex: string; readonly colons: string } {
  let hex = ''
  let colons = ''
  for (const byte of bytes) {
    const digits = hexOf[byte] ?? ''
    colons += hex === '' ? digits : `:${digits}`
    hex += digits
  }
  return { hex, colons }
}

/** Formats a time with its time zone, as in AWS's audit reports. */
function timeText(instant: Date): string {
  return `${instant.toISOString().slice(0, 'YYYY-MM-DDTHH:MM:SS'.length)}+0000`
}
