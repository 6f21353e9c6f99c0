/**
 * Parses names for certificates. The type of a name is inferred from its form. For an invalid name, the reported problem suggests
 * the name that was probably intended.
 */
import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import type { RequestedGeneralName } from '../src/authority/general-names.ts'

/** The reason why a certificate cannot contain a name. */
export interface NameProblem {
  /** The end of a sentence that starts with the name, such as `is a URL`. */
  readonly problem: string
  /** The name that was probably intended. */
  readonly instead?: string
}

/** A name in the API's form, or the reason why the name is invalid. */
export type ReadName = RequestedGeneralName | NameProblem

/** Matches server URLs. Callers often pass a server's URL instead of its name. */
const serverUrlForm = /^(?:https?|wss?|ftps?|tls|tcp|ldaps?):\/\//i
const uriForm = /^[a-z][a-z0-9+.-]*:(\/\/|[a-z])/i

/**
 * Parses a DNS name, IP address, email address or URI. DNS names are converted to A-labels in lower case. A server URL is treated
 * as a URI if it has a path or a query. A server URL without a path or query is reported as a problem, because the caller
 * probably meant the host name.
 */
export function readName(name: string): ReadName {
  if (isIP(name) !== 0) return { IpAddress: name }
  const url = serverUrlProblem(name)
  if (url !== undefined && !/^[^/]*\/\/[^/]*[/?#]./.test(name)) return url
  if (uriForm.test(name)) return { UniformResourceIdentifier: name }
  if (name.includes('@')) return readMailAddress(name)
  const dns = readDnsName(name)
  return typeof dns === 'string' ? { DnsName: dns } : dns
}

/** Returns the problem if a name is a server URL; otherwise undefined. */
export function serverUrlProblem(name: string): NameProblem | undefined {
  return serverUrlForm.test(name) ? { problem: 'is a URL', ...hostOf(name) } : undefined
}

export function nameProblemText(name: string, { problem, instead }: NameProblem): string {
  return `'${name}' ${problem}${instead === undefined ? '' : `; use '${instead}'`}`
}

function hostOf(url: string): Pick<NameProblem, 'instead'> {
  // The URL class does not normalize host names in URLs with unknown schemes.
  const httpUrl = url.replace(/^[a-z]+:/i, 'http:')
  const host = URL.canParse(httpUrl) ? new URL(httpUrl).hostname.replace(/^\[|\]$/g, '') : ''
  return host === '' ? {} : { instead: host }
}

function readMailAddress(name: string): ReadName {
  const separator = name.lastIndexOf('@')
  const domain = readDnsName(name.slice(separator + 1))
  if (separator > 0 && typeof domain === 'string' && !domain.startsWith('*'))
    return { Rfc822Name: `${name.slice(0, separator)}@${domain}` }
  const reason = typeof domain === 'string' ? '' : `: the part after @ ${domain.problem}`
  return { problem: `is not an email address${reason}` }
}

const labelBytesMax = 63
const nameBytesMax = 253
const noDnsName = 'is not a DNS name'
const asciiForm = /^[a-z0-9_.*-]+$/i

/**
 * Matches A-labels in lower case (RFC 1034 §3.1, RFC 5890). Underscores are accepted, because service names and host names in
 * home networks contain them.
 */
function readDnsName(name: string): string | NameProblem {
  const mistake = mistakeIn(name)
  if (mistake !== undefined) return mistake
  const wildcard = name.startsWith('*.') ? '*.' : ''
  const ascii = domainToASCII(name.slice(wildcard.length))
  const problem = nameProblem(name, ascii)
  return problem === undefined ? wildcard + ascii : { problem }
}

/** Recognizes common mistakes in names. */
function mistakeIn(name: string): NameProblem | undefined {
  const [, host = '', port, path] = /^([^/:\s]+)(:\d+)?(\/\S*)?$/.exec(name) ?? []
  if (port !== undefined) return { problem: `${noDnsName}: it has a port`, instead: host }
  if (path !== undefined) return { problem: `${noDnsName}: it has a path`, instead: host }
  if (/[^.]\.$/.test(name))
    return { problem: `${noDnsName}: it ends with a dot`, instead: name.slice(0, -1) }
  if (name.replace(/^\*\./, '').includes('*'))
    return {
      problem: `${noDnsName}: an asterisk is only allowed as the entire first label, as in *.example.com`,
    }
  return undefined
}

const noName = `${noDnsName}, IP address, email address or URI`

/**
 * Returns the problem with a name, or undefined if the name is valid. `ascii` is the name converted to A-labels, or
 * an empty string if the conversion failed.
 */
function nameProblem(name: string, ascii: string): string | undefined {
  // domainToASCII decodes percent-encoded characters and removes some white space.
  const hasForeign = Array.from(name).some(
    (character) => character <= '\u007F' && !asciiForm.test(character),
  )
  if (hasForeign || !asciiForm.test(ascii) || isIP(ascii) !== 0) return noName
  const labels = ascii.split('.')
  if (labels.includes('')) return `${noDnsName}: it has an empty label`
  const long = labels.find((label) => label.length > labelBytesMax)
  if (long !== undefined)
    return `${noDnsName}: it has a label of ${long.length} bytes; the maximum is ${labelBytesMax}`
  if (labels.some((label) => label.startsWith('-') || label.endsWith('-')))
    return `${noDnsName}: it has a label that begins or ends with a hyphen`
  // Clients compare a name together with its wildcard, so the wildcard counts toward the length.
  const bytes = ascii.length + (name.startsWith('*.') ? 2 : 0)
  return bytes > nameBytesMax
    ? `${noDnsName}: it has ${bytes} bytes; the maximum is ${nameBytesMax}`
    : undefined
}
