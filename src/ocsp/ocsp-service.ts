import type { Services } from '../services.ts'
import { canDelegate, createDelegates } from './delegates.ts'
import { createOcspResponder } from './responder.ts'
import type { OcspService } from './response.ts'

/**
 * Creates a process's OCSP responder at the first request. The responder cannot be created earlier, because it uses the services
 * that contain it.
 */
export function createOcspService(servicesOf: () => Services): OcspService {
  let created: ReturnType<typeof create> | undefined
  const parts = (): ReturnType<typeof create> => (created ??= create(servicesOf()))
  return {
    find: (requestDer) => parts().responder.find(requestDer),
    answer: (requestDer) => parts().responder.answer(requestDer),
    signerOf(authority) {
      const { delegates } = parts()
      if (delegates === undefined || !canDelegate(authority))
        return { kind: 'CA', notAfter: undefined }
      return { kind: 'DELEGATED', notAfter: delegates.current(authority)?.certificate.notAfter }
    },
  }
}

function create(services: Services) {
  const isDelegated = services.revocationPolicy.ocspSigner === 'delegated'
  const delegates = isDelegated ? createDelegates(services) : undefined
  return { delegates, responder: createOcspResponder({ ...services, delegates }) }
}
