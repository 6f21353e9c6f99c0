/** The services that the API pipeline uses, with or without a listener. */
import { createRestoreGate } from '../approval/restore-gate.ts'
import { createFreshCache } from '../access/one-second-cache.ts'
import { createSessions } from '../identity/session.ts'
import { createSigningKeys } from '../access/signing-keys.ts'
import type { Clock } from '../clock.ts'
import type { ApiServices } from '../http/protocol.ts'
import { findOperation } from '../operations/index.ts'
import type { Services } from '../services.ts'
import { findAccessKey } from '../store/access-keys.ts'
import { findRoleById } from '../store/roles.ts'
import type { Log } from '../telemetry/log.ts'
import type { IssuerKeys } from '../sts/issuer-keys.ts'
import { servedRegions } from '../wire/region.ts'
import type { Runtime } from './runtime.ts'

/** Creates the services for the API pipeline. `limits` apply either to the whole server or only to the current process. */
export function createApiServices(
  runtime: Runtime,
  services: Services,
  limits: Pick<ApiServices, 'rateLimiter' | 'failureLimiter' | 'callLog'>,
): ApiServices & Pick<Runtime, 'random'> {
  const { config, clock, random, log, data } = runtime
  const { db, sealers, masterKeys } = data
  return {
    ...limits,
    clock,
    random,
    log,
    services,
    regions: servedRegions(config.regions),
    findOperation,
    restoreGate: createRestoreGate(db),
    keyUses: services.keyUses,
    sessions: createSessions(masterKeys.tokenSealer('session tokens'), () => masterKeys.generation),
    issuerKeys: createIssuerKeysLater(clock),
    signingKeys: createSigningKeys(),
    findAccessKey: createFreshCache((id) => findAccessKey(db, sealers, id), { clock }),
    findRole: createFreshCache((id) => findRoleById(db, id), { clock }),
  }
}

/**
 * Loads the library for identity tokens after the server has started to listen. Loading blocks the event loop for 24 ms, and an
 * unauthenticated request must not be able to cause this delay.
 */
export function loadTokenVerification(log: Log): void {
  Promise.all([import('../sts/issuer-keys.ts'), import('../sts/verify-web-identity.ts')]).catch(
    (err: unknown) => log.error({ err }, 'the library for identity tokens cannot be loaded'),
  )
}

/**
 * Creates the issuer keys for identity tokens. The library for identity tokens is loaded when the first token arrives, because
 * loading is slow.
 */
function createIssuerKeysLater(clock: Clock): IssuerKeys {
  let loading: Promise<IssuerKeys> | undefined
  const load = async (): Promise<IssuerKeys> => {
    const { createIssuerKeys } = await import('../sts/issuer-keys.ts')
    return createIssuerKeys(clock)
  }
  return {
    of: (provider) => async (header, token) => {
      const keys = await (loading ??= load())
      return keys.of(provider)(header, token)
    },
  }
}
