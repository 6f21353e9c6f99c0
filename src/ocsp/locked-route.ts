import type { Clock } from '../clock.ts'
import type { Route } from '../http/route.ts'
import { encodeOcspError } from '../x509/ocsp/encode-response.ts'
import { createOcspRoute } from './handler.ts'
import type { OcspAnswer } from './responder.ts'

/** Creates the OCSP route of a server that has no keys yet. Every answer is tryLater, which is not signed (RFC 6960 §2.3). */
export function createLockedOcspRoute(clock: Clock): Route {
  const tryLater: OcspAnswer = { der: encodeOcspError('tryLater'), life: undefined }
  return createOcspRoute({
    clock,
    responder: { find: () => tryLater, answer: () => Promise.resolve(tryLater) },
  })
}
