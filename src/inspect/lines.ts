/** Formats descriptions as lines of text. */
import type {
  CertificateDescription,
  CrlDescription,
  Description,
  OcspDescription,
  OcspEntry,
  RequestDescription,
} from './describe.ts'
import type { ExtensionDescription } from './describe-extensions.ts'
import type { Inspection } from './inspect.ts'
import { truncateText } from '../text/visible-text.ts'
import { instantWords, whenWords } from './value-texts.ts'

/** Meaning of a line, which determines its colour. */
export type Tone = 'plain' | 'good' | 'warning' | 'bad'

export interface Line {
  readonly label: string
  readonly text: string
  readonly tone: Tone
}

/** Lines below a title. */
export interface Paragraph {
  readonly title: string
  readonly lines: readonly Line[]
}

const line = (label: string, text: string, tone: Tone = 'plain'): Line => ({ label, text, tone })

/** Returns a paragraph for each object, and a paragraph for the chain, if any. */
export function paragraphsOf({ objects, chain }: Inspection, now: Date): Paragraph[] {
  const paragraphs = objects.map((object, index) => {
    const { title, lines } = paragraphOf(object, now)
    return { title: objects.length === 1 ? title : `${index + 1}. ${title}`, lines }
  })
  if (chain.length === 0) return paragraphs
  return [...paragraphs, { title: 'Chain', lines: chain.map(linkLine) }]
}

function linkLine({ certificate, next, signed, sameEncoding }: Inspection['chain'][number]): Line {
  const label = `${certificate + 1} by ${next + 1}`
  if (signed === 'yes' && !sameEncoding)
    return line(label, 'signed; the issuer is encoded differently from the subject', 'warning')
  return line(
    label,
    { yes: 'signed', no: 'not signed by the next certificate', 'not checked': 'not checked' }[
      signed
    ],
    signed === 'yes' ? 'good' : signed === 'no' ? 'bad' : 'warning',
  )
}

function paragraphOf(object: Description, now: Date): Paragraph {
  switch (object.kind) {
    case 'certificate':
      return {
        title: object.isCa ? 'CA certificate' : 'Certificate',
        lines: certificateLines(object, now),
      }
    case 'request':
      return { title: 'Certificate signing request', lines: requestLines(object) }
    case 'crl':
      return { title: 'Certificate revocation list', lines: crlLines(object, now) }
    case 'ocsp':
      return { title: 'OCSP response', lines: ocspLines(object, now) }
  }
}

/** Fraction of the validity period below which the remaining time is displayed as a warning. */
const expiringPart = 1 / 3

function certificateLines(certificate: CertificateDescription, now: Date): Line[] {
  const { notBefore, notAfter, names } = certificate
  return [
    line('subject', certificate.subject || '(empty)'),
    ...(names.length === 0 ? [] : [line('names', names.join(', '))]),
    line(
      'issuer',
      certificate.issuer === certificate.subject
        ? `${certificate.issuer} (itself)`
        : certificate.issuer,
    ),
    line('serial number', certificate.serialNumber),
    line('valid from', `${instantWords(notBefore)} (${whenWords(new Date(notBefore), now)})`),
    line(
      'valid until',
      `${instantWords(notAfter)}, ${expiryWords(certificate, now)}`,
      toneOf(certificate, now),
    ),
    line('key', certificate.key),
    line('signature', certificate.signatureAlgorithm),
    ...extensionLines(certificate.extensions),
    line('SHA-256', certificate.fingerprintSha256),
    ...warningLines(certificate.warnings),
  ]
}

function expiryWords({ status, notAfter }: CertificateDescription, now: Date): string {
  const end = new Date(notAfter)
  if (status === 'not yet valid') return 'not yet valid'
  if (status === 'expired') return `expired ${whenWords(end, now)}`
  // A certificate is valid until the end of its last second.
  return `expires ${whenWords(end < now ? now : end, now)}`
}

function toneOf({ status, notBefore, notAfter }: CertificateDescription, now: Date): Tone {
  if (status !== 'valid') return 'bad'
  const [start, end] = [Date.parse(notBefore), Date.parse(notAfter)]
  return end - now.getTime() < (end - start) * expiringPart ? 'warning' : 'good'
}

function requestLines({ subject, names, key, ...request }: RequestDescription): Line[] {
  return [
    line('subject', subject || '(empty)'),
    ...(names.length === 0 ? [] : [line('names', names.join(', '))]),
    line('key', key),
    line(
      'signature',
      `${request.signatureAlgorithm}, ${request.signature === 'unsupported' ? 'not checked' : request.signature}`,
      { valid: 'good', invalid: 'bad', unsupported: 'warning' }[request.signature] as Tone,
    ),
    ...extensionLines(request.extensions),
    ...warningLines(request.warnings),
  ]
}

function warningLines(warnings: readonly string[]): Line[] {
  return warnings.map((warning) => line('warning', warning, 'warning'))
}

function crlLines(crl: CrlDescription, now: Date): Line[] {
  const { thisUpdate, nextUpdate, status, revoked, entries } = crl
  const more = revoked - entries.length
  return [
    line('issuer', crl.issuer),
    line('number', crl.crlNumber ?? '(none)'),
    line('this update', `${instantWords(thisUpdate)} (${whenWords(new Date(thisUpdate), now)})`),
    line(
      'next update',
      `${instantWords(nextUpdate)} (${whenWords(new Date(nextUpdate), now)}${status === 'current' ? '' : `, ${status}`})`,
      status === 'current' ? 'good' : 'bad',
    ),
    line('revoked', revoked === 1 ? '1 certificate' : `${revoked} certificates`),
    ...entries.map(({ serialNumber, revocationDate, reason }) =>
      line('', `${serialNumber}  ${instantWords(revocationDate)}  ${reason}`),
    ),
    ...(more > 0 ? [line('', `… and ${more} more`)] : []),
    line('signature', crl.signatureAlgorithm),
    ...extensionLines(crl.extensions),
  ]
}

function ocspLines(answer: OcspDescription, now: Date): Line[] {
  const { responseStatus, producedAt, responder, signatureAlgorithm, responses } = answer
  return [
    line('response', responseStatus, responseStatus === 'successful' ? 'plain' : 'bad'),
    ...(responder === null ? [] : [line('responder', responder)]),
    ...(producedAt === null
      ? []
      : [
          line('produced', `${instantWords(producedAt)} (${whenWords(new Date(producedAt), now)})`),
        ]),
    ...responses.flatMap((entry) => entryLines(entry, now)),
    ...(signatureAlgorithm === null ? [] : [line('signature', signatureAlgorithm)]),
  ]
}

function entryLines(entry: OcspEntry, now: Date): Line[] {
  const { status, revocationTime, reason, thisUpdate, nextUpdate } = entry
  const revoked =
    revocationTime === null ? '' : ` since ${instantWords(revocationTime)}, ${reason ?? ''}`
  return [
    line('certificate', entry.serialNumber),
    line('status', `${status}${revoked}`, status === 'good' ? 'good' : 'bad'),
    line('this update', `${instantWords(thisUpdate)} (${whenWords(new Date(thisUpdate), now)})`),
    ...(nextUpdate === null
      ? []
      : [
          line(
            'next update',
            `${instantWords(nextUpdate)} (${whenWords(new Date(nextUpdate), now)})`,
            new Date(nextUpdate) < now ? 'bad' : 'plain',
          ),
        ]),
  ]
}

/** Formats extensions for display. The hexadecimal values of unknown extensions are truncated. */
function extensionLines(extensions: readonly ExtensionDescription[]): Line[] {
  return extensions.map(({ name, critical, values, problem }) => {
    const text = problem === undefined ? values.map(cut).join(', ') : `malformed: ${problem}`
    return line(
      name,
      `${critical ? 'critical: ' : ''}${text}`,
      problem === undefined ? 'plain' : 'bad',
    )
  })
}

const shownMax = 160

function cut(text: string): string {
  return text.length <= shownMax ? text : `${truncateText(text, shownMax)}…`
}
