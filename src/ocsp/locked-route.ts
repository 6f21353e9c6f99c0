import type { Clock } from '../clock.ts'
import { ServiceError } from '../errors.ts'
import type { Route } from '../http/route.ts'
import type { Services } from '../services.ts'
import type { Database } from '../store/database.ts'
import { encodeOcspError } from '../x509/ocsp/encode-response.ts'
import { createOcspRoute } from './handler.ts'
import { createOcspResponder } from './responder.ts'
import type { OcspAnswer } from './response.ts'

/**
 * Creates the OCSP route for a server that has no keys yet. The route sends stored responses until their nextUpdate. Every other
 * response is an unsigned error, such as tryLater (RFC 6960 §2.3). `db` is undefined if the database cannot be read.
 */
export function createLockedOcspRoute(
  db: Database | undefined,
  { clock, revocationPolicy }: Pick<Services, 'revocationPolicy'> & { readonly clock: Clock },
): Route {
  if (db === undefined) {
    const tryLater: OcspAnswer = { der: encodeOcspError('tryLater'), life: undefined }
    const responder = { find: () => tryLater, answer: () => Promise.resolve(tryLater) }
    return createOcspRoute({ clock, responder })
  }
  const locked = new ServiceError('ServiceUnavailable', "The server's keys are locked.")
  const responder = createOcspResponder({
    db,
    clock,
    revocationPolicy,
    keys: { sign: () => Promise.reject(locked) },
    metrics: { ocspAnswer() {} },
    ocspBatches: { add() {} },
    ocspResponses: { add() {} },
  })
  return createOcspRoute({ clock, responder })
}
