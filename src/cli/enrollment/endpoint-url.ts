/** URLs under which clients reach ACME and EST endpoints. */
import type { EnrollmentProtocol } from '../../enrollment/endpoint.ts'
import type { Config } from '../../settings/config.ts'
import { urlHost } from '../../text/ip-address.ts'
import { recordedAddress } from '../shared/connection-flags.ts'

export interface EndpointAddress {
  readonly protocol: EnrollmentProtocol
  readonly name: string
  /** URL of the enrollment listener; undefined if it is unknown. */
  readonly enrollUrl: string | undefined
}

/** Returns the URL of an endpoint, with placeholders for an unknown host and port. */
export function endpointUrl({
  protocol,
  name,
  enrollUrl = 'https://SERVER:PORT',
}: EndpointAddress): string {
  return protocol === 'acme'
    ? `${enrollUrl}/acme/${name}/directory`
    : `${enrollUrl}/.well-known/est/${name}`
}

/** Returns the member with the URL of an endpoint for JSON and CSV. The object is empty if the URL is unknown. */
export function urlMember(address: EndpointAddress): object {
  return address.enrollUrl === undefined ? {} : { [keyOf(address.protocol)]: endpointUrl(address) }
}

/** Returns the member with the URL of an endpoint for a table, which states how to complete an unknown URL. */
export function shownUrlMember(address: EndpointAddress): object {
  const note = ' (replace SERVER:PORT with a host name and the port of --enroll-listen)'
  const url = endpointUrl(address)
  return { [keyOf(address.protocol)]: address.enrollUrl === undefined ? url + note : url }
}

function keyOf(protocol: EnrollmentProtocol): string {
  return protocol === 'acme' ? 'DirectoryUrl' : 'Url'
}

/**
 * Returns the URL of the enrollment listener, from the environment or else from the address that the server has written to the
 * data folder. The URL is undefined if both are missing.
 */
export function enrollUrlOf({ enrollment, dataDirectory }: Config): string | undefined {
  const name = enrollment?.names?.find((each) => !each.startsWith('*'))
  if (enrollment === undefined || name === undefined)
    return recordedAddress(dataDirectory)?.enrollUrl
  return `https://${urlHost(name)}:${enrollment.listen.port}`
}
