/** The parts of node:url that the client uses, for browsers. */

/** Converts the labels of a domain to ASCII. Empty for an invalid domain. */
export function domainToASCII(domain: string): string {
  return URL.canParse(`http://${domain}/`) ? new URL(`http://${domain}/`).hostname : ''
}
