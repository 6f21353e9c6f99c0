/** The parts of node:url that the client uses, implemented for browsers. */

/** Converts a domain's labels to ASCII. Returns an empty string if the domain is invalid. */
export function domainToASCII(domain: string): string {
  return URL.canParse(`http://${domain}/`) ? new URL(`http://${domain}/`).hostname : ''
}
