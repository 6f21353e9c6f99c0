/** The metadata of an OpenID Connect identity provider (OpenID Connect Discovery 1.0 §3, RFC 8414 §2). */
import type { JsonObject } from '../../text/json.ts'
import { signatureAlgorithms } from '../../sts/signature-algorithms.ts'

export interface ProviderMetadata {
  readonly authorizationEndpoint: string
  readonly tokenEndpoint: string
  /** Sign-out URL; undefined if the provider has no sign-out page (OpenID Connect RP-Initiated Logout 1.0 §2). */
  readonly endSessionEndpoint: string | undefined
  /**
   * How the provider returns the authorization code. A fragment is never sent to a server, so proxy logs do not contain the code.
   */
  readonly responseMode: 'fragment' | 'query'
  /** Whether every authorization response contains the `iss` parameter (RFC 9207 §3). */
  readonly hasIssuerParameter: boolean
  /** How the client secret is sent to the token endpoint. */
  readonly secretIn: 'header' | 'form'
}

const urlLengthMax = 2048

/** Returns the metadata in a provider's configuration document, or a description of what is wrong with the document. */
export function readMetadata(
  document: JsonObject,
  { issuer, hasSecret }: { readonly issuer: string; readonly hasSecret: boolean },
): ProviderMetadata | { readonly problem: string } {
  const named = document['issuer']
  if (named !== issuer)
    return {
      problem: `the metadata contains the issuer ${shown(named)}, not ${issuer}; --console-sso-issuer must be exactly the issuer in the metadata`,
    }
  const endpoint = (name: string): string | undefined => endpointOf(document[name], issuer)
  const authorizationEndpoint = endpoint('authorization_endpoint')
  const tokenEndpoint = endpoint('token_endpoint')
  if (authorizationEndpoint === undefined) return invalidEndpoint('authorization_endpoint')
  if (tokenEndpoint === undefined) return invalidEndpoint('token_endpoint')
  if (endpoint('jwks_uri') === undefined) return invalidEndpoint('jwks_uri')
  const endSessionEndpoint = endpoint('end_session_endpoint')
  if (document['end_session_endpoint'] !== undefined && endSessionEndpoint === undefined)
    return invalidEndpoint('end_session_endpoint')
  const missing = missingFeature(document, hasSecret)
  if (missing !== undefined) return { problem: missing }
  return {
    authorizationEndpoint,
    tokenEndpoint,
    endSessionEndpoint,
    // If response_modes_supported is absent, the standard's default includes fragments, but some providers that omit it do not
    // support fragments.
    responseMode: listed(document, 'response_modes_supported')?.includes('fragment')
      ? 'fragment'
      : 'query',
    hasIssuerParameter: document['authorization_response_iss_parameter_supported'] === true,
    secretIn: authenticationMethods(document).includes('client_secret_basic') ? 'header' : 'form',
  }
}

/**
 * Returns an error message for a required feature that the provider lacks. If a list is absent from the metadata, the standard's
 * default applies.
 */
function missingFeature(document: JsonObject, hasSecret: boolean): string | undefined {
  const lacks = (name: string, values: readonly string[]): boolean => {
    const found = listed(document, name)
    return found !== undefined && !values.some((value) => found.includes(value))
  }
  if (lacks('response_types_supported', ['code']))
    return 'the provider does not support the authorization code flow (response_types_supported)'
  if (lacks('code_challenge_methods_supported', ['S256']))
    return 'the provider does not support PKCE with S256 (code_challenge_methods_supported)'
  if (lacks('id_token_signing_alg_values_supported', signatureAlgorithms))
    return 'the provider supports none of the accepted algorithms for ID tokens (id_token_signing_alg_values_supported)'
  const methods = authenticationMethods(document)
  if (
    hasSecret &&
    !methods.includes('client_secret_basic') &&
    !methods.includes('client_secret_post')
  )
    return 'the provider does not accept client secrets (token_endpoint_auth_methods_supported)'
  return undefined
}

function authenticationMethods(document: JsonObject): readonly string[] {
  return listed(document, 'token_endpoint_auth_methods_supported') ?? ['client_secret_basic']
}

function listed(document: JsonObject, name: string): readonly string[] | undefined {
  const value = document[name]
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined
}

/** Returns the URL of an endpoint, which must use HTTPS or have the same origin as the issuer. */
function endpointOf(value: unknown, issuer: string): string | undefined {
  if (typeof value !== 'string' || value.length > urlLengthMax || !URL.canParse(value))
    return undefined
  const url = new URL(value)
  const isSafe = url.protocol === 'https:' || url.origin === new URL(issuer).origin
  return isSafe && url.hash === '' && url.username === '' && url.password === '' ? value : undefined
}

function invalidEndpoint(name: string): { readonly problem: string } {
  return {
    problem: `the ${name} in the metadata is missing, or is not an https URL, or contains a user name or fragment`,
  }
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 300) : 'missing'
}
