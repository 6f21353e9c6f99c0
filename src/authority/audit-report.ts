/** Audit reports: every certificate that a CA issued, one after the other (AWS Private CA User Guide, audit reports). */
import { csvCell, visibleJson } from '../text/visible-text.ts'
import { nameTextOf } from '../x509/names/name-text.ts'
import { parseCertificateSummary, type CertificateSummary } from '../x509/certificate-parts.ts'

export type AuditReportFormat = 'JSON' | 'CSV'

export type { CertificateSummary }

/** A certificate in the database, or the summary of one that was deleted after it expired. */
export type AuditedCertificate = AuditedRecord &
  ({ readonly certificateDer: Uint8Array } | { readonly summary: CertificateSummary })

interface AuditedRecord {
  /** 16 octets, as in its ARN. */
  readonly serialNumber: Uint8Array
  readonly templateName: string
  /** Account that asked for it; undefined for the owner of the CA. */
  readonly requesterAccountId: string | undefined
  /** Service that asked for it on behalf of that account; undefined if none did. */
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

type ReportRow = Readonly<Record<(typeof columns)[number], string>>

/** What a report begins with, what is before its first row and between others, and how it ends; how a row is written. */
export interface ReportForm {
  readonly head: string
  readonly first: string
  readonly separator: string
  tail(hasRows: boolean): string
  row(certificate: AuditedCertificate, authority: AuditedAuthority): string
}

export const reportForms: Readonly<Record<AuditReportFormat, ReportForm>> = {
  // As JSON.stringify writes the whole array, indented by two.
  JSON: {
    head: '[',
    first: '\n',
    separator: ',\n',
    tail: (hasRows) => (hasRows ? '\n]\n' : ']\n'),
    row: jsonRow,
  },
  CSV: { head: columns.join(','), first: '\n', separator: '\n', tail: () => '\n', row: csvRow },
}

/** Keys without a value are left out; only a subject can have characters that have to be escaped. */
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
 * The subject is always quoted (RFC 4180 §2), and its control and format characters are escaped. Other values need neither. No
 * cell begins like a formula: a subject begins with a keyword or an OID.
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

/** What has no value is empty. */
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

/** As CertificateSummary has times, with the zone. */
function timeText(instant: Date): string {
  return `${instant.toISOString().slice(0, 'YYYY-MM-DDTHH:MM:SS'.length)}+0000`
}
