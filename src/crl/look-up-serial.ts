/** Looks up a serial number in a published CRL, as relying parties do. */
import { ServiceError } from '../errors.ts'
import type { ObjectLocation, ObjectStore } from '../objects/object-store.ts'
import type { Services } from '../services.ts'

/** Maximum size of a CRL to read. A complete CRL within the quotas is smaller than 64 MiB. */
const crlBytesMax = 64 * 1024 * 1024
/** Maximum number of concurrent lookups in a process. Each lookup holds a CRL in memory. */
const lookupsMax = 4

const running = new WeakMap<ObjectStore, number>()

type LookupServices = Pick<Services, 'objects' | 'bulk' | 'log'>

/**
 * Returns the CRL's header and its entry for the serial number, or the reason why the CRL cannot be read.
 * Throws ThrottlingException if too many lookups are running.
 */
export async function lookUpSerial(
  { objects, bulk, log }: LookupServices,
  at: ObjectLocation,
  serialNumber: Uint8Array,
): Promise<Awaited<ReturnType<Services['bulk']['findInCrl']>> | { readonly problem: string }> {
  const count = running.get(objects) ?? 0
  if (count >= lookupsMax)
    throw new ServiceError('ThrottlingException', 'Too many CRLs are being read. Try again.')
  running.set(objects, count + 1)
  try {
    const der = await objects.get(at, crlBytesMax)
    if (der === undefined) return { problem: 'The published CRL was deleted from its bucket.' }
    // The copy has its own memory, which can be transferred to a thread.
    return await bulk.findInCrl(Uint8Array.from(der), serialNumber)
  } catch (error) {
    log.warn({ ...at, err: error }, 'the published CRL cannot be read')
    if (error instanceof RangeError) return { problem: 'The published CRL is larger than 64 MiB.' }
    return { problem: 'The published CRL cannot be read; the server log contains the reason.' }
  } finally {
    running.set(objects, (running.get(objects) ?? 1) - 1)
  }
}
