/** Checks the syntax of GeneralNames by type (RFC 5280 §4.2.1.6), after parseGeneralNames. */
import { DerError } from '../x509/der/error.ts'
import { contextTag, type DerElement } from '../x509/der/reader.ts'
import { requireDerTree } from '../x509/der/tree.ts'
import { encodeElement } from '../x509/der/writer.ts'
import { parseEdiPartyName, parseOtherName, type GeneralName } from '../x509/names/general-name.ts'
import { isEmptyName, parseName } from '../x509/names/name.ts'
import { decodeString, latin1 } from '../x509/der/strings.ts'
import { hostFault, isPlainHost, isUnusualHost, mailboxFault, uriFault } from './host-names.ts'
import { directoryStrings, lintName, lintString } from './name-strings.ts'
import type { Report, RuleName } from './rules.ts'

/** Checks each name in the list. `label` identifies the list in messages, for example `subjectAltName`. */
export function lintGeneralNames(
  names: readonly GeneralName[],
  label: string,
  report: Report,
): void {
  for (const [index, name] of names.entries())
    lintGeneralName(name, () => `${label}, name ${index + 1}`, report)
}

function lintGeneralName(
  { kind, content }: GeneralName,
  place: () => string,
  report: Report,
): void {
  switch (kind) {
    case 'dNSName':
      return lintHost(latin1(content), place, report)
    case 'rfc822Name':
      return lintText('mail-address', mailboxFault, { text: latin1(content), place, report })
    case 'uniformResourceIdentifier':
      return lintText('uri', uriFault, { text: latin1(content), place, report })
    case 'directoryName':
      return lintDirectoryName(content, place(), report)
    case 'otherName':
      return lintOtherName(content, place, report)
    case 'ediPartyName':
      return lintEdiPartyName(content, place, report)
    case 'x400Address':
      lintTree('x400-address', encodeElement(contextTag(3, true), content), { place, report })
      return
    case 'iPAddress':
    case 'registeredID':
  }
}

function lintHost(text: string, place: () => string, report: Report): void {
  if (isPlainHost(text)) return
  const fault = hostFault(text, { wildcard: true })
  if (fault !== undefined) report.add('dns-name', `${place()} ${shown(text)} ${fault}`)
  else if (isUnusualHost(text)) report.add('dns-name-form', `${place()} ${shown(text)}`)
}

interface PlacedText {
  readonly text: string
  readonly place: () => string
  readonly report: Report
}

function lintText(
  rule: RuleName,
  faultOf: (text: string) => string | undefined,
  { text, place, report }: PlacedText,
): void {
  const fault = faultOf(text)
  if (fault !== undefined) report.add(rule, `${place()} ${shown(text)} ${fault}`)
}

function lintDirectoryName(content: Uint8Array, place: string, report: Report): void {
  const name = parseName(content)
  if (isEmptyName(name)) report.add('directory-name', place)
  lintName(name, place, report)
}

function lintOtherName(content: Uint8Array, place: () => string, report: Report): void {
  const { value } = parseOtherName(content)
  if (lintTree('other-name', value.der, { place, report })) lintElement(value, place, report)
}

function lintEdiPartyName(content: Uint8Array, place: () => string, report: Report): void {
  try {
    for (const value of parseEdiPartyName(content)) {
      if (!directoryStrings.has(value.tag)) throw new DerError('a member is not a DirectoryString')
      lintElement(value, place, report)
    }
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    report.add('edi-party-name', `${place()}: ${error.message}`)
  }
}

/** Checks the characters of an element if the element is a string. */
function lintElement(element: DerElement, place: () => string, report: Report): void {
  const text = decodeString(element)
  if (text !== undefined) lintString({ tag: element.tag, text, place }, report)
}

/** Returns whether the bytes are DER, and reports `rule` if they are not. */
function lintTree(
  rule: RuleName,
  der: Uint8Array,
  { place, report }: { readonly place: () => string; readonly report: Report },
): boolean {
  try {
    requireDerTree(der, 'value')
    return true
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    report.add(rule, `${place()}: ${error.message}`)
    return false
  }
}

const shownLengthMax = 80

/** Returns the text truncated and in quotes. The text is visible ASCII, because parseGeneralNames accepts nothing else. */
function shown(text: string): string {
  return text.length > shownLengthMax ? `'${text.slice(0, shownLengthMax)}…'` : `'${text}'`
}
