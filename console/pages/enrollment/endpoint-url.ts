/** URLs of enrollment endpoints. */
import type { EnrollmentEndpoint, Server } from '../../api/types.ts'

const listenForm = /^(?<host>.+):(?<port>\d+)$/
/** Listen addresses that represent all addresses of the machine. */
const unspecified = ['0.0.0.0', '[::]']

/**
 * Returns the origin of the enrollment listener from the server's settings, or undefined if the listener is off. `ownHost` is the
 * console's host name, which is used if the settings contain no name.
 */
export function enrollOrigin(settings: Server['Settings'], ownHost: string): string | undefined {
  const valueOf = (name: string): string => settings.find(({ Name }) => Name === name)?.Value ?? ''
  const { host = '', port = '' } = listenForm.exec(valueOf('enroll-listen'))?.groups ?? {}
  if (port === '') return undefined
  const names = valueOf('enroll-names').split(',')
  const name = names.map((one) => one.trim()).find((one) => one !== '' && !one.startsWith('*'))
  const found = name ?? (unspecified.includes(host) ? ownHost : host)
  const shown = found.includes(':') && !found.startsWith('[') ? `[${found}]` : found
  return `https://${shown}${port === '443' ? '' : `:${port}`}`
}

/** Returns the URL path for client configuration: the directory in ACME, or the base path in EST. */
export function endpointPath({
  Protocol,
  Name,
}: Pick<EnrollmentEndpoint, 'Protocol' | 'Name'>): string {
  return Protocol === 'ACME' ? `/acme/${Name}/directory` : `/.well-known/est/${Name}`
}
