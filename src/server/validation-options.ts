/** Options for the validation of ACME challenges, derived from the configuration. */
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Config } from '../settings/config.ts'
import type { Address } from '../settings/parse-values.ts'
import { formatIpAddress, isLoopbackAddress, parseIpAddress } from '../text/ip-address.ts'
import type { ValidationOptions } from '../validation/validator.ts'

type ListenerConfig = Pick<Config, 'listen' | 'publicListen' | 'metricsListen' | 'enrollment'>

/** Returns the validation options, or undefined if the server does not serve ACME. */
export function validationOptions({
  listen,
  publicListen,
  metricsListen,
  enrollment,
}: ListenerConfig): ValidationOptions | undefined {
  if (enrollment === undefined) return undefined
  const listeners = [listen, publicListen, metricsListen, enrollment.listen].filter(
    (each) => each !== undefined,
  )
  return { ...enrollment.validation, isOwnAddress: ownAddresses(listeners) }
}

/**
 * Returns a function that checks whether one of the listeners accepts connections to a given IP address (in canonical form) and
 * port. A listener on a host name, or on every address, accepts connections to all addresses of the machine. The function does
 * not recognize ports that the operating system chooses (port 0). Ports that the operating system chooses are high ports, whereas
 * validation connects only to ports 80 and 443 and the configured ports. A listener's port can equal a validation port only if an
 * administrator configures a high port. If the ports are equal, the listener answers the validation request with an error.
 */
export function ownAddresses(
  listeners: readonly Address[],
  machineAddresses: () => readonly string[] = interfaceAddresses,
): ValidationOptions['isOwnAddress'] {
  return (address, port) =>
    listeners.some(
      (listener) =>
        listener.port === port &&
        (isOneAddress(listener.host)
          ? canonical(listener.host) === address
          : isLoopbackAddress(address) || machineAddresses().includes(address)),
    )
}

function isOneAddress(host: string): boolean {
  return isIP(host) !== 0 && host !== '0.0.0.0' && canonical(host) !== '::'
}

function interfaceAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((all = []) =>
    all.map(({ address }) => canonical(address)),
  )
}

function canonical(address: string): string {
  const bytes = parseIpAddress(address)
  return bytes === undefined ? address : formatIpAddress(bytes)
}
