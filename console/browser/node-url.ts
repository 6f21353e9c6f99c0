/** The parts of node:url that the client uses, for browsers. */

/** Converts a domain's labels to ASCII. Returns an empty string for an invalid domain. */
export function domainToASCII(domain: string): string {
  return URL.canParse(`http://${domain}/`) ? new URL(`http://${domain}/`).hostname : ''
}
