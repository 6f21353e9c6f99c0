/** The route for all ACME endpoints: `/acme/NAME/RESOURCE` and `/acme/NAME/RESOURCE/ID`. */
import { createFreshCache } from '../../access/one-second-cache.ts'
import type { EnrollSite } from '../../http/enroll-site.ts'
import type { Route } from '../../http/route.ts'
import { findEndpoint } from '../../store/enrollment/endpoints.ts'
import { createNonces } from '../requests/nonces.ts'
import type { AcmeServices } from '../resource.ts'
import { acmePrefix, createAcmeHandler } from './acme-handler.ts'
import { resources } from './resource-table.ts'

export function acmeRoutes(services: AcmeServices, site: EnrollSite): readonly Route[] {
  const { api, nonceAuthenticator: authenticator } = services
  const { db, clock, random } = api.services
  const handler = createAcmeHandler({
    ...services,
    site,
    nonces: createNonces({ db, clock, random, authenticator }),
    findEndpoint: createFreshCache((name) => findEndpoint(db, 'acme', name), { clock }),
    resources,
  })
  return [
    {
      path: ({ localPath }) => (localPath.startsWith(acmePrefix) ? '' : undefined),
      handler,
    },
  ]
}
