/** Contacts of ACME accounts: Contacts: `mailto` URLs with one address each (RFC 8555 §7.3, RFC 6068). */
import { quoted } from '../../text/visible-text.ts'
import { AcmeProblem } from '../problem.ts'
import { malformed } from '../requests/parse-json.ts'

const contactsMax = 10
/** Combined length of `mailto:` and the longest email address (RFC 5321 §4.5.3.1.3). */
const lengthMax = 'mailto:'.length + 254

const schemeForm = /^([a-z][a-z0-9+.-]*):/i
const addressForm = /^[!#$%&'*+/=?^_`{|}~\w.-]{1,64}@[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/i

/** Reads the member `contact` of an account; undefined if it is absent. Throws a problem that quotes the invalid contact. */
export function readContacts(value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined
  if (!Array.isArray(value) || !value.every((contact) => typeof contact === 'string'))
    throw malformed('The member contact must be an array of strings.')
  if (value.length > contactsMax)
    throw new AcmeProblem(
      'invalidContact',
      `The member contact must have at most ${contactsMax} URLs.`,
    )
  for (const contact of value) requireContact(contact)
  return value
}

function requireContact(contact: string): void {
  const scheme = schemeForm.exec(contact)?.[1]
  if (scheme !== undefined && scheme.toLowerCase() !== 'mailto')
    throw new AcmeProblem(
      'unsupportedContact',
      `The contact ${quoted(contact)} has the scheme ${scheme}, but only mailto is supported.`,
    )
  const address = contact.slice('mailto:'.length)
  // `?` begins header fields, and a comma separates several addresses. Header fields and address lists are valid in mailto URLs,
  // but not in contacts.
  if (
    scheme === undefined ||
    contact.length > lengthMax ||
    /[?,]/.test(address) ||
    !addressForm.test(address)
  )
    throw new AcmeProblem(
      'invalidContact',
      `The contact ${quoted(contact)} must be mailto: and one email address of at most 254 characters, without header fields.`,
    )
}
